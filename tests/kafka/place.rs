//! Where reading begins, goes on, and what became of what is no longer there.

use std::time::Duration;

use anyhow::{Context, Result};
use harness::kafka::{self, Kafka, new_name};
use skysieve::alert::Survey;
use skysieve::config::{Moment, Source, Start};
use skysieve::simulate::{Alert, Kind};
use skysieve::source::{Consumer, Incoming, Message, Tap, Ticket};

use super::night::{Night, alerts, end, send, until, until_log};

/// 2026-03-01T00:00:00Z.
const NIGHT: i64 = 1_772_323_200_000;

async fn topic_with(kafka: &Kafka, name: &str, count: usize) -> Result<String> {
    let topic = new_name(name);
    kafka.make_topic(&topic, 1).await?;
    send(kafka, &topic, 1, &alerts(count), NIGHT).await?;
    Ok(topic)
}

#[tokio::test]
async fn reading_starts_where_the_configuration_says() -> Result<()> {
    let Some(kafka) = kafka::broker("reading_starts_where_the_configuration_says") else {
        return Ok(());
    };
    let topic = topic_with(&kafka, "fink_start_ztf", 3).await?;
    let mut night = Night::new(&kafka, Survey::Ztf, &[&[topic.as_str()][..]; 4]).await?;
    let starts = [
        Start::Earliest,
        Start::Latest,
        // Between the first and the second.
        Start::At(Moment::from_unix_milliseconds(NIGHT + 500)),
        Start::At(Moment::from_unix_milliseconds(NIGHT + 1_000_000)),
    ];
    for (source, start) in night.config.sources.iter_mut().zip(starts) {
        source.start = start;
    }
    let program = night.start()?;
    until_log(&program, "read for the first time", 4).await?;
    let all = alerts(4);
    send(&kafka, &topic, 1, &all[3..], NIGHT + 3000).await?;
    for source in &night.config.sources {
        until(|| {
            kafka
                .committed(&source.kafka_group, &topic, 1)
                .is_ok_and(|o| o == [Some(4)])
        })
        .await?;
    }
    let (read, _) = end(program).await?;
    assert_eq!(read.into_values().collect::<Vec<_>>(), [4, 1, 3, 1]);
    night.until_candidates(&all).await
}

#[tokio::test]
async fn what_begins_at_the_end_is_remembered_before_the_first_message() -> Result<()> {
    let Some(kafka) = kafka::broker("what_begins_at_the_end_is_remembered") else {
        return Ok(());
    };
    let topic = topic_with(&kafka, "fink_silent_ztf", 2).await?;
    let mut night = Night::new(&kafka, Survey::Ztf, &[&[topic.as_str()]]).await?;
    night.config.sources[0].start = Start::Latest;
    let program = night.start()?;
    until_log(&program, "read for the first time", 1).await?;
    let (read, _) = end(program).await?;
    assert_eq!(read["source-0"], 0);

    // An alert of the hours in which nobody was there.
    let missed = &alerts(3)[2..];
    send(&kafka, &topic, 1, missed, NIGHT).await?;
    let program = night.start()?;
    night.until_candidates(missed).await?;
    assert_eq!(end(program).await?.0["source-0"], 1);
    Ok(())
}

#[tokio::test]
async fn rewind_goes_back_to_a_time_when_nobody_reads() -> Result<()> {
    let Some(kafka) = kafka::broker("rewind_goes_back_to_a_time_when_nobody_reads") else {
        return Ok(());
    };
    let topic = topic_with(&kafka, "fink_rewind_ztf", 5).await?;
    let never = new_name("fink_never_ztf");
    let night = Night::new(&kafka, Survey::Ztf, &[&[&topic, &never]]).await?;
    let group = &night.config.sources[0].kafka_group;
    let done = |offset| {
        kafka
            .committed(group, &topic, 1)
            .is_ok_and(|o| o == [Some(offset)])
    };
    let program = night.start()?;
    until(|| done(5)).await?;

    let refused = night.run(&["rewind", "--to", "earliest"]).await?;
    assert!(!refused.status.success());
    assert!(
        refused
            .stderr
            .contains("is at work (`skysieve` at /127.0.0.1)"),
        "{}",
        refused.stderr
    );
    assert!(done(5), "nothing was changed");
    assert_eq!(end(program).await?.0["source-0"], 5);

    let rewound = night
        .run(&["rewind", "--to", "2026-03-01T00:00:02.5Z"])
        .await?;
    assert!(rewound.status.success(), "{}", rewound.stderr);
    let line = format!("{topic} partition 0: offset 5 -> 3, 2 to read");
    assert!(rewound.stdout.contains(&line), "{}", rewound.stdout);
    assert!(
        rewound
            .stdout
            .contains(&format!("{never}: does not exist yet")),
        "{}",
        rewound.stdout
    );
    assert!(done(3));

    let program = night.start()?;
    until(|| done(5)).await?;
    assert_eq!(end(program).await?.0["source-0"], 2);

    let named = night
        .run(&["rewind", "--source", "source-9", "--to", "latest"])
        .await?;
    assert!(
        named.stderr.contains("no source `source-9`"),
        "{}",
        named.stderr
    );
    Ok(())
}

