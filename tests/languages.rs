//! The same filter in Rust and in AssemblyScript says the same, cut by cut and value by value, for
//! work of the same order.
//!
//! Values agree to the last bit, logarithms and sines too: the mathematics of both languages comes
//! from the same source (musl's).

use std::collections::BTreeMap;
use std::path::PathBuf;

use harness::{guests, reference};
use skysieve::alert::Survey;
use skysieve::engine::{Engine, EngineSettings};
use skysieve::simulate::{Kind, SimulateConfig, Simulator};
use skysieve::source::{Message, Place};
use skysieve::workbench::{Bench, Said};

/// Alerts simulated of each survey.
const SIMULATED: usize = 400;
/// Of numbers that travel as decimals.
const TOLERANCE: f64 = 1e-12;
/// How much more work AssemblyScript may cost than Rust, over all alerts.
const FUEL_RATIO: f64 = 4.0;

/// One filter in both languages.
struct Twins {
    name: &'static str,
    rust: Bench,
    assembly: Bench,
    judged: u64,
    passed: u64,
    fuel: (u64, u64),
}

impl Twins {
    fn open(
        engine: &Engine,
        name: &'static str,
        params: &[(&str, serde_json::Value)],
    ) -> Option<Self> {
        let rust = guests::folder().join(format!("{name}.wasm"));
        let assembly = assembly_script(name)?;
        let params: BTreeMap<String, serde_json::Value> = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let open = |path: PathBuf| Bench::open(engine, &path, &params, None).unwrap();
        Some(Twins {
            name,
            rust: open(rust),
            assembly: open(assembly),
            judged: 0,
            passed: 0,
            fuel: (0, 0),
        })
    }

    fn compare(&mut self, message: &Message) {
        let (rust, assembly) = (
            self.rust.judge(message, true),
            self.assembly.judge(message, true),
        );
        let (rust, assembly) = match (rust, assembly) {
            (Ok(rust), Ok(assembly)) => (rust, assembly),
            (Err(rust), Err(assembly)) => {
                assert_eq!(rust.to_string(), assembly.to_string());
                return;
            }
            (rust, assembly) => panic!("{}: {rust:?} and {assembly:?}", message.place),
        };
        let whose = format!("{}, alert {}", self.name, rust.head.alert_id);
        assert_eq!(rust.said, assembly.said, "{whose}");
        // Schemas of other years lack fields; that is no difference between languages.
        let misfit = matches!(rust.said, Said::Faulted("schema", _));
        assert!(
            misfit || !matches!(rust.said, Said::Faulted(..)),
            "{whose}: {:?}",
            rust.said
        );
        assert_eq!(rust.asked_late, assembly.asked_late, "{whose}");
        assert_eq!(rust.values, assembly.values, "{whose}");
        self.judged += 1;
        self.passed += u64::from(matches!(rust.said, Said::Passed(_)));
        self.fuel.0 += rust.fuel;
        self.fuel.1 += assembly.fuel;
    }

    fn assert_of_the_same_order(&self) {
        let ratio = self.fuel.1 as f64 / self.fuel.0 as f64;
        eprintln!(
            "{}: {} alerts, {} passed, fuel AssemblyScript : Rust = {ratio:.2}",
            self.name, self.judged, self.passed
        );
        assert!(self.judged > 0, "{}: no alert was judged", self.name);
        assert!(
            ratio < FUEL_RATIO,
            "{}: {ratio:.2} times the fuel",
            self.name
        );
    }
}

/// The module's file; `None`, said aloud, where there was no Node to build it with.
///
/// # Panics
/// Where `SKYSIEVE_REQUIRE_NODE` is set: a machine that has Node must not pass by skipping.
fn assembly_script(name: &str) -> Option<PathBuf> {
    let path = guests::folder().join(format!("{name}.as.wasm"));
    if path.is_file() {
        return Some(path);
    }
    assert!(
        std::env::var_os("SKYSIEVE_REQUIRE_NODE").is_none(),
        "SKYSIEVE_REQUIRE_NODE is set, and `{}` was not built: run `cargo xtask guests`",
        path.display()
    );
    eprintln!(
        "SKIPPED {name}: its AssemblyScript module was not built (`cargo xtask guests`, with Node)"
    );
    None
}

