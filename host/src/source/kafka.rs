//! Fink's streams, or any Kafka that speaks like them.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{
    BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance, StreamConsumer,
};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::topic_partition_list::TopicPartitionList;

use super::{Message, Place, Ticket, Watermarks};
use crate::config::{Mechanism, SecretError, Source, Start};

/// Kibibytes that the client library may hold ahead of us, all partitions together; an LSST alert
/// with its key takes up to 700.
const PREFETCH_KIB: &str = "65536";

/// Reads the topics of one source and stores the offsets of what is done.
pub struct Consumer {
    inner: StreamConsumer<Changes>,
    watermarks: Watermarks,
    paused: bool,
}

/// What reading can bring.
#[derive(Debug)]
pub enum Incoming {
    /// An alert, and the right to finish it.
    Message(Message, Ticket),
    /// A topic that does not exist: Fink makes it with its first alert.
    Waiting(String),
    /// Something that the client library is dealing with by itself.
    Trouble(String),
}

/// Why a source cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ConsumerError {
    #[error("the source `{source_name}`: {error}")]
    Kafka {
        source_name: String,
        error: KafkaError,
    },
    #[error("the source `{source_name}`, sign-in: {error}")]
    Secret {
        source_name: String,
        error: SecretError,
    },
}

impl Consumer {
    /// Joins the Kafka group and subscribes to the topics.
    ///
    /// # Errors
    /// Where the settings are refused or the password cannot be read. A server that cannot be
    /// reached is no error: the client tries until it can.
    pub fn open(source: &Source) -> Result<Self, ConsumerError> {
        let failed = |error| ConsumerError::Kafka {
            source_name: source.name.clone(),
            error,
        };
        let settings = settings(source).map_err(|error| ConsumerError::Secret {
            source_name: source.name.clone(),
            error,
        })?;
        let inner: StreamConsumer<Changes> = settings
            .create_with_context(Changes::default())
            .map_err(failed)?;
        let topics: Vec<&str> = source.topics.iter().map(String::as_str).collect();
        inner.subscribe(&topics).map_err(failed)?;
        Ok(Consumer {
            inner,
            watermarks: Watermarks::default(),
            paused: false,
        })
    }

    /// The next thing that comes. Safe to drop before it is there.
    pub async fn next(&mut self) -> Incoming {
        let received = self.inner.recv().await.map(|message| own(&message));
        self.follow_changes();
        match received {
            Ok((place, message)) => {
                let (topic, partition, offset) = place;
                let ticket = self.watermarks.open(&topic, partition, offset);
                Incoming::Message(message, ticket)
            }
            Err(KafkaError::MessageConsumption(
                RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic,
            )) => Incoming::Waiting("a topic does not exist yet".to_owned()),
            Err(error) => Incoming::Trouble(error.to_string()),
        }
    }

    /// Everything that the message caused is done: the place behind it may be stored.
    pub fn finish(&mut self, ticket: &Ticket) {
        self.follow_changes();
        let Some((topic, partition, offset)) = self.watermarks.finish(ticket) else {
            return;
        };
        // The library's own call takes the offset of the message, and stores the one behind it.
        if let Err(error) = self.inner.store_offset(&topic, partition, offset - 1) {
            // The partition is no longer ours: whoever has it now reads from the last commit.
            tracing::debug!(%topic, partition, offset, "offset not stored: {error}");
        }
    }

    /// Stops the flow without leaving the group, or lets it go on.
    pub fn pause(&mut self, pause: bool) {
        if self.paused == pause {
            return;
        }
        self.paused = pause;
        let changed = self.inner.assignment().and_then(|assignment| {
            if pause {
                self.inner.pause(&assignment)
            } else {
                self.inner.resume(&assignment)
            }
        });
        if let Err(error) = changed {
            tracing::debug!(pause, "the partitions did not follow: {error}");
        }
    }

