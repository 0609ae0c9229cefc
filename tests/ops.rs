//! The program in operation: what it serves, what it checks beforehand, and how one moves to it.
//! The real binary, against a mock Kafka and a stand-in SkyPortal.

#[path = "ops/changes.rs"]
mod changes;
#[path = "ops/desk.rs"]
mod desk;
#[path = "ops/race.rs"]
mod race;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use desk::{Desk, LSST_TOPIC, OTHER_TOPIC, Running, ZTF_TOPIC, poll, skysieve};
use harness::guests;
use skysieve::alert::Survey;
use skysieve::config::Config;
use skysieve::simulate::{Alert, Kind};
use stand_in_skyportal::{Fault, Only, Setup, StreamSeed, UserSeed};

fn supernova(seed: u64) -> (Vec<u8>, Vec<u8>) {
    let message = Alert::typical(Survey::Ztf, Kind::Supernova, seed).message();
    (message.key.to_vec(), message.value.to_vec())
}

/// With the stream, which only an admin can make.
fn provisioned() -> Setup {
    Setup {
        streams: vec![StreamSeed {
            name: "team_stream".to_owned(),
            auto_join: true,
            members: Vec::new(),
        }],
        ..Setup::default()
    }
}

/// Every `skysieve_…` of the page's tables.
fn names_on_the_page() -> Result<BTreeSet<String>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md");
    let text = std::fs::read_to_string(&page).with_context(|| page.display().to_string())?;
    let cells = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let names = cells.filter_map(|cell| cell.split('`').next());
    Ok(names.map(str::to_owned).collect())
}

/// Every family that is served, as one asks Prometheus for it.
fn names_served(metrics: &str) -> BTreeSet<String> {
    let types = metrics.lines().filter_map(|l| l.strip_prefix("# TYPE "));
    types
        .filter_map(|line| line.split_once(' '))
        .map(|(name, kind)| match kind {
            "counter" => format!("{name}_total"),
            _ => name.to_owned(),
        })
        .collect()
}

fn value(metrics: &str, series: &str) -> Option<f64> {
    let mut lines = metrics.lines();
    let line = lines.find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
    line.parse().ok()
}

