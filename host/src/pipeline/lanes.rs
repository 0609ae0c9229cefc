//! Delivery: one object's alerts in sequence, different objects side by side; and of one alert the
//! destinations side by side.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span};

use crate::alert::Head;
use crate::skyportal::{Class, Order, Portal, Receipt};
use crate::source::{Message, Ticket};
use crate::store::{DeadLetter, DeadLetters, Kind, StoreError};
use crate::telemetry::{Hindrance, RouteAccount, Telemetry};

/// A lane has one alert in hand, and most wait: for their turn, or for company in a batch.
const LANES: usize = 256;

/// Between two tries of what only a person can mend (a token, a full disk).
pub(super) const NEED_A_PERSON: Duration = Duration::from_secs(30);

/// Where passed alerts are handed over.
pub(super) struct Lanes {
    queues: Vec<UnboundedSender<Parcel>>,
    workers: Vec<JoinHandle<()>>,
    /// Cancelled by the first worker that ends, be it by a panic.
    ended: CancellationToken,
}

/// All that is to be done for a message.
pub(super) struct Parcel {
    pub errands: Vec<Errand>,
    pub open: Arc<Open>,
}

/// One thing to do for a message.
pub(super) struct Errand {
    pub task: Task,
    /// `group/filter/route` and its account; none for a message that is no alert.
    pub route: Option<(Arc<str>, Arc<RouteAccount>)>,
}

/// What is to be done.
pub(super) enum Task {
    Deliver(Box<Order>),
    /// Keep it as a dead letter.
    Bury(Box<DeadLetter>),
}

/// A message with deliveries still to be made. When the last one is done, it is finished; if the
/// process ends before, it is not, and the message comes again.
pub(super) struct Open {
    pub message: Message,
    pub ticket: Option<Ticket>,
    left: AtomicUsize,
    finished: UnboundedSender<Option<Ticket>>,
}

impl Open {
    pub fn new(
        message: Message,
        ticket: Option<Ticket>,
        deliveries: usize,
        finished: UnboundedSender<Option<Ticket>>,
    ) -> Arc<Self> {
        Arc::new(Open {
            message,
            ticket,
            left: AtomicUsize::new(deliveries),
            finished,
        })
    }

    fn one_done(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            // Nobody listens any more when the pipeline is gone: then nothing is stored either.
            let _ = self.finished.send(self.ticket.clone());
        }
    }
}

impl Lanes {
    pub fn start(portal: &Portal, store: &Option<DeadLetters>, telemetry: &Telemetry) -> Self {
        let ended = CancellationToken::new();
        let (queues, workers) = (0..LANES)
            .map(|_| {
                let (queue, parcels) = unbounded_channel();
                let means = Arc::new(Means {
                    portal: portal.clone(),
                    store: store.clone(),
                    telemetry: telemetry.clone(),
                });
                let worker = work(means, parcels);
                let at_end = ended.clone().drop_guard();
                let worker = async move {
                    let _at_end = at_end;
                    worker.await;
                };
                (queue, tokio::spawn(worker))
            })
            .unzip();
        Lanes {
            queues,
            workers,
            ended,
        }
    }

    /// Hands a message's tasks over; each counts as in flight until it is done. Messages of one
    /// object keep their order.
    pub fn send(&self, parcel: Parcel) {
        let mut hasher = DefaultHasher::new();
        match parcel.orders().first() {
            Some(order) => order.object_id.hash(&mut hasher),
            None => parcel.open.message.place.to_string().hash(&mut hasher),
        }
        let lane = hasher.finish() as usize % self.queues.len();
        for (_, account) in parcel.errands.iter().filter_map(|e| e.route.as_ref()) {
            account.in_flight.add_one();
        }
        if let Err(unsent) = self.queues[lane].send(parcel) {
            // The worker is gone, so the process is ending: the message stays unfinished.
            let place = &unsent.0.open.message.place;
            tracing::error!(%place, "delivery has stopped");
        }
    }

