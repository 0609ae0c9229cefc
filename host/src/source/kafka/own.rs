//! From the client library's memory to ours.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use rdkafka::message::{BorrowedMessage, Message as _};

use crate::source::{Message, Place};

/// Makes messages ours, with the memory of those before: the topics are few, the key is almost
/// always that of the message before, and a value's memory is free again once it was judged.
#[derive(Default)]
pub(super) struct Owner {
    topics: Vec<Arc<str>>,
    key: Bytes,
    values: BytesMut,
}

impl Owner {
    pub fn own(&mut self, message: &BorrowedMessage<'_>) -> Message {
        Message {
            place: Place::Kafka {
                topic: self.topic(message.topic()),
                partition: message.partition(),
                offset: message.offset(),
            },
            key: self.key(message.key().unwrap_or_default()),
            value: self.value(message.payload().unwrap_or_default()),
            timestamp_ms: message.timestamp().to_millis(),
        }
    }

    fn topic(&mut self, name: &str) -> Arc<str> {
        match self.topics.iter().find(|topic| &***topic == name) {
            Some(topic) => topic.clone(),
            None => {
                let topic: Arc<str> = name.into();
                self.topics.push(topic.clone());
                topic
            }
        }
    }

    /// The same memory for the same key, by which whoever reads it knows it again.
    fn key(&mut self, key: &[u8]) -> Bytes {
        if self.key != key {
            self.key = Bytes::copy_from_slice(key);
        }
        self.key.clone()
    }

    fn value(&mut self, value: &[u8]) -> Bytes {
        // Takes the memory back where nobody else has it any more.
        self.values.reserve(value.len());
        self.values.extend_from_slice(value);
        self.values.split().freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_once_it_is_free() {
        let mut owner = Owner::default();
        let first = owner.value(&[1; 50_000]);
        let kept = owner.value(&[2; 50_000]);
        assert_ne!(first.as_ptr(), kept.as_ptr(), "both are in use");
        let place = kept.as_ptr();
        drop((first, kept));
        let next = owner.value(&[3; 50_000]);
        assert_eq!((next.as_ptr(), &next[..]), (place, &[3; 50_000][..]));
    }

    #[test]
    fn a_key_is_kept_until_another_comes() {
        let mut owner = Owner::default();
        let (first, again) = (owner.key(b"schema"), owner.key(b"schema"));
        assert_eq!(first.as_ptr(), again.as_ptr());
        assert_eq!(owner.key(b"another"), b"another"[..]);
        assert_eq!(first, b"schema"[..]);
    }
}
