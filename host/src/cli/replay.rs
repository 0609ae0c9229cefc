//! `skysieve replay`

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Result, bail};

use super::ConfigArgument;
use super::say::say;
use crate::alert::GivenSchemas;
use crate::config::{Config, nearest};
use crate::engine::Value;
use crate::pipeline::{Event, Judged, Judgement, Replay, Said};
use crate::skyportal::{Receipt, Request};
use crate::source::{Message, read_schemas};
use crate::telemetry::call_name;

#[derive(Debug, clap::Args)]
pub(super) struct ReplayArguments {
    /// Object containers and framed messages (.avro), wire messages (.bin beside their key.json), or
    /// folders of them.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigArgument,
    /// The topic that the alerts are taken to come from; without it every filter of the survey
    /// judges, unless a file's folder has the name of a Fink topic.
    #[arg(long)]
    topic: Option<String>,
    /// A folder of `.avsc` files, for messages that do not carry their schema; beside the folders
    /// that the configured sources name. May be given more than once.
    #[arg(long, value_name = "DIR")]
    schemas: Vec<PathBuf>,
    /// Send the requests to the configured SkyPortal instead of showing them.
    #[arg(long)]
    deliver: bool,
    /// Do not show the requests.
    #[arg(long)]
    no_requests: bool,
    /// Show the sums only, and what could not be read, judged or delivered.
    #[arg(long)]
    summary: bool,
}

