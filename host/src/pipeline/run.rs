//! The whole pipeline, running: consumers, judges, deliveries, and an orderly end.

use std::sync::Arc;

use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::control::Control;
use super::destinations::{Destinations, disabled, seats, set_up};
use super::follow::{ConfigFile, Plant};
use super::judge::Judge;
use super::lanes::Lanes;
use super::modules::{Modules, ModulesError};
use super::reader::{Around, Reader};
use crate::config::{Config, SecretError, Source};
use crate::skyportal::{ConnectError, Patience, Portal};
use crate::source::{Consumer, ConsumerError, SchemasError, read_schemas};
use crate::store::{DeadLetters, Notes, StoreError};
use crate::telemetry::{Accounts, Hindrance, Rooms, Telemetry};

/// Everything that runs between Kafka and SkyPortal.
pub struct Pipeline {
    sources: Vec<(Consumer, Judge, Source)>,
    lanes: Lanes,
    store: DeadLetters,
    accounts: Arc<Accounts>,
    telemetry: Telemetry,
    stop: Stop,
    plant: Plant,
    /// The file that is followed, if any.
    file: Option<ConfigFile>,
    _control: Option<Control>,
}

/// Two ways to end: first read no more, then send no more.
#[derive(Clone, Default)]
pub struct Stop {
    pub(super) reading: CancellationToken,
    pub(super) sending: CancellationToken,
}

impl Stop {
    /// The first call ends reading: what is in flight is delivered, offsets are committed. The
    /// second ends everything at once; what was not done comes again.
    pub fn request(&self) {
        if self.reading.is_cancelled() {
            self.sending.cancel();
        }
        self.reading.cancel();
    }
}

