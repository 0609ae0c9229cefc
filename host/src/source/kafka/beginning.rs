//! Where a partition is read from, and what retention took before it was read.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{Consumer, ConsumerContext};
use rdkafka::error::KafkaResult;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::config::Start;

/// How long the servers may take for each of the few questions below.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Offsets by topic and partition.
pub(super) type Offsets = HashMap<(Arc<str>, i32), i64>;

/// What is remembered of partitions.
pub(super) type Memory = HashMap<(Arc<str>, i32), Remembered>;

/// Where one partition is to be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Remembered {
    /// The first offset that is not done.
    pub next: i64,
    /// The first offset that nobody of the Kafka group has read, as far as it was noted: what lies
    /// between comes again.
    pub read_to: i64,
}

impl Remembered {
    /// What stands beside a committed offset, so that whoever reads on knows what comes again.
    pub fn note(read_to: i64) -> String {
        format!("{NOTE}{read_to}")
    }

    fn new(next: i64, note: &str) -> Self {
        let noted = note
            .strip_prefix(NOTE)
            .and_then(|number| number.parse().ok());
        Remembered {
            next,
            read_to: noted.unwrap_or(next).max(next),
        }
    }
}

/// Before the number in a commit's note, for people who look at the Kafka group.
const NOTE: &str = "skysieve read to ";

/// Where one partition is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Beginning {
    pub topic: Arc<str>,
    pub partition: i32,
    pub offset: i64,
    pub cause: Cause,
}

impl Beginning {
    pub fn is_remembered(&self) -> bool {
        matches!(self.cause, Cause::Remembered { .. })
    }
}

/// Why there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Up to here all is done; up to `read_to` it was read before.
    Remembered { read_to: i64 },
    /// It was never read: the configuration says where to start.
    Start,
    /// What was to be read next is gone, up to here.
    Lost(Loss),
    /// What was to be read next is not there yet: it is another topic of the same name.
    MadeAnew { remembered: i64, end: i64 },
}

/// Messages that Kafka deleted before they were read: its retention was shorter than our absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    pub topic: Arc<str>,
    pub partition: i32,
    /// The first offset that is lost.
    pub from: i64,
    /// The offset behind the last one: the first that is still there.
    pub to: i64,
}

impl Loss {
    /// How many offsets: as many alerts, but for the few that Kafka uses itself.
    pub fn count(&self) -> u64 {
        u64::try_from(self.to - self.from).unwrap_or(0)
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.count();
        write!(
            f,
            "{count} alert{} lost: {} partition {} offsets {} to {}: Kafka's retention deleted them before they were read",
            if count == 1 { " is" } else { "s are" },
            self.topic,
            self.partition,
            self.from,
            self.to - 1
        )
    }
}

/// Decides for partitions that are at `known` offsets, where one is known.
///
/// # Errors
/// Where a server does not answer for every partition in time.
pub(super) fn beginnings<C: ConsumerContext>(
    consumer: &impl Consumer<C>,
    partitions: &TopicPartitionList,
    known: &Memory,
    start: impl Fn(&str) -> Start,
) -> KafkaResult<Vec<Beginning>> {
    let edges = Edges::ask(consumer, partitions)?;
    let mut starts = partitions.clone();
    for mut element in starts.elements() {
        let wanted = match start(element.topic()) {
            Start::Earliest => Offset::Beginning,
            Start::Latest => Offset::End,
            Start::At(moment) => Offset::Offset(moment.unix_milliseconds()),
        };
        element.set_offset(wanted)?;
    }
    if partitions
        .elements()
        .iter()
        .any(|e| !known.contains_key(&key_of(e)))
    {
        starts = consumer.offsets_for_times(starts, PATIENCE)?;
    }
    let mut found = Vec::new();
    for element in starts.elements() {
        element.error()?;
        let key = key_of(&element);
        let (low, high) = edges.of(&key);
        // Where no message is as late as that, the answer is the end.
        let start = number(element.offset()).unwrap_or(high);
        let (offset, cause) = decide(&key, known.get(&key).copied(), low, high, start);
        let (topic, partition) = key;
        found.push(Beginning {
            topic,
            partition,
            offset,
            cause,
        });
    }
    Ok(found)
}

