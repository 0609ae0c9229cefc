//! The stand-ins, and the default configuration pointed at them.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use harness::guests;
use harness::mock_kafka::MockKafka;
use skysieve::alert::Survey;
use skysieve::config::{Config, DEFAULT_YAML, SecretSource};
use skysieve::simulate::topics;
use stand_in_skyportal::{Setup, StandIn};
use tempfile::TempDir;

/// Everything that the pipeline meets.
pub struct Home {
    pub kafka: Arc<MockKafka>,
    pub portal: StandIn,
    pub config: Config,
    folder: TempDir,
}

impl Home {
    pub async fn start(example: Option<&str>) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("skysieve-demo-")
            .tempdir()?;
        let mut config = match example {
            Some(name) => example_config(name, folder.path())?,
            None => default_config(folder.path())?,
        };
        let topics: Vec<&str> = config
            .sources
            .iter()
            .flat_map(|source| source.topics.iter().map(String::as_str))
            .collect();
        let kafka = Arc::new(MockKafka::start(&topics)?);
        let portal = StandIn::start(setup(&config)).await?;
        point_at(&mut config, &kafka, &portal, folder.path())?;
        Ok(Home {
            kafka,
            portal,
            config,
            folder,
        })
    }

    /// What is read of a survey.
    pub fn topics(&self, survey: Survey) -> Vec<String> {
        let sources = self.config.sources.iter();
        let of_survey = sources.filter(|source| source.survey == survey);
        of_survey.flat_map(|source| source.topics.clone()).collect()
    }

    /// Says what is where.
    pub fn introduce(&self) {
        println!(
            "Kafka       {} (a mock cluster in this process)",
            self.kafka.servers()
        );
        println!(
            "SkyPortal   {} (a stand-in: open it in a browser)",
            self.portal.url()
        );
        for group in &self.config.groups {
            let filters: Vec<&str> = group.filters.iter().map(|f| f.name.as_str()).collect();
            println!(
                "group       {}: {}",
                group.skyportal_group,
                filters.join(", ")
            );
        }
        println!();
    }

    /// Says what can be done now.
    pub fn invite(&self) {
        println!(
            "\nAll alerts are through. The page stays at {} until Ctrl-C.",
            self.portal.url()
        );
        println!(
            "The groups' modules are in {}.",
            self.folder.path().join("modules").display()
        );
    }
}

/// The configuration of an example, with its paths relative to `folder`.
fn example_config(name: &str, folder: &Path) -> Result<Config> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let path = examples.join(name).join("skysieve.yaml");
    let known = || -> Result<String> {
        let entries = std::fs::read_dir(&examples)?.filter_map(Result::ok);
        let with_one = entries.filter(|entry| entry.path().join("skysieve.yaml").is_file());
        let mut names: Vec<String> = with_one
            .map(|entry| format!("`{}`", entry.file_name().to_string_lossy()))
            .collect();
        names.sort();
        Ok(names.join(", "))
    };
    if !path.is_file() {
        bail!("there is no example `{name}`: expected one of {}", known()?);
    }
    let yaml = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(Config::from_yaml(
        &yaml,
        folder,
        &path.display().to_string(),
    )?)
}

fn default_config(folder: &Path) -> Result<Config> {
    let mut config = Config::from_yaml(DEFAULT_YAML, folder, "the default configuration")?;
    read_everything(&mut config);
    Ok(config)
}

/// Streams can be made by admins only: an operator does so once.
fn setup(config: &Config) -> Setup {
    let streams = config
        .groups
        .iter()
        .map(|group| stand_in_skyportal::StreamSeed {
            name: group.stream.clone(),
            auto_join: true,
            members: Vec::new(),
        });
    Setup {
        streams: streams.collect(),
        ..Setup::default()
    }
}

/// The simulation fills more topics than the default configuration reads: here the fast-transient
/// filter reads them all, so that there is something to reject.
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
        .flat_map(|s| s.topics.clone())
        .collect();
    let filters = config
        .groups
        .iter_mut()
        .flat_map(|group| &mut group.filters);
    for filter in filters.filter(|filter| filter.name == "fast-transient") {
        filter.topics.clone_from(&all);
    }
}

fn point_at(config: &mut Config, kafka: &MockKafka, portal: &StandIn, folder: &Path) -> Result<()> {
    for source in &mut config.sources {
        source.servers = vec![kafka.servers()];
        source.kafka_group = format!("skysieve-demo-{}", source.survey);
    }
    let token = folder.join("token");
    std::fs::write(&token, portal.bot_token())?;
    config.skyportal.token = SecretSource::File(token);
    config.skyportal.url = portal.url();
    // The stand-in is faster than a real server, and asks for no restraint.
    config.skyportal.requests_per_second = 500.0;
    config.skyportal.burst = 100;
    for group in &config.groups {
        let mut files: Vec<&str> = Vec::new();
        for filter in &group.filters {
            files.push(&filter.module);
            files.extend(
                filter
                    .routes
                    .values()
                    .flat_map(|r| r.mapping.values())
                    .map(String::as_str),
            );
        }
        guests::install(&group.modules, &files)?;
    }
    Ok(())
}
