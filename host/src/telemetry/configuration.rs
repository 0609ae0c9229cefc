//! Which configuration rules, and whether a newer one was refused.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::clock::iso;

/// The configuration that runs.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// Since when it rules.
    pub since: SystemTime,
    /// How often another took over while it ran.
    pub changes: u64,
    /// Why the file as it is now does not rule; none: it does.
    pub refused: Option<RefusedConfiguration>,
}

/// A file that was refused whole.
#[derive(Clone, Debug)]
pub struct RefusedConfiguration {
    pub at: SystemTime,
    pub reason: String,
}

impl Default for Configuration {
    fn default() -> Self {
        Configuration {
            since: SystemTime::now(),
            changes: 0,
            refused: None,
        }
    }
}

impl Configuration {
    /// Another took over.
    pub fn changed(&mut self) {
        self.since = SystemTime::now();
        self.changes += 1;
        self.refused = None;
    }

    /// The file is as what rules.
    pub fn confirmed(&mut self) {
        self.refused = None;
    }

    /// The file does not rule. Returns whether that is news.
    pub fn refused(&mut self, reason: String) -> bool {
        if self.refused.as_ref().is_some_and(|r| r.reason == reason) {
            return false;
        }
        let at = SystemTime::now();
        self.refused = Some(RefusedConfiguration { at, reason });
        true
    }

    pub(super) fn status(&self) -> Value {
        json!({
            "since": iso(self.since),
            "changes": self.changes,
            "refused": self.refused.as_ref().map(|refused| json!({
                "at": iso(refused.at),
                "reason": refused.reason,
            })),
        })
    }
}
