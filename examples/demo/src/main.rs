//! The whole pipeline at home: librdkafka's in-process mock cluster as Kafka, simulated alerts of
//! both surveys, two groups' WebAssembly modules, a stand-in SkyPortal with a page to look at.
//!
//! It runs the embedded default configuration, or that of an example beside this one, pointed at
//! these stand-ins. Everything lives in this
//! one process, on ports that the system chooses, and ends with it.
#![forbid(unsafe_code)]

mod home;
mod show;
mod sky;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Parser;
use skysieve::pipeline::{Pipeline, Stop};
use skysieve::telemetry::{Accounts, Detail, LogFormat, start_logs};

use home::Home;
use show::Show;

/// skysieve at home: simulated alerts in, candidates on a page out.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask demo")]
struct Arguments {
    /// The configuration in this folder of `examples/`, on alerts that are made for its topics.
    #[arg(long, value_name = "NAME")]
    example: Option<String>,
    /// End when all alerts are through, instead of keeping the page until Ctrl-C.
    #[arg(long)]
    once: bool,
    /// How many alerts of each survey.
    #[arg(long, default_value_t = 300)]
    alerts: u64,
    /// Alerts a second of each survey.
    #[arg(long, default_value_t = 25.0)]
    rate: f64,
    /// Another seed is another sky.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> Result<ExitCode> {
    skysieve::engine::serve_as_compiler();
    demo()
}

#[tokio::main]
async fn demo() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if !(arguments.rate.is_finite() && arguments.rate > 0.0) {
        bail!(
            "`--rate {}`: expected more than 0 alerts a second",
            arguments.rate
        );
    }
    // The demo tells the story itself; the logs keep to warnings unless RUST_LOG says otherwise.
    if std::env::var_os("RUST_LOG").is_some() {
        start_logs(LogFormat::Text, Detail::Shift);
    }
    let home = Home::start(arguments.example.as_deref()).await?;
    let stop = Stop::default();
    let on_ctrl_c = stop.clone();
    let interrupted = Arc::new(AtomicBool::new(false));
    let note = interrupted.clone();
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            note.store(true, Ordering::Relaxed);
            on_ctrl_c.request();
        }
    });

    home.introduce();
    let pipeline = Pipeline::start(&home.config, stop.clone()).await?;
    let accounts = pipeline.accounts().clone();
    let running = tokio::spawn(pipeline.run());
    let sent = Arc::new(AtomicU64::new(0));
    let sending = sky::send(&home, &arguments, sent.clone());
    let all = 2 * arguments.alerts;

    let mut show = Show::default();
    let mut told = false;
    while !running.is_finished() {
        tokio::time::sleep(Duration::from_millis(200)).await;
        show.news(&home.portal);
        // Without the alert that the mock Kafka did not take there is no end to wait for.
        let lost = sending.iter().all(tokio::task::JoinHandle::is_finished)
            && sent.load(Ordering::Relaxed) < all;
        if lost && arguments.once {
            stop.request();
        }
        let done = sending.iter().all(tokio::task::JoinHandle::is_finished)
            && sent.load(Ordering::Relaxed) == all
            && is_through(&accounts, all);
        show.progress(&accounts, all, done);
        if done && arguments.once {
            stop.request();
        } else if done && !told {
            told = true;
            home.invite();
        }
    }
    running.await?;
    for task in sending {
        task.abort();
    }
    show.news(&home.portal);
    let closed = show.end(&accounts, &home.portal);
    let complete = interrupted.load(Ordering::Relaxed) || is_through(&accounts, all);
    Ok(if closed && complete {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Every alert was read, and nothing is in flight.
fn is_through(accounts: &Accounts, all: u64) -> bool {
    let read: u64 = accounts
        .sources()
        .values()
        .map(|source| source.read.get())
        .sum();
    let in_flight: u64 = accounts
        .routes()
        .values()
        .map(|route| route.in_flight.get())
        .sum();
    read >= all && in_flight == 0 && accounts.open_accounts().is_empty()
}
