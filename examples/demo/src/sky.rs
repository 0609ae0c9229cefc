//! The simulated night, sent at the pace of a real one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use harness::mock_kafka::MockKafka;
use skysieve::alert::Survey;
use skysieve::simulate::{Case, Message, SimulateConfig, Simulator};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::Arguments;
use crate::home::Home;

/// Few enough that each has a light curve by the end.
const OBJECTS: usize = 30;

/// Of the alerts in a topic of an example one in so many is made to pass Fink's filter of that
/// topic; the others are as they come, so that there is something to reject.
const MADE: u64 = 4;

/// Sends both surveys' alerts, paced: the mock cluster keeps 5 MiB a partition and no more.
pub fn send(home: &Home, arguments: &Arguments, sent: Arc<AtomicU64>) -> Vec<JoinHandle<()>> {
    let send = |survey| {
        let topics = arguments.example.as_ref().map(|_| home.topics(survey));
        let night = Night {
            simulator: Simulator::new(SimulateConfig {
                objects: OBJECTS,
                ..SimulateConfig::new(survey, arguments.seed)
            }),
            topics: topics.unwrap_or_default(),
        };
        let (kafka, sent, alerts) = (home.kafka.clone(), sent.clone(), arguments.alerts);
        let pause = Duration::from_secs_f64(1.0 / arguments.rate);
        tokio::spawn(async move {
            if let Err(error) = send_survey(&kafka, night, alerts, pause, &sent).await {
                eprintln!("the mock Kafka did not get an alert: {error:#}");
            }
        })
    };
    [Survey::Ztf, Survey::Lsst].map(send).into()
}

/// One survey's night.
struct Night {
    simulator: Simulator,
    /// In turns; none where the simulation has its own.
    topics: Vec<String>,
}

impl Night {
    fn alert(&mut self, number: u64) -> Result<Message> {
        let mut alert = self.simulator.next_alert();
        let topics = self.topics.len() as u64;
        if topics > 0 {
            alert
                .topic
                .clone_from(&self.topics[(number % topics) as usize]);
            if (number / topics).is_multiple_of(MADE)
                && let Some(case) = case_of(&alert.topic)
            {
                alert = case.apply(alert)?;
            }
        }
        Ok(alert.message())
    }
}

/// How to make alerts that Fink would send to this topic.
fn case_of(topic: &str) -> Option<Case> {
    let mut cases = Case::filters().filter_map(|filter| Case::pass(filter).ok());
    cases.find(|case| case.topic() == topic)
}

async fn send_survey(
    kafka: &MockKafka,
    mut night: Night,
    alerts: u64,
    pause: Duration,
    sent: &AtomicU64,
) -> Result<()> {
    let mut ticks = tokio::time::interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for (number, spread) in (0..alerts).zip(0..) {
        ticks.tick().await;
        let message = night.alert(number)?;
        kafka
            .send(&message.topic, &message.key, &message.value, spread)
            .await?;
        sent.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
