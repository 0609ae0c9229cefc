//! One source, read: judged message by message, handed over, and finished in order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::flood::{Clerk, Flooded, Seen};
use super::judge::{Judge, Judged, Judgement, Passed};
use super::lanes::{Errand, Lanes, Open, Parcel, Task, letter, route_letter};
use super::run::Stop;
use super::seat::Seat;
use crate::config::Source;
use crate::source::{Feed, Incoming, Message, Ticket};
use crate::store::{DeadLetter, DeadLetters, Kind, Samples};
use crate::telemetry::{SourceAccount, Telemetry};

/// Messages whose deliveries are not done yet; beyond it the source's partitions wait.
const MAX_OPEN: usize = 128;

/// How long an orderly end may take for what is in flight.
const DRAIN: Duration = Duration::from_secs(30);

/// After a topic's schema was not found.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// New rules for one source's judge.
pub(super) struct Change {
    /// The groups whose filters keep their seats.
    pub stays: BTreeSet<String>,
    /// Of all other groups.
    pub seats: Vec<Seat>,
    /// Dropped when the new rules rule.
    pub rules: oneshot::Sender<()>,
}

/// What all readers share.
pub(super) struct Around {
    pub lanes: Arc<Lanes>,
    pub store: DeadLetters,
    pub telemetry: Telemetry,
    pub stop: Stop,
}

/// Reads one source.
pub(super) struct Reader<F> {
    consumer: F,
    judge: Judge,
    source: Source,
    account: Arc<SourceAccount>,
    lanes: Arc<Lanes>,
    stop: Stop,
    changes: UnboundedReceiver<Change>,
    /// What floods, and whom to tell.
    flood: Seen,
    clerk: UnboundedSender<Flooded>,
    open: usize,
    done: UnboundedSender<Option<Ticket>>,
    finished: UnboundedReceiver<Option<Ticket>>,
    samples: Option<Arc<Samples>>,
    /// The topics whose schema was looked for and not found, and when.
    looked_for: BTreeMap<String, Instant>,
}

impl<F: Feed> Reader<F> {
    pub fn new(
        consumer: F,
        judge: Judge,
        source: Source,
        changes: UnboundedReceiver<Change>,
        around: &Around,
    ) -> Self {
        let (done, finished) = unbounded_channel();
        let (clerk, flood) = unbounded_channel();
        let work = Clerk {
            store: around.store.clone(),
            telemetry: around.telemetry.clone(),
            stop: around.stop.clone(),
            done: done.clone(),
        };
        // It ends with the reader, which holds the other end of the channel.
        tokio::spawn(work.work(flood));
        Reader {
            account: around.telemetry.accounts().source(&source.name),
            consumer,
            judge,
            source,
            lanes: around.lanes.clone(),
            stop: around.stop.clone(),
            changes,
            flood: Seen::default(),
            clerk,
            open: 0,
            done,
            finished,
            samples: None,
            looked_for: BTreeMap::new(),
        }
    }

    /// The same reader, which offers what it reads to be kept as samples.
    pub fn sampling(mut self, samples: Option<Arc<Samples>>) -> Self {
        self.samples = samples;
        self
    }

    pub async fn run(mut self) {
        tracing::info!(source = %self.source.name, topics = self.source.topics.join(", "), "reading");
        loop {
            let incoming = tokio::select! {
                biased;
                () = self.stop.reading.cancelled() => break,
                Some(ticket) = self.finished.recv() => {
                    self.finish(ticket);
                    continue;
                }
                Some(change) = self.changes.recv() => {
                    self.judge.change(&change.stays, change.seats);
                    drop(change.rules);
                    continue;
                }
                incoming = self.consumer.next() => incoming,
            };
            match incoming {
                Incoming::Message(message, ticket) => {
                    tokio::select! {
                        biased;
                        // Not taken, so it comes again.
                        () = self.stop.reading.clone().cancelled_owned() => break,
                        () = self.look_for_schema(&message) => {}
                    }
                    self.take(message, ticket);
                }
                other => self.tell(other),
            }
        }
        self.drain().await;
        self.consumer.commit();
    }

    /// Messages that name their schema by their topic: it is fetched before the first of them is
    /// judged. If it does not come they become dead letters that can be replayed, and it is looked for
    /// again after a while.
    async fn look_for_schema(&mut self, message: &Message) {
        let Some(topic) = self.judge.lacks_schema_of(message) else {
            return;
        };
        let looked = self.looked_for.get(topic);
        if looked.is_some_and(|looked| looked.elapsed() < LOOK_AGAIN) {
            return;
        }
        match self.consumer.schema_of(topic).await {
            Ok(schema) => {
                tracing::info!(source = %self.source.name, topic, "its schema was fetched");
                self.judge.learn(topic, &schema);
            }
            Err(error) => {
                tracing::error!(source = %self.source.name, topic, "its schema was not found, it is looked for again in a minute: {error}");
                self.looked_for.insert(topic.to_owned(), Instant::now());
            }
        }
    }

