//! Floods: messages beyond the first hundred of their kind, of which the places are kept and no bytes.
//!
//! A source of the wrong survey brings millions that are no alerts. Kafka has their bytes as long as
//! its retention lasts; here is which ones they were, so that nothing is unaccounted for.

use std::fmt;

use redb::{ReadableDatabase, ReadableTable, Table, TableDefinition};

use super::{DeadLetters, StoreError};

/// Topic, reason, partition, first offset.
type First = (&'static str, &'static str, i32, i64);

/// The last offset of each range, by its first.
const RANGES: TableDefinition<'_, First, i64> = TableDefinition::new("floods");

/// Messages in a row that are no alerts, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    pub topic: String,
    pub reason: String,
    pub partition: i32,
    /// The first offset.
    pub first: i64,
    /// The last offset: `first` where there is one message.
    pub last: i64,
}

impl Range {
    /// How many messages.
    pub fn count(&self) -> u64 {
        u64::try_from(self.last - self.first + 1).unwrap_or(0)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, plural) = (self.count(), if self.count() == 1 { "" } else { "s" });
        write!(
            f,
            "flood  {} partition {} offsets {} to {}  {count} more message{plural}, not kept here: {}",
            self.topic, self.partition, self.first, self.last, self.reason
        )
    }
}

impl DeadLetters {
    /// Keeps messages' places, on disk when this returns. A place that is known is not kept twice.
    ///
    /// # Errors
    /// Where the disk will not take them: the messages must then not count as done.
    pub fn keep_places(&self, places: &[Range]) -> Result<(), StoreError> {
        let (_turn, database) = self.open()?;
        let write = || -> Result<(), redb::Error> {
            let transaction = database.begin_write()?;
            {
                let mut ranges = transaction.open_table(RANGES)?;
                for place in places {
                    add(&mut ranges, place)?;
                }
            }
            transaction.commit()?;
            Ok(())
        };
        write().map_err(|source| self.failed(source))
    }

    /// All ranges of floods, by topic, reason, partition and offset.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn floods(&self) -> Result<Vec<Range>, StoreError> {
        let (_turn, database) = self.open()?;
        let read = || -> Result<Vec<Range>, redb::Error> {
            let transaction = database.begin_read()?;
            let ranges = match transaction.open_table(RANGES) {
                Ok(ranges) => ranges,
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                Err(error) => return Err(error.into()),
            };
            let mut all = Vec::new();
            for entry in ranges.iter()? {
                let (first, last) = entry?;
                let (topic, reason, partition, first) = first.value();
                all.push(Range {
                    topic: topic.to_owned(),
                    reason: reason.to_owned(),
                    partition,
                    first,
                    last: last.value(),
                });
            }
            Ok(all)
        };
        read().map_err(|source| self.failed(source))
    }
}

/// Joins what touches.
fn add(ranges: &mut Table<'_, First, i64>, new: &Range) -> Result<(), redb::Error> {
    let key = |first| {
        (
            new.topic.as_str(),
            new.reason.as_str(),
            new.partition,
            first,
        )
    };
    let (mut first, mut last) = (new.first, new.last);
    let before = ranges.range(key(i64::MIN)..=key(first))?.next_back();
    if let Some((start, end)) = before.transpose()?.map(|(k, v)| (k.value().3, v.value()))
        && end >= first - 1
    {
        first = start;
        last = last.max(end);
    }
    let behind = ranges.range(key(first + 1)..=key(last + 1))?;
    let behind: Vec<(i64, i64)> = behind
        .map(|entry| entry.map(|(k, v)| (k.value().3, v.value())))
        .collect::<Result<_, _>>()?;
    for (start, end) in behind {
        ranges.remove(key(start))?;
        last = last.max(end);
    }
    ranges.insert(key(first), last)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(reason: &str, partition: i32, first: i64, last: i64) -> Range {
        Range {
            topic: "t".to_owned(),
            reason: reason.to_owned(),
            partition,
            first,
            last,
        }
    }

    #[test]
    fn what_touches_is_joined_and_what_comes_twice_counts_once() {
        let folder = tempfile::tempdir().unwrap();
        let floods = DeadLetters::in_folder(folder.path()).unwrap();
        assert!(floods.floods().unwrap().is_empty());
        let one = |offset| range("no key", 0, offset, offset);
        floods.keep_places(&[one(7), one(8), one(10)]).unwrap();
        floods
            .keep_places(&[one(8), one(12), range("no key", 1, 9, 9)])
            .unwrap();
        floods
            .keep_places(&[one(9), range("not an alert", 0, 11, 11)])
            .unwrap();
        let again = DeadLetters::in_folder(folder.path()).unwrap();
        let expected = [
            range("no key", 0, 7, 10),
            range("no key", 0, 12, 12),
            range("no key", 1, 9, 9),
            range("not an alert", 0, 11, 11),
        ];
        assert_eq!(again.floods().unwrap(), expected);
        floods.keep_places(&[range("no key", 0, 1, 20)]).unwrap();
        let of_partition = again.floods().unwrap();
        assert_eq!(of_partition[0], range("no key", 0, 1, 20));
        assert_eq!(of_partition.len(), 3);
        assert_eq!(of_partition[0].count(), 20);
    }
}
