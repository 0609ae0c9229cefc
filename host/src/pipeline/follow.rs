//! The configuration's file, followed while it runs: groups come, change and go between two alerts.
//!
//! In: the file. Out: for every reader the seats of the groups that changed, once their modules fit
//! and SkyPortal has what they need; or a refusal of the whole file, and what ran runs on.
//! Never here: half of a new file; a connection or a path that changes.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::{Instant, sleep};

use super::destinations::{Destinations, disabled, seats, set_up};
use super::modules::{Modules, ModulesError};
use super::reader::Change;
use super::run::RunError;
use super::seat::Seat;
use crate::config::{Config, ConfigError, Source};
use crate::skyportal::Portal;
use crate::telemetry::Telemetry;

/// Between two looks at the file. It counts once it is the same in two of them: an editor may be
/// writing it.
const LOOK: Duration = Duration::from_secs(1);

/// A refused file may do later: the module that it names is copied, SkyPortal's group is opened.
const AGAIN: Duration = Duration::from_secs(30);

/// So may a set-up that failed: SkyPortal was in trouble, or an operator gave the right that lacked.
const SET_UP_AGAIN: Duration = Duration::from_secs(300);

/// A configuration file that is followed.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    path: PathBuf,
    ask: Arc<Notify>,
}

impl ConfigFile {
    pub fn new(path: impl Into<PathBuf>) -> Self {
        ConfigFile {
            path: path.into(),
            ask: Arc::default(),
        }
    }

    /// Has it looked at now, changed or not: what could not be set up is tried again, too.
    pub fn ask(&self) {
        self.ask.notify_one();
    }

    /// Its text; or why there is none, in words.
    async fn read(&self) -> Result<String, String> {
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(path));
        match read.await {
            Ok(read) => read.map_err(|error| {
                format!(
                    "cannot read the configuration `{}`: {error}",
                    self.path.display()
                )
            }),
            // Reading a file does not panic, and the task is not cancelled.
            Err(error) => Err(error.to_string()),
        }
    }
}

/// What the configuration that rules stands on.
pub(super) struct Plant {
    pub config: Config,
    pub portal: Portal,
    pub modules: watch::Sender<Arc<Modules>>,
    pub destinations: Destinations,
    pub telemetry: Telemetry,
}

/// One source, and how its reader is told.
pub(super) type Told = (Source, UnboundedSender<Change>);

