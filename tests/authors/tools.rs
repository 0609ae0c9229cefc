//! `skysieve test` and `explain` as an author runs them.

use std::path::Path;
use std::process::Command;

use harness::guests;

use crate::{skysieve, text};

pub fn module(name: &str) -> String {
    guests::folder().join(name).to_string_lossy().into_owned()
}

/// Simulated alerts of both surveys, as files.
fn alerts(folder: &Path) -> String {
    for survey in ["ztf", "lsst"] {
        let out = folder.join(survey);
        let out = out.to_string_lossy();
        text(&skysieve(&[
            "simulate", "--survey", survey, "--alerts", "40", "--seed", "5", "--out", &out,
        ]));
    }
    folder.to_string_lossy().into_owned()
}

#[test]
fn test_counts_every_alert_once() {
    let folder = tempfile::tempdir().unwrap();
    let alerts = alerts(folder.path());
    let bright = module("bright.wasm");
    let shown = text(&skysieve(&["test", &bright, &alerts]));
    for expected in [
        "cut",
        "real-bogus",
        "passed",
        "on route main",
        "fuel    p50",
        "memory",
    ] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }

    let json = text(&skysieve(&["test", &bright, &alerts, "--json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let report = &json["report"];
    assert_eq!(report["judged"], 80);
    assert_eq!(json["alerts"].as_array().unwrap().len(), 80);
    let cuts = report["cuts"].as_array().unwrap();
    let rejected: u64 = cuts.iter().map(|cut| cut[1].as_u64().unwrap()).sum();
    let passed = report["passed"].as_u64().unwrap();
    assert_eq!(rejected + passed, 80);
    assert!(rejected > 0 && passed > 0, "{report}");
}

#[test]
fn test_names_the_alerts_whose_verdict_changes() {
    let folder = tempfile::tempdir().unwrap();
    let alerts = alerts(folder.path());
    let bright = module("bright.wasm");
    let same = text(&skysieve(&["test", &bright, &alerts, "--against", &bright]));
    assert!(same.contains("0 of 80 verdicts differ"), "{same}");

    // Another filter altogether: its cuts have other names.
    let fast = module("fast_transient.wasm");
    let other = text(&skysieve(&["test", &bright, &alerts, "--against", &fast]));
    assert!(!other.contains("0 of 80 verdicts differ"), "{other}");
    assert!(other.contains(" -> "), "{other}");
}

#[test]
fn explain_tells_what_stopped_an_alert() {
    let folder = tempfile::tempdir().unwrap();
    let alerts = alerts(folder.path());
    let bright = module("bright.wasm");
    let stopped = text(&skysieve(&[
        "explain",
        &bright,
        &alerts,
        "--param",
        "min_real_bogus=1",
    ]));
    assert!(stopped.contains("FAIL  real-bogus"), "{stopped}");
    assert!(stopped.contains("min_real_bogus = 1"), "{stopped}");
    assert!(stopped.contains("rejected at `real-bogus`"), "{stopped}");
    assert!(stopped.contains("age"), "{stopped}");

    let wrong = skysieve(&["explain", &bright, &alerts, "--param", "min_real_bogsu=1"]);
    let said = String::from_utf8_lossy(&wrong.stderr);
    assert!(
        !wrong.status.success() && said.contains("did you mean"),
        "{said}"
    );
}

#[test]
fn explain_shows_late_fields_only_where_they_were_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let alerts = alerts(folder.path());
    let fast = module("fast_transient.wasm");
    let early = text(&skysieve(&[
        "explain",
        &fast,
        &alerts,
        "--param",
        "min_real_bogus=1",
    ]));
    assert!(early.contains("late, not asked for"), "{early}");
    let wide = ["min_real_bogus=0", "max_age=10000"];
    let mut arguments = vec!["explain", &fast, &alerts];
    for param in wide {
        arguments.extend(["--param", param]);
    }
    let late = text(&skysieve(&arguments));
    assert!(!late.contains("late, not asked for"), "{late}");
}

#[test]
fn explain_shows_a_mappings_delivery() {
    let folder = tempfile::tempdir().unwrap();
    let alerts = alerts(folder.path());
    let mapping = module("standard_mapping.wasm");
    let shown = text(&skysieve(&["explain", &mapping, &alerts, "--json"]));
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["delivery"]["photometry"], "standard");
    assert!(shown["delivery"]["annotations"]["detections"].is_u64());
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let alerts = alerts(folder.path());
    let mut test = Command::new(env!("CARGO_BIN_EXE_skysieve"))
        .args(["test", &module("bright.wasm"), &alerts])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(test.stdout.take());
    let output = test.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[test]
fn explain_passes_over_the_other_surveys_alerts() {
    let folder = tempfile::tempdir().unwrap();
    let alerts = alerts(folder.path());
    let lsst = text(&skysieve(&[
        "explain",
        &module("lsst_extragalactic_new_candidate.wasm"),
        &alerts,
    ]));
    assert!(lsst.contains("diaSource.psfFlux"), "{lsst}");
    let unknown = skysieve(&["explain", &module("bright.wasm"), &alerts, "--id", "1"]);
    assert!(!unknown.status.success());
}

#[test]
fn the_assembly_script_sdk_passes_its_own_tests() {
    if !crate::node("the tests of the AssemblyScript SDK") {
        return;
    }
    let folder = crate::root().join("filters/assemblyscript");
    let tested = Command::new("node")
        .args(["--test", "tests/"])
        .current_dir(folder)
        .env("SKYSIEVE_MODULES", guests::folder())
        .output()
        .unwrap();
    let shown = text(&tested);
    assert!(shown.contains("# pass 6"), "{shown}");
}
