//! Modules that must run for ever: compiled ones of earlier days, and the one of the contract's page.

use serde_json::json;

use super::*;
use crate::alert::Field;
use crate::engine::{Save, Value, Verdict};

fn fixture(name: &str) -> Module {
    let path = format!(
        "{}/../tests/fixtures/modules/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    engine().load(name, &std::fs::read(path).unwrap()).unwrap()
}

/// A row of these fields: numbers by their path, everything else null.
fn alert(fields: &[Field], numbers: &[(&str, f64)], truth: &[(&str, bool)]) -> Alert {
    let types: Vec<FieldType> = fields.iter().map(|field| field.ty).collect();
    Alert::new(&types, |row| {
        for (place, field) in fields.iter().enumerate() {
            if let Some((_, value)) = numbers.iter().find(|(path, _)| *path == field.path) {
                row.set_f64(place, *value);
            }
            if let Some((_, value)) = truth.iter().find(|(path, _)| *path == field.path) {
                row.set_bool(place, *value);
            }
        }
    })
}

#[test]
fn filters_of_both_languages_still_judge_as_they_did() {
    for name in ["bright.wasm", "bright.as.wasm"] {
        let module = fixture(name);
        assert_eq!(
            (module.manifest().name.as_str(), module.can_reset()),
            ("bright", true)
        );
        let mut guest = guest_of(&module, json!({"max_mag": 18.5}));
        let mut judge = |mag, real_bogus, known| {
            let numbers = [
                ("alert.mag", mag),
                ("alert.real_bogus", real_bogus),
                ("alert.mjd", 61_100.75),
                ("alert.first_mjd", 61_100.25),
            ];
            let alert = alert(
                &module.manifest().fields,
                &numbers,
                &[("alert.solar_system", known)],
            );
            let verdict = guest.filter(&alert.explained()).unwrap();
            (verdict, guest.values().unwrap())
        };
        let age = vec![("age".to_owned(), Value::F64(0.5))];
        assert_eq!(
            judge(18.0, 0.9, false),
            (Verdict::Passed { routes: 1 }, age.clone())
        );
        assert_eq!(
            judge(18.0, 0.5, false),
            (Verdict::Rejected { cut: 0 }, age.clone())
        );
        assert_eq!(
            judge(18.0, 0.9, true),
            (Verdict::Rejected { cut: 1 }, age.clone())
        );
        assert_eq!(judge(18.7, 0.9, false), (Verdict::Rejected { cut: 2 }, age));
    }
}

#[test]
fn a_filter_of_earlier_days_still_asks_for_late_fields() {
    let module = fixture("fast_transient.wasm");
    assert!(module.has_late_fields());
    assert_eq!(module.manifest().routes, ["main", "urgent"]);
    let mut guest = guest_of(&module, json!({"min_real_bogus": 0.6}));
    let nothing = alert(&module.manifest().fields, &[], &[]);
    let verdict = guest.filter(&nothing.input()).unwrap();
    assert!(matches!(verdict, Verdict::Rejected { .. }), "{verdict:?}");
}

#[test]
fn a_mapping_of_earlier_days_still_says_what_to_deliver() {
    let module = fixture("standard_mapping.as.wasm");
    assert!(module.is_mapping());
    let params = module.manifest().bind(&BTreeMap::new()).unwrap();
    let mut guest = Guest::new(&module, params, CallLimits::MAPPING).unwrap();
    let nothing = alert(&module.manifest().map_fields, &[], &[]);
    for _ in 0..3 {
        let delivery = guest.map(nothing.fields()).unwrap().unwrap();
        assert!(delivery.photometry.is_some() && delivery.values);
        assert_ne!(delivery.save, Some(Save::Candidate));
        guest.settle().unwrap();
    }
}

#[test]
fn the_module_by_hand_of_the_page_runs() {
    let page = include_str!("../../../../docs/abi.md");
    let (_, rest) = page.split_once("```wat\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let module = load_text(text).unwrap();
    assert_eq!(module.manifest().name, "by-hand");
    let mut guest = guest_of(&module, json!({"min_rb": 0.7}));
    let mut judge = |rb| {
        let alert = alert(&module.manifest().fields, &[("candidate.rb", rb)], &[]);
        guest.filter(&alert.input()).unwrap()
    };
    assert_eq!(judge(0.75), Verdict::Passed { routes: 1 });
    assert_eq!(judge(0.65), Verdict::Rejected { cut: 0 });
    assert_eq!(judge(f64::NAN), Verdict::Rejected { cut: 0 });
}
