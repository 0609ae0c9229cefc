//! The simulated night, sent at the pace of a real one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use harness::mock_kafka::MockKafka;
use skysieve::alert::Survey;
use skysieve::simulate::{SimulateConfig, Simulator};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::Arguments;

/// Few enough that each has a light curve by the end.
const OBJECTS: usize = 30;

/// Sends both surveys' alerts, paced: the mock cluster keeps 5 MiB a partition and no more.
pub fn send(
    kafka: Arc<MockKafka>,
    arguments: &Arguments,
    sent: Arc<AtomicU64>,
) -> Vec<JoinHandle<()>> {
    [Survey::Ztf, Survey::Lsst]
        .map(|survey| {
            let simulator = Simulator::new(SimulateConfig {
                objects: OBJECTS,
                ..SimulateConfig::new(survey, arguments.seed)
            });
            let pause = Duration::from_secs_f64(1.0 / arguments.rate);
            let alerts = arguments.alerts;
            tokio::spawn(send_survey(
                kafka.clone(),
                simulator,
                alerts,
                pause,
                sent.clone(),
            ))
        })
        .into()
}

async fn send_survey(
    kafka: Arc<MockKafka>,
    simulator: Simulator,
    alerts: u64,
    pause: Duration,
    sent: Arc<AtomicU64>,
) {
    let mut ticks = tokio::time::interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for (message, spread) in simulator.zip(0..alerts) {
        ticks.tick().await;
        if let Err(error) = kafka
            .send(&message.topic, &message.key, &message.value, spread)
            .await
        {
            eprintln!("the mock Kafka did not take an alert: {error:#}");
            return;
        }
        sent.fetch_add(1, Ordering::Relaxed);
    }
}