#[tokio::test]
async fn the_page_of_metrics_and_what_is_served_are_the_same() -> Result<()> {
    let desk = Desk::new(provisioned(), &[ZTF_TOPIC, LSST_TOPIC]).await?;
    let running = Running::start(&desk).await?;
    let started = std::time::Instant::now();
    for seed in 1..=3 {
        let (key, value) = supernova(seed);
        desk.kafka.send(ZTF_TOPIC, &key, &value, seed).await?;
    }
    desk.kafka.send(LSST_TOPIC, b"no schema", b"?", 0).await?;

    let metrics = poll("three deliveries and a dead letter", || async {
        let metrics = running.get("/metrics").await?.1;
        let delivered = r#"skysieve_route_delivered_total{route="team/all/main"}"#;
        let undecodable =
            r#"skysieve_source_undecodable_total{source="lsst",reason="schema not at hand"}"#;
        let done = value(&metrics, delivered) == Some(3.0)
            && value(&metrics, undecodable) == Some(1.0)
            && value(
                &metrics,
                r#"skysieve_route_in_flight{route="team/all/main"}"#,
            ) == Some(0.0);
        Ok(done.then_some(metrics))
    })
    .await?;
    assert_eq!(names_on_the_page()?, names_served(&metrics));

    // The accounts close in what is served, too.
    let judged = value(
        &metrics,
        r#"skysieve_filter_judged_total{filter="team/sn"}"#,
    );
    let passed = value(
        &metrics,
        r#"skysieve_filter_passed_total{filter="team/sn"}"#,
    );
    let rejected = metrics
        .lines()
        .filter(|line| line.starts_with(r#"skysieve_filter_rejected_total{filter="team/sn""#));
    let rejected = rejected.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    assert_eq!(judged, Some(3.0));
    assert_eq!(passed.unwrap_or(0.0) + rejected.sum::<f64>(), 3.0);
    for (series, least) in [
        (
            r#"skysieve_skyportal_calls_total{call="POST /api/candidates",outcome="success"}"#,
            3.0,
        ),
        (
            r#"skysieve_skyportal_call_seconds_count{call="POST /api/candidates"}"#,
            3.0,
        ),
        (
            r#"skysieve_candidate_lag_seconds_count{route="team/all/main"}"#,
            3.0,
        ),
        ("skysieve_ready", 1.0),
    ] {
        let found = value(&metrics, series);
        assert!(found >= Some(least), "{series} is {found:?} in\n{metrics}");
    }
    let module = r#"skysieve_module_info{group="team",file="pass_all.wasm",name="pass-all","#;
    assert!(metrics.contains(module), "{metrics}");

    let (_, status) = running.get("/status").await?;
    let status: serde_json::Value = serde_json::from_str(&status)?;
    assert_eq!(status["routes"]["team/all/main"]["delivered"], 3);
    assert_eq!(
        status["sources"]["lsst"]["reasons"]["schema not at hand"],
        1
    );
    let files = status["modules"].as_array().context("modules")?;
    let known = |file: &serde_json::Value| file["running"]["hash"].is_string();
    assert!(files.len() == 3 && files.iter().all(known), "{status:#}");

    // A file that is refused is told, and what runs goes on.
    std::fs::write(desk.modules().join("pass_all.wasm"), b"no module")?;
    let refused = poll("the refused file", || async {
        let (_, status) = running.get("/status").await?;
        let status: serde_json::Value = serde_json::from_str(&status)?;
        let files = status["modules"].as_array().context("modules")?;
        let mut refused = files.iter().filter(|file| !file["refused"].is_null());
        Ok(refused.next().cloned())
    })
    .await?;
    assert_eq!(refused["file"], "pass_all.wasm");
    assert!(refused["running"]["hash"].is_string(), "{refused}");

    // A summary is due every second, the first after one.
    let due = started + std::time::Duration::from_millis(1_500);
    poll("the first summary's time", || async {
        Ok((std::time::Instant::now() > due).then_some(()))
    })
    .await?;
    let log = running.stop().await?;
    assert!(log.contains("\"since the start\""), "no summary in\n{log}");
    assert!(
        !log.contains(&desk.portal.bot_token()),
        "the token is in the log"
    );
    Ok(())
}

#[tokio::test]
async fn ready_only_while_it_can_work() -> Result<()> {
    let desk = Desk::new(provisioned(), &[ZTF_TOPIC, LSST_TOPIC]).await?;
    // While SkyPortal is away, set-up waits.
    let profile = Only::path("/api/internal/profile");
    desk.portal.fault_always(profile, Fault::Outage);
    let running = Running::start(&desk).await?;
    assert_eq!(running.get("/healthz").await?.0, 200);
    running.wait_for_readiness(503, "set-up: ").await?;
    desk.portal.clear_faults();
    running.wait_for_readiness(200, "ready").await?;

    // The token loses its right: delivery waits for a person.
    let unauthorized = Fault::Refusal(401, "HTTP 401: Unauthorized".to_owned());
    desk.portal
        .fault_always(Only::call("POST", "/api/candidates"), unauthorized);
    let (key, value) = supernova(1);
    desk.kafka.send(ZTF_TOPIC, &key, &value, 0).await?;
    running.wait_for_readiness(503, "token: ").await?;
    desk.portal.clear_faults();
    running.wait_for_readiness(200, "ready").await?;

    // Nothing could be kept any more.
    let state = desk.folder().join("state");
    let aside = desk.folder().join("aside");
    std::fs::rename(&state, &aside)?;
    running.wait_for_readiness(503, "store: ").await?;
    std::fs::rename(&aside, &state)?;
    running.wait_for_readiness(200, "ready").await?;
    running.stop().await.map(drop)
}

#[tokio::test]
async fn check_finds_nothing_wrong_and_makes_nothing() -> Result<()> {
    let desk = Desk::new(provisioned(), &[ZTF_TOPIC, LSST_TOPIC]).await?;
    let (code, report) = desk.check(&[]).await?;
    assert_eq!(code, 0, "{report}");
    for line in [
        "ok    the state directory `state` will be made",
        "ok    the token belongs to `fink-bot`",
        "ok    the token has `Upload data`",
        "ok    the group `Team` will be made",
        "ok    the stream `team_stream` is there",
        "ok    the taxonomy `Fink Taxonomy` will be posted",
        "ok    the topic `fink_sn_candidates_ztf` is there",
        "ok    the filter `team/sn` (`ztf_sn_candidates.wasm`",
    ] {
        assert!(report.contains(line), "`{line}` is not in\n{report}");
    }
    let counts = desk.portal.counts();
    assert!(
        counts.keys().all(|call| call.starts_with("GET ")),
        "{counts:?}"
    );

    let (code, effective) = desk.check(&["--effective"]).await?;
    assert_eq!(code, 0);
    assert!(!effective.contains(&desk.portal.bot_token()));
    let config = Config::from_yaml(&effective, desk.folder(), "the effective configuration")?;
    assert_eq!(config.skyportal.taxonomy, "Fink Taxonomy");
    Ok(())
}

#[tokio::test]
async fn check_names_missing_rights_streams_and_topics() -> Result<()> {
    let mut setup = Setup::default();
    setup.users.push(UserSeed::new("viewer", "View only", &[]));
    let desk = Desk::new(setup, &[ZTF_TOPIC, OTHER_TOPIC]).await?;
    desk.use_token(&desk.portal.token("viewer"))?;
    let (code, report) = desk.check(&[]).await?;
    assert_eq!(code, 1, "{report}");
    for line in [
        "FAIL  the token of `viewer` lacks `Upload data`",
        "warn  the token lacks `Classify`",
        "warn  the token lacks `Annotate`",
        "warn  the token lacks `Comment`",
        "lacks `Post taxonomy`: no classifications",
        "FAIL  no stream `team_stream` is visible to `viewer`",
        "warn  the topic `fink_sn_near_galaxy_candidate_lsst` does not exist yet",
        "(or is it `fink_sn_near_galaxy_candidates_lsst`?)",
    ] {
        assert!(report.contains(line), "`{line}` is not in\n{report}");
    }

    desk.use_token("00000000-0000-4000-a000-000000000000")?;
    let (code, report) = desk.check(&[]).await?;
    assert_eq!(code, 1, "{report}");
    assert!(
        report.contains("FAIL  the SkyPortal token is not accepted"),
        "{report}"
    );
    Ok(())
}

#[tokio::test]
async fn check_names_fields_that_no_schema_has() -> Result<()> {
    let desk = Desk::new(provisioned(), &[]).await?;
    let file = desk.modules().join("ztf_sn_candidates.wasm");
    let module = std::fs::read(&file)?;
    let (known, unknown) = (b"candidate.drb", b"candidate.drx");
    let places: Vec<usize> = (0..module.len())
        .filter(|&place| module[place..].starts_with(known))
        .collect();
    ensure!(!places.is_empty(), "the module reads another field now");
    let mut changed = module;
    for place in places {
        changed[place..place + unknown.len()].copy_from_slice(unknown);
    }
    std::fs::write(&file, changed)?;
    let (code, report) = desk.check(&["--offline"]).await?;
    assert_eq!(code, 1, "{report}");
    let failure = report
        .lines()
        .find(|line| line.starts_with("FAIL"))
        .unwrap_or_default();
    for part in ["`team/sn`", "ztf-sn-candidates", "`candidate.drx`"] {
        assert!(failure.contains(part), "`{part}` is not in\n{report}");
    }
    assert_eq!(report.matches("FAIL").count(), 1, "{report}");
    Ok(())
}

#[tokio::test]
async fn an_imported_configuration_is_valid_and_holds_no_secret() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let bridge = |survey: &str| {
        format!(
            "survey: {survey}\nfink_topics: [fink_kn_candidates_{survey}]\nfink_username: me\nfink_password: pass-7f9c\nfink_group_id: my_team\nfink_servers: 127.0.0.1:9092\nskyportal_url: http://127.0.0.1:5000\nskyportal_token: token-7f9c\nskyportal_group: Kilonovae\nskyportal_name: Fink\nwhitelisted: true\ntesting: false\nretries: 3\n"
        )
    };
    for survey in ["ztf", "lsst"] {
        std::fs::write(folder.path().join(format!("{survey}.yaml")), bridge(survey))?;
    }
    let output = skysieve(folder.path(), &["import", "ztf.yaml", "lsst.yaml"]).await?;
    let (yaml, notes) = (output.stdout, output.stderr);
    assert_eq!(output.code, 0, "{notes}");
    assert!(
        !yaml.contains("7f9c") && !notes.contains("7f9c"),
        "{yaml}{notes}"
    );
    for part in [
        "`retries`",
        "SKYPORTAL_TOKEN",
        "FINK_ZTF_PASSWORD",
        "FINK_LSST_PASSWORD",
    ] {
        assert!(notes.contains(part), "`{part}` is not in\n{notes}");
    }
    std::fs::write(folder.path().join("skysieve.yaml"), &yaml)?;
    let config = Config::from_file(&folder.path().join("skysieve.yaml"))?;
    assert_eq!(config.groups[0].stream, "kilonovae_stream");
    let modules = ["pass_all.wasm", "standard_mapping.wasm"];
    guests::install(&config.groups[0].modules, &modules)?;
    let output = skysieve(folder.path(), &["check", "--offline"]).await?;
    assert_eq!(output.code, 0, "{}", output.stdout);
    Ok(())
}

#[tokio::test]
async fn the_schema_of_the_configuration_is_printed() -> Result<()> {
    let output = skysieve(Path::new("."), &["config", "--schema"]).await?;
    let schema: serde_json::Value = serde_json::from_str(&output.stdout)?;
    assert_eq!(schema["title"], "Config");
    assert_eq!(schema["additionalProperties"], false);
    assert!(schema["properties"]["telemetry"].is_object());
    Ok(())
}
