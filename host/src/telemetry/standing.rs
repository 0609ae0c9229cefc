//! How a source stands with its Kafka, as the source tells it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How we stand in one partition that is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub topic: Arc<str>,
    pub partition: i32,
    /// Messages between what is done and the newest; unknown until the server has said.
    pub lag: Option<u64>,
    /// Since the message that was read last was made; none before the first.
    pub last_message_age: Option<Duration>,
    /// Until Kafka deletes messages that are not done: from the time of the last message that was
    /// read, so it is right to the pace of the stream. None where nothing waits, or where the server
    /// does not tell its retention.
    pub retention_left: Option<Duration>,
}

/// Asks a source how it stands in each of its partitions.
type Ask = Box<dyn Fn() -> Vec<Standing> + Send + Sync>;

/// Whom to ask, by the source's name.
#[derive(Default)]
pub(super) struct Asked(BTreeMap<String, Ask>);

impl Asked {
    pub fn add(&mut self, source: &str, ask: Ask) {
        self.0.insert(source.to_owned(), ask);
    }

    pub fn standings(&self) -> BTreeMap<String, Vec<Standing>> {
        let asked = self.0.iter();
        asked.map(|(source, ask)| (source.clone(), ask())).collect()
    }
}
