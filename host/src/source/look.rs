//! Whether a source could be read, found out without joining its Kafka group.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};

use super::kafka::{ConsumerError, connection};
use crate::config::Source;

/// Asks the servers for all their topics and the number of partitions of each. Nothing is read,
/// and no topic is made. Blocks up to `patience`.
///
/// # Errors
/// Where the settings are refused, the password cannot be read, or no server answers.
pub fn look(source: &Source, patience: Duration) -> Result<Vec<(String, usize)>, ConsumerError> {
    let failed = |error| ConsumerError::Kafka {
        source_name: source.name.clone(),
        error,
    };
    let settings = connection(source).map_err(|error| ConsumerError::Secret {
        source_name: source.name.clone(),
        error,
    })?;
    let consumer: BaseConsumer = settings.create().map_err(failed)?;
    // Asking for one topic by its name could make it; asking for all cannot.
    let metadata = consumer.fetch_metadata(None, patience).map_err(failed)?;
    let topics = metadata.topics().iter();
    Ok(topics
        .filter(|topic| topic.error().is_none())
        .map(|topic| (topic.name().to_owned(), topic.partitions().len()))
        .collect())
}
