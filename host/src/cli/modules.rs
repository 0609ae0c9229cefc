//! `skysieve modules`: the module files of a running skysieve.

use std::process::ExitCode;

use anyhow::{Result, bail};

use super::ConfigArgument;
use super::say::say;
use crate::config::Config;
use crate::pipeline::{Answer, Request, ask};
use crate::telemetry::{ModuleEvent, ModuleFile};

#[derive(Debug, clap::Subcommand)]
pub(super) enum ModulesCommand {
    /// Every module file: what runs, since when, what was refused and why.
    List {
        #[command(flatten)]
        common: Common,
    },
    /// What happened to a module, or to all: loads, takeovers with their offsets, quarantines.
    History {
        /// `group/file`, or the file alone where one group has it.
        module: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Keep the running version, or another that is at hand, whatever the file becomes.
    Pin {
        module: String,
        /// A version, or the first digits of its hash.
        version: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Put the version before back, or another that is at hand, until the file changes.
    Rollback {
        module: String,
        /// A version, or the first digits of its hash.
        version: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// End pins, rollbacks and quarantines: what the file holds runs again, on probation where it
    /// was in quarantine.
    Release {
        module: String,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Common {
    #[command(flatten)]
    config: ConfigArgument,
    /// JSON instead of a table.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: ModulesCommand) -> Result<ExitCode> {
    let (request, common) = match command {
        ModulesCommand::List { common } => (Request::List, common),
        ModulesCommand::History { module, common } => (Request::History { module }, common),
        ModulesCommand::Pin {
            module,
            version,
            common,
        } => (Request::Pin { module, version }, common),
        ModulesCommand::Rollback {
            module,
            version,
            common,
        } => (Request::Rollback { module, version }, common),
        ModulesCommand::Release { module, common } => (Request::Release { module }, common),
    };
    let config = Config::from_file(&common.config.config)?;
    match ask(&config.state, &request)? {
        Answer::Modules(files) if common.json => {
            say!("{}", serde_json::to_string_pretty(&files)?)
        }
        Answer::History(events) if common.json => {
            say!("{}", serde_json::to_string_pretty(&events)?);
        }
        Answer::Modules(files) => say!("{}", list(&files).trim_end()),
        Answer::History(events) => say!("{}", history(&events).trim_end()),
        Answer::Refused(why) => bail!("{why}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn list(files: &[ModuleFile]) -> String {
    let mut rows = vec![["MODULE", "VERSION", "HASH", "SINCE", "STATE"].map(str::to_owned)];
    let mut notes = vec![Vec::new()];
    for file in files {
        let name = format!("{}/{}", file.group, file.file);
        let nothing = || "-".to_owned();
        let (version, hash, since) = match &file.running {
            Some(r) => (r.version.clone(), r.hash.clone(), r.since.clone()),
            None => (nothing(), nothing(), nothing()),
        };
        rows.push([name, version, hash, since, state(file)]);
        notes.push(remarks(file));
    }
    let table = columns(&rows);
    let lines = table.lines().zip(notes);
    lines
        .flat_map(|(line, notes)| {
            let notes = notes.into_iter().map(|note| format!("    {note}\n"));
            std::iter::once(format!("{line}\n")).chain(notes)
        })
        .collect()
}

fn state(file: &ModuleFile) -> String {
    let duty = file
        .running
        .as_ref()
        .map_or("does not run", |r| r.duty.as_str());
    let mut words = vec![duty];
    let more = [
        (file.pinned, "pinned"),
        (file.deleted, "file deleted"),
        (file.unused, "unused"),
    ];
    words.extend(
        more.iter()
            .filter_map(|(holds, word)| holds.then_some(*word)),
    );
    words.join(", ")
}

/// What a table has no room for.
fn remarks(file: &ModuleFile) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(waiting) = &file.waiting {
        notes.push(format!(
            "the file holds {} ({}), which the pin holds back",
            waiting.version, waiting.hash
        ));
    }
    let barred = |hash: &str| file.barred.iter().any(|bar| bar.hash == hash);
    if let Some(refused) = &file.refused
        && !refused.hash.as_deref().is_some_and(barred)
    {
        let hash = refused.hash.as_deref().unwrap_or("unreadable");
        notes.push(format!(
            "refused {} ({hash}): {}",
            refused.at, refused.reason
        ));
    }
    for bar in &file.barred {
        let kind = match (bar.on_probation, bar.kind.as_str()) {
            (true, _) => "on probation since",
            (false, "rollback") => "rolled back",
            (false, _) => "in quarantine since",
        };
        let until = match &bar.until {
            Some(until) if !bar.on_probation => format!(", tried again {until}"),
            _ => String::new(),
        };
        notes.push(format!(
            "{} {kind} {}{until}: {}",
            bar.hash, bar.at, bar.reason
        ));
    }
    if !file.previous.is_empty() {
        let earlier = file.previous.iter().rev();
        let earlier: Vec<String> = earlier
            .map(|version| format!("{} ({})", version.version, version.hash))
            .collect();
        notes.push(format!("at hand: {}", earlier.join(", ")));
    }
    notes
}

fn history(events: &[ModuleEvent]) -> String {
    let head = ["TIME", "MODULE", "WHAT", "VERSION", "HASH", "WHY OR WHERE"].map(str::to_owned);
    let rows = events.iter().map(|event| {
        [
            event.at.clone(),
            format!("{}/{}", event.group, event.file),
            event.what.clone(),
            event.version.clone(),
            event.hash.clone().unwrap_or_default(),
            event.detail.clone(),
        ]
    });
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    columns(&rows)
}

/// Each column as wide as its widest cell, the last one as it is.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..N).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::{BarredModule, ModuleVersion, RefusedModule, RunningModule};

    #[test]
    fn a_list_says_what_runs_and_why_another_does_not() {
        let file = ModuleFile {
            group: "sn".to_owned(),
            file: "early.wasm".to_owned(),
            running: Some(RunningModule {
                name: "early".to_owned(),
                version: "1.0.0".to_owned(),
                hash: "aaaaaaaaaaaa".to_owned(),
                since: "2026-11-22T21:00:00Z".to_owned(),
                duty: "judges".to_owned(),
            }),
            pinned: false,
            waiting: None,
            refused: Some(RefusedModule {
                hash: Some("bbbbbbbbbbbb".to_owned()),
                at: "2026-11-22T22:00:00Z".to_owned(),
                reason: "20 faults within 25 alerts".to_owned(),
            }),
            barred: vec![BarredModule {
                hash: "bbbbbbbbbbbb".to_owned(),
                kind: "quarantine".to_owned(),
                at: "2026-11-22T22:00:00Z".to_owned(),
                until: Some("2026-11-22T23:00:00Z".to_owned()),
                on_probation: false,
                reason: "20 faults within 25 alerts".to_owned(),
            }],
            previous: vec![ModuleVersion {
                version: "0.9.0".to_owned(),
                hash: "cccccccccccc".to_owned(),
            }],
            deleted: false,
            unused: true,
        };
        assert_eq!(
            list(&[file]),
            "\
MODULE         VERSION  HASH          SINCE                 STATE
sn/early.wasm  1.0.0    aaaaaaaaaaaa  2026-11-22T21:00:00Z  judges, unused
    bbbbbbbbbbbb in quarantine since 2026-11-22T22:00:00Z, tried again 2026-11-22T23:00:00Z: 20 faults within 25 alerts
    at hand: 0.9.0 (cccccccccccc)
"
        );
    }
}
