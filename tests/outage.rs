//! SkyPortal has a bad night: whatever happens on the way, all rows are there in the end, once.

use std::time::Duration;

use anyhow::Result;
use harness::deployment::Deployment;
use harness::night;
use harness::program::Program;
use harness::rows::{Point, Science};
use harness::{accounts, expected};
use skysieve::simulate::Alert;
use stand_in_skyportal::{Fault, Only};

const NONE: [&str; 0] = [];

struct Night {
    deployment: Deployment,
    alerts: Vec<Alert>,
    expected: Science,
}

impl Night {
    async fn new(seed: u64, of_each: usize) -> Result<Self> {
        let deployment = Deployment::new(env!("CARGO_BIN_EXE_skysieve")).await?;
        let alerts = night::alerts(seed, 20, of_each);
        let verdicts = night::verdicts(&deployment.config, &alerts).await?;
        let expected = expected::science(&deployment.config, &alerts, &verdicts);
        assert!(expected.is_rich(), "the night proves little");
        Ok(Night {
            deployment,
            alerts,
            expected,
        })
    }

    async fn send(&mut self) -> Result<()> {
        self.deployment.send(&self.alerts.clone()).await
    }

    async fn until_candidates(&self, program: &mut Program, count: usize) -> Result<()> {
        let there = || self.deployment.portal.read(|rows| rows.candidates.len()) >= count;
        program.until("some candidates", there).await
    }

    fn differences(&self) -> Vec<String> {
        let found = self.deployment.portal.read(Science::of);
        self.expected.differences(&found)
    }