    /// Commits what is stored, now.
    pub fn commit(&mut self) {
        match self.inner.commit_consumer_state(CommitMode::Sync) {
            Ok(()) | Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::NoOffset)) => {}
            Err(error) => tracing::warn!(
                "the last offsets could not be committed, some alerts will be read again: {error}"
            ),
        }
    }

    fn follow_changes(&mut self) {
        for change in self.inner.context().take() {
            match change {
                Change::Assigned(topic, partition) => {
                    self.watermarks.assigned(&topic, partition);
                    // A partition that comes while the flow is stopped flows until it is told.
                    if self.paused {
                        self.paused = false;
                        self.pause(true);
                    }
                }
                Change::Revoked(topic, partition) => self.watermarks.revoked(&topic, partition),
            }
        }
    }
}

fn own(message: &BorrowedMessage<'_>) -> ((Arc<str>, i32, i64), Message) {
    let topic: Arc<str> = message.topic().into();
    let place = (topic.clone(), message.partition(), message.offset());
    let message = Message {
        place: Place::Kafka {
            topic,
            partition: message.partition(),
            offset: message.offset(),
        },
        key: Bytes::copy_from_slice(message.key().unwrap_or_default()),
        value: Bytes::copy_from_slice(message.payload().unwrap_or_default()),
        timestamp_ms: message.timestamp().to_millis(),
    };
    (place, message)
}

pub(super) fn settings(source: &Source) -> Result<ClientConfig, SecretError> {
    let mut settings = ClientConfig::new();
    settings
        .set("client.id", "skysieve")
        .set("bootstrap.servers", source.servers.join(","))
        .set("group.id", &source.kafka_group)
        .set("partition.assignment.strategy", "cooperative-sticky")
        // Offsets are stored by us, when everything that a message caused is done.
        .set("enable.auto.offset.store", "false")
        .set("enable.auto.commit", "true")
        .set("auto.commit.interval.ms", "1000")
        .set(
            "auto.offset.reset",
            match source.start {
                Start::Earliest => "earliest",
                Start::Latest => "latest",
            },
        )
        // Fink makes a topic with its first alert; it is looked for, never made by us.
        .set("allow.auto.create.topics", "false")
        .set("topic.metadata.refresh.interval.ms", "10000")
        .set("queued.max.messages.kbytes", PREFETCH_KIB)
        .set_log_level(RDKafkaLogLevel::Warning);
    let Some(sign_in) = &source.sign_in else {
        return Ok(settings);
    };
    settings
        .set(
            "security.protocol",
            if sign_in.tls {
                "sasl_ssl"
            } else {
                "sasl_plaintext"
            },
        )
        .set(
            "sasl.mechanism",
            match sign_in.mechanism {
                Mechanism::Plain => "PLAIN",
                Mechanism::ScramSha256 => "SCRAM-SHA-256",
                Mechanism::ScramSha512 => "SCRAM-SHA-512",
            },
        )
        .set("sasl.username", &sign_in.username)
        .set("sasl.password", sign_in.password.read()?.reveal());
    if let Some(ca_file) = &sign_in.ca_file {
        settings.set("ssl.ca.location", ca_file.to_string_lossy());
    }
    Ok(settings)
}

/// Notes what the group's leader gives and takes, for the consumer to follow in order.
#[derive(Default)]
struct Changes(Mutex<Vec<Change>>);

enum Change {
    Assigned(String, i32),
    Revoked(String, i32),
}

impl Changes {
    fn take(&self) -> Vec<Change> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, list: &TopicPartitionList, change: fn(String, i32) -> Change) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for element in list.elements() {
            noted.push(change(element.topic().to_owned(), element.partition()));
        }
    }
}

impl ClientContext for Changes {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        // The library repeats itself every second while a server is away: once a state is enough,
        // and its errors come through `error` as well.
        tracing::debug!(target: "librdkafka", ?level, facility, "{message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!("Kafka: {reason} ({error})");
    }
}

impl ConsumerContext for Changes {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                tracing::info!(partitions = list.count(), "partitions assigned");
                self.note(list, Change::Assigned);
            }
            Rebalance::Revoke(list) => {
                tracing::info!(partitions = list.count(), "partitions revoked");
                self.note(list, Change::Revoked);
            }
            Rebalance::Error(error) => tracing::warn!("rebalance: {error}"),
        }
    }
}
