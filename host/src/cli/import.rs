//! `skysieve import`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::say::say;
use crate::config;

#[derive(Debug, clap::Args)]
pub(super) struct ImportArguments {
    /// The bridge's configuration files, one a survey; all of one SkyPortal make one configuration.
    #[arg(required = true, value_name = "BRIDGE.yaml")]
    files: Vec<PathBuf>,
}

/// The configuration goes to standard output, what one must know to standard error.
pub(super) fn import(arguments: &ImportArguments) -> Result<ExitCode> {
    let mut texts = Vec::new();
    for file in &arguments.files {
        let name = file.display().to_string();
        let text =
            std::fs::read_to_string(file).with_context(|| format!("cannot read `{name}`"))?;
        texts.push((name, text));
    }
    let import = config::import(&texts)?;
    say!("{}", import.yaml.trim_end());
    for note in &import.notes {
        eprintln!("note: {note}");
    }
    Ok(ExitCode::SUCCESS)
}
