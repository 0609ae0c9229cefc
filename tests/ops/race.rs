//! Several start at the same moment on a SkyPortal that has nothing yet.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use stand_in_skyportal::{Rows, Setup};

use super::desk::{Desk, LSST_TOPIC, Running, ZTF_TOPIC, poll};
use super::{provisioned, supernova};

const PROCESSES: usize = 4;

/// Long enough that each has looked before any has made something.
const LATENCY: Duration = Duration::from_millis(60);

#[tokio::test]
async fn four_that_start_at_once_share_one_of_everything() -> Result<()> {
    let desk = Desk::new(provisioned(), &[ZTF_TOPIC, LSST_TOPIC]).await?;
    all_run(&desk).await?;
    assert_eq!(desk.portal.count("POST /api/streams"), 0);
    let posted = desk.portal.count("POST /api/filters");
    assert!(posted > 2, "{posted} filters posted: there was no race");
    Ok(())
}

/// The token of an admin makes the stream, too.
#[tokio::test]
async fn four_admins_share_one_of_everything() -> Result<()> {
    let desk = Desk::new(Setup::default(), &[ZTF_TOPIC, LSST_TOPIC]).await?;
    desk.use_token(&desk.portal.admin_token())?;
    all_run(&desk).await
}

/// Starts them all, and has each deliver the same alert.
async fn all_run(desk: &Desk) -> Result<()> {
    desk.portal.set_latency(LATENCY);
    let yaml = desk.config()?;
    let mut all = Vec::new();
    for number in 0..PROCESSES {
        let name = format!("process-{number}");
        // Each reads everything, and keeps its own state.
        let own = yaml
            .replace("state: state", &format!("state: {name}"))
            .replace("kafka_group: ops", &format!("kafka_group: {name}"));
        std::fs::write(desk.folder().join(format!("{name}.yaml")), own)?;
        all.push(Running::spawn(desk, &name)?);
    }
    for running in &mut all {
        running.find_address().await?;
        running.wait_for_readiness(200, "ready").await?;
    }
    let of = desk.portal.read(named);
    let expected = [
        ("filter all", 1),
        ("filter sn", 1),
        ("group Team", 1),
        ("stream team_stream", 1),
        ("taxonomy Fink Taxonomy", 1),
    ];
    let expected: BTreeMap<_, _> = expected.map(|(name, n)| (name.to_owned(), n)).into();
    assert_eq!(of, expected);

    desk.portal.set_latency(Duration::ZERO);
    let (key, value) = supernova(1);
    desk.kafka.send(ZTF_TOPIC, &key, &value, 1).await?;
    for running in all {
        poll("its delivery", || async {
            let (_, status) = running.get("/status").await?;
            let status: serde_json::Value = serde_json::from_str(&status)?;
            let delivered = status["routes"]["team/all/main"]["delivered"] == 1;
            Ok(delivered.then_some(()))
        })
        .await?;
        running.stop().await?;
    }
    let candidates = desk.portal.read(|rows| rows.candidates.len());
    assert!((1..=2).contains(&candidates), "one a filter: {candidates}");
    Ok(())
}

/// How many there are of each name, but for what every SkyPortal has.
fn named(rows: &Rows) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let mut count = |kind: &str, name: &str| {
        *counts.entry(format!("{kind} {name}")).or_default() += 1;
    };
    let teams = rows.groups.values().filter(|group| group.name == "Team");
    teams.for_each(|group| count("group", &group.name));
    let filters = rows.filters.values();
    filters.for_each(|filter| count("filter", &filter.name));
    let streams = rows.streams.values();
    streams.for_each(|stream| count("stream", &stream.name));
    let taxonomies = rows.taxonomies.values();
    taxonomies.for_each(|taxonomy| count("taxonomy", &taxonomy.name));
    counts
}