    /// Returns when a worker has ended, which none does by itself.
    pub async fn failed(&self) {
        self.ended.cancelled().await;
    }

    /// Lets no more in and waits until all is delivered, or the portal was told to stop. Returns
    /// whether all workers came to their end.
    pub async fn drain(self) -> bool {
        drop(self.queues);
        let mut sound = true;
        for worker in self.workers {
            if let Err(error) = worker.await {
                tracing::error!("a delivery worker failed: {error}");
                sound = false;
            }
        }
        sound
    }
}

/// What a worker works with.
struct Means {
    portal: Portal,
    store: Option<DeadLetters>,
    telemetry: Telemetry,
}

impl Parcel {
    fn orders(&self) -> Vec<&Order> {
        let orders = self.errands.iter().filter_map(|errand| match &errand.task {
            Task::Deliver(order) => Some(order.as_ref()),
            Task::Bury(_) => None,
        });
        orders.collect()
    }

    /// What must keep its order: errands of one destination change the same rows.
    fn by_destination(self) -> Vec<Vec<Errand>> {
        let mut lists = BTreeMap::<_, Vec<Errand>>::new();
        for errand in self.errands {
            let destination = match &errand.task {
                Task::Deliver(order) => Some(order.destination.destination().clone()),
                Task::Bury(_) => None,
            };
            lists.entry(destination).or_default().push(errand);
        }
        lists.into_values().collect()
    }
}

async fn work(means: Arc<Means>, mut parcels: UnboundedReceiver<Parcel>) {
    while let Some(parcel) = parcels.recv().await {
        means.portal.announce(&parcel.orders()).await;
        let open = parcel.open.clone();
        let mut lists = JoinSet::new();
        for errands in parcel.by_destination() {
            lists.spawn(run(means.clone(), open.clone(), errands));
        }
        while let Some(ended) = lists.join_next().await {
            if let Err(panicked) = ended {
                std::panic::resume_unwind(panicked.into_panic());
            }
        }
    }
}

/// One errand after the other; what was not brought to an end when we are told to stop stays open.
async fn run(means: Arc<Means>, open: Arc<Open>, errands: Vec<Errand>) {
    for errand in errands {
        let span = span(&errand, &open);
        let Some(end) = bring(&means, &errand, &open).instrument(span).await else {
            return;
        };
        if let Some((_, account)) = &errand.route {
            match end {
                End::Delivered => account.delivered.add_one(),
                End::DeadLettered => account.dead_lettered.add_one(),
            }
            account.in_flight.take_one();
        }
        open.one_done();
    }
}

/// Every line that the log has of a delivery names its alert, be it about a single request.
fn span(errand: &Errand, open: &Open) -> Span {
    let route = errand.route.as_ref().map(|(route, _)| route.as_ref());
    let place = &open.message.place;
    // Left out unless it is so.
    let ticket = open.ticket.as_ref();
    let again = ticket.is_some_and(Ticket::is_redelivery).then_some(true);
    let (object, alert) = match &errand.task {
        Task::Deliver(order) => (Some(order.object_id.as_str()), Some(order.alert_id)),
        Task::Bury(letter) => (letter.object_id.as_deref(), letter.alert_id),
    };
    tracing::info_span!("delivery", route, object, alert, %place, again)
}

/// Brings an errand to its end; none where we were told to stop before.
async fn bring(means: &Means, errand: &Errand, open: &Open) -> Option<End> {
    match &errand.task {
        Task::Deliver(order) => deliver(means, order, errand, open).await,
        Task::Bury(letter) => bury(means, letter, &open.message).await,
    }
}

/// Where an errand can end.
enum End {
    Delivered,
    DeadLettered,
}

