//! `skysieve test` and `skysieve explain`: the authors' tools.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::Value as Json;

use crate::engine::{Engine, EngineSettings};
use crate::source::Files;
use crate::workbench::{self, Bench, Change, Judged, Report, Skipped, parse_param};

/// What both commands take.
#[derive(Debug, clap::Args)]
struct OnTheBench {
    /// The module: a filter or a mapping (`.wasm`).
    module: PathBuf,
    /// Sets a parameter of the module: `--param min_rb=0.6`. May be given several times.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_param)]
    params: Vec<(String, Json)>,
    /// The topic that the alerts are taken to come from; a file's folder may have the name of one.
    #[arg(long)]
    topic: Option<String>,
    /// Write JSON instead of tables.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct TestArguments {
    #[command(flatten)]
    on: OnTheBench,
    /// Object containers (.avro), wire messages (.bin beside their key.json), or folders of them.
    #[arg(required = true)]
    alerts: Vec<PathBuf>,
    /// Another version of the module: lists the alerts of which the two say different things.
    #[arg(long, value_name = "OLD.wasm")]
    against: Option<PathBuf>,
    /// Do not list the alerts, only their sum.
    #[arg(long)]
    summary: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct ExplainArguments {
    #[command(flatten)]
    on: OnTheBench,
    /// A file with the alert, or a folder of them.
    alert: PathBuf,
    /// Which alert of the file, by its `candid` or `diaSourceId`, or its object; the first one
    /// without it.
    #[arg(long)]
    id: Option<String>,
}

impl OnTheBench {
    fn params(&self) -> BTreeMap<String, Json> {
        self.params.iter().cloned().collect()
    }

    fn open(&self, engine: &Engine, module: &Path) -> Result<Bench> {
        Ok(Bench::open(engine, module, &self.params(), None)?)
    }
}

fn engine() -> Result<Engine> {
    // Two modules side by side, and one more of each while it is loaded.
    let instances = 8;
    Ok(Engine::new(EngineSettings {
        instances,
        ..EngineSettings::default()
    })?)
}

/// What `test --json` writes.
#[derive(Serialize)]
struct Tested {
    report: Report,
    alerts: Vec<Judged>,
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<Compared>,
}

#[derive(Serialize)]
struct Compared {
    report: Report,
    changes: Vec<Change>,
}

/// Exit code 1 where the module faulted or a file could not be read.
pub(super) fn test(arguments: &TestArguments) -> Result<ExitCode> {
    until_the_reader_leaves(|out| test_to(arguments, out))
}

/// Exit code 1 where the module could not judge the alert.
pub(super) fn explain(arguments: &ExplainArguments) -> Result<ExitCode> {
    until_the_reader_leaves(|out| explain_to(arguments, out))
}

/// Who pipes a long list into `head` has read enough: that is no error.
fn until_the_reader_leaves(
    write: impl FnOnce(&mut dyn Write) -> Result<ExitCode>,
) -> Result<ExitCode> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = write(&mut out).and_then(|code| {
        out.flush()?;
        Ok(code)
    });
    match written {
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        written => written,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn test_to(arguments: &TestArguments, out: &mut dyn Write) -> Result<ExitCode> {
    let on = &arguments.on;
    let engine = engine()?;
    let mut bench = on.open(&engine, &on.module)?;
    let mut old = match &arguments.against {
        Some(path) => Some(on.open(&engine, path).context("--against")?),
        None => None,
    };
    let listed = !arguments.summary && !on.json;
    let mut report = Report::new(&bench);
    let mut old_report = old.as_ref().map(Report::new);
    let (mut alerts, mut changes) = (Vec::new(), Vec::new());
    let mut unread = 0_u64;
    for message in Files::open(&arguments.alerts, on.topic.as_deref())? {
        let message = match message {
            Ok(message) => message,
            Err(error) => {
                unread += 1;
                eprintln!("not read: {error}");
                continue;
            }
        };
        let place = message.place.to_string();
        let ruling = match bench.judge(&message, false) {
            Ok(ruling) => ruling,
            Err(why) => {
                report.skip();
                if listed {
                    writeln!(out, "not judged: {place}: {why}")?;
                }
                continue;
            }
        };
        report.add(&ruling);
        let judged = Judged::new(&bench, &ruling, place.clone());
        if listed {
            writeln!(out, "{judged}")?;
        }
        if let (Some(old), Some(report)) = (&mut old, &mut old_report)
            && let Ok(ruling) = old.judge(&message, false)
        {
            report.add(&ruling);
            changes.extend(Change::between(&Judged::new(old, &ruling, place), &judged));
        }
        if on.json {
            alerts.push(judged);
        }
    }
    report.close(&bench);
    let failed = report.faulted() > 0 || unread > 0;
    let against = old.zip(old_report).map(|(old, mut report)| {
        report.close(&old);
        Compared { report, changes }
    });
    let tested = Tested {
        report,
        alerts,
        against,
    };
    if on.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&tested)?)?;
    } else {
        show(&tested, out)?;
    }
    Ok(exit(failed))
}

fn show(tested: &Tested, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{}", tested.report)?;
    if let Some(Compared { report, changes }) = &tested.against {
        writeln!(out, "\nagainst {report}\n")?;
        for change in changes {
            writeln!(out, "{change}")?;
        }
        writeln!(
            out,
            "{} of {} verdicts differ",
            changes.len(),
            tested.report.judged
        )?;
    }
    Ok(())
}

fn explain_to(arguments: &ExplainArguments, out: &mut dyn Write) -> Result<ExitCode> {
    let on = &arguments.on;
    let engine = engine()?;
    let mut bench = on.open(&engine, &on.module)?;
    let alerts = std::slice::from_ref(&arguments.alert);
    for message in Files::open(alerts, on.topic.as_deref())? {
        let message = message?;
        let explanation = match workbench::explain(&mut bench, &message) {
            Ok(explanation) => explanation,
            // In a folder of both surveys the alert that is asked for may be any.
            Err(Skipped::OtherSurvey(_)) => continue,
            Err(why) => bail!("{}: {why}", message.place),
        };
        if arguments.id.as_ref().is_some_and(|id| {
            *id != explanation.object_id && *id != explanation.alert_id.to_string()
        }) {
            continue;
        }
        if on.json {
            writeln!(out, "{}", serde_json::to_string_pretty(&explanation)?)?;
        } else {
            writeln!(out, "{explanation}")?;
        }
        return Ok(exit(!explanation.judged));
    }
    bail!(
        "no alert{} that the module takes in `{}`",
        arguments
            .id
            .as_ref()
            .map(|id| format!(" or object `{id}`"))
            .unwrap_or_default(),
        arguments.alert.display()
    )
}

fn exit(failed: bool) -> ExitCode {
    if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
