//! The whole state as JSON, for people and scripts.

use serde_json::{Map, Value, json};

use super::clock::iso;
use super::standing::Standing;
use super::state::Telemetry;

impl Telemetry {
    /// Accounts, modules, what stands in the way.
    pub fn status(&self) -> Value {
        let hindrances = self.hindrances();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "started": iso(self.started()),
            "ready": hindrances.is_empty(),
            "hindrances": hindrances,
            "configuration": self.configuration().status(),
            "disabled_routes": self.disabled(),
            "sources": sources(self),
            "filters": filters(self),
            "routes": routes(self),
            "modules": self.modules(),
        })
    }
}

fn sources(telemetry: &Telemetry) -> Map<String, Value> {
    let standings = telemetry.standings();
    let sources = telemetry.accounts().sources().into_iter();
    let told = sources.map(|(name, a)| {
        let account = json!({
            "read": a.read.get(),
            "undecodable": a.undecodable.get(),
            "reasons": a.reasons.get(),
            "copies": a.copies.get(),
            "judged": a.judged.get(),
            "redelivered": a.redelivered.get(),
            "lost": a.lost.get(),
            "partitions": partitions(standings.get(&name)),
        });
        (name, account)
    });
    told.collect()
}

fn partitions(standings: Option<&Vec<Standing>>) -> Vec<Value> {
    let standings = standings.into_iter().flatten();
    let told = standings.map(|standing| {
        json!({
            "topic": &*standing.topic,
            "partition": standing.partition,
            "lag": standing.lag,
            "last_message_age_seconds": standing.last_message_age.map(|age| age.as_secs()),
            "retention_left_seconds": standing.retention_left.map(|left| left.as_secs()),
        })
    });
    told.collect()
}

fn filters(telemetry: &Telemetry) -> Map<String, Value> {
    let filters = telemetry.accounts().filters().into_iter();
    let told = filters.map(|(name, a)| {
        let account = json!({
            "judged": a.judged.get(),
            "passed": a.passed.get(),
            "rejected": a.rejected.get(),
            "cuts": a.cuts.get(),
            "faulted": a.faulted.get(),
            "faults": a.faults.get(),
        });
        (name, account)
    });
    told.collect()
}

fn routes(telemetry: &Telemetry) -> Map<String, Value> {
    let routes = telemetry.accounts().routes().into_iter();
    let told = routes.map(|(name, a)| {
        let account = json!({
            "passed": a.passed.get(),
            "delivered": a.delivered.get(),
            "declined": a.declined.get(),
            "deferred": a.deferred.get(),
            "dead_lettered": a.dead_lettered.get(),
            "in_flight": a.in_flight.get(),
        });
        (name, account)
    });
    told.collect()
}