/// None where we were told to stop before an end was reached.
async fn deliver(means: &Means, order: &Order, errand: &Errand, open: &Open) -> Option<End> {
    let health = means.telemetry.health();
    loop {
        match means.portal.deliver(order).await {
            Ok(receipt) => {
                health.end(Hindrance::Token);
                means.tell_lag(&receipt, errand, open);
                return Some(End::Delivered);
            }
            Err(undelivered) if undelivered.class == Class::Cancelled => return None,
            Err(undelivered) if undelivered.class == Class::Credentials => {
                tracing::error!("delivery has stopped until the token is in order: {undelivered}");
                health.begin(Hindrance::Token, undelivered.to_string());
                pause(&means.portal).await?;
            }
            Err(undelivered) => {
                let route = errand.route.as_ref().map(|(route, _)| route.to_string());
                let letter = DeadLetter {
                    object_id: Some(order.object_id.clone()),
                    alert_id: Some(order.alert_id),
                    route,
                    attempts: undelivered.attempts.clone(),
                    ..letter(Kind::Delivery, &open.message, undelivered.to_string())
                };
                return bury(means, &letter, &open.message).await;
            }
        }
    }
}

impl Means {
    /// How long the alert took from Kafka to its candidate.
    fn tell_lag(&self, receipt: &Receipt, errand: &Errand, open: &Open) {
        let sent = open.message.timestamp_ms;
        let posted = receipt.candidate_at.duration_since(UNIX_EPOCH);
        if let (Some((route, _)), Some(sent), Ok(posted)) = (&errand.route, sent, posted) {
            let lag = posted.as_secs_f64() - sent as f64 / 1e3;
            self.telemetry.candidate_posted(route, lag.max(0.0));
        }
    }
}

/// Keeps a dead letter; the message is done only when that is on disk.
async fn bury(means: &Means, letter: &DeadLetter, message: &Message) -> Option<End> {
    tracing::error!("dead letter: {}", letter.reason);
    let health = means.telemetry.health();
    let store = means.store.as_ref();
    while let Err(error) = keep(store, letter, message).await {
        tracing::error!("a dead letter cannot be kept, its offset waits: {error}");
        health.begin(Hindrance::Store, error.to_string());
        pause(&means.portal).await?;
    }
    health.end(Hindrance::Store);
    Some(End::DeadLettered)
}

/// Waits for a person; none if we are to stop instead.
async fn pause(portal: &Portal) -> Option<()> {
    tokio::select! {
        () = tokio::time::sleep(NEED_A_PERSON) => Some(()),
        () = portal.stopped() => None,
    }
}

/// A letter about a message of which nothing else is known.
pub(super) fn letter(kind: Kind, message: &Message, reason: String) -> DeadLetter {
    DeadLetter {
        at: crate::telemetry::now(),
        kind,
        place: message.place.to_string(),
        topic: message.place.topic().map(str::to_owned),
        object_id: None,
        alert_id: None,
        route: None,
        reason,
        attempts: Vec::new(),
        key_sha256: String::new(),
    }
}

/// A letter about an alert on a route.
pub(super) fn route_letter(
    message: &Message,
    head: &Head,
    route: &str,
    reason: String,
) -> DeadLetter {
    DeadLetter {
        object_id: Some(head.object_id.to_string()),
        alert_id: Some(head.alert_id),
        route: Some(route.to_owned()),
        ..letter(Kind::Mapping, message, reason)
    }
}

/// Writes a letter to disk, off the threads that carry the network. Without a store (a replay)
/// there is nothing to keep it in.
async fn keep(
    store: Option<&DeadLetters>,
    letter: &DeadLetter,
    message: &Message,
) -> Result<(), StoreError> {
    let Some(store) = store.cloned() else {
        return Ok(());
    };
    let (letter, message) = (letter.clone(), message.clone());
    let written = tokio::task::spawn_blocking(move || {
        store.keep(&letter, &message.key, &message.value).map(drop)
    });
    match written.await {
        Ok(result) => result,
        // The task cannot be cancelled; a panic in the store is one here.
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}
