//! One passed alert, made into SkyPortal rows over REST.
//!
//! In: an [`Order`], one alert that passed on one route. Out: a [`Receipt`] of what stands in
//! SkyPortal now, or an [`Undelivered`] that says where it stopped, why, and what to do.
//! Never here: the wall clock in a payload, a row made twice, an alert lost to an outage, the token
//! in any text, knowledge of Kafka or of a module.

mod annotation;
mod answer;
mod candidate;
mod classification;
mod comment;
mod deliver;
mod gather;
mod meet;
mod memory;
mod order;
mod photometry;
mod retry;
mod setup;
mod source;
mod taxonomy;
mod time;
mod transport;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::config::{self, Secret};
use crate::store::Notes;
use crate::telemetry::Calls;

pub use answer::Class;
pub use classification::ClassOutcome;
pub use deliver::{Receipt, Step, Undelivered};
pub use order::{Classification, Order, OrderError};
pub use photometry::{PhotometryTally, RefusedPoint};
pub use retry::{Failure, Patience};
pub use setup::{Destination, Ready, SetUpError, SetUpProblem};
pub use source::SourceOutcome;
pub use time::iso_utc;
pub use transport::{ConnectError, Method, Request, Sink};

use classification::Card;
use gather::{Batching, Gathering};
use memory::Memory;
use photometry::{Audience, Sheet};
use transport::{Dry, Http, Transport};

/// Labels and filters that are warned about; a mapping that makes labels up does not fill the memory.
const MOST_SAID: usize = 1000;

/// A SkyPortal, and what we remember of it. A clone is another handle to the same one.
#[derive(Clone)]
pub struct Portal(Arc<Inner>);

struct Inner {
    transport: Transport,
    config: config::SkyPortal,
    patience: Patience,
    stop: CancellationToken,
    memory: Mutex<Memory>,
    /// What was said once and is not said again.
    said: Mutex<HashSet<String>>,
    calls: Arc<Calls>,
    /// Where rows of several alerts come together.
    photometry: Mutex<HashMap<Audience, Gathering<Sheet>>>,
    classifications: OnceLock<Gathering<Card>>,
    /// One set-up at a time.
    set_up: tokio::sync::Mutex<()>,
}

impl Portal {
    /// Prepares a connection; the first request goes out in [`Portal::set_up`].
    ///
    /// What is known of SkyPortal's rows is kept in `notes`, and believed when it is found there.
    /// `stop` ends every wait and every request; what it interrupts fails as
    /// [`Class::Cancelled`], and may be delivered again.
    ///
    /// # Errors
    /// Where the address, the token or the pace cannot be used as configured.
    pub fn connect(
        config: &config::SkyPortal,
        token: Secret,
        patience: Patience,
        notes: Option<Notes>,
        stop: CancellationToken,
    ) -> Result<Portal, ConnectError> {
        let http = Http::new(config, token)?;
        Ok(Portal::over(
            Transport::Http(Box::new(http)),
            config,
            patience,
            notes,
            stop,
        ))
    }

    /// No SkyPortal at all: every request goes to `sink` instead of out, and is answered as a new,
    /// empty SkyPortal would.
    pub fn dry(
        config: &config::SkyPortal,
        sink: impl Fn(&Request) + Send + Sync + 'static,
    ) -> Portal {
        Portal::over(
            Transport::Dry(Dry::new(Box::new(sink))),
            config,
            Patience::default(),
            None,
            CancellationToken::new(),
        )
    }

    fn over(
        transport: Transport,
        config: &config::SkyPortal,
        patience: Patience,
        notes: Option<Notes>,
        stop: CancellationToken,
    ) -> Portal {
        Portal(Arc::new(Inner {
            transport,
            config: config.clone(),
            patience,
            stop,
            memory: Mutex::new(Memory::new(&config.url, notes)),
            said: Mutex::default(),
            calls: Arc::default(),
            photometry: Mutex::default(),
            classifications: OnceLock::new(),
            set_up: tokio::sync::Mutex::default(),
        }))
    }

    fn transport(&self) -> &Transport {
        &self.0.transport
    }

    fn config(&self) -> &config::SkyPortal {
        &self.0.config
    }

    fn patience(&self) -> &Patience {
        &self.0.patience
    }

    /// The requests that were sent, counted.
    pub fn calls(&self) -> &Arc<Calls> {
        &self.0.calls
    }

    /// Returns when deliveries are to stop.
    pub async fn stopped(&self) {
        self.stop().cancelled().await;
    }

    fn stop(&self) -> &CancellationToken {
        &self.0.stop
    }

    /// Brings a light curve to the others that the same people see.
    fn photometry(
        &self,
        sheet: Sheet,
    ) -> impl Future<Output = Result<PhotometryTally, Failure>> + use<> {
        let gatherings = &self.0.photometry;
        let mut gatherings = gatherings.lock().unwrap_or_else(PoisonError::into_inner);
        let start = || Gathering::start(Arc::downgrade(&self.0), self.batching());
        gatherings
            .entry(sheet.audience)
            .or_insert_with(start)
            .ask(sheet)
    }

    fn classifications(&self) -> &Gathering<Card> {
        let start = || Gathering::start(Arc::downgrade(&self.0), self.batching());
        self.0.classifications.get_or_init(start)
    }

    /// Without a SkyPortal nobody else is waited for.
    fn batching(&self) -> Batching {
        let config = self.config();
        Batching {
            linger: match self.transport() {
                // Checked with the configuration.
                Transport::Http(_) => {
                    Duration::try_from_secs_f64(config.batch_seconds).unwrap_or_default()
                }
                Transport::Dry(_) => Duration::ZERO,
            },
            enough: config.batch_rows,
        }
    }

    /// Whether something is to be said: the first time, and never again.
    fn first_time(&self, what: &str) -> bool {
        let mut said = self.0.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.len() < MOST_SAID && said.insert(what.to_owned())
    }

    /// The position to send with the object: the same every time.
    fn position(&self, order: &Order) -> (f64, f64) {
        self.memory()
            .of(&order.object_id)
            .position((order.ra, order.dec))
    }

    /// Keeps what is known of an object for the next process; on disk when this returns. Where the
    /// disk is full we go on: the next process asks SkyPortal.
    async fn note(&self, object_id: &str) {
        let note = self.memory().note(object_id);
        let Some((notes, name, text)) = note else {
            return;
        };
        if let Err(error) = notes.keep(&name, text).await
            && self.first_time("notes")
        {
            tracing::error!(
                "what stands in SkyPortal is remembered until the end of this process only: {error}"
            );
        }
    }

    /// Held for a look or a note, never across a request. A panic elsewhere cannot leave the memory
    /// in a wrong state: the worst that forgetting does is one more request.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
