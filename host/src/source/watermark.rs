//! How far a partition is done: the offset below which nothing is left to do.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Partitions are read in order and finished in any; what may be stored is the lowest offset that
/// is not finished yet.
#[derive(Debug, Default)]
pub struct Watermarks {
    partitions: HashMap<(Arc<str>, i32), Partition>,
    /// One past the highest offset that was ever read of each partition, by us or by whoever had it
    /// before us. Kept when a partition goes: it may come back.
    read_to: HashMap<(Arc<str>, i32), i64>,
    /// Grows with every assignment, so that a message of an earlier one finishes nothing.
    assignment: u64,
}

#[derive(Debug)]
struct Partition {
    assignment: u64,
    /// One past the highest offset that was read.
    next: i64,
    open: BTreeSet<i64>,
    stored: i64,
}

/// The right to finish one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    topic: Arc<str>,
    partition: i32,
    offset: i64,
    assignment: u64,
    again: bool,
}

impl Ticket {
    /// Whether the message was read before and not finished: whoever had it ended, or the partition
    /// went from hand to hand. What it caused may be done already, in part or in whole.
    pub fn is_redelivery(&self) -> bool {
        self.again
    }
}

impl Watermarks {
    /// A partition was given to us, perhaps not for the first time: what was open is read again.
    pub fn assigned(&mut self, topic: &str, partition: i32) {
        self.assignment += 1;
        self.partitions.remove(&(topic.into(), partition));
    }

    /// A partition was taken from us: what is still open there is no longer ours to finish.
    pub fn revoked(&mut self, topic: &str, partition: i32) {
        self.partitions.remove(&(topic.into(), partition));
    }

    /// A message was read.
    pub fn open(&mut self, topic: &Arc<str>, partition: i32, offset: i64) -> Ticket {
        let assignment = self.assignment;
        let key = (topic.clone(), partition);
        let read_to = self.read_to.entry(key.clone()).or_insert(offset);
        let again = offset < *read_to;
        *read_to = (offset + 1).max(*read_to);
        let entry = self.partitions.entry(key).or_insert_with(|| Partition {
            assignment,
            next: offset,
            open: BTreeSet::new(),
            stored: offset,
        });
        entry.next = entry.next.max(offset + 1);
        entry.open.insert(offset);
        Ticket {
            topic: topic.clone(),
            partition,
            offset,
            assignment: entry.assignment,
            again,
        }
    }

    /// Up to `to` the partition was read before; none: it is another topic of the same name.
    pub fn was_read(&mut self, topic: &Arc<str>, partition: i32, to: Option<i64>) {
        let key = (topic.clone(), partition);
        match to {
            Some(to) => {
                let known = self.read_to.entry(key).or_insert(to);
                *known = to.max(*known);
            }
            None => {
                self.read_to.remove(&key);
            }
        }
    }

    /// One past the highest offset that was ever read, as far as we know.
    pub fn read_to(&self, topic: &str, partition: i32) -> i64 {
        let key = (topic.into(), partition);
        self.read_to.get(&key).copied().unwrap_or(0)
    }

    /// The offset behind the last message that was read, if any was.
    pub fn next(&self, topic: &Arc<str>, partition: i32) -> Option<i64> {
        let key = (topic.clone(), partition);
        self.partitions.get(&key).map(|partition| partition.next)
    }

    /// Reading goes on at another offset, because what was to come next is not there. Returns the
    /// offset to store, where nothing before it is still open.
    pub fn moved(&mut self, topic: &Arc<str>, partition: i32, to: i64) -> Option<i64> {
        let key = (topic.clone(), partition);
        match self.partitions.get_mut(&key) {
            Some(known) if known.next <= to => {
                known.next = to;
                if !known.open.is_empty() {
                    return None;
                }
                known.stored = to;
                Some(to)
            }
            // Further back it is another topic of the same name: what is open was of the old one.
            _ => {
                self.assigned(topic, partition);
                Some(to)
            }
        }
    }

