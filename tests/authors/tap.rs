//! `skysieve tap` on a mock Kafka: what it saves is what the other tools read.

use std::path::Path;

use harness::mock_kafka::MockKafka;
use skysieve::alert::Survey;
use skysieve::simulate::{SimulateConfig, Simulator};

use crate::{skysieve, text};

const TOPIC: &str = "fink_sn_candidates_ztf";
const ALERTS: usize = 12;

async fn kafka() -> MockKafka {
    let kafka = MockKafka::start(&[TOPIC]).unwrap();
    let alerts = Simulator::new(SimulateConfig::new(Survey::Ztf, 3)).take(ALERTS);
    for (number, alert) in alerts.enumerate() {
        let sent = kafka.send(TOPIC, &alert.key, &alert.value, number as u64);
        sent.await.unwrap();
    }
    kafka
}

fn tap(kafka: &MockKafka, out: &Path, more: &[&str]) -> std::process::Output {
    let (servers, out) = (kafka.servers(), out.to_string_lossy());
    let arguments = ["tap", TOPIC, "--servers", &servers, "-o", &out];
    skysieve(&[&arguments[..], more].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_tapped_can_be_tested() {
    let kafka = kafka().await;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("tapped");
    let said = text(&tap(&kafka, &out, &["--count", "10"]));
    assert!(said.contains("10 alerts"), "{said}");
    let bright = crate::tools::module("bright.wasm");
    let tested = text(&skysieve(&[
        "test",
        &bright,
        &out.to_string_lossy(),
        "--json",
    ]));
    let tested: serde_json::Value = serde_json::from_str(&tested).unwrap();
    assert_eq!(tested["report"]["judged"], 10);
    assert!(tested["report"]["faults"].as_object().unwrap().is_empty());

    // Never over what is there.
    let again = tap(&kafka, &out, &["--count", "1"]);
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(
        !again.status.success() && said.contains("exists already"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_ends_it_and_is_told() {
    let kafka = kafka().await;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("tapped");
    let said = text(&tap(&kafka, &out, &["--count", "50", "--wait", "8"]));
    assert!(said.contains("12 alerts"), "{said}");
    assert!(
        said.contains("50 were asked for, and nothing more came for 8 s"),
        "{said}"
    );
    let files = std::fs::read_dir(out.join(TOPIC)).unwrap().count();
    assert_eq!(files, ALERTS + 1, "the alerts and their schema");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_tapped_is_told() {
    let kafka = kafka().await;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("tapped");
    let out = out.to_string_lossy();
    let refused = |arguments: &[&str]| {
        let ended = skysieve(&[&["tap", "fink_sn_candidate_ztf", "-o", &out], arguments].concat());
        assert!(!ended.status.success());
        String::from_utf8_lossy(&ended.stderr).into_owned()
    };
    let said = refused(&["--servers", &kafka.servers()]);
    assert!(
        said.contains("there is no topic `fink_sn_candidate_ztf`"),
        "{said}"
    );

    let config = folder.path().join("skysieve.yaml");
    std::fs::write(&config, skysieve::config::DEFAULT_YAML).unwrap();
    let config = config.to_string_lossy();
    let said = refused(&["-c", &config]);
    assert!(
        said.contains("did you mean `fink_sn_candidates_ztf`?"),
        "{said}"
    );
    let said = refused(&["-c", &config, "--source", "fink"]);
    assert!(
        said.contains("expected one of `fink-ztf`, `fink-lsst`"),
        "{said}"
    );
}