/// Why a file does not take over.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("{0}")]
    Unreadable(String),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(
        "{} cannot change while skysieve runs: restart it for that, or take it back and the rest takes over",
        quoted(.0)
    )]
    Fixed(Vec<String>),
    #[error("the two configurations cannot be compared: {0}")]
    Incomparable(#[from] serde_json::Error),
    #[error(transparent)]
    Modules(#[from] ModulesError),
    #[error(transparent)]
    Run(#[from] RunError),
}

fn quoted(keys: &[String]) -> String {
    format!("`{}`", keys.join("`, `"))
}

/// A configuration that is ready to take over.
struct Successor {
    config: Config,
    modules: Arc<Modules>,
    destinations: Destinations,
    /// The groups that stay as they are.
    stays: BTreeSet<String>,
    /// The new seats of each source, in the order of the sources.
    seats: Vec<Vec<Seat>>,
}

impl Plant {
    /// Follows the file until it is dropped.
    pub async fn follow(mut self, file: ConfigFile, readers: Vec<Told>) {
        let mut considered = None;
        let mut before = None;
        let mut again = Instant::now() + SET_UP_AGAIN;
        loop {
            let asked = tokio::select! {
                () = sleep(LOOK) => false,
                () = file.ask.notified() => true,
            };
            let now = file.read().await;
            let is_new = considered.as_ref() != Some(&now);
            let is_quiet = before.as_ref() == Some(&now);
            let is_due = (self.is_refused() || self.is_unready()) && Instant::now() > again;
            before = Some(now.clone());
            if !(asked || is_due || is_new && is_quiet) {
                continue;
            }
            let successor = tokio::select! {
                successor = self.consider(&file, &now, asked || is_due, &readers) => successor,
                // What is not ready yet gives way to what is newer.
                () = differs(&file, &now) => continue,
            };
            considered = Some(now);
            again = Instant::now();
            match successor {
                Err(refusal) => {
                    again += AGAIN;
                    self.refuse(&refusal);
                }
                Ok(successor) => {
                    again += SET_UP_AGAIN;
                    match successor {
                        Some(successor) => self.take_over(successor, &readers).await,
                        None => self.telemetry.configuration().confirmed(),
                    }
                }
            }
        }
    }

    fn is_refused(&self) -> bool {
        self.telemetry.configuration().refused.is_some()
    }

    /// Whether the set-up of a route failed.
    fn is_unready(&self) -> bool {
        self.destinations.values().any(Option::is_none)
    }

    fn refuse(&self, refusal: &Refusal) {
        let is_news = self.telemetry.configuration().refused(refusal.to_string());
        if is_news {
            tracing::error!("the changed configuration is refused, what ran runs on: {refusal}");
        }
    }

    async fn consider(
        &self,
        file: &ConfigFile,
        read: &Result<String, String>,
        asked: bool,
        readers: &[Told],
    ) -> Result<Option<Successor>, Refusal> {
        match read {
            Ok(text) => {
                let config = Config::from_text_of(&file.path, text)?;
                self.successor(config, asked, readers).await
            }
            Err(why) => Err(Refusal::Unreadable(why.clone())),
        }
    }

    /// What would take over; none where nothing changed.
    async fn successor(
        &self,
        config: Config,
        asked: bool,
        readers: &[Told],
    ) -> Result<Option<Successor>, Refusal> {
        let fixed = self.config.fixed_differences(&config)?;
        if !fixed.is_empty() {
            return Err(Refusal::Fixed(fixed));
        }
        if config.groups != self.config.groups {
            tracing::info!("the configuration changed: modules are loaded, SkyPortal is asked");
        } else if asked && self.is_unready() {
            tracing::info!("what could not be set up is tried again");
        } else {
            return Ok(None);
        }
        let running = self.modules.borrow().clone();
        let modules = tokio::task::block_in_place(|| running.changed_to(&config))?;
        let destinations = set_up(&config, &self.portal, &self.destinations).await?;
        let stays = config.groups.iter().filter(|group| {
            modules.shares(&running, &group.name)
                && of_group(&destinations, &group.name)
                    .eq(of_group(&self.destinations, &group.name))
        });
        let stays: BTreeSet<String> = stays.map(|group| group.name.clone()).collect();
        if config.groups == self.config.groups && stays.len() == config.groups.len() {
            // Asked for again, and no better.
            return Ok(None);
        }
        let mut all = Vec::new();
        for (source, _) in readers {
            let accounts = self.telemetry.accounts();
            let seats = seats(
                &config,
                &modules,
                &destinations,
                accounts,
                |group, filter| {
                    !stays.contains(&group.name)
                        && filter
                            .topics
                            .iter()
                            .any(|topic| source.topics.contains(topic))
                },
            )?;
            all.push(seats);
        }
        Ok(Some(Successor {
            config,
            modules: Arc::new(modules),
            destinations,
            stays,
            seats: all,
        }))
    }

    /// Each reader changes between two messages; when all have, the new configuration rules.
    async fn take_over(&mut self, successor: Successor, readers: &[Told]) {
        let mut waited_for = Vec::new();
        for ((_, reader), seats) in readers.iter().zip(successor.seats) {
            let (rules, ruled) = oneshot::channel();
            let stays = successor.stays.clone();
            // A reader that is gone judges nothing any more.
            let _ = reader.send(Change {
                stays,
                seats,
                rules,
            });
            waited_for.push(ruled);
        }
        for ruled in waited_for {
            // Nothing is sent: the other end is dropped when it is so.
            let _ = ruled.await;
        }
        tell(&self.config, &successor.config, &successor.stays);
        self.config = successor.config;
        self.destinations = successor.destinations;
        self.telemetry.set_disabled(disabled(&self.destinations));
        let before = self.modules.send_replace(successor.modules);
        // Waits for the threads that follow the directories of groups that are gone.
        tokio::task::block_in_place(|| {
            drop(before);
            self.modules.borrow().rule();
        });
        self.telemetry.configuration().changed();
    }
}

/// Returns when the file is another than it was.
async fn differs(file: &ConfigFile, from: &Result<String, String>) {
    loop {
        sleep(LOOK).await;
        if file.read().await != *from {
            return;
        }
    }
}

/// Which routes of a group are ready, and where each leads.
fn of_group<'d>(
    destinations: &'d Destinations,
    group: &'d str,
) -> impl Iterator<Item = (&'d str, &'d str, bool)> {
    let routes = destinations
        .iter()
        .filter(move |((of, _, _), _)| of == group);
    routes.map(|((_, filter, route), ready)| (filter.as_str(), route.as_str(), ready.is_some()))
}

fn tell(before: &Config, after: &Config, stays: &BTreeSet<String>) {
    let names = |config: &Config| -> BTreeSet<String> {
        config
            .groups
            .iter()
            .map(|group| group.name.clone())
            .collect()
    };
    let (old, new) = (names(before), names(after));
    let list = |names: &mut dyn Iterator<Item = &String>| {
        names.map(String::as_str).collect::<Vec<_>>().join(", ")
    };
    tracing::info!(
        came = list(&mut new.difference(&old)),
        changed = list(&mut new.intersection(&old).filter(|name| !stays.contains(*name))),
        gone = list(&mut old.difference(&new)),
        "the changed configuration rules"
    );
}