    /// A message is done. Returns the offset to store (the next one to read after a restart)
    /// where it moved.
    pub fn finish(&mut self, ticket: &Ticket) -> Option<(Arc<str>, i32, i64)> {
        let key = (ticket.topic.clone(), ticket.partition);
        let partition = self.partitions.get_mut(&key)?;
        if partition.assignment != ticket.assignment {
            return None;
        }
        partition.open.remove(&ticket.offset);
        let low = partition.open.first().copied().unwrap_or(partition.next);
        if low <= partition.stored {
            return None;
        }
        partition.stored = low;
        Some((key.0, key.1, low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic() -> Arc<str> {
        "t".into()
    }

    #[test]
    fn nothing_is_stored_past_an_open_message() {
        let mut marks = Watermarks::default();
        let tickets: Vec<Ticket> = (10..14).map(|o| marks.open(&topic(), 0, o)).collect();
        assert_eq!(marks.finish(&tickets[1]), None);
        assert_eq!(marks.finish(&tickets[2]), None);
        assert_eq!(marks.finish(&tickets[0]), Some((topic(), 0, 13)));
        assert_eq!(marks.finish(&tickets[3]), Some((topic(), 0, 14)));
        assert_eq!(marks.finish(&tickets[3]), None, "once is enough");
    }

    #[test]
    fn partitions_do_not_wait_for_each_other() {
        let mut marks = Watermarks::default();
        let _open = marks.open(&topic(), 0, 5);
        let other = marks.open(&topic(), 1, 7);
        assert_eq!(marks.finish(&other), Some((topic(), 1, 8)));
    }

    #[test]
    fn a_message_of_an_earlier_assignment_finishes_nothing() {
        let mut marks = Watermarks::default();
        let early = marks.open(&topic(), 0, 5);
        marks.revoked("t", 0);
        assert_eq!(marks.finish(&early), None);
        marks.assigned("t", 0);
        let again = marks.open(&topic(), 0, 5);
        let after = marks.open(&topic(), 0, 6);
        assert_eq!(
            marks.finish(&early),
            None,
            "the second reading is still open"
        );
        assert_eq!(marks.finish(&after), None);
        assert_eq!(marks.finish(&again), Some((topic(), 0, 7)));
    }

    #[test]
    fn what_is_lost_is_skipped_once_nothing_before_it_is_open() {
        let mut marks = Watermarks::default();
        assert_eq!(marks.next(&topic(), 0), None);
        assert_eq!(marks.moved(&topic(), 0, 3), Some(3), "nothing was read yet");
        let before = marks.open(&topic(), 0, 5);
        assert_eq!(marks.next(&topic(), 0), Some(6));
        assert_eq!(marks.moved(&topic(), 0, 9), None, "5 is still open");
        assert_eq!(marks.finish(&before), Some((topic(), 0, 9)));
        assert_eq!(marks.moved(&topic(), 0, 12), Some(12));
        let open = marks.open(&topic(), 0, 12);
        assert_eq!(
            marks.moved(&topic(), 0, 0),
            Some(0),
            "the topic was made anew"
        );
        assert_eq!(marks.finish(&open), None);
    }

    #[test]
    fn what_comes_again_is_known_for_it() {
        let mut marks = Watermarks::default();
        marks.assigned("t", 0);
        marks.was_read(&topic(), 0, Some(7));
        let mut again = |offset| marks.open(&topic(), 0, offset).is_redelivery();
        assert_eq!([5, 6, 7, 8].map(&mut again), [true, true, false, false]);
        assert_eq!(marks.read_to("t", 0), 9);
        // The partition goes and comes back.
        marks.revoked("t", 0);
        marks.assigned("t", 0);
        marks.was_read(&topic(), 0, Some(6));
        assert!(marks.open(&topic(), 0, 8).is_redelivery());
        assert!(!marks.open(&topic(), 0, 9).is_redelivery());
        // Another topic of the same name.
        marks.was_read(&topic(), 0, None);
        assert!(!marks.open(&topic(), 0, 0).is_redelivery());
    }

    #[test]
    fn gaps_in_the_offsets_are_no_obstacle() {
        let mut marks = Watermarks::default();
        let first = marks.open(&topic(), 0, 5);
        let second = marks.open(&topic(), 0, 9);
        assert_eq!(marks.finish(&first), Some((topic(), 0, 9)));
        assert_eq!(marks.finish(&second), Some((topic(), 0, 10)));
    }
}
