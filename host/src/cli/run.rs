//! `skysieve run`

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};

use super::ConfigArgument;
use super::say::say;
use crate::config::{Config, Listen};
use crate::pipeline::{ConfigFile, Pipeline, Stop};
use crate::telemetry::{Server, Telemetry};

#[derive(Debug, clap::Args)]
pub(super) struct RunArguments {
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(arguments: RunArguments) -> Result<ExitCode> {
    let config = Config::from_file(&arguments.config.config)?;
    let stop = Stop::default();
    stop_on_signals(stop.clone())?;
    let file = ConfigFile::new(&arguments.config.config);
    look_on_hangup(file.clone())?;
    let telemetry = Telemetry::default();
    let _server = serve(&config, &telemetry).await;
    let pipeline = Pipeline::start_telling(&config, stop, &telemetry).await?;
    let accounts = pipeline.accounts().clone();
    let sound = pipeline.following(file).run().await;
    say!("{accounts}");
    for open in accounts.open_accounts() {
        say!("does not close: {open}");
    }
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Metrics, health and the summary. That nobody can look is no reason to read no alerts.
async fn serve(config: &Config, telemetry: &Telemetry) -> Option<Server> {
    let settings = &config.telemetry;
    if settings.summary_seconds > 0 {
        telemetry.summarise(Duration::from_secs(settings.summary_seconds));
    }
    let Listen::At(address) = settings.listen else {
        return None;
    };
    match Server::start(address, telemetry.clone()).await {
        Ok(server) => Some(server),
        Err(error) => {
            tracing::error!("{error}; skysieve runs without them");
            None
        }
    }
}

/// SIGHUP, the custom of daemons: look at the configuration now.
fn look_on_hangup(file: ConfigFile) -> Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            tracing::info!("SIGHUP: looking at the configuration");
            file.ask();
        }
    });
    Ok(())
}

/// The first signal ends in order, the second at once.
fn stop_on_signals(stop: Stop) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping: finishing what is in flight; once more stops at once");
            stop.request();
        }
    });
    Ok(())
}
