//! The schema of a data transfer: the key of a message in a topic of its own.

use std::time::{Duration, Instant};

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::config::SecretError;

/// The broker is one that messages just came from; this is for the worst of days.
const PATIENCE: Duration = Duration::from_secs(30);

/// One look at the stream, between two at the time.
const POLL: Duration = Duration::from_millis(200);

/// Why the schema of a topic's messages did not come.
#[derive(Debug, thiserror::Error)]
pub enum SchemaFetchError {
    #[error("the topic `{topic}`: {error}")]
    Kafka { topic: String, error: KafkaError },
    #[error("the broker has no topic `{topic}`")]
    NoTopic { topic: String },
    #[error(
        "no message with a schema as its key came from the topic `{topic}` within {PATIENCE:?}"
    )]
    Nothing { topic: String },
    #[error("sign-in: {0}")]
    Secret(#[from] SecretError),
}

/// Reads the schema of the messages of `topic`. Blocks, within a bound.
pub(super) fn fetch(settings: &mut ClientConfig, topic: &str) -> Result<String, SchemaFetchError> {
    let topic = format!("{topic}_schema");
    let failed = |error| SchemaFetchError::Kafka {
        topic: topic.clone(),
        error,
    };
    // Partitions are taken, no group is joined, nothing is remembered of it.
    settings
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest");
    let consumer: BaseConsumer = settings.create().map_err(failed)?;
    let until = Instant::now() + PATIENCE;
    consumer
        .assign(&partitions(&consumer, &topic)?)
        .map_err(failed)?;
    while Instant::now() < until {
        match consumer.poll(POLL) {
            Some(Ok(message)) => {
                let key = message.key().and_then(|key| std::str::from_utf8(key).ok());
                if let Some(schema) = key.filter(|key| key.trim_start().starts_with('{')) {
                    return Ok(schema.to_owned());
                }
            }
            Some(Err(error)) => tracing::debug!(%topic, "while a schema is looked for: {error}"),
            None => {}
        }
    }
    Err(SchemaFetchError::Nothing { topic })
}

fn partitions(
    consumer: &BaseConsumer,
    topic: &str,
) -> Result<TopicPartitionList, SchemaFetchError> {
    let failed = |error| SchemaFetchError::Kafka {
        topic: topic.to_owned(),
        error,
    };
    let metadata = consumer
        .fetch_metadata(Some(topic), PATIENCE)
        .map_err(failed)?;
    let mut list = TopicPartitionList::new();
    let known = metadata
        .topics()
        .iter()
        .filter(|known| known.name() == topic);
    for partition in known.flat_map(|known| known.partitions()) {
        list.add_partition_offset(topic, partition.id(), Offset::Beginning)
            .map_err(failed)?;
    }
    if list.count() == 0 {
        let topic = topic.to_owned();
        return Err(SchemaFetchError::NoTopic { topic });
    }
    Ok(list)
}
