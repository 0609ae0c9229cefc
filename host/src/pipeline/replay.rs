//! The same judging and the same deliveries on files, one alert after the other.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::destinations::{Destinations, seats, set_up};
use super::judge::{Judge, Judgement, Passed};
use super::modules::Modules;
use super::run::RunError;
use crate::alert::GivenSchemas;
use crate::config::Config;
use crate::skyportal::{Patience, Portal, Receipt, Request, Undelivered};
use crate::source::{FileError, Files, Message};
use crate::telemetry::Accounts;

/// A replay of files through the configured filters.
pub struct Replay {
    judge: Judge,
    portal: Portal,
    files: Files,
    accounts: Arc<Accounts>,
    _modules: Modules,
}

/// Why a replay could not begin.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error(transparent)]
    Files(#[from] FileError),
    #[error(transparent)]
    Run(#[from] RunError),
}

/// What a replay tells of one message.
pub enum Event {
    /// A file that gave no message, or no further one.
    File(FileError),
    Judged(Box<Message>, Judgement),
    /// It passed on this route, and cannot be delivered.
    Failed {
        route: Arc<str>,
        why: String,
    },
    Delivered {
        route: Arc<str>,
        result: Result<Box<Receipt>, Box<Undelivered>>,
    },
}

/// The name under which the files' account is kept.
const SOURCE: &str = "files";

impl Replay {
    /// Opens the files and loads the modules. Dry unless `deliver` is set: every request is shown
    /// to `sink` instead of sent.
    ///
    /// # Errors
    /// Where a path, a module or the set-up at SkyPortal fails.
    pub async fn open(
        config: &Config,
        paths: &[PathBuf],
        topic: Option<&str>,
        deliver: bool,
        sink: impl Fn(&Request) + Send + Sync + 'static,
    ) -> Result<Self, ReplayError> {
        Self::of(config, Files::open(paths, topic)?, deliver, sink).await
    }

    /// The same of files that were opened.
    ///
    /// # Errors
    /// Where a module or the set-up at SkyPortal fails.
    pub async fn of(
        config: &Config,
        files: Files,
        deliver: bool,
        sink: impl Fn(&Request) + Send + Sync + 'static,
    ) -> Result<Self, ReplayError> {
        let modules = Modules::load(config, 1, None).map_err(RunError::from)?;
        let portal = if deliver {
            let token = config.skyportal.token.read().map_err(RunError::Token)?;
            let stop = CancellationToken::new();
            // A skysieve that runs beside us has the notes in hand.
            Portal::connect(
                &config.skyportal,
                token,
                Patience::of(&config.skyportal),
                None,
                stop,
            )
            .map_err(RunError::from)?
        } else {
            Portal::dry(&config.skyportal, sink)
        };
        let destinations = set_up(config, &portal, &Destinations::new()).await?;
        let accounts = Arc::new(Accounts::default());
        let seats = seats(config, &modules, &destinations, &accounts, |_, _| true)?;
        Ok(Replay {
            judge: Judge::new(seats, accounts.source(SOURCE), None),
            portal,
            files,
            accounts,
            _modules: modules,
        })
    }

    /// The same replay, with schemas for messages that only name theirs.
    pub fn with_given(mut self, given: GivenSchemas) -> Self {
        self.judge = self.judge.with_given(given);
        self
    }

    /// The judge alone, for messages that no file brings.
    pub fn judge(&mut self) -> &mut Judge {
        &mut self.judge
    }

    pub fn accounts(&self) -> &Arc<Accounts> {
        &self.accounts
    }

    /// Runs to the end of the files; `tell` hears everything in order.
    pub async fn run(&mut self, mut tell: impl FnMut(Event)) {
        while let Some(next) = self.files.next() {
            let message = match next {
                Ok(message) => message,
                Err(error) => {
                    tell(Event::File(error));
                    continue;
                }
            };
            let mut judgement = tokio::task::block_in_place(|| self.judge.judge(&message));
            let passed = match &mut judgement {
                Judgement::Judged(judged) => std::mem::take(&mut judged.passed),
                _ => Vec::new(),
            };
            tell(Event::Judged(Box::new(message), judgement));
            for passed in passed {
                let account = &passed.account;
                match passed.what {
                    Passed::Declined => account.declined.add_one(),
                    // A replay keeps no dead letters: it tells.
                    Passed::Failed(why) => {
                        account.dead_lettered.add_one();
                        let route = passed.route;
                        tell(Event::Failed { route, why });
                    }
                    Passed::Deliver(order) => {
                        let result = self.portal.deliver(&order).await;
                        match &result {
                            Ok(_) => account.delivered.add_one(),
                            Err(_) => account.dead_lettered.add_one(),
                        }
                        let result = result.map(Box::new).map_err(Box::new);
                        let route = passed.route;
                        tell(Event::Delivered { route, result });
                    }
                }
            }
        }
    }
}
