//! `skysieve rewind`

use std::process::ExitCode;

use anyhow::{Result, bail};

use super::ConfigArgument;
use super::say::say;
use crate::config::{Config, Source, Start};
use crate::source;

#[derive(Debug, clap::Args)]
pub(super) struct RewindArguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// Only this source; without it, all of them.
    #[arg(long)]
    source: Option<String>,
    /// The first message at or after this time: `2026-11-20T18:30:00Z`, `2026-11-20` (UTC),
    /// `earliest` or `latest`.
    #[arg(long, value_name = "TIME")]
    to: Start,
}

/// Exit code 1 where any source could not be set.
pub(super) fn run(arguments: RewindArguments) -> Result<ExitCode> {
    let config = Config::from_file(&arguments.config.config)?;
    let sources = chosen(&config, arguments.source.as_deref())?;
    let mut code = ExitCode::SUCCESS;
    for source in sources {
        say!(
            "{} (Kafka group `{}` at {}), to {}:",
            source.name,
            source.kafka_group,
            source.servers.join(", "),
            arguments.to
        );
        let done = tokio::task::block_in_place(|| source::rewind(source, arguments.to));
        match done {
            Ok(rewound) => {
                for moved in &rewound.moved {
                    say!("  {moved}");
                }
                for topic in &rewound.absent {
                    say!("  {topic}: does not exist yet, nothing to set");
                }
            }
            Err(error) => {
                code = ExitCode::FAILURE;
                say!("  nothing was changed");
                eprintln!("error: {error}");
            }
        }
    }
    Ok(code)
}

fn chosen<'c>(config: &'c Config, name: Option<&str>) -> Result<Vec<&'c Source>> {
    let Some(name) = name else {
        return Ok(config.sources.iter().collect());
    };
    let found: Vec<&Source> = config.sources.iter().filter(|s| s.name == name).collect();
    if found.is_empty() {
        let known: Vec<&str> = config.sources.iter().map(|s| s.name.as_str()).collect();
        bail!(
            "there is no source `{name}`: expected one of `{}`",
            known.join("`, `")
        );
    }
    Ok(found)
}