    fn tell(&self, incoming: Incoming) {
        let source = &self.source.name;
        match incoming {
            Incoming::Message(..) => {}
            Incoming::Waiting(topic) => tracing::info!(
                %source, %topic,
                "the topic does not exist yet: waiting for it (Fink makes it with its first alert)"
            ),
            Incoming::Lost(loss) => {
                self.account.lost.add(loss.count());
                tracing::error!(%source, "{loss}");
            }
            Incoming::Trouble(trouble) if trouble.needs_a_person() => {
                tracing::error!(%source, "Kafka: {trouble}");
            }
            Incoming::Trouble(trouble) => tracing::warn!(%source, "Kafka: {trouble}"),
        }
    }

    fn take(&mut self, message: Message, ticket: Ticket) {
        if ticket.is_redelivery() {
            self.account.redelivered.add_one();
            tracing::debug!(source = %self.source.name, place = %message.place, "read again");
        }
        let judgement = tokio::task::block_in_place(|| self.judge.judge(&message));
        match judgement {
            Judgement::Copy(_) => self.consumer.finish(&ticket),
            Judgement::Undecodable(why) => {
                if let Some(place) = self.flood.flooded(&message.place, why.kind()) {
                    self.count_open();
                    // The clerk ends with us, or was told to stop: then nothing more is stored.
                    let _ = self.clerk.send((place, ticket));
                    return;
                }
                let letter = letter(Kind::Undecodable, &message, why.to_string());
                let open = self.open(message, ticket, 1);
                let errand = Errand {
                    task: Task::Bury(Box::new(letter)),
                    route: None,
                };
                self.lanes.send(Parcel {
                    errands: vec![errand],
                    open,
                });
            }
            Judgement::Judged(judged) => {
                if let (Some(samples), Some(topic)) = (&self.samples, message.place.topic()) {
                    let survey = judged.head.survey.name();
                    samples.offer(survey, topic, &message.key, &message.value);
                }
                self.hand_over(message, ticket, judged);
            }
        }
    }

    fn hand_over(&mut self, message: Message, ticket: Ticket, mut judged: Box<Judged>) {
        let mut errands = Vec::new();
        for (filter, why) in judged.kept.drain(..) {
            let letter = DeadLetter {
                kind: Kind::Fault,
                ..route_letter(&message, &judged.head, &filter, why)
            };
            let task = Task::Bury(Box::new(letter));
            errands.push(Errand { task, route: None });
        }
        for passed in judged.passed.drain(..) {
            let task = match passed.what {
                Passed::Declined => {
                    passed.account.declined.add_one();
                    continue;
                }
                Passed::Deliver(order) => Task::Deliver(order),
                Passed::Failed(why) => Task::Bury(Box::new(route_letter(
                    &message,
                    &judged.head,
                    &passed.route,
                    why,
                ))),
            };
            let route = Some((passed.route, passed.account));
            errands.push(Errand { task, route });
        }
        self.judge.reuse(judged);
        if errands.is_empty() {
            self.consumer.finish(&ticket);
            return;
        }
        let open = self.open(message, ticket, errands.len());
        self.lanes.send(Parcel { errands, open });
    }

    fn count_open(&mut self) {
        self.open += 1;
        if self.open >= MAX_OPEN {
            self.consumer.pause(true);
        }
    }

    fn open(&mut self, message: Message, ticket: Ticket, tasks: usize) -> Arc<Open> {
        self.count_open();
        Open::new(message, Some(ticket), tasks, self.done.clone())
    }

    fn finish(&mut self, ticket: Option<Ticket>) {
        self.open -= 1;
        if let Some(ticket) = ticket {
            self.consumer.finish(&ticket);
        }
        if self.open < MAX_OPEN / 2 {
            self.consumer.pause(false);
        }
    }

    /// Waits for what is in flight, within a bound.
    async fn drain(&mut self) {
        if self.open > 0 {
            tracing::info!(source = %self.source.name, in_flight = self.open, "finishing what is in flight");
        }
        let deadline = tokio::time::sleep(DRAIN);
        tokio::pin!(deadline);
        while self.open > 0 {
            tokio::select! {
                () = &mut deadline => break,
                () = self.stop.sending.cancelled() => break,
                Some(ticket) = self.finished.recv() => self.finish(ticket),
            }
        }
        if self.open > 0 {
            tracing::warn!(source = %self.source.name, in_flight = self.open, "not finished: these alerts will be read again");
        }
    }
}