/// Numbers travel as decimals, which each side writes and reads to within the last bit.
fn assert_same_delivery(whose: &str, rust: Said, assembly: Said) {
    let (Said::Delivered(Some(mut rust)), Said::Delivered(Some(mut assembly))) = (rust, assembly)
    else {
        panic!("{whose}: nothing is delivered");
    };
    assert_eq!(
        rust.annotations.len(),
        assembly.annotations.len(),
        "{whose}"
    );
    for (name, value) in &rust.annotations {
        let other = &assembly.annotations[name];
        let same = match (value.as_f64(), other.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() <= TOLERANCE * a.abs(),
            _ => value == other,
        };
        assert!(same, "{whose}, {name}: {value} and {other}");
    }
    rust.annotations.clear();
    assembly.annotations.clear();
    assert_eq!(rust, assembly, "{whose}");
}

fn engine() -> Engine {
    Engine::new(EngineSettings {
        instances: 32,
        ..EngineSettings::default()
    })
    .unwrap()
}

/// The filters as they are, and with parameters that let the alerts come far.
fn twins(engine: &Engine) -> Vec<Twins> {
    let wide = |bounds: &[(&'static str, f64)]| -> Vec<(&'static str, serde_json::Value)> {
        bounds
            .iter()
            .map(|(name, value)| (*name, (*value).into()))
            .collect()
    };
    let variants = [
        ("ztf_sn_candidates", wide(&[])),
        (
            "ztf_sn_candidates",
            wide(&[
                ("min_drb", 0.0),
                ("min_classtar", 0.0),
                ("min_sn", 0.0),
                ("max_age", 1e4),
            ]),
        ),
        ("ztf_kn_candidates", wide(&[])),
        (
            "ztf_kn_candidates",
            wide(&[("min_drb", 0.0), ("min_kn", 0.0), ("max_age", 1e4)]),
        ),
        ("ztf_vra", wide(&[])),
        ("ztf_vra", wide(&[("min_drb", 0.0), ("min_mag", 0.0)])),
        ("lsst_extragalactic_new_candidate", wide(&[])),
        (
            "lsst_extragalactic_new_candidate",
            wide(&[
                ("min_snr", 0.0),
                ("min_latitude", 0.0),
                ("max_age", 1000.0),
                ("max_mag", 40.0),
            ]),
        ),
        ("bright", wide(&[])),
        ("fast_transient", wide(&[])),
        (
            "fast_transient",
            wide(&[
                ("min_real_bogus", 0.0),
                ("max_age", 1e4),
                ("window", 100.0),
                ("min_rate", 0.0),
                ("urgent_rate", 0.2),
            ]),
        ),
    ];
    let opened = variants
        .iter()
        .filter_map(|(name, params)| Twins::open(engine, name, params));
    opened.collect()
}

/// Alerts of all kinds as a source would hand them over.
fn simulated(survey: Survey) -> impl Iterator<Item = Message> {
    Simulator::new(SimulateConfig::new(survey, 17))
        .take(SIMULATED)
        .enumerate()
        .map(|(record, message)| Message {
            place: Place::File {
                path: PathBuf::from(message.topic.as_str()).into(),
                record,
                topic: Some(message.topic.as_str().into()),
            },
            key: message.key,
            timestamp_ms: None,
            value: message.value,
        })
}

#[test]
fn both_languages_judge_simulated_alerts_alike() {
    let engine = engine();
    let mut twins = twins(&engine);
    for survey in [Survey::Ztf, Survey::Lsst] {
        let kinds = Simulator::new(SimulateConfig::new(survey, 17)).take(SIMULATED);
        let kinds: Vec<Kind> = kinds.map(|message| message.truth.kind).collect();
        assert!(
            Kind::ALL.iter().all(|kind| kinds.contains(kind)),
            "{survey}"
        );
        for message in simulated(survey) {
            for twins in &mut twins {
                if twins.rust.module().manifest().understands(survey) {
                    twins.compare(&message);
                }
            }
        }
    }
    for twins in &twins {
        twins.assert_of_the_same_order();
    }
    let passed: u64 = twins.iter().map(|twins| twins.passed).sum();
    assert!(twins.is_empty() || passed > 0, "no alert passed anywhere");
}

#[test]
fn both_languages_judge_real_alerts_alike() {
    let Some(shared) = reference::shared("both_languages_judge_real_alerts_alike") else {
        return;
    };
    let engine = engine();
    let mut twins = twins(&engine);
    for (record, message) in reference::messages(&shared)
        .unwrap()
        .into_iter()
        .enumerate()
    {
        let message = Message {
            place: Place::File {
                path: message.path.into(),
                record,
                topic: None,
            },
            key: message.key.into(),
            timestamp_ms: None,
            value: message.value.into(),
        };
        for twins in &mut twins {
            twins.compare(&message);
        }
    }
    for twins in &twins {
        twins.assert_of_the_same_order();
    }
}

#[test]
fn both_mappings_deliver_alike() {
    let engine = engine();
    let params = [("comment", true.into())];
    let Some(mut twins) = Twins::open(&engine, "standard_mapping", &params) else {
        return;
    };
    let mut delivered = 0_u64;
    for message in simulated(Survey::Ztf).chain(simulated(Survey::Lsst)) {
        let rust = twins.rust.judge(&message, false).unwrap();
        let assembly = twins.assembly.judge(&message, false).unwrap();
        let whose = format!("{name}, alert {}", rust.head.alert_id, name = twins.name);
        assert_same_delivery(&whose, rust.said, assembly.said);
        delivered += 1;
    }
    assert_eq!(delivered, 2 * SIMULATED as u64);
    // What a mapping allocates is freed: hundreds of alerts need no more memory than a few.
    assert!(
        twins.assembly.memory() <= 512 * 1024,
        "{}",
        twins.assembly.memory()
    );
}

#[test]
fn both_languages_declare_alike() {
    let engine = engine();
    for name in [
        "bright",
        "ztf_sn_candidates",
        "ztf_kn_candidates",
        "ztf_vra",
        "lsst_extragalactic_new_candidate",
        "fast_transient",
        "standard_mapping",
    ] {
        let Some(twins) = Twins::open(&engine, name, &[]) else {
            return;
        };
        let (rust, assembly) = (
            twins.rust.module().manifest(),
            twins.assembly.module().manifest(),
        );
        assert_eq!(
            (&rust.name, &rust.version),
            (&assembly.name, &assembly.version)
        );
        assert_eq!(rust.surveys, assembly.surveys, "{name}");
        assert_eq!(rust.description, assembly.description, "{name}");
        assert_eq!(rust.fields, assembly.fields, "{name}");
        assert_eq!(rust.map_fields, assembly.map_fields, "{name}");
        assert_eq!(rust.cuts, assembly.cuts, "{name}");
        assert_eq!(rust.routes, assembly.routes, "{name}");
        assert_eq!(rust.values, assembly.values, "{name}");
        for (rust, assembly) in rust.params.iter().zip(&assembly.params) {
            assert_eq!(
                (&rust.name, rust.ty),
                (&assembly.name, assembly.ty),
                "{name}"
            );
            assert_eq!((rust.min, rust.max), (assembly.min, assembly.max), "{name}");
            assert_eq!(rust.doc, assembly.doc, "{name}");
            let number = |json: &Option<serde_json::Value>| {
                json.as_ref().and_then(serde_json::Value::as_f64)
            };
            assert_eq!(number(&rust.default), number(&assembly.default), "{name}");
        }
        assert_eq!(rust.params.len(), assembly.params.len(), "{name}");
    }
}
