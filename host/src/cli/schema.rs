//! `skysieve config`

use std::process::ExitCode;

use anyhow::Result;

use super::say::say;
use crate::config::{DEFAULT_YAML, json_schema};

#[derive(Debug, clap::Args)]
pub(super) struct ConfigArguments {
    /// Print the JSON Schema of the configuration instead, for editors and other tools.
    #[arg(long)]
    schema: bool,
}

pub(super) fn config(arguments: &ConfigArguments) -> Result<ExitCode> {
    if arguments.schema {
        say!("{}", serde_json::to_string_pretty(&json_schema())?);
    } else {
        say!("{}", DEFAULT_YAML.trim_end());
    }
    Ok(ExitCode::SUCCESS)
}
