//! The command line: parses, calls the library, prints. No decision is made here.

mod check;
mod dead_letters;
mod fields;
mod import;
mod modules;
mod new;
mod replay;
mod rewind;
mod run;
pub(crate) mod say;
mod schema;
mod tap;
mod workbench;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};

use crate::engine::WORKER_STACK;
use crate::simulate;
use crate::telemetry::{Detail, LogFormat, start_logs};

/// Fink's alert streams in, each group's WebAssembly cuts, SkyPortal rows out.
#[derive(Debug, Parser)]
#[command(name = "skysieve", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// How log lines are written on standard error; RUST_LOG chooses which.
    #[arg(long, global = true, value_enum, default_value_t)]
    log: LogFormat,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read the configured streams, judge, deliver, until it is told to stop.
    Run(run::RunArguments),
    /// Judge alerts from files. Dry: shows the SkyPortal requests instead of sending them.
    Replay(replay::ReplayArguments),
    /// Make Fink-shaped alerts, to files or to Kafka.
    Simulate(simulate::command::SimulateArgs),
    /// Begin a filter: a project that builds anywhere, with a test and alerts to try it on.
    New(new::NewArguments),
    /// Run one module on alerts from files: verdicts, cut flow, costs.
    Test(workbench::TestArguments),
    /// Save alerts of a topic, to try a module on them; whoever reads it loses nothing.
    Tap(tap::TapArguments),
    /// Run one module on one alert and tell everything: fields, cuts, values, delivery.
    Explain(workbench::ExplainArguments),
    /// Look whether a configuration would run; nothing is made or posted.
    Check(check::CheckArguments),
    /// Set where reading goes on to a time: back, to read again, or forward.
    Rewind(rewind::RewindArguments),
    /// Print the commented default configuration, or its JSON Schema.
    Config(schema::ConfigArguments),
    /// Turn the Python bridge's configuration into ours.
    Import(import::ImportArguments),
    /// List the fields that a module may ask for: of a schema, of an alert, or of a survey.
    Fields(fields::FieldsArguments),
    /// Look at the modules of a running skysieve, pin them, roll them back, release them.
    #[command(subcommand)]
    Modules(modules::ModulesCommand),
    /// What could not be read or delivered: look at it, deliver it after all, drop it.
    #[command(subcommand)]
    DeadLetters(dead_letters::DeadLettersCommand),
}

/// Bytes of stack of every thread: what a guest needs, and never less than the usual 2 MiB.
const STACK: usize = if WORKER_STACK > 2 << 20 {
    WORKER_STACK
} else {
    2 << 20
};

/// Where the configuration is.
#[derive(Debug, clap::Args)]
struct ConfigArgument {
    /// The configuration file; `skysieve config` prints a commented one.
    #[arg(long, short, default_value = "skysieve.yaml")]
    config: PathBuf,
}

/// Parses the command line and does what it says, on threads with room for guests.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let detail = match arguments.command {
        Command::Run(_) => Detail::Shift,
        _ => Detail::Warnings,
    };
    start_logs(arguments.log, detail);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_stack_size(STACK)
        .enable_all()
        .build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(dispatch(arguments.command)),
        Err(error) => Err(error).context("cannot start threads"),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", whole(&error));
            ExitCode::FAILURE
        }
    }
}

/// The error with its causes, each said once: the library's errors quote theirs already.
fn whole(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |text, cause| {
        let cause = cause.to_string();
        match text.as_str() {
            "" => cause,
            said if said.contains(&cause) => text,
            _ => format!("{text}: {cause}"),
        }
    })
}

async fn dispatch(command: Command) -> Result<ExitCode> {
    match command {
        Command::Run(arguments) => run::run(arguments).await,
        Command::Replay(arguments) => replay::replay(arguments).await,
        Command::Simulate(arguments) => {
            simulate::command::run(arguments).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::New(arguments) => new::new(&arguments),
        Command::Test(arguments) => workbench::test(&arguments),
        Command::Tap(arguments) => tap::run(&arguments),
        Command::Explain(arguments) => workbench::explain(&arguments),
        Command::Check(arguments) => check::check(arguments).await,
        Command::Rewind(arguments) => rewind::run(arguments),
        Command::Config(arguments) => schema::config(&arguments),
        Command::Import(arguments) => import::import(&arguments),
        Command::Fields(arguments) => fields::fields(arguments),
        Command::Modules(command) => modules::run(command),
        Command::DeadLetters(command) => dead_letters::run(command).await,
    }
}
