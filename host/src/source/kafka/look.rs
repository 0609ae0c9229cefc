//! Whether a source could be read, found out without joining its Kafka group.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use tokio::sync::mpsc::unbounded_channel;

use super::events::Events;
use super::rewind::told;
use super::{ConsumerError, settings};
use crate::config::Source;

/// One question's turn; between two the library tells what is the matter.
const TURN: Duration = Duration::from_secs(2);

/// Asks the servers for all their topics and the number of partitions of each. Nothing is read,
/// and no topic is made. Blocks up to `patience`, less where only a person can help.
///
/// # Errors
/// Where the settings are refused, the password cannot be read or is refused, or no server answers.
pub fn look(source: &Source, patience: Duration) -> Result<Vec<(String, usize)>, ConsumerError> {
    let source_name = source.name.clone();
    let settings = settings::connection(source).map_err(|error| ConsumerError::Secret {
        source_name: source_name.clone(),
        error,
    })?;
    let (sender, mut notes) = unbounded_channel();
    let consumer: Result<BaseConsumer<Events>, _> =
        settings.create_with_context(Events::new(source, sender));
    let consumer = match consumer {
        Ok(consumer) => consumer,
        Err(error) => return Err(ConsumerError::Kafka { source_name, error }),
    };
    let until = Instant::now() + patience;
    let metadata = loop {
        // Asking for one topic by its name could make it; asking for all cannot.
        let answer = consumer.fetch_metadata(None, TURN.min(patience));
        consumer.poll(Duration::ZERO);
        match answer {
            Ok(metadata) => break metadata,
            Err(_) if Instant::now() < until => {}
            Err(error) => return Err(ConsumerError::Kafka { source_name, error }),
        }
        if let Some(trouble) = told(&mut notes) {
            return Err(ConsumerError::Trouble {
                source_name,
                trouble,
            });
        }
    };
    let topics = metadata.topics().iter();
    Ok(topics
        .filter(|topic| topic.error().is_none())
        .map(|topic| (topic.name().to_owned(), topic.partitions().len()))
        .collect())
}
