//! Structured logs on standard error, for people or for machines.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// How a log line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// How much is told where `RUST_LOG` does not choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What a shifter wants to know.
    Shift,
    /// Warnings only: the command tells its story itself.
    Warnings,
}

/// Starts the logs. `RUST_LOG` chooses what is told; without it `detail` does. Does nothing if logs
/// are running already.
pub fn start_logs(format: LogFormat, detail: Detail) {
    let default = match detail {
        Detail::Shift => "warn,skysieve=info",
        Detail::Warnings => "warn",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // A log file is read by other programs, to which colours are noise.
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // An error means that a test or an embedding program has started its own.
    let _ = match format {
        LogFormat::Text => logs.with_target(false).try_init(),
        LogFormat::Json => logs.json().try_init(),
    };
}
