//! Whether skysieve does its work, and if not, why.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What can keep skysieve from its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hindrance {
    /// What the configuration names is being found or made at SkyPortal.
    SetUp,
    /// SkyPortal does not accept the token: delivery waits for a person.
    Token,
    /// A dead letter cannot be kept: its offset waits.
    Store,
    /// We were told to stop.
    Stopping,
}

impl Hindrance {
    fn name(self) -> &'static str {
        match self {
            Hindrance::SetUp => "set-up",
            Hindrance::Token => "token",
            Hindrance::Store => "store",
            Hindrance::Stopping => "stopping",
        }
    }
}

/// What stands in the way now, each with its reason.
#[derive(Debug)]
pub struct Health(Mutex<BTreeMap<Hindrance, String>>);

impl Default for Health {
    /// At the start nothing is set up.
    fn default() -> Self {
        let reason = "modules, SkyPortal and Kafka are not set up yet".to_owned();
        Health(Mutex::new(BTreeMap::from([(Hindrance::SetUp, reason)])))
    }
}

impl Health {
    /// Something stands in the way.
    pub fn begin(&self, hindrance: Hindrance, reason: impl Into<String>) {
        self.hindrances().insert(hindrance, reason.into());
    }

    /// It does no longer.
    pub fn end(&self, hindrance: Hindrance) {
        self.hindrances().remove(&hindrance);
    }

    /// `name: reason` of all that stands in the way; none: ready.
    pub fn reasons(&self) -> Vec<String> {
        let hindrances = self.hindrances();
        let told = hindrances
            .iter()
            .map(|(hindrance, reason)| format!("{}: {reason}", hindrance.name()));
        told.collect()
    }

    fn hindrances(&self) -> std::sync::MutexGuard<'_, BTreeMap<Hindrance, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_is_when_nothing_stands_in_the_way() {
        let health = Health::default();
        assert!(health.reasons()[0].starts_with("set-up: "));
        health.begin(Hindrance::Token, "401");
        health.end(Hindrance::SetUp);
        assert_eq!(health.reasons(), ["token: 401"]);
        health.end(Hindrance::Token);
        assert!(health.reasons().is_empty());
    }
}
