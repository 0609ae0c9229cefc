//! The real program with a real Kafka and a stand-in SkyPortal: every alert passes, so that the rows
//! in SkyPortal tell which were read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use harness::guests;
use harness::kafka::{Kafka, new_name};
use harness::program::{Ended, Program};
use skysieve::alert::Survey;
use skysieve::config::{Config, DEFAULT_YAML, SecretSource, Source};
use skysieve::simulate::{Cutouts, Message, SimulateConfig, Simulator};
use stand_in_skyportal::{Setup, StandIn, StreamSeed};
use tempfile::TempDir;

/// A member of a Kafka group that is killed is missed after 45 s; a busy machine may take as long again.
const PATIENCE: Duration = Duration::from_secs(150);

/// Judges nothing.
const PASS_ALL: &str = r#"{"abi": 1, "name": "pass-all", "version": "1.0.0", "routes": ["main"]}"#;

pub struct Night {
    pub portal: StandIn,
    pub config: Config,
    folder: TempDir,
}

impl Night {
    /// One source for each list of topics, without sign-in, each in a Kafka group of its own.
    pub async fn new(kafka: &Kafka, survey: Survey, sources: &[&[&str]]) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("skysieve-kafka-test-")
            .tempdir()?;
        let portal = StandIn::start(Setup {
            streams: vec![StreamSeed {
                name: "fast_transients_stream".to_owned(),
                auto_join: true,
                members: Vec::new(),
            }],
            ..Setup::default()
        })
        .await?;
        let mut config = Config::from_yaml(DEFAULT_YAML, folder.path(), "the default")?;
        let token = folder.path().join("token");
        std::fs::write(&token, portal.bot_token())?;
        config.skyportal.token = SecretSource::File(token);
        config.skyportal.url = portal.url();
        config.skyportal.requests_per_second = 500.0;
        config.skyportal.burst = 100;
        config.skyportal.batch_seconds = 0.05;
        let model = config.sources[0].clone();
        let source = |(number, topics): (usize, &&[&str])| Source {
            name: format!("source-{number}"),
            survey,
            servers: vec![kafka.servers.clone()],
            kafka_group: new_name("group"),
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
            topic_refresh_seconds: 1,
            ..model.clone()
        };
        config.sources = sources.iter().enumerate().map(source).collect();
        pass_all(&mut config)?;
        Ok(Night {
            portal,
            config,
            folder,
        })
    }

    /// Writes a file into the night's folder: a password.
    pub fn file(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text)?;
        Ok(path)
    }

    /// Another process of the same configuration needs a state of its own.
    pub fn start_as(&self, replica: &str) -> Result<Program> {
        let mut config = self.config.clone();
        config.state = self.folder.path().join(replica);
        let text = serde_json::to_string_pretty(&config)?;
        let file = self.file(&format!("{replica}.yaml"), &text)?;
        let mut command = self.command(&["run"]);
        Program::start(command.arg("--config").arg(file))
    }

    pub fn start(&self) -> Result<Program> {
        self.start_as("skysieve")
    }

    /// Another command, to its end.
    pub async fn run(&self, arguments: &[&str]) -> Result<Ended> {
        let text = serde_json::to_string_pretty(&self.config)?;
        let file = self.file("command.yaml", &text)?;
        let mut command = self.command(arguments);
        Program::start(command.arg("--config").arg(file))?
            .end()
            .await
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_skysieve"));
        command.args(arguments).env_remove("RUST_LOG");
        command
    }

    /// The objects that SkyPortal shows as candidates.
    pub fn candidates(&self) -> BTreeSet<String> {
        self.portal
            .read(|rows| rows.candidates.values().map(|c| c.obj_id.clone()).collect())
    }

    /// Waits until SkyPortal shows all of these.
    pub async fn until_candidates(&self, of: &[Message]) -> Result<()> {
        let wanted: BTreeSet<String> = of.iter().map(|m| m.truth.object_id.clone()).collect();
        let missing = || wanted.difference(&self.candidates()).count();
        let shown = until(|| missing() == 0).await;
        shown.with_context(|| format!("{} of {} objects are missing", missing(), wanted.len()))
    }
}

