//! A new project for an author: a filter that works, its test, alerts to try it on, the SDK.
//!
//! In: a name and a language. Out: a folder that builds anywhere, since the SDK's sources are in it.
//! Never here: the network; a folder that exists already; a filter that is not also compiled and
//! tested in `filters`.

mod assembly_script;
mod name;
mod rust;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::alert::Survey;
use crate::simulate::{self, Cutouts, SimulateConfig};

pub use name::{Name, NameError};

/// The SDKs' files, relative to the SDK's folder, with their texts.
mod sdks {
    include!(concat!(env!("OUT_DIR"), "/sdks.rs"));
}

/// Of each survey: enough that some pass and some do not.
const ALERTS: usize = 20;
const LICENSES: [(&str, &str); 2] = [
    ("LICENSE-APACHE", include_str!("../../../LICENSE-APACHE")),
    ("LICENSE-MIT", include_str!("../../../LICENSE-MIT")),
];
/// Where a project keeps the SDK.
const SDK_FOLDER: &str = "vendor/skysieve-sdk";

/// What a filter can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    Rust,
    #[value(name = "assemblyscript")]
    AssemblyScript,
}

/// What was made.
#[derive(Debug)]
pub struct Project {
    pub folder: PathBuf,
    /// What to type next, one line a command.
    pub commands: Vec<String>,
}

/// Why there is no new project.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    #[error("`{folder}` exists already, and nothing in it was touched: choose another name")]
    Exists { folder: PathBuf },
    #[error("cannot write `{path}`: {source}")]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("the simulated alerts: {0:#}")]
    Alerts(anyhow::Error),
}

/// Makes a project in a new folder of its name below `parent`.
///
/// # Errors
/// Where the folder exists, or something cannot be written; what was written until then stays.
pub fn create(parent: &Path, name: &Name, language: Language) -> Result<Project, ProjectError> {
    let folder = parent.join(name.as_str());
    match fs::create_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(ProjectError::Exists { folder });
        }
        made => made.map_err(|source| unwritable(&folder, source))?,
    }
    let (files, sdk) = match language {
        Language::Rust => (rust::files(name), sdks::RUST),
        Language::AssemblyScript => (assembly_script::files(name), sdks::ASSEMBLY_SCRIPT),
    };
    for (path, text) in files {
        write(&folder.join(path), &text)?;
    }
    for (path, text) in sdk.iter().chain(&LICENSES) {
        write(&folder.join(SDK_FOLDER).join(path), text)?;
    }
    alerts(&folder.join("alerts")).map_err(ProjectError::Alerts)?;
    let commands = match language {
        Language::Rust => rust::commands(name),
        Language::AssemblyScript => assembly_script::commands(name),
    };
    Ok(Project { folder, commands })
}

fn write(path: &Path, text: &str) -> Result<(), ProjectError> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|source| unwritable(path, source))
}

fn unwritable(path: &Path, source: io::Error) -> ProjectError {
    ProjectError::Unwritable {
        path: path.to_owned(),
        source,
    }
}

/// Simulated alerts of both surveys, in wire form.
fn alerts(folder: &Path) -> anyhow::Result<()> {
    let note = format!("{ALERTS} simulated alerts of each survey, made by `skysieve new`\n");
    let mut files = simulate::Files::into(folder.to_owned(), &note)?;
    for survey in [Survey::Ztf, Survey::Lsst] {
        let config = SimulateConfig {
            objects: ALERTS,
            cutouts: Cutouts::Small,
            ..SimulateConfig::new(survey, 1)
        };
        for message in simulate::Simulator::new(config).take(ALERTS) {
            let alert = message.truth.alert_id;
            let written = files.write(&message);
            written.with_context(|| format!("alert {alert}"))?;
        }
    }
    Ok(())
}

/// What both languages' projects say of themselves.
fn readme(name: &Name, language: &str, commands: &[String]) -> String {
    let commands = commands.join("\n    ");
    format!(
        "# {name}

A filter for skysieve, in {language}.

    {commands}

- `alerts/` holds simulated alerts of both surveys. More: `skysieve simulate --help`; real ones:
  `skysieve tap --help`.
- `skysieve fields --survey ztf` (or `lsst`) lists what a filter can read.
- `{SDK_FOLDER}` is the SDK of skysieve {}, under either of the licences beside it. A newer one is
  what `skysieve new` of a newer skysieve writes there.
",
        env!("CARGO_PKG_VERSION")
    )
}

/// The text with every mark replaced; what a template no longer has would go unnoticed.
fn fill(template: &str, marks: &[(&str, &str)]) -> String {
    marks
        .iter()
        .fold(template.to_owned(), |text, (mark, with)| {
            debug_assert!(text.contains(mark), "the template has no `{mark}`");
            text.replace(mark, with)
        })
}