    fn met(&self, fault: &str) -> usize {
        let calls = self.deployment.portal.calls();
        let met = calls.iter().filter_map(|call| call.fault.as_deref());
        met.filter(|met| met.contains(fault)).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_in_the_middle_is_waited_for() -> Result<()> {
    let mut night = Night::new(5, 60).await?;
    night
        .deployment
        .portal
        .set_latency(Duration::from_millis(4));
    let mut program = night.deployment.start().await?;
    night.send().await?;
    let quarter = night.expected.candidates.len() / 4;
    night.until_candidates(&mut program, quarter).await?;
    night.deployment.portal.go_down().await;
    program.until_log("it is sent again after a pause").await?;
    // Behind the failing deliveries nothing is stored: their alerts would be lost.
    let done = night.deployment.done()?;
    assert!(done < night.deployment.sent(), "{done} were stored as done");
    night.deployment.portal.come_up().await?;
    night.deployment.until_all_done(&mut program).await?;
    assert_eq!(night.differences(), NONE);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_the_server_is_away_nothing_is_lost() -> Result<()> {
    let mut night = Night::new(6, 60).await?;
    night
        .deployment
        .portal
        .set_latency(Duration::from_millis(4));
    let mut program = night.deployment.start().await?;
    night.send().await?;
    let third = night.expected.candidates.len() / 3;
    night.until_candidates(&mut program, third).await?;
    night.deployment.portal.go_down().await;
    program.until_log("it is sent again after a pause").await?;
    program.kill()?;
    night.deployment.inherit_as("after-the-outage")?;
    // It starts while the server is still away, and waits for it.
    let mut command = night.deployment.command(&["run"])?;
    let mut program = Program::start(&mut command)?;
    program.until_log("it is sent again after a pause").await?;
    night.deployment.portal.come_up().await?;
    night.deployment.until_all_done(&mut program).await?;
    // Its labels may stand in one row more: see the tests of restarts.
    let found = night.deployment.portal.read(Science::of);
    assert_eq!(night.expected.differences_but_classes(&found), NONE);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_bad_answer_is_followed_by_the_right_rows() -> Result<()> {
    let mut night = Night::new(7, 40).await?;
    // One request carries the points of many alerts, and so meets many faults in turn.
    night.deployment.config.skyportal.longest_pause_seconds = 0.5;
    let photometry = || Only::call("PUT", "/api/photometry");
    let candidates = || Only::call("POST", "/api/candidates");
    let program = night.deployment.start().await?;
    let mut program = program;
    let portal = &night.deployment.portal;
    portal.fault_next(candidates(), 2, Fault::Outage);
    portal.fault_next(candidates(), 2, Fault::create_race());
    portal.fault_next(candidates(), 1, Fault::ExecutedThen(504));
    portal.fault_next(candidates(), 1, Fault::CloseAtOnce);
    portal.fault_next(photometry(), 2, Fault::ExecutedThen(504));
    portal.fault_next(photometry(), 2, Fault::ResetMidBody);
    portal.fault_next(photometry(), 2, Fault::Page(429));
    portal.fault_next(photometry(), 1, Fault::Page(500));
    portal.fault_next(photometry(), 1, Fault::Page(502));
    portal.fault_next(photometry(), 1, Fault::Truncated);
    portal.fault_next(Only::call("POST", "/api/classification"), 2, Fault::Outage);
    portal.fault_next(Only::call("POST", "/annotations"), 1, Fault::Page(503));
    portal.fault_next(Only::call("POST", "/api/sources"), 1, Fault::Page(429));
    night.send().await?;
    night.deployment.until_all_done(&mut program).await?;
    assert_eq!(night.differences(), NONE);
    for fault in [
        "Outage",
        "Refusal",
        "ExecutedThen",
        "ResetMidBody",
        "Page",
        "Truncated",
    ] {
        assert!(night.met(fault) > 0, "no call met {fault}");
    }
    program.terminate()?;
    let ended = program.end().await?;
    assert!(ended.status.success());
    assert_eq!(accounts::open(&ended.stdout), NONE);
    for route in ["fast-transient/main", "fast-transient/urgent"] {
        let account = accounts::line(&ended.stdout, &format!("transients/{route}"));
        assert_eq!(account[0], account[1], "{route}: {}", ended.stdout);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skyportal_restored_from_a_back_up_gets_what_it_lost() -> Result<()> {
    let mut night = Night::new(6, 60).await?;
    let mut program = night.deployment.start().await?;
    let alerts = night.alerts.clone();
    let (before, after) = alerts.split_at(alerts.len() / 2);
    let (kept, lost) = before.split_at(before.len() / 2);
    night.deployment.send(kept).await?;
    night.deployment.until_all_done(&mut program).await?;
    let back_up = night.deployment.portal.rows();
    night.deployment.send(lost).await?;
    night.deployment.until_all_done(&mut program).await?;
    night.deployment.portal.restore(back_up);
    night.deployment.send(after).await?;
    night.deployment.until_all_done(&mut program).await?;

    // What the later alerts carry is there whole, once: their candidates, their light curves.
    let verdicts = night::verdicts(&night.deployment.config, after).await?;
    let expected = expected::science(&night.deployment.config, after, &verdicts);
    let found = night.deployment.portal.read(Science::of);
    for candidate in &expected.candidates {
        assert!(found.candidates.contains(candidate), "{candidate:?}");
    }
    let key = |point: &Point| {
        let (mjd, object) = ((point.mjd * 1e7).round() as i64, point.object.clone());
        (object, point.origin.clone(), point.filter.clone(), mjd)
    };
    let mut there: Vec<_> = found.points.iter().map(key).collect();
    there.sort();
    let missing = |point: &&Point| there.binary_search(&key(point)).is_err();
    let missing = expected.points.iter().filter(missing).count();
    assert_eq!(missing, 0, "of {} points", expected.points.len());
    let all = there.len();
    there.dedup();
    assert_eq!(there.len(), all, "points stand twice");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_told_at_the_start_and_never_shown() -> Result<()> {
    const TOKEN: &str = "5ec2e700-dead-beef-cafe-0123456789ab";
    let deployment = Deployment::new(env!("CARGO_BIN_EXE_skysieve")).await?;
    std::fs::write(deployment.folder().join("token"), TOKEN)?;
    let ended = deployment.run(&["run"]).await?;
    assert!(!ended.status.success(), "{}", ended.stdout);
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert!(said.contains("no group can deliver"), "{said}");
    assert!(said.contains("check the token and its rights"), "{said}");
    assert!(!said.contains(TOKEN), "{said}");
    assert!(
        !deployment.state_holds(TOKEN)?,
        "the token is in the state directory"
    );
    Ok(())
}
