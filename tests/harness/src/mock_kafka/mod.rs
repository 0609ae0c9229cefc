//! librdkafka's in-process mock cluster: a Kafka that needs no Java, for the demo and quick tests.
//!
//! It keeps 5 MiB a partition and silently drops what is older: use many partitions, pace the
//! producer, and let the consumer live beside it.

mod settings;

use std::time::Duration;

use anyhow::{Context, Result};
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};

/// Enough for a night's demo: 40 MiB a topic.
const PARTITIONS: i32 = 8;

/// A mock cluster of one broker, and a producer that fills it. It ends when it is dropped.
pub struct MockKafka {
    producer: FutureProducer,
}

impl MockKafka {
    /// Starts the cluster with its topics.
    ///
    /// # Errors
    /// Where the library refuses.
    pub fn start(topics: &[&str]) -> Result<Self> {
        let producer: FutureProducer = ClientConfig::new()
            .set("test.mock.num.brokers", "1")
            // A message is a packet and its schema, up to 700 kB.
            .set("message.max.bytes", "10000000")
            .create()
            .context("the mock Kafka")?;
        // A group's first join waits 3 s for others by default; nobody else comes here.
        settings::join_at_once(producer.client());
        let kafka = MockKafka { producer };
        let cluster = kafka.producer.client().mock_cluster();
        let cluster = cluster.context("no mock cluster was made")?;
        for topic in topics {
            cluster
                .create_topic(topic, PARTITIONS, 1)
                .with_context(|| format!("topic `{topic}`"))?;
        }
        drop(cluster);
        Ok(kafka)
    }

    /// `host:port`, for a consumer's `servers`.
    pub fn servers(&self) -> String {
        self.producer
            .client()
            .mock_cluster()
            .map(|cluster| cluster.bootstrap_servers())
            .unwrap_or_default()
    }

    /// Sends one message and waits until the broker has it. `spread` chooses the partition: as on
    /// Fink's LSST topics any will do.
    ///
    /// # Errors
    /// Where the broker does not take it.
    pub async fn send(&self, topic: &str, key: &[u8], value: &[u8], spread: u64) -> Result<()> {
        let partition = i32::try_from(spread % PARTITIONS as u64).unwrap_or(0);
        let record = FutureRecord::to(topic)
            .key(key)
            .payload(value)
            .partition(partition);
        self.producer
            .send(record, Duration::from_secs(10))
            .await
            .map(drop)
            .map_err(|(error, _)| error)
            .with_context(|| format!("a message to `{topic}`"))
    }
}