/// Exit code 1 where anything could not be read, judged or delivered.
pub(super) async fn replay(arguments: ReplayArguments) -> Result<ExitCode> {
    let config = Config::from_file(&arguments.config.config)?;
    let topic = arguments.topic.as_deref();
    if let Some(topic) = topic {
        check_topic(&config, topic)?;
    }
    if !arguments.deliver {
        say!("{DRY}");
    }
    let summary = arguments.summary;
    let shown = !arguments.no_requests && !arguments.deliver && !summary;
    let requests = Arc::new(Mutex::new(BTreeMap::<String, u64>::new()));
    let counted = requests.clone();
    let sink = move |request: &Request| {
        let call = call_name(request.method.name(), &request.path);
        *held(&counted).entry(call).or_default() += 1;
        if shown {
            say!("{}", show_request(request));
        }
    };
    let replay = Replay::open(&config, &arguments.files, topic, arguments.deliver, sink).await?;
    let given = given_schemas(&config, &arguments.schemas)?;
    let mut replay = replay.with_given(given);
    // The alert whose line a summary keeps back.
    let mut untold = None::<String>;
    let mut unread = 0u64;
    let mut failed = false;
    replay
        .run(|event| match event {
            Event::File(error) => {
                unread += 1;
                say!("not read: {error}");
            }
            Event::Judged(message, judgement) => {
                failed |= is_failure(&judgement);
                let told = show(&message, &judgement);
                if !summary || is_failure(&judgement) {
                    say!("{told}");
                } else {
                    untold = told.lines().next().map(str::to_owned);
                }
            }
            Event::Failed { route, why } => {
                failed = true;
                untold.take().inspect(|alert| say!("{alert}"));
                say!("  {route}: not delivered: {why}");
            }
            Event::Delivered { route, result } => match result {
                Ok(_) if summary => {}
                Ok(receipt) => say!("  {route}: {}", show_receipt(&receipt)),
                Err(undelivered) => {
                    failed = true;
                    untold.take().inspect(|alert| say!("{alert}"));
                    say!("  {route}: not delivered: {undelivered}");
                }
            },
        })
        .await;
    say!("\n{}", replay.accounts());
    if summary && !arguments.deliver {
        say!("requests that would go out, the set-up among them:");
        for (call, count) in held(&requests).iter() {
            say!("{count:>8}  {call}");
        }
    }
    if !arguments.deliver {
        say!("{DRY}");
    }
    if unread > 0 {
        say!(
            "{unread} file{} gave no alert, named above",
            if unread == 1 { "" } else { "s" }
        );
    }
    Ok(if failed || unread > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn held(requests: &Mutex<BTreeMap<String, u64>>) -> MutexGuard<'_, BTreeMap<String, u64>> {
    requests.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A message that is no alert, or an alert on which a filter has no verdict.
fn is_failure(judgement: &Judgement) -> bool {
    match judgement {
        Judgement::Undecodable(_) => true,
        Judgement::Copy(_) => false,
        Judgement::Judged(judged) => {
            let mut said = judged.verdicts.iter().map(|(_, said)| said);
            said.any(|said| matches!(said, Said::Faulted { .. }))
        }
    }
}

pub(super) fn given_schemas(config: &Config, named: &[PathBuf]) -> Result<GivenSchemas> {
    let of_sources = config.sources.iter().filter_map(|s| s.schemas.as_ref());
    let mut given = GivenSchemas::default();
    for folder in named.iter().chain(of_sources) {
        given.extend(read_schemas(folder)?);
    }
    Ok(given)
}

/// Said first and last: the ids and outcomes between look like real ones.
const DRY: &str =
    "dry: nothing is sent; the requests are those that would go out, the ids are made up";

/// A topic that no filter reads would judge nothing, and look as if all were well.
fn check_topic(config: &Config, topic: &str) -> Result<()> {
    let filters = config.groups.iter().flat_map(|group| &group.filters);
    let known: BTreeSet<&str> = filters
        .flat_map(|f| &f.topics)
        .map(String::as_str)
        .collect();
    if known.contains(topic) {
        return Ok(());
    }
    match nearest(topic, known.iter().copied()) {
        Some(near) => bail!("no filter reads the topic `{topic}`: did you mean `{near}`?"),
        None => bail!(
            "no filter reads the topic `{topic}`: they read {}",
            known.into_iter().collect::<Vec<_>>().join(", ")
        ),
    }
}

fn show_request(request: &Request) -> String {
    match &request.body {
        Some(body) => format!("    {request} {body}"),
        None => format!("    {request}"),
    }
}

fn show(message: &Message, judgement: &Judgement) -> String {
    match judgement {
        Judgement::Undecodable(why) => format!("undecodable: {}: {why}", message.place),
        Judgement::Copy(head) => format!(
            "{} {}: a copy of an alert that was judged before ({})",
            head.object_id, head.alert_id, message.place
        ),
        Judgement::Judged(judged) => show_verdicts(message, judged),
    }
}

fn show_verdicts(message: &Message, judged: &Judged) -> String {
    let head = &judged.head;
    let mut text = format!("{} {} ({})", head.object_id, head.alert_id, message.place);
    if judged.verdicts.is_empty() {
        text += "\n  no filter reads its topic";
    }
    for (filter, said) in &judged.verdicts {
        let _ = write!(text, "\n  {filter}: {}", show_said(said));
    }
    text
}

fn show_receipt(receipt: &Receipt) -> String {
    let photometry = &receipt.photometry;
    let mut text = format!(
        "candidate {:?}, source {}, {} points",
        receipt.candidate_ids, receipt.source, photometry.sent
    );
    for (filter, points) in &photometry.unknown_filter {
        let _ = write!(
            text,
            ", {points} left out (the instrument has no `{filter}`)"
        );
    }
    if photometry.unfit > 0 {
        let _ = write!(
            text,
            ", {} left out (no time, flux or error)",
            photometry.unfit
        );
    }
    for class in &receipt.classifications {
        let _ = write!(text, ", {class}");
    }
    text
}

fn show_said(said: &Said) -> String {
    match said {
        Said::Rejected { cut } => format!("rejected at `{cut}`"),
        Said::Faulted { kind, why } => format!("fault ({kind}): {why}"),
        Said::Passed { routes, values } => {
            let values: Vec<String> = values
                .iter()
                .map(|(name, value)| format!("{name} = {}", show_value(value)))
                .collect();
            let values = if values.is_empty() {
                String::new()
            } else {
                format!(", {}", values.join(", "))
            };
            format!("passed on {}{values}", routes.join(", "))
        }
    }
}

fn show_value(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::I64(value) => value.to_string(),
        Value::F64(value) => format!("{value:.6}"),
        Value::Str(value) => format!("`{value}`"),
    }
}
