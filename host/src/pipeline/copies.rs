//! Alerts that a topic carries twice: Spark delivers to Kafka at least once.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::source::Place;

/// Copies come close together; this many alerts are remembered.
const REMEMBERED: usize = 200_000;

/// The alerts read lately, by topic and alert id.
#[derive(Debug)]
pub(super) struct Copies {
    seen: HashMap<(u64, i64), u64>,
    order: VecDeque<(u64, i64)>,
}

/// Room for all, so that no alert waits for the memory to grow; the system gives it as it is used.
impl Default for Copies {
    fn default() -> Self {
        Copies {
            seen: HashMap::with_capacity(REMEMBERED + 1),
            order: VecDeque::with_capacity(REMEMBERED + 1),
        }
    }
}

impl Copies {
    /// Whether this alert was read before from the same topic, at another place. The same place
    /// read again is no copy: a rebalance takes us back to where nothing is finished yet.
    /// A file was asked for, so it is judged whatever came before.
    pub fn is_copy(&mut self, place: &Place, alert_id: i64) -> bool {
        if matches!(place, Place::File { .. }) {
            return false;
        }
        let alert = (hash(&place.topic()), alert_id);
        let place = hash(place);
        if let Some(first) = self.seen.get(&alert) {
            return *first != place;
        }
        self.seen.insert(alert, place);
        self.order.push_back(alert);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        false
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(topic: &str, offset: i64) -> Place {
        Place::Kafka {
            topic: topic.into(),
            partition: 0,
            offset,
        }
    }

    #[test]
    fn a_copy_is_the_same_alert_elsewhere_in_the_same_topic() {
        let mut copies = Copies::default();
        assert!(!copies.is_copy(&place("a", 1), 42));
        assert!(copies.is_copy(&place("a", 2), 42));
        assert!(
            !copies.is_copy(&place("b", 1), 42),
            "another topic has its own class"
        );
        assert!(
            !copies.is_copy(&place("a", 1), 42),
            "the same message again is a redelivery"
        );
        assert!(!copies.is_copy(&place("a", 3), 43));
    }

    #[test]
    fn memory_is_bounded() {
        let mut copies = Copies::default();
        for id in 0..REMEMBERED as i64 + 10 {
            assert!(!copies.is_copy(&place("a", id), id));
        }
        assert_eq!(copies.seen.len(), REMEMBERED);
        assert!(
            !copies.is_copy(&place("a", -1), 0),
            "the oldest is forgotten"
        );
    }
}
