//! Where messages come from, and how far we have come.
//!
//! In: Kafka topics or files. Out: [`Message`]s, each with its [`Place`]; back in: the places that
//! are done, from which the offsets to store follow ([`Watermarks`]).
//! Never here: what a message means; an offset stored for a message whose deliveries are not done.

mod feed;
mod files;
mod folder;
mod kafka;
mod schemas;
mod transfer;
mod watermark;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

pub use feed::Feed;
pub use files::{FileError, Files};
pub use folder::{Folder, FolderError};
pub use kafka::{
    Consumer, ConsumerError, Incoming, Loss, Moved, RewindError, Rewound, Standings, Tap, TapError,
    Trouble, look, rewind,
};
pub use schemas::{SchemasError, read_schemas};
pub use transfer::SchemaFetchError;
pub use watermark::{Ticket, Watermarks};

/// One message as it came: bytes and a place.
#[derive(Clone, Debug)]
pub struct Message {
    pub place: Place,
    /// Fink's livestream: the writer's Avro schema, as JSON; or the name of one, or nothing.
    pub key: Bytes,
    /// Fink's livestream: one schemaless Avro datum; or that with its schema, or with its number.
    pub value: Bytes,
    /// Kafka's time stamp, milliseconds since 1970, UTC: when the message was sent or stored.
    /// For people only: no payload carries it.
    pub timestamp_ms: Option<i64>,
}

/// Where a message stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    Kafka {
        topic: Arc<str>,
        partition: i32,
        offset: i64,
    },
    File {
        path: Arc<PathBuf>,
        /// Of an object container, counted from 0.
        record: usize,
        /// The topic that the file stands for, if it is known.
        topic: Option<Arc<str>>,
    },
}

impl Place {
    /// The topic, where one is known.
    pub fn topic(&self) -> Option<&str> {
        match self {
            Place::Kafka { topic, .. } => Some(topic),
            Place::File { topic, .. } => topic.as_deref(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Kafka {
                topic,
                partition,
                offset,
            } => write!(f, "{topic} partition {partition} offset {offset}"),
            Place::File {
                path, record: 0, ..
            } => write!(f, "{}", path.display()),
            Place::File { path, record, .. } => write!(f, "{} record {record}", path.display()),
        }
    }
}
