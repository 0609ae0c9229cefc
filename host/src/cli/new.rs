//! `skysieve new`

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use super::say::say;
use crate::project::{Language, Name, create};

#[derive(Debug, clap::Args)]
pub(super) struct NewArguments {
    /// What the filter is called, and the new folder: lower-case letters, digits, hyphens.
    name: Name,
    /// What it is written in.
    #[arg(long, value_enum)]
    lang: Language,
}

pub(super) fn new(arguments: &NewArguments) -> Result<ExitCode> {
    let project = create(Path::new(""), &arguments.name, arguments.lang)?;
    say!(
        "`{}` is a working filter, with a test and simulated alerts. Next:\n\n  cd {}",
        project.folder.display(),
        project.folder.display()
    );
    for command in project.commands {
        say!("  {command}");
    }
    Ok(ExitCode::SUCCESS)
}
