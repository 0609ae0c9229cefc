//! Several that share a Kafka group, and one that comes back.

use anyhow::Result;
use harness::kafka::{self, new_name};
use skysieve::alert::Survey;
use stand_in_skyportal::StandIn;

use super::night::{Night, alerts, end, send, until, until_log};

#[tokio::test]
async fn a_replica_that_is_killed_loses_nothing() -> Result<()> {
    let Some(kafka) = kafka::broker("a_replica_that_is_killed_loses_nothing") else {
        return Ok(());
    };
    let topic = new_name("fink_replicas_ztf");
    kafka.make_topic(&topic, 4).await?;
    let night = Night::new(&kafka, Survey::Ztf, &[&[topic.as_str()]]).await?;
    let alerts = alerts(80);
    let first = night.start_as("first")?;
    until_log(&first, "partitions are ours", 1).await?;
    send(&kafka, &topic, 4, &alerts[..20], 0).await?;
    night.until_candidates(&alerts[..20]).await?;

    let second = night.start_as("second")?;
    until_log(&first, "partitions given back", 1).await?;
    until_log(&second, &format!("{topic}["), 1).await?;
    // In the midst of its work.
    slow(&night.portal);
    send(&kafka, &topic, 4, &alerts[20..60], 0).await?;
    until(|| night.candidates().len() > 25).await?;
    second.kill()?;
    send(&kafka, &topic, 4, &alerts[60..], 0).await?;
    quick(&night.portal);
    night.until_candidates(&alerts).await?;
    let (read, ended) = end(first).await?;
    assert!((40..=80).contains(&read["source-0"]), "{}", ended.stdout);
    Ok(())
}

fn slow(portal: &StandIn) {
    portal.set_latency(std::time::Duration::from_millis(30));
}

fn quick(portal: &StandIn) {
    portal.set_latency(std::time::Duration::ZERO);
}

#[tokio::test]
async fn a_replica_that_comes_and_goes_in_order_reads_nothing_twice() -> Result<()> {
    let Some(kafka) = kafka::broker("a_replica_that_comes_and_goes_in_order") else {
        return Ok(());
    };
    let topic = new_name("fink_orderly_ztf");
    kafka.make_topic(&topic, 4).await?;
    let night = Night::new(&kafka, Survey::Ztf, &[&[topic.as_str()]]).await?;
    let alerts = alerts(60);
    let first = night.start_as("first")?;
    until_log(&first, "partitions are ours", 1).await?;
    send(&kafka, &topic, 4, &alerts[..20], 0).await?;
    night.until_candidates(&alerts[..20]).await?;
    let second = night.start_as("second")?;
    until_log(&second, &format!("{topic}["), 1).await?;
    send(&kafka, &topic, 4, &alerts[20..40], 0).await?;
    night.until_candidates(&alerts[..40]).await?;
    let (of_second, _) = end(second).await?;
    send(&kafka, &topic, 4, &alerts[40..], 0).await?;
    night.until_candidates(&alerts).await?;
    let (of_first, _) = end(first).await?;
    assert_eq!(
        of_second["source-0"], 10,
        "half of the partitions were its own"
    );
    assert_eq!(of_first["source-0"] + of_second["source-0"], 60);
    Ok(())
}

#[tokio::test]
async fn a_restart_reads_nothing_twice() -> Result<()> {
    let Some(kafka) = kafka::broker("a_restart_reads_nothing_twice") else {
        return Ok(());
    };
    let topic = new_name("fink_restart_ztf");
    kafka.make_topic(&topic, 2).await?;
    let night = Night::new(&kafka, Survey::Ztf, &[&[topic.as_str()]]).await?;
    // More than may be in flight at once.
    let alerts = alerts(240);
    slow(&night.portal);
    let before = night.start()?;
    send(&kafka, &topic, 2, &alerts, 0).await?;
    until(|| night.candidates().len() > 5).await?;
    let (read_before, _) = end(before).await?;
    assert!(
        read_before["source-0"] < 240,
        "nothing is left for the next one"
    );
    quick(&night.portal);
    let after = night.start()?;
    let group = &night.config.sources[0].kafka_group;
    until(|| {
        kafka
            .committed(group, &topic, 2)
            .is_ok_and(|o| o == [Some(120), Some(120)])
    })
    .await?;
    let (read_after, _) = end(after).await?;
    assert_eq!(read_before["source-0"] + read_after["source-0"], 240);
    night.until_candidates(&alerts).await
}

#[tokio::test]
async fn two_sources_share_a_kafka_group_with_different_topics() -> Result<()> {
    let Some(kafka) = kafka::broker("two_sources_share_a_kafka_group") else {
        return Ok(());
    };
    let topics = [
        new_name("fink_one_ztf"),
        new_name("fink_two_ztf"),
        new_name("fink_later_ztf"),
    ];
    kafka.make_topic(&topics[0], 2).await?;
    kafka.make_topic(&topics[1], 2).await?;
    let sources: [&[&str]; 2] = [&[&topics[0]], &[&topics[1], &topics[2]]];
    let mut night = Night::new(&kafka, Survey::Ztf, &sources).await?;
    night.config.sources[1].kafka_group = night.config.sources[0].kafka_group.clone();
    let alerts = alerts(12);
    let program = night.start()?;
    until_log(&program, "read for the first time", 4).await?;
    send(&kafka, &topics[0], 2, &alerts[..4], 0).await?;
    send(&kafka, &topics[1], 2, &alerts[4..8], 0).await?;
    night.until_candidates(&alerts[..8]).await?;
    kafka.make_topic(&topics[2], 2).await?;
    send(&kafka, &topics[2], 2, &alerts[8..], 0).await?;
    night.until_candidates(&alerts).await?;
    let (read, _) = end(program).await?;
    assert_eq!((read["source-0"], read["source-1"]), (4, 8));
    Ok(())
}
