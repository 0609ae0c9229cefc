//! What Kafka remembers of a group: how far it has read.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

const PATIENCE: Duration = Duration::from_secs(10);

/// The stored offsets of one Kafka group.
pub struct Offsets {
    consumer: BaseConsumer,
    partitions: TopicPartitionList,
}

impl Offsets {
    /// Looks into a group without joining it.
    ///
    /// # Errors
    /// Where the broker does not answer.
    pub fn of(servers: &str, group: &str) -> Result<Self> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", servers)
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .create()?;
        let metadata = consumer.fetch_metadata(None, PATIENCE);
        let metadata = metadata.context("the topics of the mock Kafka")?;
        let mut partitions = TopicPartitionList::new();
        for topic in metadata.topics() {
            for partition in topic.partitions() {
                partitions.add_partition(topic.name(), partition.id());
            }
        }
        Ok(Offsets {
            consumer,
            partitions,
        })
    }

    /// The next offset to read, by topic and partition, where one is stored.
    ///
    /// # Errors
    /// Where the broker does not answer.
    pub fn stored(&self) -> Result<BTreeMap<(String, i32), i64>> {
        let partitions = self.partitions.clone();
        let stored = self.consumer.committed_offsets(partitions, PATIENCE)?;
        let known = stored.elements().into_iter().filter_map(|element| {
            let Offset::Offset(next) = element.offset() else {
                return None;
            };
            Some(((element.topic().to_owned(), element.partition()), next))
        });
        Ok(known.collect())
    }

    /// How many messages are done: partitions begin at 0.
    ///
    /// # Errors
    /// As [`Offsets::stored`].
    pub fn done(&self) -> Result<u64> {
        Ok(self.stored()?.values().map(|next| *next as u64).sum())
    }

    /// Gives another group the same memory: its members go on where this one's stood.
    ///
    /// # Errors
    /// Where the broker does not take it.
    pub fn bequeath(&self, servers: &str, heir: &str) -> Result<()> {
        let heir = Offsets::of(servers, heir)?;
        let mut list = TopicPartitionList::new();
        for ((topic, partition), next) in self.stored()? {
            list.add_partition_offset(&topic, partition, Offset::Offset(next))?;
        }
        if list.count() > 0 {
            heir.consumer.commit(&list, CommitMode::Sync)?;
        }
        Ok(())
    }
}
