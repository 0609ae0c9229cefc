//! Fink's streams, or any Kafka that speaks like them.

mod beginning;
mod events;
mod look;
mod own;
mod rewind;
mod settings;
mod standing;
mod tap;
mod trouble;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{CommitMode, Consumer as _, StreamConsumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, sleep_until};

use super::{Feed, Message, Place, SchemaFetchError, Ticket, Watermarks, transfer};
use crate::config::{SecretError, Source};
use beginning::{Beginning, Remembered, beginnings, committed, list};
use events::{Events, Note};
use own::Owner;

pub use beginning::Loss;
pub use look::look;
pub use rewind::{Moved, RewindError, Rewound, rewind};
pub use standing::Standings;
pub use tap::{Tap, TapError};
pub use trouble::Trouble;

/// Until the next try, where a server did not say where a partition begins.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// Reads the topics of one source and stores the offsets of what is done.
pub struct Consumer {
    inner: StreamConsumer<Events>,
    notes: UnboundedReceiver<Note>,
    /// What the notes brought and nobody has asked for yet.
    ready: VecDeque<Incoming>,
    watermarks: Watermarks,
    owner: Owner,
    paused: bool,
    /// When to place every partition anew, if at all.
    unsettled: Option<Instant>,
    connection: ClientConfig,
}

/// What reading can bring.
#[derive(Debug)]
pub enum Incoming {
    /// An alert, and the right to finish it.
    Message(Message, Ticket),
    /// A topic that does not exist: Fink makes it with its first alert. Told once.
    Waiting(String),
    /// What retention deleted before it was read. Told once.
    Lost(Loss),
    /// Something that the client library is dealing with, or a person must.
    Trouble(Trouble),
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
    /// What the servers or the way to them are like.
    #[error("the source `{source_name}`: {trouble}")]
    Trouble {
        source_name: String,
        trouble: Trouble,
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
        let secret = |error| ConsumerError::Secret {
            source_name: source.name.clone(),
            error,
        };
        let (sender, notes) = unbounded_channel();
        let inner: StreamConsumer<Events> = settings::reading(source)
            .map_err(secret)?
            .create_with_context(Events::new(source, sender))
            .map_err(failed)?;
        let topics: Vec<&str> = source.topics.iter().map(String::as_str).collect();
        inner.subscribe(&topics).map_err(failed)?;
        Ok(Consumer {
            inner,
            notes,
            ready: VecDeque::new(),
            watermarks: Watermarks::default(),
            owner: Owner::default(),
            paused: false,
            unsettled: None,
            connection: settings::connection(source).map_err(secret)?,
        })
    }

    /// Lag, age and retention of the partitions that are ours, as long as this consumer lives.
    pub fn standings(&self) -> Standings {
        self.inner.context().standings.clone()
    }

    /// The next thing that comes. Safe to drop before it is there. Needs a runtime of more than one
    /// thread: the few questions to the servers block.
    pub async fn next(&mut self) -> Incoming {
        loop {
            if self.unsettled.is_some_and(|at| at <= Instant::now()) {
                tokio::task::block_in_place(|| self.settle());
            }
            self.follow_notes();
            if let Some(incoming) = self.ready.pop_front() {
                return incoming;
            }
            let again = self.unsettled;
            let received = tokio::select! {
                biased;
                Some(note) = self.notes.recv() => {
                    self.follow(note);
                    continue;
                }
                () = sleep_until(again.unwrap_or_else(Instant::now)), if again.is_some() => continue,
                received = self.inner.recv() => received.map(|message| self.owner.own(&message)),
            };
            self.follow_notes();
            // An error has come as a note, with more to say.
            if let Ok(message) = received
                && let Place::Kafka {
                    topic,
                    partition,
                    offset,
                } = &message.place
            {
                let standings = &self.inner.context().standings;
                standings.read(topic, *partition, message.timestamp_ms);
                let ticket = self.watermarks.open(topic, *partition, *offset);
                return Incoming::Message(message, ticket);
            }
        }
    }

    /// Everything that the message caused is done: the place behind it may be stored.
    pub fn finish(&mut self, ticket: &Ticket) {
        self.follow_notes();
        if let Some((topic, partition, next)) = self.watermarks.finish(ticket) {
            self.store(&topic, partition, next);
        }
    }

    fn store(&self, topic: &str, partition: i32, next: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition(topic, partition)
            .set_metadata(Remembered::note(self.watermarks.read_to(topic, partition)));
        let stored = list
            .set_partition_offset(topic, partition, Offset::Offset(next))
            .and_then(|()| self.inner.store_offsets(&list));
        if let Err(error) = stored {
            // The partition is no longer ours: whoever has it now reads from the last commit.
            tracing::debug!(topic, partition, next, "offset not stored: {error}");
        }
    }