#[tokio::test]
async fn an_absent_topic_is_waited_for() -> Result<()> {
    let Some(kafka) = kafka::broker("an_absent_topic_is_waited_for") else {
        return Ok(());
    };
    let (there, late) = (new_name("fink_there_ztf"), new_name("fink_late_ztf"));
    kafka.make_topic(&there, 1).await?;
    let mut night = Night::new(&kafka, Survey::Ztf, &[&[&there, &late]]).await?;
    // Even so the first alert of a topic is not missed: it is newer than we are.
    night.config.sources[0].start = Start::Latest;
    let program = night.start()?;
    until_log(&program, "waiting for it", 1).await?;
    until_log(&program, "read for the first time", 1).await?;
    let alerts = alerts(3);
    send(&kafka, &there, 1, &alerts[..1], NIGHT).await?;
    night.until_candidates(&alerts[..1]).await?;

    kafka.make_topic(&late, 1).await?;
    send(&kafka, &late, 1, &alerts[1..], NIGHT).await?;
    night.until_candidates(&alerts).await?;
    let (read, ended) = end(program).await?;
    assert_eq!(read["source-0"], 3);
    let told: Vec<&str> = ended
        .stderr
        .lines()
        .filter(|l| l.contains("waiting for it"))
        .collect();
    assert!(
        matches!(&told[..], [line] if line.contains(&late)),
        "{told:?}"
    );
    Ok(())
}

