//! What the client library tells while it is polled: partitions that come and go, and errors.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::sync::mpsc::UnboundedSender;

use super::beginning::{Beginning, Cause, Loss, beginnings, committed, list};
use super::standing::Standings;
use super::trouble::{Told, Trouble};
use crate::config::{Source, Start};

/// Notes for the consumer, to follow in their order.
#[derive(Debug)]
pub(super) enum Note {
    Assigned(Arc<str>, i32),
    Revoked(Arc<str>, i32),
    /// Up to this offset the partition was read before, by us or another; none where that was
    /// another topic of the same name.
    ReadTo(Arc<str>, i32, Option<i64>),
    /// Some partition's next message is not there, or nobody knows where it begins.
    Unsettled,
    Waiting(String),
    Lost(Loss),
    Trouble(Trouble),
}

/// Lives inside the client library, which calls it while we poll.
pub(super) struct Events {
    pub source: Source,
    notes: UnboundedSender<Note>,
    pub standings: Standings,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    told: Told,
    /// Topics that were told to be absent: each of their messages is newer than our start.
    awaited: HashSet<String>,
    /// How a connection failed last: of a server that hangs up, the library only logs it.
    failure: Option<String>,
}

impl Events {
    pub fn new(source: &Source, notes: UnboundedSender<Note>) -> Self {
        Events {
            source: source.clone(),
            notes,
            standings: Standings::default(),
            memory: Mutex::default(),
        }
    }

