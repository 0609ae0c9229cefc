//! `skysieve dead-letters`

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::ConfigArgument;
use crate::config::Config;
use crate::store::{DeadLetter, DeadLetters};

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
        out: Option<std::path::PathBuf>,
    },
}

pub(super) fn run(command: DeadLettersCommand) -> Result<ExitCode> {
    match command {
        DeadLettersCommand::List { config } => list(&store(&config)?),
        DeadLettersCommand::Show {
            number,
            config,
            out,
        } => show(&store(&config)?, number, out.as_deref()),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn store(config: &ConfigArgument) -> Result<DeadLetters> {
    let config = Config::from_file(&config.config)?;
    Ok(DeadLetters::in_folder(&config.state)?)
}

fn list(store: &DeadLetters) -> Result<()> {
    let letters = store.list()?;
    if letters.is_empty() {
        println!("no dead letters");
    }
    for (number, letter) in letters {
        let what = letter.route.as_deref().unwrap_or("-");
        let object = letter.object_id.as_deref().unwrap_or("-");
        let (at, place) = (&letter.at, &letter.place);
        println!(
            "{number}  {at}  {object}  {what}  {place}  {}",
            letter.reason
        );
    }
    Ok(())
}

fn show(store: &DeadLetters, number: u64, out: Option<&Path>) -> Result<()> {
    let letters = store.list()?;
    let letter = letters
        .into_iter()
        .find_map(|(known, letter)| (known == number).then_some(letter))
        .with_context(|| {
            format!("there is no dead letter {number}: `skysieve dead-letters list` shows them")
        })?;
    println!("{}", serde_json::to_string_pretty(&letter)?);
    match out {
        Some(folder) => write(store, number, &letter, folder),
        None => Ok(()),
    }
}

fn write(store: &DeadLetters, number: u64, letter: &DeadLetter, folder: &Path) -> Result<()> {
    let (key, value) = store
        .message(number, letter)?
        .with_context(|| format!("the message of dead letter {number} is not in the store"))?;
    // One folder a key, below one named after the topic, which a replay then knows.
    let topic = letter.topic.as_deref().unwrap_or("no-topic");
    let folder = folder
        .join(format!("key-{:.12}", letter.key_sha256))
        .join(topic);
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    std::fs::write(folder.join("key.json"), key)?;
    let file = folder.join(format!("{number}.bin"));
    std::fs::write(&file, value)?;
    println!("{} written, with its key beside it", file.display());
    Ok(())
}
