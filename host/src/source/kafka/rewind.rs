//! Going back, or forward: what the Kafka group remembers, set to a time.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;
use rdkafka::topic_partition_list::TopicPartitionList;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::beginning::{Edges, Memory, PATIENCE, beginnings, committed, list};
use super::events::{Events, Note};
use super::settings;
use super::trouble::Trouble;
use crate::config::{SecretError, Source, Start};

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Rewound {
    pub moved: Vec<Moved>,
    /// Topics that do not exist: there is nothing to set.
    pub absent: Vec<String>,
}

/// One partition that was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    pub topic: Arc<str>,
    pub partition: i32,
    /// The next offset to read, as it was; none if nothing was remembered.
    pub from: Option<i64>,
    /// The next offset to read from now on.
    pub to: i64,
    /// The offset behind the last message.
    pub end: i64,
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} partition {}: ", self.topic, self.partition)?;
        match self.from {
            Some(from) if from == self.to => write!(f, "stays at offset {from}")?,
            Some(from) => write!(f, "offset {from} -> {}", self.to)?,
            None => write!(f, "nothing -> offset {}", self.to)?,
        }
        write!(f, ", {} to read", self.end - self.to)
    }
}

/// Why nothing was set.
#[derive(Debug, thiserror::Error)]
pub enum RewindError {
    #[error("the source `{source_name}`, sign-in: {error}")]
    Secret {
        source_name: String,
        error: SecretError,
    },
    #[error(
        "the Kafka group `{kafka_group}` is at work ({}), and nothing was changed: stop every skysieve of it first",
        .members.join(", ")
    )]
    Active {
        kafka_group: String,
        members: Vec<String>,
    },
    #[error("the source `{source_name}`: {trouble}")]
    Trouble {
        source_name: String,
        trouble: Trouble,
    },
    #[error("the source `{source_name}`: {error}")]
    Kafka {
        source_name: String,
        error: KafkaError,
    },
}

/// Sets what the source's Kafka group remembers of its topics to the first message at or after a
/// time, while nobody reads. Blocks for as long as the servers take, some ten seconds at most for
/// each of a few questions.
///
/// # Errors
/// Where the servers cannot be asked, and where a member of the group is active: it would overwrite
/// what is set. Then nothing was changed.
pub fn rewind(source: &Source, to: Start) -> Result<Rewound, RewindError> {
    let kafka = |error| RewindError::Kafka {
        source_name: source.name.clone(),
        error,
    };
    let active = |members| RewindError::Active {
        kafka_group: source.kafka_group.clone(),
        members,
    };
    let settings = settings::connection(source).map_err(|error| RewindError::Secret {
        source_name: source.name.clone(),
        error,
    })?;
    let (sender, mut notes) = unbounded_channel();
    let events = Events::new(source, sender);
    let consumer: BaseConsumer<Events> = settings.create_with_context(events).map_err(kafka)?;
    let asked = partitions(&consumer, &source.topics);
    let (partitions, absent) = asked.map_err(|error| match told(&mut notes) {
        Some(trouble) => RewindError::Trouble {
            source_name: source.name.clone(),
            trouble,
        },
        None => kafka(error),
    })?;
    let members = members(&consumer, &source.kafka_group).map_err(kafka)?;
    if !members.is_empty() {
        return Err(active(members));
    }
    if partitions.count() == 0 {
        let moved = Vec::new();
        return Ok(Rewound { moved, absent });
    }
    let moved = set(&consumer, &partitions, to).map_err(|error| match error {
        KafkaError::ConsumerCommit(
            RDKafkaErrorCode::UnknownMemberId | RDKafkaErrorCode::IllegalGeneration,
        ) => active(vec!["a member came just now".to_owned()]),
        error => kafka(error),
    })?;
    Ok(Rewound { moved, absent })
}

/// What the library told meanwhile says more than that there was no answer.
pub(super) fn told(notes: &mut UnboundedReceiver<Note>) -> Option<Trouble> {
    let mut all = std::iter::from_fn(|| notes.try_recv().ok());
    all.find_map(|note| match note {
        Note::Trouble(trouble) if trouble.needs_a_person() => Some(trouble),
        _ => None,
    })
}

fn set(
    consumer: &BaseConsumer<Events>,
    partitions: &TopicPartitionList,
    to: Start,
) -> Result<Vec<Moved>, KafkaError> {
    let before = committed(consumer, partitions)?;
    let edges = Edges::ask(consumer, partitions)?;
    // As if nothing were remembered.
    let targets = beginnings(consumer, partitions, &Memory::new(), |_| to)?;
    consumer.commit(&list(&targets)?, CommitMode::Sync)?;
    let moved = targets.into_iter().map(|target| {
        let key = (target.topic.clone(), target.partition);
        Moved {
            from: before.get(&key).map(|known| known.next),
            to: target.offset,
            end: edges.of(&key).1,
            topic: target.topic,
            partition: target.partition,
        }
    });
    Ok(moved.collect())
}

/// The partitions of the topics, and the topics that have none.
pub(super) fn partitions(
    consumer: &BaseConsumer<Events>,
    topics: &[String],
) -> Result<(TopicPartitionList, Vec<String>), KafkaError> {
    // The whole list: asking for one topic by name may make it.
    let metadata = ask_patiently(consumer)?;
    let mut partitions = TopicPartitionList::new();
    let mut absent: BTreeSet<&String> = topics.iter().collect();
    for topic in metadata.topics() {
        if absent.iter().any(|name| *name == topic.name()) {
            absent.retain(|name| *name != topic.name());
            for partition in topic.partitions() {
                partitions.add_partition(topic.name(), partition.id());
            }
        }
    }
    Ok((partitions, absent.into_iter().cloned().collect()))
}

/// Polls beside, so that the library can tell why there is no answer.
fn ask_patiently(consumer: &BaseConsumer<Events>) -> Result<Metadata, KafkaError> {
    let end = Instant::now() + PATIENCE;
    loop {
        let answer = consumer.fetch_metadata(None, Duration::from_secs(2));
        consumer.poll(Duration::ZERO);
        if answer.is_ok() || Instant::now() > end {
            return answer;
        }
    }
}

/// Who is in the Kafka group now.
fn members(consumer: &BaseConsumer<Events>, kafka_group: &str) -> Result<Vec<String>, KafkaError> {
    let list = consumer.fetch_group_list(Some(kafka_group), PATIENCE)?;
    let groups = list.groups().iter();
    Ok(groups
        .filter(|group| group.name() == kafka_group)
        .flat_map(|group| group.members())
        .map(|member| format!("`{}` at {}", member.client_id(), member.client_host()))
        .collect())
}
