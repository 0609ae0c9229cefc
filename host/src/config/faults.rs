//! What shall happen when a module fails, and how far apart its alerts are kept.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What becomes of an alert on which a module fails, and of a module that fails too often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// What becomes of the alert.
    pub policy: FaultPolicy,
    /// So many faults within `within` alerts take the module out of service, and its last good
    /// version takes over; 0: never.
    pub quarantine_after: u32,
    /// In alerts that the filter judged.
    pub within: u64,
    /// Minutes until a module in quarantine is tried again, twice as many each time; 0: only by
    /// `skysieve modules release`.
    pub probation_minutes: u64,
}

impl Default for Faults {
    fn default() -> Self {
        Faults {
            policy: FaultPolicy::Reject,
            quarantine_after: 20,
            within: 1000,
            probation_minutes: 60,
        }
    }
}

impl Faults {
    /// How long a module stays in quarantine the first time; zero: until it is released.
    pub fn rest(&self) -> Duration {
        Duration::from_secs(self.probation_minutes.saturating_mul(60))
    }
}

/// What becomes of an alert on which a filter fails, or for which none is in service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FaultPolicy {
    /// It counts as faulted, and that is all.
    #[default]
    Reject,
    /// It is kept as a dead letter, too, and can be judged again.
    DeadLetter,
}

/// How far apart a module's alerts are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// One instance judges alert after alert and is reset between them; a module whose verdicts
    /// show what it saw before is refused when it is loaded.
    #[default]
    Reuse,
    /// Every alert gets fresh memory: a few microseconds each.
    Strict,
}
