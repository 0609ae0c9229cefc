//! One line now and then: that it runs, and what it did.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::state::Telemetry;

impl Telemetry {
    /// Logs the sums of all accounts every so often, until the task is aborted.
    pub fn summarise(&self, every: Duration) -> JoinHandle<()> {
        let telemetry = self.clone();
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            // The first tick comes at once, and there is nothing to tell yet.
            ticks.tick().await;
            loop {
                ticks.tick().await;
                telemetry.tell_summary();
            }
        })
    }

    fn tell_summary(&self) {
        let accounts = self.accounts();
        let (sources, filters, routes) =
            (accounts.sources(), accounts.filters(), accounts.routes());
        tracing::info!(
            ready = self.hindrances().is_empty(),
            read = sources.values().map(|a| a.read.get()).sum::<u64>(),
            undecodable = sources.values().map(|a| a.undecodable.get()).sum::<u64>(),
            faulted = filters.values().map(|a| a.faulted.get()).sum::<u64>(),
            passed = routes.values().map(|a| a.passed.get()).sum::<u64>(),
            delivered = routes.values().map(|a| a.delivered.get()).sum::<u64>(),
            dead_lettered = routes.values().map(|a| a.dead_lettered.get()).sum::<u64>(),
            in_flight = routes.values().map(|a| a.in_flight.get()).sum::<u64>(),
            "since the start"
        );
    }
}
