//! The log of every call. No token is in it.

use std::collections::{BTreeMap, VecDeque};
use std::time::SystemTime;

use serde_json::Value;

/// How many calls are remembered; the counts go on.
const REMEMBERED: usize = 100_000;

/// One call and what became of it.
#[derive(Clone, Debug)]
pub struct LoggedCall {
    pub at: SystemTime,
    pub verb: String,
    pub path: String,
    pub query: BTreeMap<String, String>,
    /// The template of the route, e.g. `/api/sources/{obj}/annotations`.
    pub route: String,
    /// `Null` when it was empty or no JSON.
    pub body: Value,
    /// 0 when nothing was answered.
    pub status: u16,
    /// Whether the tables were asked at all.
    pub executed: bool,
    /// The fault that it met.
    pub fault: Option<String>,
}

/// The calls, the oldest first.
#[derive(Default)]
pub(crate) struct CallLog {
    calls: VecDeque<LoggedCall>,
    counts: BTreeMap<String, usize>,
}

impl CallLog {
    pub fn add(&mut self, call: LoggedCall) {
        *self
            .counts
            .entry(format!("{} {}", call.verb, call.route))
            .or_default() += 1;
        if self.calls.len() == REMEMBERED {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }

    pub fn all(&self) -> Vec<LoggedCall> {
        self.calls.iter().cloned().collect()
    }

    pub fn counts(&self) -> BTreeMap<String, usize> {
        self.counts.clone()
    }
}
