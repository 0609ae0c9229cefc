//! A flood of messages that are no alerts, as of a source with the wrong survey: the first of each
//! topic and reason are kept whole, the rest by their offsets.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::lanes::NEED_A_PERSON;
use super::run::Stop;
use crate::source::{Place, Ticket};
use crate::store::{DeadLetters, Range};
use crate::telemetry::{Hindrance, Telemetry};

/// Kept whole of each topic and reason: enough to see what is wrong, and of LSST
/// some ten megabytes.
const WHOLE: u64 = 100;

/// Places that are written at once.
const BATCH: usize = 10_000;

/// After so long without one a flood is over, and the next message is kept whole again.
const OVER: Duration = Duration::from_secs(3600);

/// How many there were of each topic and reason in one flood, and when the last came.
#[derive(Default)]
pub(super) struct Seen(HashMap<(String, &'static str), (u64, Option<Instant>)>);

impl Seen {
    /// Whether a message is to be kept whole; if not, its place. Only Kafka's messages can be had
    /// again, so only of them the bytes may go.
    pub fn flooded(&mut self, place: &Place, reason: &'static str) -> Option<Range> {
        let Place::Kafka {
            topic,
            partition,
            offset,
        } = place
        else {
            return None;
        };
        let (seen, last) = self.0.entry((topic.to_string(), reason)).or_default();
        if last.is_some_and(|last| last.elapsed() > OVER) {
            *seen = 0;
        }
        *last = Some(Instant::now());
        *seen += 1;
        if *seen <= WHOLE {
            return None;
        }
        if *seen == WHOLE + 1 {
            tracing::error!(
                %topic, reason, from = %place,
                "a flood of messages that are no alerts: {WHOLE} were kept whole; of the others the offsets are kept, and Kafka has their bytes until its retention passes. Is the source's `survey` right, and are its `schemas` at hand? `skysieve dead-letters list` shows them"
            );
        }
        Some(Range {
            topic: topic.to_string(),
            reason: reason.to_owned(),
            partition: *partition,
            first: *offset,
            last: *offset,
        })
    }
}

/// A message of a flood, and the right to finish it.
pub(super) type Flooded = (Range, Ticket);

/// What the clerk works with.
pub(super) struct Clerk {
    pub store: DeadLetters,
    pub telemetry: Telemetry,
    pub stop: Stop,
    /// Where finished messages go.
    pub done: UnboundedSender<Option<Ticket>>,
}

impl Clerk {
    /// Writes down what has gathered, all in one go: a message is done when its place is on disk.
    pub async fn work(self, mut flood: UnboundedReceiver<Flooded>) {
        let mut batch = Vec::new();
        while flood.recv_many(&mut batch, BATCH).await > 0 {
            let (places, tickets): (Vec<Range>, Vec<Ticket>) = batch.drain(..).unzip();
            if self.write(places.into()).await.is_none() {
                return;
            }
            for ticket in tickets {
                // Nobody listens any more when the reader is gone: then nothing is stored either.
                let _ = self.done.send(Some(ticket));
            }
        }
    }

    /// None where we were told to stop before it was done.
    async fn write(&self, places: Arc<[Range]>) -> Option<()> {
        let health = self.telemetry.health();
        loop {
            let (store, written) = (self.store.clone(), Arc::clone(&places));
            let writing = tokio::task::spawn_blocking(move || store.keep_places(&written));
            match writing.await {
                Ok(Ok(())) => break,
                Ok(Err(error)) => {
                    tracing::error!("a flood's offsets cannot be kept, they wait: {error}");
                    health.begin(Hindrance::Store, error.to_string());
                    tokio::select! {
                        () = tokio::time::sleep(NEED_A_PERSON) => {}
                        () = self.stop.sending.cancelled() => return None,
                    }
                }
                // The task cannot be cancelled; a panic in the store is one here.
                Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
            }
        }
        health.end(Hindrance::Store);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_each_topic_and_reason_are_kept_whole() {
        let mut seen = Seen::default();
        let mut flooded = |topic: &str, offset, reason| {
            let topic = topic.into();
            let place = Place::Kafka {
                topic,
                partition: 2,
                offset,
            };
            seen.flooded(&place, reason)
        };
        let whole = i64::try_from(WHOLE).unwrap();
        for offset in 0..whole {
            assert_eq!(flooded("a", offset, "no key"), None);
        }
        let range = flooded("a", whole, "no key").unwrap();
        assert_eq!(
            (range.first, range.last, range.partition),
            (whole, whole, 2)
        );
        assert_eq!(flooded("a", whole + 1, "not an alert"), None);
        assert_eq!(flooded("b", 0, "no key"), None);
    }
}
