//! A real Kafka: the one that `cargo xtask test` starts, or any that `SKYSIEVE_TEST_KAFKA` names.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

/// A broker may be busy with everybody's tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// A broker, and ways to do with it what Fink and its operators do.
pub struct Kafka {
    /// `host:port` without sign-in or encryption.
    pub servers: String,
    admin: AdminClient<DefaultClientContext>,
    producer: FutureProducer,
}

/// The same broker behind other doors.
pub struct Doors {
    pub signed_in: String,
    pub encrypted: String,
    pub both: String,
    pub ca_file: PathBuf,
    pub username: String,
    pub password: String,
}

/// The broker, if there is one. Says on standard error when a test is skipped for want of it.
///
/// # Panics
/// Where `SKYSIEVE_REQUIRE_KAFKA` is set and there is none: a machine that can have one must not pass
/// by skipping.
pub fn broker(test: &str) -> Option<Kafka> {
    let servers = named(test, "SKYSIEVE_TEST_KAFKA")?;
    let settings = |more: &[(&str, &str)]| {
        let mut settings = ClientConfig::new();
        settings.set("bootstrap.servers", &servers);
        settings.set("message.max.bytes", "10000000");
        settings.extend(more.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        settings
    };
    Some(Kafka {
        admin: settings(&[]).create().expect("a client of nothing special"),
        // As large alerts travel best.
        producer: settings(&[("compression.type", "zstd"), ("linger.ms", "0")])
            .create()
            .expect("a producer with zstd, which is built in"),
        servers: servers.clone(),
    })
}

/// The doors of the broker that `cargo xtask` starts; a broker of somebody else's may have none.
///
/// # Panics
/// As [`broker`].
pub fn doors(test: &str) -> Option<Doors> {
    let named = |variable| named(test, variable);
    Some(Doors {
        signed_in: named("SKYSIEVE_TEST_KAFKA_SASL")?,
        encrypted: named("SKYSIEVE_TEST_KAFKA_TLS")?,
        both: named("SKYSIEVE_TEST_KAFKA_SASL_TLS")?,
        ca_file: named("SKYSIEVE_TEST_KAFKA_CA")?.into(),
        username: named("SKYSIEVE_TEST_KAFKA_USER")?,
        password: named("SKYSIEVE_TEST_KAFKA_PASSWORD")?,
    })
}

fn named(test: &str, variable: &str) -> Option<String> {
    let value = std::env::var(variable).ok();
    if value.is_none() {
        assert!(
            std::env::var_os("SKYSIEVE_REQUIRE_KAFKA").is_none(),
            "{test}: SKYSIEVE_REQUIRE_KAFKA is set, and `{variable}` is not: run `cargo xtask test`"
        );
        eprintln!(
            "SKIPPED {test}: no real Kafka (`{variable}` is not set): `cargo xtask test` starts one"
        );
    }
    value
}

/// A name that nobody has used: of a topic or a Kafka group.
pub fn new_name(what: &str) -> String {
    static NAMES: AtomicU32 = AtomicU32::new(0);
    let number = NAMES.fetch_add(1, Ordering::Relaxed);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = since.unwrap_or_default().as_secs();
    format!("{what}_{seconds}_{}_{number}", std::process::id())
}

impl Kafka {
    /// Makes a topic.
    ///
    /// # Errors
    /// Where the broker does not.
    pub async fn make_topic(&self, topic: &str, partitions: i32) -> Result<()> {
        let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
        // Messages of the tests may be stamped in the past.
        let new = new.set("retention.ms", "-1");
        let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
        let results = self.admin.create_topics([&new], &options).await?;
        for result in results {
            result.map_err(|(name, code)| anyhow::anyhow!("topic `{name}`: {code}"))?;
        }
        Ok(())
    }

    /// Sends a message, compressed with zstd, and waits until the broker has it. `time` is in
    /// milliseconds since 1970.
    ///
    /// # Errors
    /// Where the broker does not take it.
    pub async fn send(
        &self,
        topic: &str,
        partition: i32,
        key: &[u8],
        value: &[u8],
        time: i64,
    ) -> Result<()> {
        let record = FutureRecord::to(topic)
            .partition(partition)
            .key(key)
            .payload(value)
            .timestamp(time);
        let sent = self.producer.send(record, PATIENCE).await;
        sent.map(drop)
            .map_err(|(error, _)| error)
            .with_context(|| format!("a message to `{topic}`"))
    }

    /// What retention does: messages before the offset are gone.
    ///
    /// # Errors
    /// Where the broker does not.
    pub async fn delete_before(&self, topic: &str, partition: i32, offset: i64) -> Result<()> {
        let mut before = TopicPartitionList::new();
        before.add_partition_offset(topic, partition, Offset::Offset(offset))?;
        let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
        self.admin.delete_records(&before, &options).await?;
        Ok(())
    }

    /// What the Kafka group has committed, partition by partition.
    ///
    /// # Errors
    /// Where the broker does not answer.
    pub fn committed(&self, group: &str, topic: &str, partitions: i32) -> Result<Vec<Option<i64>>> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.servers)
            .set("group.id", group)
            .create()?;
        let mut asked = TopicPartitionList::new();
        asked.add_partition_range(topic, 0, partitions - 1);
        let answer = consumer.committed_offsets(asked, PATIENCE)?;
        let offset =
            |element: rdkafka::topic_partition_list::TopicPartitionListElem<'_>| match element
                .offset()
            {
                Offset::Offset(offset) => Some(offset),
                _ => None,
            };
        Ok(answer.elements().into_iter().map(offset).collect())
    }
}
