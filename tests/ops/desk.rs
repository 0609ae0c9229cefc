//! What an operator has in front of them: a configuration, the program, and its answers.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use harness::guests;
use harness::mock_kafka::MockKafka;
use stand_in_skyportal::{Setup, StandIn};
use tempfile::TempDir;
use tokio::process::{Child, Command};

pub const ZTF_TOPIC: &str = "fink_sn_candidates_ztf";
pub const LSST_TOPIC: &str = "fink_sn_near_galaxy_candidate_lsst";
/// Like the one above, and another.
pub const OTHER_TOPIC: &str = "fink_sn_near_galaxy_candidates_lsst";

/// Slow, busy machines included.
const PATIENCE: Duration = Duration::from_secs(120);

/// The stand-ins, and a configuration that points at them.
pub struct Desk {
    pub kafka: MockKafka,
    pub portal: StandIn,
    folder: TempDir,
}

impl Desk {
    pub async fn new(setup: Setup, topics: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let kafka = MockKafka::start(topics)?;
        let portal = StandIn::start(setup).await?;
        let desk = Desk {
            kafka,
            portal,
            folder,
        };
        desk.use_token(&desk.portal.bot_token())?;
        desk.configure(&desk.yaml())?;
        let modules = [
            "pass_all.wasm",
            "ztf_sn_candidates.wasm",
            "standard_mapping.wasm",
        ];
        guests::install(&desk.modules(), &modules)?;
        Ok(desk)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn modules(&self) -> PathBuf {
        self.folder().join("modules")
    }

    pub fn use_token(&self, token: &str) -> Result<()> {
        Ok(std::fs::write(self.folder().join("token"), token)?)
    }

    /// The configuration as it stands in the file.
    pub fn config(&self) -> Result<String> {
        Ok(std::fs::read_to_string(
            self.folder().join("skysieve.yaml"),
        )?)
    }

    pub fn configure(&self, yaml: &str) -> Result<()> {
        Ok(std::fs::write(self.folder().join("skysieve.yaml"), yaml)?)
    }

    /// As an operator with `System admin` does it, once.
    pub async fn make_stream(&self, name: &str) -> Result<()> {
        let body = serde_json::json!({"name": name, "auto_join": true});
        let request = reqwest::Client::new()
            .post(format!("{}/api/streams", self.portal.url()))
            .header(
                "Authorization",
                format!("token {}", self.portal.admin_token()),
            )
            .body(body.to_string());
        let answer = request.send().await?.error_for_status()?.text().await?;
        ensure!(answer.contains("success"), "{answer}");
        Ok(())
    }

    /// `skysieve check`: its exit code and report.
    pub async fn check(&self, arguments: &[&str]) -> Result<(i32, String)> {
        let output = skysieve(self.folder(), &[&["check"], arguments].concat()).await?;
        Ok((output.code, output.stdout))
    }

    fn yaml(&self) -> String {
        let (url, servers) = (self.portal.url(), self.kafka.servers());
        format!(
            "
state: state
telemetry: {{ listen: 127.0.0.1:0, summary_seconds: 1 }}
skyportal:
  url: {url}
  token: {{ file: token }}
  instruments: {{ ztf: ZTF, lsst: LSST }}
  requests_per_second: 500
  burst: 100
  batch_seconds: 0.05
sources:
  - {{ name: ztf, survey: ztf, servers: [\"{servers}\"], kafka_group: ops-ztf, topics: [{ZTF_TOPIC}] }}
  - {{ name: lsst, survey: lsst, servers: [\"{servers}\"], kafka_group: ops-lsst, topics: [{LSST_TOPIC}] }}
groups:
  - name: team
    skyportal_group: Team
    stream: team_stream
    modules: modules
    filters:
      - name: all
        topics: [{ZTF_TOPIC}, {LSST_TOPIC}]
        module: pass_all.wasm
        routes: {{ main: {{ mapping: {{ ztf: standard_mapping.wasm, lsst: standard_mapping.wasm }} }} }}
      - name: sn
        topics: [{ZTF_TOPIC}]
        module: ztf_sn_candidates.wasm
        routes: {{ main: {{ mapping: {{ ztf: standard_mapping.wasm }} }} }}
"
        )
    }
}

/// What a command said.
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a command that ends by itself.
pub async fn skysieve(folder: &Path, arguments: &[&str]) -> Result<Said> {
    let command = Command::new(env!("CARGO_BIN_EXE_skysieve"))
        .args(arguments)
        .current_dir(folder)
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, command).await??;
    Ok(Said {
        code: output.status.code().context("ended by a signal")?,
        stdout: String::from_utf8(output.stdout)?,
        stderr: String::from_utf8(output.stderr)?,
    })
}

/// `skysieve run`, its log and its address.
pub struct Running {
    child: Child,
    log: PathBuf,
    /// What it prints at its end.
    accounts: PathBuf,
    url: String,
}

impl Running {
    /// Starts it and waits until it serves; ready it is later.
    pub async fn start(desk: &Desk) -> Result<Self> {
        let mut running = Self::spawn(desk, "skysieve")?;
        running.find_address().await?;
        Ok(running)
    }

    /// Starts it with the configuration `NAME.yaml`, and waits for nothing.
    pub fn spawn(desk: &Desk, name: &str) -> Result<Self> {
        let file = |kind| desk.folder().join(format!("{name}.{kind}"));
        let (log, accounts) = (file("log"), file("accounts"));
        let child = Command::new(env!("CARGO_BIN_EXE_skysieve"))
            .args(["--log", "json", "run", "--config"])
            .arg(file("yaml"))
            .current_dir(desk.folder())
            .env_remove("RUST_LOG")
            .stdout(std::fs::File::create(&accounts)?)
            .stderr(std::fs::File::create(&log)?)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Running {
            child,
            log,
            accounts,
            url: String::new(),
        })
    }

    /// Waits until it serves.
    pub async fn find_address(&mut self) -> Result<()> {
        let found = poll("the address in the log", || async {
            Ok(self.log().lines().find_map(address))
        });
        self.url = found.await.with_context(|| self.log())?;
        Ok(())
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The status and the text of a page.
    pub async fn get(&self, path: &str) -> Result<(u16, String)> {
        let answer = reqwest::get(format!("{}{path}", self.url)).await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    pub async fn wait_for_readiness(&self, status: u16, reason: &str) -> Result<()> {
        let what = format!("/readyz {status} {reason}");
        let waited = poll(&what, || async {
            let (now, text) = self.get("/readyz").await?;
            Ok((now == status && text.lines().any(|l| l.starts_with(reason))).then_some(()))
        });
        waited.await.with_context(|| self.log())
    }

    pub async fn signal(&self, name: &str) -> Result<()> {
        let id = self.child.id().context("it has ended before")?.to_string();
        let signal = format!("-{name}");
        let told = Command::new("kill").args([&signal, &id]).status().await?;
        ensure!(told.success(), "`kill` failed");
        Ok(())
    }

    /// Tells it to stop, and returns its log, of which every line is JSON.
    pub async fn stop(mut self) -> Result<String> {
        self.signal("TERM").await?;
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await??;
        let log = self.log();
        ensure!(ended.success(), "{ended}:\n{log}");
        let accounts = std::fs::read_to_string(&self.accounts)?;
        ensure!(!accounts.contains("does not close"), "{accounts}\n{log}");
        for line in log.lines() {
            let parsed: Result<serde_json::Value, _> = serde_json::from_str(line);
            parsed.with_context(|| format!("not JSON: {line}"))?;
        }
        Ok(log)
    }
}

fn address(line: &str) -> Option<String> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    let fields = &line["fields"];
    let served = fields["message"] == "metrics and health are served";
    let address = fields["address"].as_str().filter(|_| served)?;
    Some(format!("http://{address}"))
}

/// Asks again until there is something.
pub async fn poll<T, F>(what: &str, mut ask: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<Option<T>>>,
{
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask().await? {
            return Ok(found);
        }
        if Instant::now() > until {
            bail!("waited {PATIENCE:?} in vain for {what}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
