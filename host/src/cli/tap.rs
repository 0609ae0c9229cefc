//! `skysieve tap`

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use bytes::Bytes;

use super::ConfigArgument;
use super::say::say;
use crate::alert::Survey;
use crate::config::{Config, Source, Start, nearest};
use crate::source::{Folder, Tap};

#[derive(Debug, clap::Args)]
pub(super) struct TapArguments {
    /// The topic, as Fink names it.
    topic: String,
    /// How many alerts to save.
    #[arg(long, short = 'n', default_value_t = 100)]
    count: u64,
    /// Where to save them: `DIR/<topic>/`, which must not exist yet.
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,
    /// The first message at or after this time: `earliest` (what Kafka still keeps), `latest` (what
    /// comes from now on), or a time in UTC such as `2026-11-20T18:30:00Z`.
    #[arg(long, default_value = "earliest", value_name = "TIME")]
    from: Start,
    /// End when nothing has come for so many seconds.
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    wait: u64,
    #[command(flatten)]
    config: ConfigArgument,
    /// The source of the configuration whose servers and sign-in to use, for a topic that none reads.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// These servers, without sign-in or encryption, instead of a configuration's.
    #[arg(long, value_name = "HOST:PORT,…", value_delimiter = ',', conflicts_with_all = ["config", "source"])]
    servers: Vec<String>,
}

/// Exit code 1 where no alert came at all.
pub(super) fn run(arguments: &TapArguments) -> Result<ExitCode> {
    let source = source(arguments)?;
    let mut folder = Folder::new(&arguments.out, &arguments.topic)?;
    tokio::task::block_in_place(|| {
        let mut tap = Tap::open(&source, &arguments.topic, arguments.from)?;
        save(arguments, &mut tap, &mut folder)
    })
}

fn save(arguments: &TapArguments, tap: &mut Tap, folder: &mut Folder) -> Result<ExitCode> {
    let TapArguments {
        topic,
        count,
        out,
        wait,
        ..
    } = arguments;
    say!("reading `{topic}`, beside whoever else does");
    let mut schema_by_name = None;
    let (mut saved, mut bytes) = (0, 0);
    let mut said = Instant::now();
    while saved < *count {
        let Some(mut message) = tap.next(Duration::from_secs(*wait))? else {
            break;
        };
        if message.key == topic.as_bytes() {
            // The schema stands in a topic of its own; the file must hold it.
            let schema = match schema_by_name.take() {
                Some(schema) => schema,
                None => Bytes::from(tap.schema_of(topic)?),
            };
            message.key = schema_by_name.insert(schema).clone();
        }
        folder.save(&message)?;
        saved += 1;
        bytes += message.value.len();
        if said.elapsed() > Duration::from_secs(5) {
            said = Instant::now();
            say!("{saved} of {count} alerts, {}", megabytes(bytes));
        }
    }
    let out = out.display();
    say!("{saved} alerts, {}, in `{out}`", megabytes(bytes));
    if saved < *count {
        say!("{count} were asked for, and nothing more came for {wait} s");
    }
    if saved > 0 {
        say!("\n  skysieve test MODULE.wasm {out}");
    }
    Ok(if saved > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn megabytes(bytes: usize) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Where the topic is read: what the command line says, or the source that reads it.
fn source(arguments: &TapArguments) -> Result<Source> {
    if !arguments.servers.is_empty() {
        return Ok(bare_source(&arguments.servers));
    }
    let path = &arguments.config.config;
    if !path.exists() {
        bail!(
            "there is no `{}`: name a configuration with `--config`, or Kafka's servers with `--servers HOST:PORT`",
            path.display()
        );
    }
    choose(Config::from_file(path)?.sources, arguments, path)
}

fn choose(sources: Vec<Source>, arguments: &TapArguments, path: &Path) -> Result<Source> {
    let TapArguments { topic, source, .. } = arguments;
    let wanted = |known: &Source| match source {
        Some(name) => known.name == *name,
        None => known.topics.contains(topic),
    };
    if let Some(source) = sources.iter().find(|known| wanted(known)) {
        return Ok(source.clone());
    }
    let names: Vec<&str> = sources.iter().map(|known| known.name.as_str()).collect();
    let names = names.join("`, `");
    let path = path.display();
    if let Some(name) = source {
        bail!("there is no source `{name}` in `{path}`: expected one of `{names}`");
    }
    let known = sources.iter().flat_map(|known| &known.topics);
    let hint = nearest(topic, known.map(String::as_str))
        .map_or(String::new(), |near| format!(" (did you mean `{near}`?)"));
    bail!(
        "no source of `{path}` reads `{topic}`{hint}: say at whose servers it is with `--source`, one of `{names}`"
    )
}

/// Servers and nothing else. Nothing is decoded, so that the survey does not matter.
fn bare_source(servers: &[String]) -> Source {
    Source {
        name: "tap".to_owned(),
        survey: Survey::Ztf,
        servers: servers.to_vec(),
        kafka_group: String::new(),
        topics: Vec::new(),
        sign_in: None,
        tls: None,
        start: Start::Earliest,
        schemas: None,
        topic_refresh_seconds: 10,
    }
}