    /// Where a topic that was never read begins.
    pub fn start(&self, topic: &str) -> Start {
        if self.memory().awaited.contains(topic) {
            Start::Earliest
        } else {
            self.source.start
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn note(&self, note: Note) {
        // The consumer holds the other end as long as it lives; after that nobody minds.
        let _ = self.notes.send(note);
    }

    fn assigned(&self, consumer: &BaseConsumer<Self>, partitions: &TopicPartitionList) {
        tracing::info!(source = %self.source.name, partitions = names(partitions), "partitions are ours");
        self.memory().told.all_is_well();
        for element in partitions.elements() {
            self.note(Note::Assigned(element.topic().into(), element.partition()));
        }
        let placed = committed(consumer, partitions)
            .and_then(|known| beginnings(consumer, partitions, &known, |topic| self.start(topic)))
            .and_then(|beginnings| self.place(consumer, partitions, &beginnings));
        if let Err(error) = placed {
            // The library goes on from what is committed, and asks us about the rest.
            self.note(Note::Trouble(Trouble::passing(format!(
                "where to begin could not be asked: {error}"
            ))));
            self.note(Note::Unsettled);
        }
    }

    /// Sets where each partition is read from, and has Kafka remember what is new: a topic that is
    /// silent for a week must not lose its place.
    fn place(
        &self,
        consumer: &BaseConsumer<Self>,
        partitions: &TopicPartitionList,
        beginnings: &[Beginning],
    ) -> KafkaResult<()> {
        for (mut element, beginning) in partitions.elements().into_iter().zip(beginnings) {
            element.set_offset(Offset::Offset(beginning.offset))?;
        }
        self.tell(beginnings);
        let new = list(beginnings.iter().filter(|b| !b.is_remembered()))?;
        if new.count() > 0 {
            consumer.commit(&new, CommitMode::Async)?;
        }
        Ok(())
    }

    /// Tells what was lost, and where something begins anew.
    pub fn tell(&self, beginnings: &[Beginning]) {
        for b in beginnings {
            let note = |to| Note::ReadTo(b.topic.clone(), b.partition, to);
            match &b.cause {
                Cause::Remembered { read_to } => self.note(note(Some(*read_to))),
                Cause::Start => tracing::info!(
                    source = %self.source.name, topic = %b.topic, partition = b.partition, offset = b.offset,
                    "read for the first time, from the {}", beginning_of(self.start(&b.topic))
                ),
                Cause::Lost(loss) => self.note(Note::Lost(loss.clone())),
                Cause::MadeAnew { remembered, end } => {
                    self.note(note(None));
                    self.note(Note::Trouble(Trouble::lasting(
                        format!(
                            "{} partition {} was read up to offset {remembered} and now ends at {end}: it was made anew, and is read from its beginning",
                            b.topic, b.partition
                        ),
                        "whether alerts are missing only its operators can say",
                    )));
                }
            }
        }
    }

    fn revoked(&self, consumer: &BaseConsumer<Self>, partitions: &TopicPartitionList) {
        // What is stored is committed by the library before it lets the partitions go.
        if consumer.assignment_lost() {
            tracing::warn!(
                source = %self.source.name, partitions = names(partitions),
                "the Kafka group went on without us (we were not heard of for too long): what is in flight is read again by whoever has the partitions now"
            );
        } else {
            tracing::info!(source = %self.source.name, partitions = names(partitions), "partitions given back");
        }
        for element in partitions.elements() {
            self.note(Note::Revoked(element.topic().into(), element.partition()));
        }
    }

    fn trouble(&self, code: Code, reason: &str) {
        let mut memory = self.memory();
        if !memory.told.is_news(code) {
            return;
        }
        let failure = memory
            .failure
            .as_deref()
            .filter(|_| code == Code::AllBrokersDown);
        let trouble = Trouble::of(code, failure.unwrap_or(reason), &self.source);
        self.note(Note::Trouble(trouble));
    }

    /// The library names the topic in the middle of a sentence.
    fn absent(&self, reason: &str) {
        let words: HashSet<&str> = reason.split(": ").map(str::trim).collect();
        for topic in self
            .source
            .topics
            .iter()
            .filter(|t| words.contains(t.as_str()))
        {
            if self.memory().awaited.insert(topic.clone()) {
                self.note(Note::Waiting(topic.clone()));
            }
        }
    }
}

fn beginning_of(start: Start) -> String {
    match start {
        Start::Earliest => "beginning".to_owned(),
        Start::Latest => "end".to_owned(),
        Start::At(moment) => format!("first message since {moment}"),
    }
}

/// `topic[0 1 2], other[0]`.
fn names(partitions: &TopicPartitionList) -> String {
    let mut by_topic = std::collections::BTreeMap::<String, Vec<String>>::new();
    for element in partitions.elements() {
        let numbers = by_topic.entry(element.topic().to_owned()).or_default();
        numbers.push(element.partition().to_string());
    }
    let topic = |(topic, numbers): (String, Vec<String>)| format!("{topic}[{}]", numbers.join(" "));
    by_topic
        .into_iter()
        .map(topic)
        .collect::<Vec<_>>()
        .join(", ")
}

impl ClientContext for Events {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        // The library repeats itself every second while a server is away: once a state is enough,
        // and its errors come through `error` as well.
        if facility == "FAIL" {
            // Before it stands the name of the library's thread.
            let failure = message
                .split_once("]: ")
                .map_or(message, |(_, failure)| failure);
            self.memory().failure = Some(failure.to_owned());
        }
        tracing::debug!(target: "librdkafka", ?level, facility, "{message}");
    }

    fn stats(&self, statistics: Statistics) {
        self.standings.counted(&statistics);
    }

    /// Every error comes through here, with the only account of it that names server and topic.
    fn error(&self, error: KafkaError, reason: &str) {
        let code = error.rdkafka_error_code();
        match code {
            Some(Code::AutoOffsetReset) => self.note(Note::Unsettled),
            Some(Code::UnknownTopicOrPartition | Code::UnknownTopic) => self.absent(reason),
            Some(code) => self.trouble(code, reason),
            None => self.note(Note::Trouble(Trouble::passing(format!(
                "{reason} ({error})"
            )))),
        }
    }
}

impl ConsumerContext for Events {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(partitions) if partitions.count() > 0 => {
                self.assigned(consumer, partitions);
            }
            Rebalance::Revoke(partitions) if partitions.count() > 0 => {
                self.revoked(consumer, partitions);
            }
            Rebalance::Assign(_) => {
                tracing::info!(source = %self.source.name, "in the Kafka group; no further partition is ours now");
                self.memory().told.all_is_well();
            }
            Rebalance::Revoke(_) => {}
            Rebalance::Error(error) => {
                self.note(Note::Trouble(Trouble::passing(format!(
                    "rebalance: {error}"
                ))));
            }
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if let Err(error) = result
            && let Some(code) = error.rdkafka_error_code()
            && code != Code::NoOffset
        {
            let what = format!("offsets were not committed, and are with the next ones: {error}");
            self.trouble(code, &what);
        }
    }
}