#[tokio::test]
async fn what_retention_took_is_counted_with_its_range() -> Result<()> {
    let Some(kafka) = kafka::broker("what_retention_took_is_counted_with_its_range") else {
        return Ok(());
    };
    let topic = topic_with(&kafka, "fink_lost_ztf", 4).await?;
    let night = Night::new(&kafka, Survey::Ztf, &[&[topic.as_str()]]).await?;
    let group = &night.config.sources[0].kafka_group;
    let done = |offset| {
        kafka
            .committed(group, &topic, 1)
            .is_ok_and(|o| o == [Some(offset)])
    };
    let program = night.start()?;
    until(|| done(4)).await?;
    end(program).await?;

    let all = alerts(9);
    send(&kafka, &topic, 1, &all[4..], NIGHT).await?;
    kafka.delete_before(&topic, 0, 7).await?;
    let program = night.start()?;
    night.until_candidates(&all[7..]).await?;
    until(|| done(9)).await?;
    let (read, ended) = end(program).await?;
    assert_eq!(read["source-0"], 2);
    let line = format!("3 alerts are lost: {topic} partition 0 offsets 4 to 6");
    assert_eq!(ended.stderr.matches(&line).count(), 1, "{}", ended.stderr);
    assert!(
        ended.stdout.contains("3 . lost to Kafka's retention"),
        "{}",
        ended.stdout
    );

    // What was told is not told again.
    let program = night.start()?;
    until_log(&program, "partitions are ours", 1).await?;
    let (_, ended) = end(program).await?;
    assert!(!ended.stderr.contains("are lost"), "{}", ended.stderr);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_again_is_known_for_it() -> Result<()> {
    let Some(kafka) = kafka::broker("what_comes_again_is_known_for_it") else {
        return Ok(());
    };
    let topic = topic_with(&kafka, "fink_again_ztf", 5).await?;
    let source = source(&kafka, &topic)?;
    let mut first = Consumer::open(&source)?;
    let mut tickets = Vec::new();
    for _ in 0..4 {
        tickets.push(message(&mut first).await?.1);
    }
    assert!(!tickets.iter().any(Ticket::is_redelivery));
    // The second is done before the first, and the others never are.
    first.finish(&tickets[1]);
    first.finish(&tickets[0]);
    first.commit();
    drop(first);

    let mut next = Consumer::open(&source)?;
    let mut again = Vec::new();
    for _ in 0..3 {
        again.push(message(&mut next).await?.1.is_redelivery());
    }
    assert_eq!(again, [true, true, false]);
    Ok(())
}

fn source(kafka: &Kafka, topic: &str) -> Result<Source> {
    let config = skysieve::config::Config::from_yaml(
        skysieve::config::DEFAULT_YAML,
        std::path::Path::new("."),
        "the default",
    )?;
    Ok(Source {
        servers: vec![kafka.servers.clone()],
        kafka_group: new_name("group"),
        topics: vec![topic.to_owned()],
        ..config.sources[0].clone()
    })
}

async fn next(consumer: &mut Consumer) -> Result<Incoming> {
    let patience = std::time::Duration::from_secs(60);
    Ok(tokio::time::timeout(patience, consumer.next()).await?)
}

async fn message(consumer: &mut Consumer) -> Result<(Message, Ticket)> {
    match next(consumer).await? {
        Incoming::Message(message, ticket) => Ok((message, ticket)),
        other => anyhow::bail!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_that_overtakes_a_reader_is_counted_as_well() -> Result<()> {
    let Some(kafka) = kafka::broker("retention_that_overtakes_a_reader_is_counted_as_well") else {
        return Ok(());
    };
    let topic = topic_with(&kafka, "fink_overtaken_ztf", 9).await?;
    let source = source(&kafka, &topic)?;
    let mut consumer = Consumer::open(&source)?;
    let mut tickets = Vec::new();
    for _ in 0..3 {
        tickets.push(message(&mut consumer).await?.1);
    }
    consumer.pause(true);
    kafka.delete_before(&topic, 0, 7).await?;
    consumer.pause(false);
    let Incoming::Lost(loss) = next(&mut consumer).await? else {
        panic!("nothing lost");
    };
    assert_eq!((loss.from, loss.to, loss.count()), (3, 7, 4));
    let (read, seventh) = message(&mut consumer).await?;
    assert!(
        read.place.to_string().ends_with("offset 7"),
        "{}",
        read.place
    );

    let committed = |consumer: &mut Consumer| {
        consumer.commit();
        kafka.committed(&source.kafka_group, &topic, 1)
    };
    consumer.finish(&seventh);
    assert_eq!(committed(&mut consumer)?, [Some(0)], "0 to 2 are open yet");
    tickets.iter().for_each(|ticket| consumer.finish(ticket));
    assert_eq!(committed(&mut consumer)?, [Some(8)]);

    let standings = consumer.standings();
    let one_behind = || standings.get().iter().any(|s| s.lag == Some(1));
    let polled = async {
        let _eighth = message(&mut consumer).await?;
        consumer.next().await;
        anyhow::Ok(())
    };
    tokio::select! {
        polled = polled => polled?,
        behind = until(one_behind) => behind?,
    }
    let standing = &standings.get()[0];
    let age = standing.last_message_age.context("a message was read")?;
    assert!(age > std::time::Duration::from_secs(86_400), "{age:?}");
    assert_eq!(standing.retention_left, None, "this topic keeps for ever");
    Ok(())
}

#[tokio::test]
async fn the_largest_alerts_come_through_compressed() -> Result<()> {
    let Some(kafka) = kafka::broker("the_largest_alerts_come_through_compressed") else {
        return Ok(());
    };
    let topic = new_name("fink_large_lsst");
    kafka.make_topic(&topic, 1).await?;
    let night = Night::new(&kafka, Survey::Lsst, &[&[topic.as_str()]]).await?;
    // As much as LSST's longest histories take.
    let cutout = vec![0x5a; 540_000];
    let large = Alert::typical(Survey::Lsst, Kind::Supernova, 3).with("cutoutScience", cutout)?;
    let large = [large.message()];
    let (key, value) = (large[0].key.len(), large[0].value.len());
    assert!((60_000..90_000).contains(&key), "{key}");
    assert!((600_000..700_000).contains(&value), "{value}");
    send(&kafka, &topic, 1, &large, NIGHT).await?;
    let program = night.start()?;
    night.until_candidates(&large).await?;
    assert_eq!(end(program).await?.0["source-0"], 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn tapping_leaves_the_kafka_group_alone() -> Result<()> {
    let Some(kafka) = kafka::broker("tapping_leaves_the_kafka_group_alone") else {
        return Ok(());
    };
    let topic = topic_with(&kafka, "fink_tap_ztf", 3).await?;
    let source = source(&kafka, &topic)?;
    let second = Start::At(Moment::from_unix_milliseconds(NIGHT + 500));
    let mut tap = Tap::open(&source, &topic, second)?;
    let offsets: Vec<String> = std::iter::from_fn(|| tap.next(Duration::from_secs(10)).transpose())
        .map(|message| message.map(|message| message.place.to_string()))
        .collect::<Result<_, _>>()?;
    let place = |offset| format!("{topic} partition 0 offset {offset}");
    assert_eq!(offsets, [place(1), place(2)]);
    drop(tap);
    assert_eq!(kafka.committed(&source.kafka_group, &topic, 1)?, [None]);
    assert_eq!(kafka.committed("skysieve-tap", &topic, 1)?, [None]);
    Ok(())
}
