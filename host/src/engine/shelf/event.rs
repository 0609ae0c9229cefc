//! What happens to a file's versions, for people.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::super::hash::Hash;
use super::place::seconds;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    #[serde(with = "seconds")]
    pub at: SystemTime,
    pub what: What,
    /// None where not even the file's bytes could be read.
    pub hash: Option<Hash>,
    /// As the manifest says; empty where it was not read.
    pub version: String,
    /// Why, or where.
    pub detail: String,
}

/// The kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    Loaded,
    /// Good, and held back by a pin.
    HeldBack,
    Refused,
    /// A judge uses it from the alert on that stands in the detail.
    TookOver,
    Quarantined,
    Probation,
    Acquitted,
    RolledBack,
    Pinned,
    Released,
    Deleted,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            What::Loaded => "loaded",
            What::HeldBack => "held back",
            What::Refused => "refused",
            What::TookOver => "took over",
            What::Quarantined => "quarantined",
            What::Probation => "on probation",
            What::Acquitted => "acquitted",
            What::RolledBack => "rolled back",
            What::Pinned => "pinned",
            What::Released => "released",
            What::Deleted => "deleted",
        })
    }
}
