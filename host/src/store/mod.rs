//! What must survive the process: so far, the dead letters.
//!
//! In: an alert that could not be delivered, or a message that could not be read, with the reason.
//! Out: the same, for people and for a replay. Every write is on disk when the call returns.
//! Never here: a secret; a file that others may read.

mod dead_letters;

pub use dead_letters::{DeadLetter, DeadLetters, Kind, StoreError};
