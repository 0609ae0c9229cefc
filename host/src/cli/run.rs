//! `skysieve run`

use std::process::ExitCode;

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};

use super::ConfigArgument;
use crate::config::Config;
use crate::pipeline::{Pipeline, Stop};

#[derive(Debug, clap::Args)]
pub(super) struct RunArguments {
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(arguments: RunArguments) -> Result<ExitCode> {
    let config = Config::from_file(&arguments.config.config)?;
    let stop = Stop::default();
    stop_on_signals(stop.clone())?;
    let pipeline = Pipeline::start(&config, stop).await?;
    let accounts = pipeline.accounts().clone();
    let sound = pipeline.run().await;
    println!("{accounts}");
    for open in accounts.open_accounts() {
        println!("does not close: {open}");
    }
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
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
