//! Listening in: a topic's messages for an author's tests, beside whoever works on them.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::beginning::{Memory, beginnings, list};
use super::events::{Events, Note};
use super::own::Owner;
use super::rewind::{partitions, told};
use super::settings;
use super::trouble::Trouble;
use crate::config::{SecretError, Source, Start};
use crate::source::{Message, SchemaFetchError, transfer};

/// A name of its own, so that no server can take this for a member of the team's Kafka group.
const KAFKA_GROUP: &str = "skysieve-tap";
/// Kibibytes ahead of us: little, since the reader may want ten alerts of a million.
const PREFETCH_KIB: &str = "8192";
/// One look at the stream, between two at the time.
const POLL: Duration = Duration::from_millis(200);

/// Reads one topic. Joins no Kafka group, and commits nothing: nobody else's reading changes.
pub struct Tap {
    source: Source,
    consumer: BaseConsumer<Events>,
    notes: UnboundedReceiver<Note>,
    owner: Owner,
}

/// Why a topic cannot be listened to.
#[derive(Debug, thiserror::Error)]
pub enum TapError {
    #[error("the source `{source_name}`, sign-in: {error}")]
    Secret {
        source_name: String,
        error: SecretError,
    },
    #[error(
        "there is no topic `{topic}` at {servers} (Fink makes a topic with its first alert; `skysieve check` lists what is there)"
    )]
    Absent { topic: String, servers: String },
    #[error("the servers {servers}: {trouble}")]
    Trouble { servers: String, trouble: Trouble },
    #[error("the servers {servers}: {error}")]
    Kafka { servers: String, error: KafkaError },
}

impl Tap {
    /// Takes all partitions of the topic, from `from` on. Of the source, only how its servers are
    /// reached and signed in to matters. Blocks for as long as the servers take, some ten seconds at
    /// most for each of a few questions.
    ///
    /// # Errors
    /// Where the password cannot be read, the servers do not answer or have no such topic.
    pub fn open(source: &Source, topic: &str, from: Start) -> Result<Self, TapError> {
        let source = Source {
            kafka_group: KAFKA_GROUP.to_owned(),
            topics: vec![topic.to_owned()],
            ..source.clone()
        };
        let servers = source.servers.join(", ");
        let kafka = |error| TapError::Kafka {
            servers: servers.clone(),
            error,
        };
        let mut settings = settings::connection(&source).map_err(|error| TapError::Secret {
            source_name: source.name.clone(),
            error,
        })?;
        settings
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // What retention takes meanwhile is not missed by a test.
            .set("auto.offset.reset", "earliest")
            .set("queued.max.messages.kbytes", PREFETCH_KIB);
        let (sender, mut notes) = unbounded_channel();
        let events = Events::new(&source, sender);
        let consumer: BaseConsumer<Events> = settings.create_with_context(events).map_err(kafka)?;
        let asked = partitions(&consumer, &source.topics);
        let (partitions, absent) = asked.map_err(|error| match told(&mut notes) {
            Some(trouble) => TapError::Trouble {
                servers: servers.clone(),
                trouble,
            },
            None => kafka(error),
        })?;
        if let Some(topic) = absent.into_iter().next() {
            return Err(TapError::Absent { topic, servers });
        }
        let nothing_remembered = Memory::new();
        beginnings(&consumer, &partitions, &nothing_remembered, |_| from)
            .and_then(|beginnings| consumer.assign(&list(&beginnings)?))
            .map_err(kafka)?;
        Ok(Tap {
            source,
            consumer,
            notes,
            owner: Owner::default(),
        })
    }

    /// The next message; none where none comes for so long. Blocks until then.
    ///
    /// # Errors
    /// Where the servers refuse, and a person must do something about it.
    pub fn next(&mut self, patience: Duration) -> Result<Option<Message>, TapError> {
        let until = Instant::now() + patience;
        loop {
            if let Some(Ok(message)) = self.consumer.poll(POLL) {
                return Ok(Some(self.owner.own(&message)));
            }
            // An error has come as a note, with more to say.
            if let Some(trouble) = told(&mut self.notes) {
                return Err(TapError::Trouble {
                    servers: self.source.servers.join(", "),
                    trouble,
                });
            }
            if Instant::now() >= until {
                return Ok(None);
            }
        }
    }

    /// The schema of a topic whose messages name it by the topic's own name. Blocks, within a bound.
    ///
    /// # Errors
    /// Where it does not come.
    pub fn schema_of(&self, topic: &str) -> Result<String, SchemaFetchError> {
        transfer::fetch(&mut settings::connection(&self.source)?, topic)
    }
}
