//! How far behind we are, and how long Kafka waits for us.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::statistics::Statistics;

use super::beginning::PATIENCE;
use crate::telemetry::Standing;

/// The standings of one source, for whoever shows them. A clone is the same book.
#[derive(Clone, Debug, Default)]
pub struct Standings(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    partitions: BTreeMap<(Arc<str>, i32), Seen>,
    /// Of each topic that was asked about; none where it was not told, or keeps for ever.
    retention: HashMap<Arc<str>, Option<Duration>>,
}

#[derive(Debug, Default)]
struct Seen {
    lag: Option<u64>,
    /// Milliseconds since 1970, as the producer stamped it.
    last_message: Option<i64>,
}

impl Standings {
    /// As of now, by topic and partition.
    pub fn get(&self) -> Vec<Standing> {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        self.at(since_1970.unwrap_or_default())
    }

    fn at(&self, now: Duration) -> Vec<Standing> {
        let book = self.book();
        let standing = |((topic, partition), seen): (&(Arc<str>, i32), &Seen)| {
            let last_message_age = seen
                .last_message
                .and_then(|milliseconds| u64::try_from(milliseconds).ok())
                .map(|milliseconds| now.saturating_sub(Duration::from_millis(milliseconds)));
            let retention = book.retention.get(topic).copied().flatten();
            let waits = seen.lag.is_some_and(|lag| lag > 0);
            Standing {
                topic: topic.clone(),
                partition: *partition,
                lag: seen.lag,
                last_message_age,
                retention_left: retention
                    .zip(last_message_age)
                    .filter(|_| waits)
                    .map(|(retention, age)| retention.saturating_sub(age)),
            }
        };
        book.partitions.iter().map(standing).collect()
    }

    pub(super) fn assigned(&self, topic: &Arc<str>, partition: i32) {
        let key = (topic.clone(), partition);
        self.book().partitions.insert(key, Seen::default());
    }

    pub(super) fn revoked(&self, topic: &Arc<str>, partition: i32) {
        self.book().partitions.remove(&(topic.clone(), partition));
    }

    pub(super) fn read(&self, topic: &Arc<str>, partition: i32, made: Option<i64>) {
        let mut book = self.book();
        if let Some(seen) = book.partitions.get_mut(&(topic.clone(), partition)) {
            seen.last_message = made.or(seen.last_message);
        }
    }

    /// Takes what the client library counts anyway.
    pub(super) fn counted(&self, statistics: &Statistics) {
        for ((topic, partition), seen) in &mut self.book().partitions {
            let known = statistics.topics.get(&**topic);
            if let Some(known) = known.and_then(|topic| topic.partitions.get(partition)) {
                let done = known.committed_offset.max(known.stored_offset);
                // Negative numbers are the library's way of not knowing.
                seen.lag = (done >= 0 && known.hi_offset >= 0)
                    .then(|| u64::try_from(known.hi_offset - done).unwrap_or(0));
            }
        }
    }

    /// Whether a topic's retention has still to be asked for; from then on it has not.
    pub(super) fn is_unasked(&self, topic: &Arc<str>) -> bool {
        let mut book = self.book();
        let unasked = !book.retention.contains_key(topic);
        if unasked {
            book.retention.insert(topic.clone(), None);
        }
        unasked
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the server how long it keeps the topics' messages. Many do not tell readers: then nobody
/// knows, and nothing is worse for it.
pub(super) async fn ask_retention(
    connection: ClientConfig,
    topics: Vec<Arc<str>>,
    standings: Standings,
) {
    let asked: Vec<_> = topics
        .iter()
        .map(|topic| ResourceSpecifier::Topic(topic))
        .collect();
    let options = AdminOptions::new().request_timeout(Some(PATIENCE));
    let client: Result<AdminClient<DefaultClientContext>, _> = connection.create();
    let answers = match &client {
        Ok(client) => client.describe_configs(&asked, &options).await,
        Err(error) => Err(error.clone()),
    };
    match answers {
        Ok(answers) => {
            for (topic, answer) in topics.iter().zip(answers) {
                let milliseconds = answer.ok().and_then(|resource| {
                    let entry = resource.get("retention.ms")?;
                    entry.value.as_ref()?.parse().ok()
                });
                // -1 is for ever.
                let retention = milliseconds.map(Duration::from_millis);
                standings.book().retention.insert(topic.clone(), retention);
            }
        }
        Err(error) => tracing::debug!("the server does not tell its retention: {error}"),
    }
    // Ends a thread of its own: not here, where others run.
    tokio::task::spawn_blocking(move || drop(client));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statistics(hi: i64, committed: i64) -> Statistics {
        let partition = rdkafka::statistics::Partition {
            hi_offset: hi,
            committed_offset: committed,
            stored_offset: -1001,
            ..Default::default()
        };
        let topic = rdkafka::statistics::Topic {
            partitions: [(0, partition)].into(),
            ..Default::default()
        };
        Statistics {
            topics: [("t".to_owned(), topic)].into(),
            ..Statistics::default()
        }
    }

    #[test]
    fn what_waits_has_as_long_as_retention_leaves_it() {
        let standings = Standings::default();
        let topic: Arc<str> = "t".into();
        standings.assigned(&topic, 0);
        assert!(standings.is_unasked(&topic));
        assert!(!standings.is_unasked(&topic));
        let hour = Duration::from_secs(3600);
        standings
            .book()
            .retention
            .insert(topic.clone(), Some(4 * hour));
        let now = 1000 * hour;
        let standing = || standings.at(now)[0].clone();
        assert_eq!((standing().lag, standing().retention_left), (None, None));

        standings.read(&topic, 0, Some((997 * hour).as_millis() as i64));
        standings.counted(&statistics(50, 30));
        assert_eq!(standing().lag, Some(20));
        assert_eq!(standing().last_message_age, Some(3 * hour));
        assert_eq!(standing().retention_left, Some(hour));

        standings.counted(&statistics(50, 50));
        assert_eq!((standing().lag, standing().retention_left), (Some(0), None));
        standings.counted(&statistics(-1001, -1001));
        assert_eq!(standing().lag, None);
        standings.revoked(&topic, 0);
        assert!(standings.get().is_empty());
    }
}
