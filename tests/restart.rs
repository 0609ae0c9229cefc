//! A run that is cut, in order or not, and started again: nothing is lost, nothing is doubled.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use harness::deployment::Deployment;
use harness::rows::Science;
use harness::{accounts, expected, night};
use skysieve::simulate::Alert;

const NONE: [&str; 0] = [];

/// Every call takes this long, so that a cut falls into the middle of deliveries.
const LATENCY: Duration = Duration::from_millis(4);

struct Night {
    deployment: Deployment,
    alerts: Vec<Alert>,
    expected: Science,
    /// How many filters ever gave an object a class.
    ever: BTreeMap<(String, String), usize>,
}

impl Night {
    async fn new(seed: u64) -> Result<Self> {
        let deployment = Deployment::new(env!("CARGO_BIN_EXE_skysieve")).await?;
        deployment.portal.set_latency(LATENCY);
        let alerts = night::alerts(seed, 20, 60);
        let verdicts = night::verdicts(&deployment.config, &alerts).await?;
        let expected = expected::science(&deployment.config, &alerts, &verdicts);
        assert!(expected.is_rich(), "the night proves little");
        let mut ever = BTreeMap::new();
        for one in &alerts {
            let alone = expected::science(&deployment.config, std::slice::from_ref(one), &verdicts);
            for class in alone.classes {
                *ever.entry((class.object, class.class)).or_default() += 1;
            }
        }
        Ok(Night {
            deployment,
            alerts,
            expected,
            ever,
        })
    }

    /// Nothing lost, nothing doubled. A class that a filter gave up may stay behind: after a
    /// restart nobody can say which filter a row was for.
    fn check(&self) {
        let found = self.deployment.portal.read(Science::of);
        assert_eq!(self.expected.differences_but_classes(&found), NONE);
        let mut counts = BTreeMap::<(String, String), usize>::new();
        for class in found.classes {
            *counts.entry((class.object, class.class)).or_default() += 1;
        }
        for (class, count) in &counts {
            let most = self.ever.get(class).copied().unwrap_or(0);
            assert!(
                *count <= most,
                "{class:?} stands {count} times, at most {most} were said"
            );
        }
        for class in &self.expected.classes {
            let class = (class.object.clone(), class.class.clone());
            assert!(counts.contains_key(&class), "{class:?} is not there");
        }
    }

    fn candidates(&self) -> usize {
        self.deployment.portal.read(|rows| rows.candidates.len())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orderly_end_in_the_middle_loses_and_doubles_nothing() -> Result<()> {
    let mut night = Night::new(2).await?;
    let mut program = night.deployment.start().await?;
    let alerts = night.alerts.clone();
    night.deployment.send(&alerts).await?;
    let third = night.expected.candidates.len() / 3;
    program
        .until("some candidates", || night.candidates() >= third)
        .await?;
    program.terminate()?;
    let ended = program.end().await?;
    assert!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
    assert_eq!(accounts::open(&ended.stdout), NONE, "{}", ended.stdout);
    let read: u64 = ["fink-ztf", "fink-lsst"]
        .iter()
        .map(|source| accounts::line(&ended.stdout, source)[0])
        .sum();
    let done = night.deployment.done()?;
    assert_eq!(done, read, "what was read was finished and stored");

    night.deployment.inherit_as("second-life")?;
    let mut program = night.deployment.start().await?;
    night.deployment.until_all_done(&mut program).await?;
    program.terminate()?;
    let ended = program.end().await?;
    let again: u64 = ["fink-ztf", "fink-lsst"]
        .iter()
        .map(|source| accounts::line(&ended.stdout, source)[0])
        .sum();
    assert_eq!(
        read + again,
        alerts.len() as u64,
        "each alert was read once"
    );
    night.check();
    Ok(())
}

/// How often it is killed in the middle of its work: `SKYSIEVE_KILLS=100` for a long test.
fn kills() -> Result<usize> {
    match std::env::var("SKYSIEVE_KILLS") {
        Ok(text) => Ok(text.parse()?),
        Err(_) => Ok(3),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_it_goes_on_where_kafka_remembers_it() -> Result<()> {
    let mut night = Night::new(3).await?;
    let alerts = night.alerts.clone();
    night.deployment.send(&alerts).await?;
    let all = night.expected.candidates.len();
    let kills = kills()?;
    for life in 1..=kills {
        let mut program = night.deployment.start().await?;
        program
            .until("some candidates", || {
                night.candidates() >= all * life / (kills + 1)
            })
            .await?;
        program.kill()?;
        night.deployment.inherit_as(&format!("life-{life}"))?;
    }
    let mut program = night.deployment.start().await?;
    night.deployment.until_all_done(&mut program).await?;
    night.check();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_read_again_from_the_beginning_it_doubles_nothing() -> Result<()> {
    let mut night = Night::new(4).await?;
    let alerts = night.alerts.clone();
    night.deployment.send(&alerts).await?;
    let all = night.expected.candidates.len();
    let mut program = night.deployment.start().await?;
    program
        .until("most candidates", || night.candidates() >= all * 2 / 3)
        .await?;
    program.kill()?;
    // A group that Kafka knows nothing of.
    night.deployment.join_as("amnesia");
    let mut program = night.deployment.start().await?;
    night.deployment.until_all_done(&mut program).await?;
    night.check();
    Ok(())
}
