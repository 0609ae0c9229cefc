//! What cannot be read or delivered is kept, can be looked at, and stops nothing else.

use anyhow::{Context, Result};
use harness::deployment::Deployment;
use harness::program::Ended;
use harness::rows::Science;
use harness::{accounts, expected, night};
use skysieve::alert::Survey;
use skysieve::simulate::topics;
use stand_in_skyportal::{Fault, Only};

const NONE: [&str; 0] = [];

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_no_alerts_are_counted_and_kept_while_the_stream_goes_on() -> Result<()> {
    let mut deployment = Deployment::new(env!("CARGO_BIN_EXE_skysieve")).await?;
    let alerts = night::alerts(8, 15, 40);
    let verdicts = night::verdicts(&deployment.config, &alerts).await?;
    let expected = expected::science(&deployment.config, &alerts, &verdicts);
    let mut program = deployment.start().await?;

    let (before, after) = alerts.split_at(30);
    deployment.send(before).await?;
    let good = alerts[0].message();
    let half = &good.value[..good.value.len() / 2];
    let ztf = topics(Survey::Ztf)[0];
    let bad: [(&str, &[u8], &[u8]); 5] = [
        ("no key", b"", &good.value),
        ("schema not at hand", b"8.41.0_4.1", &good.value),
        ("unusable schema", b"{\"type\": \"rec", &good.value),
        ("value does not fit its schema", &good.key, half),
        (
            "another survey",
            &alerts[1].message().key,
            &alerts[1].message().value,
        ),
    ];
    for (spread, (_, key, value)) in (0..).zip(bad) {
        deployment.send_bytes(ztf, key, value, spread).await?;
    }
    deployment.send(after).await?;
    deployment.until_all_done(&mut program).await?;

    // A person looks while it runs.
    let list = deployment.run(&["dead-letters", "list"]).await?;
    assert!(list.status.success(), "{}", list.stderr);
    assert_eq!(list.stdout.lines().count(), 5, "{}", list.stdout);
    for line in list.stdout.lines() {
        assert!(line.contains(ztf) && line.contains("partition"), "{line}");
    }
    let number = number_of(&list, "partition 3")?;
    let out = deployment.folder().join("letter");
    let show = deployment
        .run(&[
            "dead-letters",
            "show",
            &number,
            "--out",
            &out.to_string_lossy(),
        ])
        .await?;
    assert!(show.status.success(), "{}", show.stderr);
    assert!(
        show.stdout.contains("\"kind\": \"undecodable\""),
        "{}",
        show.stdout
    );
    // What `show` says that it wrote.
    let written = show
        .stdout
        .lines()
        .find_map(|line| line.split_once(".bin written"));
    let written = format!("{}.bin", written.context("no file was named")?.0);
    let written = std::path::Path::new(&written);
    assert_eq!(std::fs::read(written.with_file_name("key.json"))?, good.key);
    assert_eq!(std::fs::read(written)?, half);
    let nobody = deployment.run(&["dead-letters", "show", "99"]).await?;
    assert!(!nobody.status.success());
    assert!(
        nobody.stderr.contains("`skysieve dead-letters list`"),
        "{}",
        nobody.stderr
    );
    let dropped = deployment.run(&["dead-letters", "drop", &number]).await?;
    assert!(dropped.status.success(), "{}", dropped.stderr);
    let left = deployment.run(&["dead-letters", "list"]).await?;
    assert_eq!(left.stdout.lines().count(), 4, "{}", left.stdout);

    program.terminate()?;
    let ended = program.end().await?;
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_eq!(accounts::open(&ended.stdout), NONE, "{}", ended.stdout);
    assert_eq!(
        accounts::line(&ended.stdout, "fink-ztf"),
        [45, 5, 0, 40],
        "{}",
        ended.stdout
    );
    for (reason, ..) in bad {
        let line = ended
            .stdout
            .lines()
            .find(|line| line.trim_end().ends_with(reason));
        let count = line.and_then(|line| line.split_whitespace().next());
        assert_eq!(count, Some("1"), "{reason}: {}", ended.stdout);
    }
    let found = deployment.portal.read(Science::of);
    assert_eq!(expected.differences(&found), NONE);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_skyportal_refuses_for_good_becomes_a_dead_letter_and_the_others_flow() -> Result<()> {
    let mut deployment = Deployment::new(env!("CARGO_BIN_EXE_skysieve")).await?;
    let alerts = night::alerts(9, 15, 40);
    let verdicts = night::verdicts(&deployment.config, &alerts).await?;
    let expected = expected::science(&deployment.config, &alerts, &verdicts);
    let token = deployment.portal.bot_token();
    let words = format!("no, and never; you said {token}");
    let only = Only::call("POST", "/api/candidates");
    deployment
        .portal
        .fault_next(only, 2, Fault::Refusal(400, words));
    let mut program = deployment.start().await?;
    deployment.send(&alerts).await?;
    deployment.until_all_done(&mut program).await?;

    let found = deployment.portal.read(Science::of);
    // One of the two may have met the joint post of several routes, which then post one by one.
    let missing = expected.candidates.len() - found.candidates.len();
    assert!(
        (1..=2).contains(&missing),
        "{:?}",
        expected.differences(&found)
    );
    for candidate in &found.candidates {
        assert!(expected.candidates.contains(candidate), "{candidate:?}");
    }
    let list = deployment.run(&["dead-letters", "list"]).await?;
    let letters: Vec<&str> = list.stdout.lines().collect();
    assert_eq!(letters.len(), missing, "{}", list.stdout);
    for letter in letters {
        assert!(letter.contains("no, and never"), "{letter}");
        assert!(
            letter.contains("/main") || letter.contains("/urgent"),
            "{letter}"
        );
        let lost = expected.candidates.iter().find(|candidate| {
            letter.contains(&candidate.object) && !found.candidates.contains(candidate)
        });
        assert!(lost.is_some(), "{letter}");
    }
    program.terminate()?;
    let ended = program.end().await?;
    assert!(ended.status.success());
    assert_eq!(accounts::open(&ended.stdout), NONE, "{}", ended.stdout);
    let dead = [
        "transients/fast-transient/main",
        "transients/fast-transient/urgent",
    ]
    .into_iter()
    .chain([
        "supernovae/sn-candidates/main",
        "supernovae/extragalactic-new/main",
    ])
    .map(|route| accounts::line(&ended.stdout, route)[4]);
    assert_eq!(dead.sum::<u64>(), missing as u64, "{}", ended.stdout);
    let one = number_of(&list, "no, and never")?;
    let show = deployment.run(&["dead-letters", "show", &one]).await?;
    let words = ["\"attempts\"", "POST /api/candidates", "permanent"];
    assert!(
        words.iter().all(|said| show.stdout.contains(said)),
        "{}",
        show.stdout
    );

    // SkyPortal has come to its senses.
    let replay = deployment.run(&["dead-letters", "replay", "--all"]).await?;
    assert!(
        replay.status.success(),
        "{}{}",
        replay.stdout,
        replay.stderr
    );
    let left = deployment.run(&["dead-letters", "list"]).await?;
    assert_eq!(left.stdout.trim(), "no dead letters");
    let found_now = deployment.portal.read(Science::of);
    assert_eq!(expected.differences_but_classes(&found_now), NONE);
    for said in [&ended.stdout, &ended.stderr, &list.stdout] {
        assert!(!said.contains(&token), "the token is shown: {said}");
    }
    assert!(
        !deployment.state_holds(&token)?,
        "the token is in the state directory"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_flood_the_first_are_kept_whole_and_the_rest_by_their_offsets() -> Result<()> {
    let mut deployment = Deployment::new(env!("CARGO_BIN_EXE_skysieve")).await?;
    let mut program = deployment.start().await?;
    let ztf = topics(Survey::Ztf)[0];
    const MESSAGES: u64 = 130;
    for spread in 0..MESSAGES {
        deployment.send_bytes(ztf, b"", b"no alert", spread).await?;
    }
    deployment.until_all_done(&mut program).await?;
    let list = deployment.run(&["dead-letters", "list"]).await?;
    let (floods, letters): (Vec<&str>, Vec<&str>) = list
        .stdout
        .lines()
        .partition(|line| line.starts_with("flood"));
    let counted = floods.iter().filter_map(|line| {
        assert!(line.contains(ztf) && line.ends_with("no key"), "{line}");
        line.split_once(" more message")?
            .0
            .split(' ')
            .next_back()?
            .parse::<u64>()
            .ok()
    });
    let counted: u64 = counted.sum();
    assert_eq!(
        (letters.len() as u64, counted),
        (100, MESSAGES - 100),
        "{}",
        list.stdout
    );
    program.terminate()?;
    let ended = program.end().await?;
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_eq!(accounts::open(&ended.stdout), NONE, "{}", ended.stdout);
    let account = accounts::line(&ended.stdout, "fink-ztf");
    assert_eq!(account, [MESSAGES, MESSAGES, 0, 0], "{}", ended.stdout);
    let told = ended
        .stderr
        .matches("a flood of messages that are no alerts")
        .count();
    assert_eq!(told, 1, "{}", ended.stderr);
    Ok(())
}

fn number_of(list: &Ended, words: &str) -> Result<String> {
    let line = list.stdout.lines().find(|line| line.contains(words));
    let number = line.and_then(|line| line.split_whitespace().next());
    let number = number.with_context(|| format!("no letter of {words}:\n{}", list.stdout))?;
    Ok(number.to_owned())
}