/// Why the pipeline could not be started.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Modules(#[from] ModulesError),
    #[error("the SkyPortal token: {0}")]
    Token(SecretError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Source(#[from] ConsumerError),
    #[error(transparent)]
    Schemas(#[from] SchemasError),
    #[error("no group can deliver to SkyPortal:\n  - {}", .0.join("\n  - "))]
    NothingReady(Vec<String>),
    #[error("{0}")]
    Seat(String),
    #[error("stopped before the start was complete")]
    Stopped,
}

impl Pipeline {
    /// Loads the modules, finds or makes what the configuration names at SkyPortal (waiting while
    /// it is away), and joins the Kafka groups.
    ///
    /// # Errors
    /// Where something is wrong that waiting does not mend. A group whose set-up fails is told by
    /// name, and the others run.
    pub async fn start(config: &Config, stop: Stop) -> Result<Self, RunError> {
        Self::start_telling(config, stop, &Telemetry::default()).await
    }

    /// [`Pipeline::start`], telling from the first moment.
    ///
    /// # Errors
    /// As [`Pipeline::start`].
    pub async fn start_telling(
        config: &Config,
        stop: Stop,
        telemetry: &Telemetry,
    ) -> Result<Self, RunError> {
        let token = config.skyportal.token.read().map_err(RunError::Token)?;
        let store = DeadLetters::in_folder(&config.state)?;
        let modules = Arc::new(Modules::load(
            config,
            config.sources.len(),
            Some(&config.state),
        )?);
        let patience = Patience::of(&config.skyportal);
        let notes = Notes::in_folder(&config.state)?;
        let sending = stop.sending.clone();
        let portal = Portal::connect(&config.skyportal, token, patience, Some(notes), sending)?;
        let modules = watch::Sender::new(modules);
        // Before SkyPortal is asked, which may be away: an operator can look all the same.
        let control = Control::start(&config.state, {
            let modules = modules.subscribe();
            move || modules.borrow().clone()
        });
        open_rooms(telemetry, &portal, &modules, &store);
        let nothing = Destinations::new();
        let destinations = tokio::select! {
            destinations = set_up(config, &portal, &nothing) => destinations?,
            () = stop.reading.cancelled() => return Err(RunError::Stopped),
        };
        telemetry.set_disabled(disabled(&destinations));
        let accounts = telemetry.accounts().clone();
        let mut sources = Vec::new();
        for source in &config.sources {
            let reads = |topic: &String| source.topics.contains(topic);
            let running = modules.borrow().clone();
            let seats = seats(config, &running, &destinations, &accounts, |_, filter| {
                filter.topics.iter().any(reads)
            })?;
            let account = accounts.source(&source.name);
            let mut judge = Judge::new(seats, account, Some(source.survey));
            if let Some(folder) = &source.schemas {
                judge = judge.with_given(read_schemas(folder)?);
            }
            let consumer = Consumer::open(source)?;
            let standings = consumer.standings();
            telemetry.follow_source(&source.name, move || standings.get());
            sources.push((consumer, judge, source.clone()));
        }
        telemetry.health().end(Hindrance::SetUp);
        Ok(Pipeline {
            sources,
            lanes: Lanes::start(&portal, &Some(store.clone()), telemetry),
            store,
            telemetry: telemetry.clone(),
            accounts,
            stop,
            _control: control,
            plant: Plant {
                config: config.clone(),
                portal,
                modules,
                destinations,
                telemetry: telemetry.clone(),
            },
            file: None,
        })
    }

    /// Follows changes of the file from which the configuration was read.
    #[must_use]
    pub fn following(mut self, file: ConfigFile) -> Self {
        self.file = Some(file);
        self
    }

    pub fn accounts(&self) -> &Arc<Accounts> {
        &self.accounts
    }

    /// Runs until it is told to stop, then ends in order. Returns whether all parts did: where one
    /// failed, the others are stopped too, since what it should have done would be missing.
    pub async fn run(self) -> bool {
        let around = Around {
            lanes: Arc::new(self.lanes),
            store: self.store,
            telemetry: self.telemetry.clone(),
            stop: self.stop.clone(),
        };
        let mut readers = JoinSet::new();
        let mut tellers = Vec::new();
        for (consumer, judge, source) in self.sources {
            let (told, changes) = unbounded_channel();
            tellers.push((source.clone(), told));
            let reader = Reader::new(consumer, judge, source, changes, &around);
            let samples = self.plant.modules.borrow().samples();
            readers.spawn(reader.sampling(samples).run());
        }
        let lanes = around.lanes;
        // Without a file it stays as it is, and the modules are followed all the same.
        let plant = self.plant;
        let following = tokio::spawn(async move {
            match self.file {
                Some(file) => plant.follow(file, tellers).await,
                None => std::future::pending().await,
            }
        });
        let ending = tokio::spawn(tell_ending(self.stop.clone(), self.telemetry));
        let mut sound = true;
        loop {
            tokio::select! {
                reader = readers.join_next() => match reader {
                    Some(Ok(())) => {}
                    Some(Err(error)) => {
                        tracing::error!("a source's reader failed, stopping: {error}");
                        sound = false;
                        self.stop.request();
                    }
                    None => break,
                },
                () = lanes.failed(), if sound => {
                    tracing::error!("a delivery worker failed, stopping");
                    sound = false;
                    self.stop.request();
                }
            }
        }
        ending.abort();
        following.abort();
        self.stop.sending.cancel();
        if let Some(lanes) = Arc::into_inner(lanes) {
            sound &= lanes.drain().await;
        }
        sound
    }
}

/// What telemetry asks of the other rooms.
fn open_rooms(
    telemetry: &Telemetry,
    portal: &Portal,
    modules: &watch::Sender<Arc<Modules>>,
    store: &DeadLetters,
) {
    let (modules, store) = (modules.subscribe(), store.clone());
    telemetry.open(Rooms {
        calls: portal.calls().clone(),
        modules: Box::new(move || modules.borrow().status()),
        store: Box::new(move || store.check_writable().map_err(|error| error.to_string())),
    });
}

/// Whoever asks meanwhile hears that we are about to go.
async fn tell_ending(stop: Stop, telemetry: Telemetry) {
    stop.reading.cancelled().await;
    let health = telemetry.health();
    health.begin(Hindrance::Stopping, "what is in flight is being finished");
}