/// Waits for what must come.
pub async fn until(mut is_so: impl FnMut() -> bool) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        if Instant::now() > deadline {
            bail!("not so in {PATIENCE:?}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Waits for words that the log says so many times.
pub async fn until_log(program: &Program, words: &str, times: usize) -> Result<()> {
    let said = until(|| program.log().matches(words).count() >= times).await;
    said.with_context(|| {
        format!(
            "`{words}` is not in the log {times} times:\n{}",
            program.log()
        )
    })
}

/// Ends it in order; returns what each source read, and the log.
pub async fn end(program: Program) -> Result<(BTreeMap<String, u64>, Ended)> {
    program.terminate()?;
    let ended = program.end().await?;
    if !ended.status.success() || ended.stdout.contains("does not close") {
        bail!("{}\n{}\n{}", ended.status, ended.stdout, ended.stderr);
    }
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let source = words.next().filter(|name| name.starts_with("source-"))?;
        Some((source.to_owned(), words.next()?.parse().ok()?))
    };
    let read = ended.stdout.lines().filter_map(line).collect();
    Ok((read, ended))
}

/// Alerts of so many different objects, small.
pub fn alerts(count: usize) -> Vec<Message> {
    let simulator = SimulateConfig {
        cutouts: Cutouts::Small,
        ..SimulateConfig::new(Survey::Ztf, 7)
    };
    let mut simulator = Simulator::new(simulator);
    let alert = |number| {
        let object = format!("ZTF26k{number:06}");
        let alert = simulator.next_alert().with("objectId", object.clone());
        let mut message = alert.expect("ZTF alerts have an objectId").message();
        message.truth.object_id = object;
        message
    };
    (0..count).map(alert).collect()
}

/// Sends them in turn to the first so many partitions, stamped a second after each other from
/// `time` (milliseconds since 1970) on.
pub async fn send(
    kafka: &Kafka,
    topic: &str,
    partitions: i32,
    alerts: &[Message],
    time: i64,
) -> Result<()> {
    for (alert, number) in alerts.iter().zip(0..) {
        let partition = i32::try_from(number)? % partitions;
        let time = time + number * 1000;
        kafka
            .send(topic, partition, &alert.key, &alert.value, time)
            .await?;
    }
    Ok(())
}

/// One group, one filter that passes everything, the standard mapping.
fn pass_all(config: &mut Config) -> Result<()> {
    config.groups.truncate(1);
    let group = &mut config.groups[0];
    guests::install(&group.modules, &["standard_mapping.wasm"])?;
    let bytes: String = PASS_ALL
        .bytes()
        .map(|byte| format!("\\{byte:02x}"))
        .collect();
    let manifest = (PASS_ALL.len() as u64) << 32 | 1024;
    let module = wat::parse_str(format!(
        r#"(module
            (memory (export "memory") 4)
            (data (i32.const 1024) "{bytes}")
            (func (export "skysieve_manifest") (result i64) (i64.const {manifest}))
            (func (export "skysieve_reserve") (param i32) (result i32) (i32.const 131072))
            (func (export "skysieve_filter") (param i32) (result i64) (i64.const 0)))"#
    ))?;
    std::fs::write(group.modules.join("pass_all.wasm"), module)?;
    let mut topics: Vec<String> = config
        .sources
        .iter()
        .flat_map(|s| s.topics.clone())
        .collect();
    topics.sort();
    topics.dedup();
    group.filters.truncate(1);
    let filter = &mut group.filters[0];
    filter.module = "pass_all.wasm".to_owned();
    filter.parameters.clear();
    filter.topics = topics;
    filter.routes.retain(|route, _| route == "main");
    Ok(())
}