fn decide(
    (topic, partition): &(Arc<str>, i32),
    known: Option<Remembered>,
    low: i64,
    high: i64,
    start: i64,
) -> (i64, Cause) {
    match known {
        None => (start, Cause::Start),
        Some(Remembered { next, .. }) if next < low => {
            let (topic, partition) = (topic.clone(), *partition);
            let (from, to) = (next, low);
            let loss = Loss {
                topic,
                partition,
                from,
                to,
            };
            (low, Cause::Lost(loss))
        }
        Some(Remembered { next, .. }) if next > high => {
            let (remembered, end) = (next, high);
            (low, Cause::MadeAnew { remembered, end })
        }
        Some(Remembered { next, read_to }) => (next, Cause::Remembered { read_to }),
    }
}

/// The first and the next offset of partitions.
pub(super) struct Edges {
    low: Offsets,
    high: Offsets,
}

impl Edges {
    /// One question for all partitions each.
    ///
    /// # Errors
    /// Where a server does not answer for every partition in time.
    pub fn ask<C: ConsumerContext>(
        consumer: &impl Consumer<C>,
        partitions: &TopicPartitionList,
    ) -> KafkaResult<Self> {
        let ask = |edge: Offset| {
            let mut asked = partitions.clone();
            asked.set_all_offsets(edge)?;
            offsets(&consumer.offsets_for_times(asked, PATIENCE)?)
        };
        Ok(Edges {
            low: ask(Offset::Beginning)?,
            high: ask(Offset::End)?,
        })
    }

    pub fn of(&self, partition: &(Arc<str>, i32)) -> (i64, i64) {
        let of = |offsets: &Offsets| offsets.get(partition).copied().unwrap_or(0);
        (of(&self.low), of(&self.high))
    }
}

/// What Kafka remembers for the group; a partition of which it remembers nothing is absent.
///
/// # Errors
/// Where the server does not answer for every partition in time.
pub(super) fn committed<C: ConsumerContext>(
    consumer: &impl Consumer<C>,
    partitions: &TopicPartitionList,
) -> KafkaResult<Memory> {
    let mut memory = Memory::new();
    for element in consumer
        .committed_offsets(partitions.clone(), PATIENCE)?
        .elements()
    {
        element.error()?;
        if let Some(next) = number(element.offset()) {
            let remembered = Remembered::new(next, element.metadata());
            memory.insert(key_of(&element), remembered);
        }
    }
    Ok(memory)
}

/// The list for the library.
///
/// # Errors
/// Where an offset is not one.
pub(super) fn list<'b>(
    beginnings: impl IntoIterator<Item = &'b Beginning>,
) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::new();
    for b in beginnings {
        list.add_partition_offset(&b.topic, b.partition, Offset::Offset(b.offset))?;
    }
    Ok(list)
}

fn offsets(list: &TopicPartitionList) -> KafkaResult<Offsets> {
    let mut offsets = Offsets::new();
    for element in list.elements() {
        element.error()?;
        if let Some(offset) = number(element.offset()) {
            offsets.insert(key_of(&element), offset);
        }
    }
    Ok(offsets)
}

fn key_of(element: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>) -> (Arc<str>, i32) {
    (element.topic().into(), element.partition())
}

fn number(offset: Offset) -> Option<i64> {
    match offset {
        Offset::Offset(number) => Some(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_reset_in_silence() {
        let key = ("t".into(), 3);
        let decide = |next: Option<i64>| {
            let known = next.map(|next| Remembered::new(next, "somebody else's note"));
            decide(&key, known, 10, 20, 15)
        };
        let remembered = |next| (next, Cause::Remembered { read_to: next });
        assert_eq!(decide(None), (15, Cause::Start));
        assert_eq!(decide(Some(10)), remembered(10));
        assert_eq!(decide(Some(20)), remembered(20));
        let (offset, cause) = decide(Some(4));
        assert_eq!(offset, 10);
        let Cause::Lost(loss) = cause else {
            panic!("{cause:?}")
        };
        assert_eq!(loss.count(), 6);
        assert!(
            loss.to_string().contains("t partition 3 offsets 4 to 9"),
            "{loss}"
        );
        assert_eq!(
            decide(Some(21)),
            (
                10,
                Cause::MadeAnew {
                    remembered: 21,
                    end: 20
                }
            )
        );
    }

    #[test]
    fn what_was_read_and_not_done_is_noted() {
        let note = Remembered::note(17);
        let remembered = Remembered::new(12, &note);
        assert_eq!((remembered.next, remembered.read_to), (12, 17));
        assert_eq!(Remembered::new(20, &note).read_to, 20, "rewound forward");
    }
}
