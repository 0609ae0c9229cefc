//! `skysieve check`

use std::process::ExitCode;

use anyhow::Result;

use super::ConfigArgument;
use super::say::say;
use crate::config::Config;
use crate::pipeline;
use crate::telemetry::{Finding, Level};

#[derive(Debug, clap::Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// Look at the file and the modules only, not at Kafka and SkyPortal.
    #[arg(long)]
    offline: bool,
    /// Print the configuration with all defaults instead; secrets stay where they are.
    #[arg(long)]
    effective: bool,
}

/// Exit code 1 where `skysieve run` would not do all that is configured.
pub(super) async fn check(arguments: CheckArguments) -> Result<ExitCode> {
    let path = &arguments.config.config;
    let config = match Config::from_file(path) {
        Ok(config) => config,
        Err(error) => {
            say!("{}", Finding::fail(error.to_string()));
            return Ok(ExitCode::FAILURE);
        }
    };
    if arguments.effective {
        say!("{}", serde_saphyr::to_string(&config)?.trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    say!("{}", Finding::ok(format!("`{}` is valid", path.display())));
    let found = pipeline::check(&config, !arguments.offline).await;
    for finding in &found {
        say!("{finding}");
    }
    let count = |level| found.iter().filter(|f| f.level == level).count();
    let (failures, warnings) = (count(Level::Fail), count(Level::Warn));
    say!("\n{failures} failures, {warnings} warnings; nothing was made or posted");
    Ok(match failures {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}