    /// Stops the flow without leaving the group, or lets it go on.
    pub fn pause(&mut self, pause: bool) {
        if self.paused == pause {
            return;
        }
        self.paused = pause;
        self.tell_flow();
    }

    /// Tells every partition of ours whether to flow. The library keeps a partition's pause while
    /// another replica has it, so a partition that comes back must be told, too.
    fn tell_flow(&self) {
        let told = self.inner.assignment().and_then(|assignment| {
            if self.paused {
                self.inner.pause(&assignment)
            } else {
                self.inner.resume(&assignment)
            }
        });
        if let Err(error) = told {
            tracing::warn!(
                paused = self.paused,
                "the partitions could not be told whether to flow: {error}"
            );
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

    /// What the library told is followed before anything is opened or finished.
    fn follow_notes(&mut self) {
        while let Ok(note) = self.notes.try_recv() {
            self.follow(note);
        }
    }

    fn follow(&mut self, note: Note) {
        match note {
            Note::Assigned(topic, partition) => self.assigned(&topic, partition),
            Note::Revoked(topic, partition) => {
                self.watermarks.revoked(&topic, partition);
                self.inner.context().standings.revoked(&topic, partition);
            }
            Note::ReadTo(topic, partition, to) => {
                self.watermarks.was_read(&topic, partition, to);
            }
            Note::Unsettled => {
                self.unsettled.get_or_insert_with(Instant::now);
            }
            Note::Waiting(topic) => self.ready.push_back(Incoming::Waiting(topic)),
            Note::Lost(loss) => self.ready.push_back(Incoming::Lost(loss)),
            Note::Trouble(trouble) => self.ready.push_back(Incoming::Trouble(trouble)),
        }
    }

    fn assigned(&mut self, topic: &Arc<str>, partition: i32) {
        self.watermarks.assigned(topic, partition);
        let standings = self.standings();
        standings.assigned(topic, partition);
        if standings.is_unasked(topic) {
            let (connection, topics) = (self.connection.clone(), vec![topic.clone()]);
            tokio::spawn(standing::ask_retention(connection, topics, standings));
        }
        self.tell_flow();
    }

    /// The library stopped reading a partition whose next message is not there, and does not say
    /// which: every partition is placed anew.
    fn settle(&mut self) {
        self.unsettled = None;
        match self.place_anew() {
            Ok(beginnings) => {
                self.inner.context().tell(&beginnings);
                for b in beginnings.iter().filter(|b| !b.is_remembered()) {
                    if let Some(next) = self.watermarks.moved(&b.topic, b.partition, b.offset) {
                        self.store(&b.topic, b.partition, next);
                    }
                }
                self.tell_flow();
            }
            Err(error) => {
                self.unsettled = Some(Instant::now() + ASK_AGAIN);
                tracing::warn!("where to read on could not be asked, trying again: {error}");
            }
        }
    }

    fn place_anew(&self) -> KafkaResult<Vec<Beginning>> {
        let ours = self.inner.assignment()?;
        if ours.count() == 0 {
            return Ok(Vec::new());
        }
        let mut known = committed(&self.inner, &ours)?;
        for element in ours.elements() {
            let (topic, partition) = (Arc::<str>::from(element.topic()), element.partition());
            if let Some(next) = self.watermarks.next(&topic, partition) {
                let read_to = self.watermarks.read_to(&topic, partition);
                known.insert((topic, partition), Remembered { next, read_to });
            }
        }
        let events = self.inner.context();
        let beginnings = beginnings(&self.inner, &ours, &known, |topic| events.start(topic))?;
        self.inner.incremental_unassign(&ours)?;
        self.inner.incremental_assign(&list(&beginnings)?)?;
        Ok(beginnings)
    }
}

impl Feed for Consumer {
    async fn next(&mut self) -> Incoming {
        self.next().await
    }

    fn finish(&mut self, ticket: &Ticket) {
        self.finish(ticket);
    }

    fn pause(&mut self, pause: bool) {
        self.pause(pause);
    }

    fn commit(&mut self) {
        self.commit();
    }

    async fn schema_of(&mut self, topic: &str) -> Result<String, SchemaFetchError> {
        let (mut connection, topic) = (self.connection.clone(), topic.to_owned());
        let fetched = tokio::task::spawn_blocking(move || transfer::fetch(&mut connection, &topic));
        match fetched.await {
            Ok(fetched) => fetched,
            // The task cannot be cancelled; a panic in the library is one here.
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }
}
