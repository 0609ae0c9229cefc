//! Fink's filters as they are built, against Fink's own verdicts on real alerts, and against alerts
//! that are made for each of their cuts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use harness::{guests, reference};
use skysieve::alert::Survey;
use skysieve::engine::{Engine, EngineSettings};
use skysieve::simulate::{self, Case, Kind, SimulateConfig, Simulator};
use skysieve::source::{Message, Place};
use skysieve::workbench::{Bench, Said};

/// Fink's filters that no module can be: `docs/filters.md` says what each would need.
const WITHOUT_MODULE: [&str; 4] = [
    "early_kn_candidates",
    "inter_night_hostless",
    "intra_night_hostless",
    "new_hostless",
];

/// Bytes of a module: what one mathematical table too many, or a formatted panic, exceeds.
const SMALL: u64 = 20_000;

fn engine() -> Engine {
    Engine::new(EngineSettings {
        instances: 64,
        ..EngineSettings::default()
    })
    .unwrap()
}

fn built(filter: &str) -> PathBuf {
    guests::folder().join(format!("{}.wasm", filter.replace('-', "_")))
}

fn open(engine: &Engine, filter: &str) -> Bench {
    Bench::open(engine, &built(filter), &BTreeMap::new(), None).unwrap()
}

fn message(of: simulate::Message) -> Message {
    Message {
        place: Place::File {
            path: PathBuf::from("simulated").into(),
            record: 0,
            topic: Some(of.topic.as_str().into()),
        },
        key: of.key,
        timestamp_ms: None,
        value: of.value,
    }
}

/// Alerts of every kind, twice.
fn simulated(survey: Survey) -> Vec<simulate::Alert> {
    let mut alerts = Vec::new();
    for seed in [3, 4] {
        let mut simulator = Simulator::new(SimulateConfig {
            objects: Kind::ALL.len() * 2,
            cutouts: simulate::Cutouts::Real,
            ..SimulateConfig::new(survey, seed)
        });
        alerts.extend((0..10).map(|_| simulator.next_alert()));
    }
    alerts
}

#[test]
fn every_cut_of_every_filter_fails_alone() {
    let engine = engine();
    let alerts = [Survey::Ztf, Survey::Lsst].map(simulated);
    for filter in Case::filters() {
        let mut bench = open(&engine, filter);
        let manifest = bench.module().manifest();
        assert_eq!(manifest.name, filter);
        let cuts: Vec<String> = manifest.cuts.iter().map(|cut| cut.name.clone()).collect();
        let pass = Case::pass(filter).unwrap();
        assert_eq!(
            pass.cuts().collect::<BTreeSet<_>>(),
            cuts.iter().map(String::as_str).collect::<BTreeSet<_>>(),
            "{filter}: the cuts of its table and of its module"
        );
        let alerts = &alerts[pass.survey() as usize];
        let mut judge = |case: Case, expected: Said| {
            for alert in alerts {
                let made = case.apply(alert.clone()).unwrap();
                let said = bench.judge(&message(made.message()), false).unwrap().said;
                assert_eq!(said, expected, "{case:?}, {:?}", alert.truth);
            }
        };
        judge(pass, Said::Passed(vec!["main".to_owned()]));
        for (number, cut) in cuts.iter().enumerate() {
            judge(Case::fail(filter, cut).unwrap(), Said::Rejected(number));
        }
    }
}

#[test]
fn every_filter_judges_real_alerts_as_fink_does() {
    let Some(shared) = reference::shared("every_filter_judges_real_alerts_as_fink_does") else {
        return;
    };
    let engine = engine();
    let mut benches: BTreeMap<String, Bench> = Case::filters()
        .map(|filter| (fink_name(filter), open(&engine, filter)))
        .collect();
    let mut compared = BTreeMap::<String, u64>::new();
    for verdict in reference::verdicts(&shared).unwrap() {
        let Some(bench) = benches.get_mut(&verdict.filter) else {
            assert!(
                WITHOUT_MODULE.contains(&verdict.filter.as_str()),
                "{} has neither a module nor an excuse",
                verdict.filter
            );
            continue;
        };
        let said = bench.judge(&verdict.message, false).unwrap().said;
        let agrees = match verdict.passes {
            Some(true) => matches!(said, Said::Passed(_)),
            Some(false) => matches!(said, Said::Rejected(_)),
            // A column is missing, which must be named.
            None => matches!(&said, Said::Faulted("schema", why) if why.contains('`')),
        };
        assert!(
            agrees,
            "{} on {}: {said:?}, and Fink says {:?}",
            verdict.filter, verdict.message.place, verdict.passes
        );
        *compared.entry(verdict.filter).or_default() += 1;
    }
    for filter in benches.keys() {
        assert!(compared.contains_key(filter), "no alert for {filter}");
    }
}

#[test]
fn every_filter_is_small() {
    for filter in Case::filters() {
        let bytes = std::fs::metadata(built(filter)).unwrap().len();
        assert!(bytes < SMALL, "{filter}: {bytes} bytes");
    }
}

/// The filter's name at Fink, which is in its topic.
fn fink_name(filter: &str) -> String {
    let case = Case::pass(filter).unwrap();
    let topic = case.topic().strip_prefix("fink_").unwrap();
    let (name, _survey) = topic.rsplit_once('_').unwrap();
    name.to_owned()
}
