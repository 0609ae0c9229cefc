//! Holds a filter against a plain transcription of its rule, over many made-up alerts.
//!
//! The alerts come from strategies that prefer what is hard: thresholds, their neighbours, the 32-bit
//! float nearest to them, nulls, the labels that a rule names and those that it nearly names.
#![forbid(unsafe_code)]

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use skysieve_sdk::module::Filter;
use skysieve_sdk::test::{Alert, evaluate};

/// How many alerts a filter judges.
const ALERTS: usize = 3000;
/// How many of them must pass and how many fail, for the comparison to mean something.
const LEAST: usize = 30;

/// Compares a filter's verdicts with the rule's, which each alert comes with.
///
/// # Panics
/// Where one differs, or nearly all are alike.
pub fn agree<F: Filter>(alerts: impl Strategy<Value = (Alert, bool)>) {
    let mut runner = TestRunner::deterministic();
    let mut passed = 0;
    for _ in 0..ALERTS {
        let (alert, expected) = alerts
            .new_tree(&mut runner)
            .expect("the strategies reject nothing")
            .current();
        let outcome = evaluate::<F>(&alert);
        assert_eq!(
            outcome.passed(),
            expected,
            "{:?} of {alert:?}",
            outcome.failed_cut()
        );
        passed += usize::from(expected);
    }
    assert!(
        (LEAST..=ALERTS - LEAST).contains(&passed),
        "{passed} of {ALERTS} pass"
    );
}

/// A number that mostly passes a cut, or is at its threshold, or null.
pub fn around(threshold: f64, passing: f64) -> impl Strategy<Value = f64> {
    let single = threshold as f32;
    prop_oneof![
        20 => Just(passing),
        1 => Just(threshold),
        1 => Just(threshold.next_up()),
        1 => Just(threshold.next_down()),
        1 => Just(f64::from(single)),
        1 => Just(f64::from(single.next_up())),
        1 => Just(f64::from(single.next_down())),
        1 => Just(f64::NAN),
    ]
}

/// A whole number that mostly passes, or one of those around the threshold, or null.
pub fn count(threshold: i64, passing: i64) -> impl Strategy<Value = Option<i64>> {
    prop_oneof![
        12 => Just(Some(passing)),
        3 => (threshold - 1..=threshold + 1).prop_map(Some),
        1 => Just(None),
    ]
}

/// One of the labels, or null.
pub fn label(labels: &[&'static str]) -> impl Strategy<Value = Option<&'static str>> + use<> {
    prop_oneof![9 => proptest::sample::select(labels.to_vec()).prop_map(Some), 1 => Just(None)]
}

/// SIMBAD's types: mostly one of a possible host, and all sorts of others.
pub fn simbad() -> impl Strategy<Value = Option<&'static str>> {
    let hosts = [
        "Galaxy",
        "Unknown",
        "Fail 504",
        "Seyfert_1",
        "galaxy",
        "Candidate_SN*",
        "Transient",
    ];
    let others = [
        "Fail 503",
        "Fail",
        "Star",
        "unknown",
        "",
        "SN*",
        "Galaxy?",
        "RRLyr",
        "Galaxy_Candidate",
    ];
    prop_oneof![4 => label(&hosts), 1 => label(&others)]
}

/// An alert that can leave a field null.
pub trait Nullable {
    /// Sets a field, or makes it null.
    fn put<T: Into<skysieve_sdk::test::Content>>(self, path: &str, value: Option<T>) -> Self;
}

impl Nullable for Alert {
    fn put<T: Into<skysieve_sdk::test::Content>>(self, path: &str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.with(path, value),
            None => self.null(path),
        }
    }
}
