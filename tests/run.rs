//! The whole program on a simulated night of both surveys: what then stands in SkyPortal is what
//! the packets and the filters say, row for row, and copies of the alerts add nothing.

use anyhow::Result;
use harness::deployment::Deployment;
use harness::rows::Science;
use harness::{accounts, expected, night};

const NONE: [&str; 0] = [];

#[tokio::test(flavor = "multi_thread")]
async fn skyportal_holds_what_the_packets_and_the_filters_say_and_nothing_twice() -> Result<()> {
    let mut deployment = Deployment::new(env!("CARGO_BIN_EXE_skysieve")).await?;
    // Let variables pass too: their differences are negative as often as not.
    let parameters = &mut deployment.config.groups[0].filters[0].parameters;
    for cut in ["min_rate", "min_significance"] {
        parameters.insert(cut.to_owned(), 0.0.into());
    }
    parameters.insert("max_age".to_owned(), 10_000.0.into());
    let alerts = night::alerts(1, 30, 120);
    let verdicts = night::verdicts(&deployment.config, &alerts).await?;
    let expected = expected::science(&deployment.config, &alerts, &verdicts);
    assert!(expected.is_rich(), "the night proves little");
    let negative = |survey: &str| {
        let points = expected
            .points
            .iter()
            .filter(|p| p.filter.starts_with(survey));
        points
            .filter(|p| p.flux.is_some_and(|flux| flux < 0.0))
            .count()
    };
    assert!(
        negative("ztf") > 0 && negative("lsst") > 0,
        "no negative flux"
    );

    let mut program = deployment.start().await?;
    deployment.send(&alerts).await?;
    deployment.until_all_done(&mut program).await?;
    let found = deployment.portal.read(Science::of);
    assert_eq!(expected.differences(&found), NONE);
    asks_for_its_own_groups_only(&deployment);

    // Spark delivers to Kafka at least once: the same alerts, in other partitions.
    let calls = deployment.portal.calls().len();
    deployment.send_to(&alerts, 3).await?;
    deployment.until_all_done(&mut program).await?;
    let again = deployment.portal.read(Science::of);
    assert_eq!(expected.differences(&again), NONE);
    assert_eq!(
        deployment.portal.calls().len(),
        calls,
        "a copy was delivered"
    );

    program.terminate()?;
    let ended = program.end().await?;
    assert!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
    let printed = &ended.stdout;
    assert_eq!(accounts::open(printed), NONE, "{printed}");
    assert!(!printed.contains("does not close"), "{printed}");
    // read = undecodable + copies + judged
    for source in ["fink-ztf", "fink-lsst"] {
        assert_eq!(
            accounts::line(printed, source),
            [240, 0, 120, 120],
            "{printed}"
        );
    }
    let passed = verdicts.values().filter(|passed| !passed.is_empty());
    let routes = passed.flat_map(|filters| filters.values()).map(Vec::len);
    let delivered = ["fast-transient/main", "fast-transient/urgent"]
        .map(|route| format!("transients/{route}"))
        .into_iter()
        .chain(["sn-candidates/main", "extragalactic-new/main"].map(|r| format!("supernovae/{r}")))
        .map(|route| {
            let account = accounts::line(printed, &route);
            assert_eq!(account[0], account[1], "{route}: {printed}");
            account[1] as usize
        });
    assert_eq!(delivered.sum::<usize>(), routes.sum::<usize>(), "{printed}");
    Ok(())
}

/// A request that leaves the groups out would show a team's rows to everybody.
fn asks_for_its_own_groups_only(deployment: &Deployment) {
    let teams: Vec<i64> = deployment.portal.read(|rows| {
        let groups = deployment.config.groups.iter();
        groups
            .filter_map(|group| Some(rows.group_named(&group.skyportal_group)?.id))
            .collect()
    });
    assert_eq!(teams.len(), 2);
    let shared = ["/api/photometry", "/api/classification", "/api/sources"];
    let mut seen = 0;
    for call in deployment.portal.calls() {
        if call.verb == "GET"
            || !shared.iter().any(|path| call.path.starts_with(path))
            || call.body.is_null()
        {
            continue;
        }
        // New classifications of several alerts share a request.
        let several = call.body["classifications"].as_array().cloned();
        for row in several.unwrap_or_else(|| vec![call.body.clone()]) {
            let groups = row["group_ids"].as_array().cloned().unwrap_or_default();
            let ids: Vec<i64> = groups
                .iter()
                .filter_map(serde_json::Value::as_i64)
                .collect();
            assert!(
                ids.len() == 1 && teams.contains(&ids[0]),
                "{} {} for {groups:?}",
                call.verb,
                call.path
            );
            seen += 1;
        }
    }
    assert!(seen > 50, "only {seen} rows were looked at");
}
