//! `skysieve dead-letters`

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};

use super::ConfigArgument;
use super::replay::given_schemas;
use super::say::say;
use crate::config::Config;
use crate::pipeline::{Event, Judgement, Replay, Said};
use crate::source::{Files, Message, Place};
use crate::store::{DeadLetter, DeadLetters, KeyAndValue};

#[derive(Debug, clap::Subcommand)]
pub(super) enum DeadLettersCommand {
    /// One line a letter, the oldest first.
    List {
        #[command(flatten)]
        config: ConfigArgument,
    },
    /// One letter whole; `--out DIR` writes its message for `skysieve replay`.
    Show {
        number: u64,
        #[command(flatten)]
        config: ConfigArgument,
        /// Write the message's key and value into this folder.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Judge letters again and deliver what passes to the configured SkyPortal; those of which all
    /// was delivered are dropped.
    Replay {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        config: ConfigArgument,
    },
    /// Drop letters for good, with their messages.
    Drop {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        config: ConfigArgument,
    },
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct Which {
    /// As `list` shows them.
    numbers: Vec<u64>,
    /// Every letter that there is.
    #[arg(long)]
    all: bool,
}

pub(super) async fn run(command: DeadLettersCommand) -> Result<ExitCode> {
    match command {
        DeadLettersCommand::List { config } => list(&store(&config)?)?,
        DeadLettersCommand::Show {
            number,
            config,
            out,
        } => show(&store(&config)?, number, out.as_deref())?,
        DeadLettersCommand::Replay { which, config } => return replay(&which, &config).await,
        DeadLettersCommand::Drop { which, config } => {
            let store = store(&config)?;
            for (number, _) in letters(&store, &which)? {
                store.drop_letter(number)?;
                say!("{number}  dropped");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Those that are asked for.
fn letters(store: &DeadLetters, which: &Which) -> Result<Vec<(u64, DeadLetter)>> {
    let mut letters = store.list()?;
    if which.all {
        return Ok(letters);
    }
    let known = |number: &u64| letters.iter().any(|(known, _)| known == number);
    if let Some(unknown) = which.numbers.iter().find(|number| !known(number)) {
        return Err(no_letter(*unknown));
    }
    letters.retain(|(number, _)| which.numbers.contains(number));
    Ok(letters)
}

fn no_letter(number: u64) -> anyhow::Error {
    anyhow!("there is no dead letter {number}: `skysieve dead-letters list` shows them")
}

/// What came of one letter's message.
#[derive(Default)]
struct Outcome {
    delivered: usize,
    troubles: Vec<String>,
}

/// Exit code 1 where a letter is left.
async fn replay(which: &Which, argument: &ConfigArgument) -> Result<ExitCode> {
    let config = Config::from_file(&argument.config)?;
    let store = DeadLetters::in_folder(&config.state)?;
    let letters = letters(&store, which)?;
    let mut messages = Vec::with_capacity(letters.len());
    for (number, letter) in &letters {
        messages.push(message(&store, *number, letter)?);
    }
    let replay = Replay::of(&config, Files::of(messages), true, |_| {}).await?;
    let mut replay = replay.with_given(given_schemas(&config, &[])?);
    let mut outcomes: Vec<Outcome> = Vec::new();
    // One is judged for each letter, in their order, and what comes of it is told behind.
    let tell = |event| match event {
        Event::File(error) => tracing::error!("{error}"),
        Event::Judged(_, judgement) => outcomes.push(Outcome {
            delivered: 0,
            troubles: trouble(&judgement).into_iter().collect(),
        }),
        Event::Failed { route, why } => told(&mut outcomes, format!("{route}: {why}")),
        Event::Delivered { result, route } => match result {
            Ok(_) => outcomes
                .last_mut()
                .into_iter()
                .for_each(|one| one.delivered += 1),
            Err(undelivered) => told(&mut outcomes, format!("{route}: {undelivered}")),
        },
    };
    replay.run(tell).await;
    let mut all_done = true;
    for ((number, _), outcome) in letters.iter().zip(outcomes) {
        let done = outcome.troubles.is_empty() && outcome.delivered > 0;
        if done {
            store.drop_letter(*number)?;
            let routes = outcome.delivered;
            say!("{number}  delivered on {routes} routes, and dropped");
        } else if outcome.troubles.is_empty() {
            say!("{number}  no filter passes it now: `skysieve dead-letters drop {number}`");
        } else {
            say!("{number}  kept: {}", outcome.troubles.join("; "));
        }
        all_done &= done;
    }
    Ok(if all_done {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn told(outcomes: &mut [Outcome], trouble: String) {
    if let Some(outcome) = outcomes.last_mut() {
        outcome.troubles.push(trouble);
    }
}

/// Why there is no verdict.
fn trouble(judgement: &Judgement) -> Option<String> {
    match judgement {
        Judgement::Undecodable(why) => Some(why.to_string()),
        Judgement::Copy(_) => None,
        Judgement::Judged(judged) => judged
            .verdicts
            .iter()
            .find_map(|(filter, said)| match said {
                Said::Faulted { why, .. } => Some(format!("{filter}: {why}")),
                _ => None,
            }),
    }
}

/// The letter's message, as if it came from its topic.
fn message(store: &DeadLetters, number: u64, letter: &DeadLetter) -> Result<Message> {
    let (key, value) = bytes(store, number, letter)?;
    Ok(Message {
        place: Place::File {
            path: Arc::new(PathBuf::from(format!("dead letter {number}"))),
            record: 0,
            topic: letter.topic.as_deref().map(Arc::from),
        },
        key: key.into(),
        value: value.into(),
        timestamp_ms: None,
    })
}

fn bytes(store: &DeadLetters, number: u64, letter: &DeadLetter) -> Result<KeyAndValue> {
    let message = store.message(number, letter)?;
    message.with_context(|| format!("the message of dead letter {number} is not in the store"))
}

fn store(config: &ConfigArgument) -> Result<DeadLetters> {
    let config = Config::from_file(&config.config)?;
    Ok(DeadLetters::in_folder(&config.state)?)
}

fn list(store: &DeadLetters) -> Result<()> {
    let (letters, floods) = (store.list()?, store.floods()?);
    if letters.is_empty() && floods.is_empty() {
        say!("no dead letters");
    }
    for (number, letter) in letters {
        let what = letter.route.as_deref().unwrap_or("-");
        let object = letter.object_id.as_deref().unwrap_or("-");
        let (at, place) = (&letter.at, &letter.place);
        say!(
            "{number}  {at}  {object}  {what}  {place}  {}",
            letter.reason
        );
    }
    for flood in floods {
        say!("{flood}");
    }
    Ok(())
}

fn show(store: &DeadLetters, number: u64, out: Option<&Path>) -> Result<()> {
    let letters = store.list()?;
    let letter = letters
        .into_iter()
        .find_map(|(known, letter)| (known == number).then_some(letter))
        .ok_or_else(|| no_letter(number))?;
    say!("{}", serde_json::to_string_pretty(&letter)?);
    match out {
        Some(folder) => write(store, number, &letter, folder),
        None => Ok(()),
    }
}

fn write(store: &DeadLetters, number: u64, letter: &DeadLetter, folder: &Path) -> Result<()> {
    let (key, value) = bytes(store, number, letter)?;
    // One folder a key, below one named after the topic, which a replay then knows.
    let topic = letter.topic.as_deref().unwrap_or("no-topic");
    let folder = folder
        .join(format!("key-{:.12}", letter.key_sha256))
        .join(topic);
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    std::fs::write(folder.join("key.json"), key)?;
    let file = folder.join(format!("{number}.bin"));
    std::fs::write(&file, value)?;
    say!("{} written, with its key beside it", file.display());
    Ok(())
}
