//! The real program with all that it meets: a mock Kafka, a stand-in SkyPortal, a folder with its
//! configuration, token and modules.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use skysieve::alert::Survey;
use skysieve::config::{Config, DEFAULT_YAML, SecretSource};
use skysieve::simulate::{Alert, topics};
use stand_in_skyportal::{Setup, StandIn, StreamSeed};
use tempfile::TempDir;

use crate::guests;
use crate::mock_kafka::MockKafka;
use crate::offsets::Offsets;
use crate::program::{Ended, Program};

/// Everything, ready to start. It all ends when this is dropped.
pub struct Deployment {
    pub config: Config,
    pub kafka: MockKafka,
    pub portal: StandIn,
    folder: TempDir,
    program: PathBuf,
    sent: u64,
}

impl Deployment {
    /// The default configuration, reading every topic of the simulation; the fast-transient filter
    /// judges them all. `program` is the path of the skysieve to be tested.
    ///
    /// # Errors
    /// Where a stand-in cannot be started, or the modules were not built.
    pub async fn new(program: &str) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("skysieve-test-")
            .tempdir()?;
        let mut config = Config::from_yaml(DEFAULT_YAML, folder.path(), "the default")?;
        read_everything(&mut config);
        let all: Vec<&str> = [Survey::Ztf, Survey::Lsst]
            .iter()
            .flat_map(|survey| topics(*survey))
            .copied()
            .collect();
        let kafka = MockKafka::start(&all)?;
        let portal = StandIn::start(setup(&config)).await?;
        let mut deployment = Deployment {
            config,
            kafka,
            portal,
            program: program.into(),
            folder,
            sent: 0,
        };
        deployment.connect()?;
        Ok(deployment)
    }

    fn connect(&mut self) -> Result<()> {
        let servers = self.kafka.servers();
        for source in &mut self.config.sources {
            source.servers = vec![servers.clone()];
        }
        self.join_as("night");
        let token = self.folder.path().join("token");
        std::fs::write(&token, self.portal.bot_token())?;
        let skyportal = &mut self.config.skyportal;
        skyportal.token = SecretSource::File(token);
        skyportal.url = self.portal.url();
        skyportal.requests_per_second = 500.0;
        skyportal.burst = 100;
        skyportal.batch_seconds = 0.05;
        for group in &self.config.groups {
            let mut files: Vec<&str> = Vec::new();
            for filter in &group.filters {
                files.push(&filter.module);
                let routes = filter.routes.values();
                files.extend(routes.flat_map(|r| r.mapping.values()).map(String::as_str));
            }
            guests::install(&group.modules, &files)?;
        }
        Ok(())
    }

    /// Reads under these Kafka groups from the next start on, one a source: the mock cluster is
    /// slow where two consumers of one group read different topics.
    pub fn join_as(&mut self, name: &str) {
        for source in &mut self.config.sources {
            source.kafka_group = kafka_group(name, source.survey);
        }
    }

    /// The groups leave their memory to new ones, which are joined from the next start on: after a
    /// member left or was killed, the mock cluster lets the next one wait for the session timeout.
    ///
    /// # Errors
    /// Where the broker does not answer.
    pub fn inherit_as(&mut self, name: &str) -> Result<()> {
        let servers = self.kafka.servers();
        for source in &self.config.sources {
            let heir = kafka_group(name, source.survey);
            Offsets::of(&servers, &source.kafka_group)?.bequeath(&servers, &heir)?;
        }
        self.join_as(name);
        Ok(())
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn config_file(&self) -> PathBuf {
        self.folder.path().join("skysieve.yaml")
    }

    /// Whether a text stands anywhere in the state directory.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub fn state_holds(&self, text: &str) -> Result<bool> {
        holds(&self.config.state, text.as_bytes())
    }

    /// Writes the configuration (JSON is YAML).
    ///
    /// # Errors
    /// Where the disk does not take it.
    pub fn write_config(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(&self.config)?;
        Ok(std::fs::write(self.config_file(), text)?)
    }

    /// A command of the program, with the configuration as it is now.
    ///
    /// # Errors
    /// Where the configuration cannot be written.
    pub fn command(&self, arguments: &[&str]) -> Result<Command> {
        self.write_config()?;
        let mut command = Command::new(&self.program);
        command.args(arguments).arg("--config");
        command.arg(self.config_file()).env_remove("RUST_LOG");
        Ok(command)
    }

    /// `skysieve run`, once it reads.
    ///
    /// # Errors
    /// Where it does not come so far.
    pub async fn start(&self) -> Result<Program> {
        let mut program = Program::start(&mut self.command(&["run"])?)?;
        for source in &self.config.sources {
            let reading = format!("reading source={}", source.name);
            program.until_log(&reading).await?;
        }
        Ok(program)
    }

    /// A command, run to its end.
    ///
    /// # Errors
    /// Where it does not end.
    pub async fn run(&self, arguments: &[&str]) -> Result<Ended> {
        Program::start(&mut self.command(arguments)?)?.end().await
    }

    /// Sends alerts as they are, one after the other, over all partitions.
    ///
    /// # Errors
    /// Where the broker does not take one.
    pub async fn send(&mut self, alerts: &[Alert]) -> Result<()> {
        self.send_to(alerts, 0).await
    }

    /// As [`Deployment::send`], so many partitions further on.
    ///
    /// # Errors
    /// Where the broker does not take one.
    pub async fn send_to(&mut self, alerts: &[Alert], further: u64) -> Result<()> {
        for (spread, alert) in alerts.iter().enumerate() {
            let message = alert.message();
            let spread = spread as u64 + further;
            self.send_bytes(&message.topic, &message.key, &message.value, spread)
                .await?;
        }
        Ok(())
    }

    /// Sends anything.
    ///
    /// # Errors
    /// Where the broker does not take it.
    pub async fn send_bytes(
        &mut self,
        topic: &str,
        key: &[u8],
        value: &[u8],
        spread: u64,
    ) -> Result<()> {
        self.kafka.send(topic, key, value, spread).await?;
        self.sent += 1;
        Ok(())
    }

    /// How many messages were sent so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// How many messages the running program has finished, as Kafka remembers it.
    ///
    /// # Errors
    /// Where the broker does not answer.
    pub fn done(&self) -> Result<u64> {
        let servers = self.kafka.servers();
        let sources = self.config.sources.iter();
        let done = sources.map(|source| Offsets::of(&servers, &source.kafka_group)?.done());
        done.sum()
    }

    /// Waits until every message that was sent is finished and stored.
    ///
    /// # Errors
    /// Where the program ends first, or it takes too long.
    pub async fn until_all_done(&self, program: &mut Program) -> Result<()> {
        let servers = self.kafka.servers();
        let groups = self.config.sources.iter();
        let groups = groups.map(|source| Offsets::of(&servers, &source.kafka_group));
        let groups = groups.collect::<Result<Vec<_>>>()?;
        let all_done = || {
            let done: Result<Vec<u64>> = groups.iter().map(Offsets::done).collect();
            // A broker that is busy is asked again.
            done.is_ok_and(|done| done.iter().sum::<u64>() == self.sent)
        };
        program
            .until("the end of the alerts, in the stored offsets", all_done)
            .await
    }
}

fn holds(folder: &Path, text: &[u8]) -> Result<bool> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let found = if path.is_dir() {
            holds(&path, text)?
        } else {
            let bytes = std::fs::read(path)?;
            bytes.windows(text.len()).any(|window| window == text)
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

fn kafka_group(name: &str, survey: Survey) -> String {
    format!("{name}-{survey}")
}

/// Streams can be made by admins only: an operator does so once.
fn setup(config: &Config) -> Setup {
    let streams = config.groups.iter().map(|group| StreamSeed {
        name: group.stream.clone(),
        auto_join: true,
        members: Vec::new(),
    });
    Setup {
        streams: streams.collect(),
        ..Setup::default()
    }
}

fn read_everything(config: &mut Config) {
    for source in &mut config.sources {
        source.topics = topics(source.survey)
            .iter()
            .map(|topic| (*topic).to_owned())
            .collect();
    }
    let all: Vec<String> = config
        .sources
        .iter()
        .flat_map(|source| source.topics.clone())
        .collect();
    let filters = config
        .groups
        .iter_mut()
        .flat_map(|group| &mut group.filters);
    for filter in filters.filter(|filter| filter.name == "fast-transient") {
        filter.topics.clone_from(&all);
    }
}
