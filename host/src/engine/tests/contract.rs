//! What the contract promises to a well-behaved module.

use serde_json::json;

use super::*;
use crate::alert::{Scalar, Survey};
use crate::engine::{Fault, Isolation, Save, Value, Verdict};

const F64: FieldType = FieldType::F64;

/// Cuts on a score and on a count, both against parameters; writes a value; odd counts are urgent.
fn cuts() -> Module {
    let manifest = json!({
        "abi": 1, "name": "cuts", "version": "1.2.0", "surveys": ["ztf"], "description": "two cuts",
        "fields": [{"path": "candidate.rb", "type": "f64"}, {"path": "alert.detections", "type": "i64"}],
        "params": [{"name": "min_rb", "type": "f64", "default": 0.5, "min": 0, "max": 1},
                   {"name": "min_detections", "type": "i64", "default": 2}],
        "values": [{"name": "excess", "type": "f64", "unit": "1"}],
        "cuts": [{"name": "real-bogus", "value": "candidate.rb", "param": "min_rb"},
                 {"name": "detections", "param": "min_detections"}],
        "routes": ["main", "urgent"]});
    // flags 0, length 8, presence 16, rb 24, detections 32, excess 40, min_rb 48, min_detections 56
    load(
        &manifest,
        r#"(func (export "skysieve_filter") (param $r i32) (result i64)
             (f64.store offset=40 (local.get $r)
               (f64.sub (f64.load offset=24 (local.get $r)) (f64.load offset=48 (local.get $r))))
             (if (i32.eqz (f64.ge (f64.load offset=24 (local.get $r)) (f64.load offset=48 (local.get $r))))
               (then (return (i64.const 0x8000000000000000))))
             (if (i64.lt_s (i64.load offset=32 (local.get $r)) (i64.load offset=56 (local.get $r)))
               (then (return (i64.const 0x8000000000000001))))
             (i64.shl (i64.const 1) (i64.and (i64.load offset=32 (local.get $r)) (i64.const 1))))
           (func (export "skysieve_reset"))"#,
    )
}

fn scored(rb: Option<f64>, detections: i64) -> Alert {
    Alert::new(&[F64, FieldType::I64], |row| {
        if let Some(rb) = rb {
            row.set_f64(0, rb);
        }
        row.set_i64(1, detections);
    })
}

#[test]
fn a_filter_judges_scalars_against_parameters() {
    let module = cuts();
    assert_eq!(module.manifest().name, "cuts");
    assert!(module.manifest().understands(Survey::Ztf));
    assert!(!module.manifest().understands(Survey::Lsst));
    assert!(module.is_filter() && !module.is_mapping() && module.can_reset());
    let mut guest = guest_of(&module, json!({"min_rb": 0.6}));
    let mut judge = |rb, detections| guest.filter(&scored(rb, detections).input()).unwrap();
    assert_eq!(judge(Some(0.55), 4), Verdict::Rejected { cut: 0 });
    assert_eq!(judge(Some(0.65), 1), Verdict::Rejected { cut: 1 });
    assert_eq!(judge(Some(0.65), 4), Verdict::Passed { routes: 1 });
    assert_eq!(judge(Some(0.65), 5), Verdict::Passed { routes: 2 });
    // An absent number is NaN, which fails every comparison.
    assert_eq!(judge(None, 5), Verdict::Rejected { cut: 0 });
}

#[test]
fn a_field_that_the_schema_lacks_is_null() {
    let mut guest = guest_of(&cuts(), json!({}));
    let mut alert = scored(Some(0.9), 4);
    assert!(matches!(
        guest.filter(&alert.input()),
        Ok(Verdict::Passed { .. })
    ));
    alert.slots[0] = None;
    assert_eq!(
        guest.filter(&alert.input()).unwrap(),
        Verdict::Rejected { cut: 0 }
    );
}

#[test]
fn values_are_read_after_a_pass_and_when_explaining() {
    let mut guest = guest_of(&cuts(), json!({}));
    let excess = |guest: &mut Guest| guest.values().unwrap()[0].clone();
    guest.filter(&scored(Some(0.75), 4).input()).unwrap();
    assert_eq!(excess(&mut guest), ("excess".to_owned(), Value::F64(0.25)));
    guest.settle().unwrap();
    assert!(matches!(guest.values(), Err(Fault::Host(_))));

    guest.filter(&scored(Some(0.25), 4).explained()).unwrap();
    assert_eq!(excess(&mut guest).1, Value::F64(-0.25));

    guest.filter(&scored(Some(0.25), 4).input()).unwrap();
    assert!(
        matches!(guest.values(), Err(Fault::Host(_))),
        "a rejected alert was settled at once"
    );

    guest.filter(&scored(None, 4).explained()).unwrap();
    assert_eq!(excess(&mut guest).1, Value::Null, "NaN is null");
}

#[test]
fn fuel_is_the_same_for_the_same_alert() {
    let module = cuts();
    let mut one = guest_of(&module, json!({}));
    let mut other = guest_of(&module, json!({}));
    one.filter(&scored(Some(0.1), 4).input()).unwrap();
    let cheap = one.fuel_used();
    one.filter(&scored(Some(0.9), 4).input()).unwrap();
    other.filter(&scored(Some(0.9), 4).input()).unwrap();
    assert!(cheap > 0 && cheap < one.fuel_used());
    assert_eq!(one.fuel_used(), other.fuel_used());
}

#[test]
fn texts_and_lists_are_read_in_place() {
    // Passes if the sum of a list reaches 6 and the text begins with `K`; the text comes back.
    let manifest = plain_with(json!({
        "fields": [{"path": "alert.classification", "type": "str"}, {"path": "a[].b", "type": "list<f64>"}],
        "values": [{"name": "class", "type": "str"}, {"name": "sum", "type": "f64"}, {"name": "any", "type": "bool"},
                   {"name": "unset", "type": "i64"}]}));
    let rest = r#"(func (export "skysieve_filter") (param $r i32) (result i64)
        (local $at i32) (local $left i64) (local $sum f64)
        (local.set $at (i32.load offset=32 (local.get $r)))
        (local.set $left (i64.shr_u (i64.load offset=32 (local.get $r)) (i64.const 32)))
        (block $done (loop $next
          (br_if $done (i64.eqz (local.get $left)))
          (local.set $sum (f64.add (local.get $sum) (f64.load (local.get $at))))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (local.set $left (i64.sub (local.get $left) (i64.const 1)))
          (br $next)))
        (i64.store offset=40 (local.get $r) (i64.load offset=24 (local.get $r)))
        (f64.store offset=48 (local.get $r) (local.get $sum))
        (i64.store offset=56 (local.get $r) (i64.const 1))
        (if (f64.lt (local.get $sum) (f64.const 6)) (then (return (i64.const 0x8000000000000000))))
        (if (i32.ne (i32.load8_u (i32.load offset=24 (local.get $r))) (i32.const 75))
          (then (return (i64.const 0x8000000000000001))))
        (i64.const 0))"#;
    let mut guest = guest(&manifest, rest);
    let alert = |class: &str, list: &[f64]| {
        Alert::new(&[FieldType::Str, FieldType::List(Scalar::F64)], |row| {
            row.set_str(0, class);
            row.set_f64_list(1, list.iter().copied());
        })
    };
    let kilonova = alert("Kilonova candidate", &[1.0, 2.0, 3.5]);
    assert_eq!(
        guest.filter(&kilonova.input()).unwrap(),
        Verdict::Passed { routes: 1 }
    );
    let values: Vec<Value> = guest
        .values()
        .unwrap()
        .into_iter()
        .map(|(_, value)| value)
        .collect();
    let class = Value::Str("Kilonova candidate".to_owned());
    assert_eq!(
        values,
        [class, Value::F64(6.5), Value::Bool(true), Value::Null]
    );
    let faint = alert("Kilonova", &[]);
    assert_eq!(
        guest.filter(&faint.input()).unwrap(),
        Verdict::Rejected { cut: 0 }
    );
    let other = alert("AGN", &[9.0]);
    assert_eq!(
        guest.filter(&other.input()).unwrap(),
        Verdict::Rejected { cut: 1 }
    );
}

#[test]
fn late_fields_come_when_they_are_asked_for() {
    let manifest = plain_with(json!({
        "fields": [{"path": "candidate.rb", "type": "f64"},
                   {"path": "alert.lightcurve.flux", "type": "list<f64>", "late": true}]}));
    let rest = r#"(func (export "skysieve_filter") (param $r i32) (result i64)
        (if (f64.lt (f64.load offset=24 (local.get $r)) (f64.const 0.5))
          (then (return (i64.const 0x8000000000000000))))
        (if (i64.eqz (i64.and (i64.load (local.get $r)) (i64.const 2)))
          (then (return (i64.const 0x4000000000000000))))
        (if (i32.lt_u (i32.load offset=36 (local.get $r)) (i32.const 3))
          (then (return (i64.const 0x8000000000000001))))
        (i64.const 0))"#;
    let mut guest = guest(&manifest, rest);
    assert!(guest.module().has_late_fields());
    let flux = FieldType::List(Scalar::F64);
    let alert = |rb| {
        let mut alert = Alert::new(&[F64], |row| row.set_f64(0, rb));
        alert.slots.push(None);
        alert
    };
    let mut late = Alert::new(&[flux], |row| row.set_f64_list(0, [1.0, 2.0, 3.0]));
    late.slots = vec![None, Some(0)];
    assert_eq!(
        guest.filter(&alert(0.1).input()).unwrap(),
        Verdict::Rejected { cut: 0 }
    );
    let bright = alert(0.9);
    assert_eq!(guest.filter(&bright.input()).unwrap(), Verdict::WantsLate);
    let again = Input {
        late: Some(late.fields()),
        ..bright.input()
    };
    assert_eq!(guest.filter(&again).unwrap(), Verdict::Passed { routes: 1 });
}

/// Returns its JSON as the delivery, if the record's first field is `urgent` (six bytes long).
fn mapping(json: &str) -> Guest {
    let manifest =
        plain_with(json!({"map_fields": [{"path": "filter.route", "type": "str", "late": true}]}));
    let data: String = json.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let word = (json.len() as u64) << 32 | 8;
    let rest = format!(
        r#"(data (i32.const 8) "{data}")
           (func (export "skysieve_map") (param $r i32) (result i64)
             (if (result i64) (i32.eq (i32.load offset=28 (local.get $r)) (i32.const 6))
               (then (i64.const {word})) (else (i64.const 0))))"#
    );
    guest(&manifest, &rest)
}

fn route(name: &str) -> Alert {
    Alert::new(&[FieldType::Str], |row| row.set_str(0, name))
}

#[test]
fn a_mapping_says_what_to_deliver_or_nothing() {
    let mut guest =
        mapping(r#"{"save": "source", "annotations": {"rate": 0.5}, "photometry": "standard"}"#);
    let delivery = guest.map(route("urgent").fields()).unwrap().unwrap();
    assert_eq!(delivery.save, Some(Save::Source));
    assert_eq!(delivery.annotations["rate"], 0.5);
    assert_eq!(guest.map(route("main").fields()).unwrap(), None);
    let fault = guest.filter(&Alert::empty().input()).unwrap_err();
    assert!(
        fault.to_string().contains("`skysieve_filter`") && !fault.blames_module(),
        "{fault}"
    );
}

#[test]
fn a_delivery_that_cannot_be_used_is_a_fault_of_that_alert() {
    let mut guest = mapping(r#"{"annotations": {"rate": NaN}}"#);
    let fault = guest.map(route("urgent").fields()).unwrap_err();
    assert_eq!(fault.kind(), "delivery");
    assert!(fault.to_string().contains("`rate`"), "{fault}");
    assert_eq!(guest.map(route("main").fields()).unwrap(), None);
}

#[test]
fn parameters_are_checked_by_name_type_and_bounds() {
    let manifest = plain_with(json!({"params": [
        {"name": "min_rb", "type": "f64", "min": 0, "max": 1, "doc": "real-bogus score"},
        {"name": "classes", "type": "list<str>", "default": ["SN"]},
        {"name": "count", "type": "i64", "default": 3, "min": 1}]}));
    let module = load(&manifest, PASS);
    let bind = |given: Json| {
        let given: BTreeMap<String, Json> = serde_json::from_value(given).unwrap();
        module.manifest().bind(&given)
    };
    let bound = bind(json!({"min_rb": 1})).unwrap();
    assert_eq!(bound.get("classes"), Some(&json!(["SN"])));
    assert_eq!(
        bound.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        ["min_rb", "classes", "count"]
    );
    for (given, needle) in [
        (
            json!({}),
            "`min_rb` (f64) is missing and has no default: real-bogus score",
        ),
        (json!({"min_br": 0.5}), "did you mean `min_rb`"),
        (json!({"min_rb": "0.5"}), "expected f64"),
        (json!({"min_rb": 1.5}), "expected 0 to 1"),
        (json!({"min_rb": 0.5, "count": 2.5}), "expected i64"),
        (json!({"min_rb": 0.5, "count": 0}), "at least 1"),
        (
            json!({"min_rb": 0.5, "classes": ["a", 1]}),
            "expected list<str>",
        ),
        (json!({"min_rb": 0.5, "classes": "a"}), "expected list<str>"),
    ] {
        let text = bind(given).unwrap_err().to_string();
        assert!(text.contains(needle), "`{needle}` is not in: {text}");
    }
    let other = load(&plain(), PASS);
    let fault = Guest::new(&other, bound, CallLimits::default()).unwrap_err();
    assert!(fault.to_string().contains("another manifest"), "{fault}");
}

const PASS: &str = r#"(func (export "skysieve_filter") (param i32) (result i64) (i64.const 0))"#;

/// Rejects by the number of calls that it remembers.
const COUNTER: &str = r#"(global $calls (mut i64) (i64.const 0))
    (func (export "skysieve_filter") (param i32) (result i64) (local $n i64)
      (local.set $n (global.get $calls))
      (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
      (i64.or (local.get $n) (i64.const 0x8000000000000000)))"#;

#[test]
fn without_a_reset_each_alert_gets_a_fresh_instance() {
    let mut guest = guest(&plain(), COUNTER);
    assert!(!guest.module().can_reset());
    for _ in 0..200 {
        assert_eq!(
            guest.filter(&Alert::empty().input()).unwrap(),
            Verdict::Rejected { cut: 0 }
        );
    }
}

#[test]
fn with_a_reset_the_instance_stays_and_the_reset_runs_between_alerts() {
    let reset = r#"(func (export "skysieve_reset") (global.set $calls (i64.const 0)))"#;
    let mut tidy = guest(&plain(), &format!("{COUNTER}{reset}"));
    for _ in 0..3 {
        assert_eq!(
            tidy.filter(&Alert::empty().input()).unwrap(),
            Verdict::Rejected { cut: 0 }
        );
    }
    // A reset that does nothing shows that it is the same instance.
    let mut lazy = guest(
        &plain(),
        &format!("{COUNTER}(func (export \"skysieve_reset\"))"),
    );
    assert_eq!(
        lazy.filter(&Alert::empty().input()).unwrap(),
        Verdict::Rejected { cut: 0 }
    );
    assert_eq!(
        lazy.filter(&Alert::empty().input()).unwrap(),
        Verdict::Rejected { cut: 1 }
    );
    assert_eq!(
        lazy.filter(&Alert::empty().input()).unwrap_err().kind(),
        "verdict"
    );
    assert_eq!(
        lazy.filter(&Alert::empty().input()).unwrap(),
        Verdict::Rejected { cut: 0 },
        "after a fault the instance is a fresh one"
    );
}

/// Passes on route 0 the first time that an instance is called, on route 1 ever after, and its reset
/// does nothing.
const FORGETFUL: &str = r#"(global $calls (mut i64) (i64.const 0))
    (func (export "skysieve_filter") (param i32) (result i64)
      (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
      (select (i64.const 1) (i64.const 2) (i64.eq (global.get $calls) (i64.const 1))))
    (func (export "skysieve_reset"))"#;

#[test]
fn strict_isolation_gives_each_alert_fresh_memory() {
    let routes = |isolation| {
        let mut guest = guest(&plain(), FORGETFUL).isolated(isolation);
        let mut next = || match guest.filter(&Alert::empty().input()).unwrap() {
            Verdict::Passed { routes } => routes,
            other => panic!("{other:?}"),
        };
        [next(), next(), next(), next(), next()]
    };
    assert_eq!(routes(Isolation::default()), [1, 2, 2, 2, 2]);
    assert_eq!(routes(Isolation::Strict), [1, 1, 1, 1, 1]);
    // Replaced every so many alerts.
    assert_eq!(routes(Isolation::Reuse { alerts: 2 }), [1, 2, 1, 2, 1]);
}

#[test]
fn the_buffer_is_asked_for_again_only_when_the_record_outgrows_it() {
    let manifest = plain_with(json!({
        "fields": [{"path": "a[].b", "type": "list<i64>"}], "values": [{"name": "asked", "type": "i64"}]}));
    // Counts the calls of reserve, and grows as far as it is asked to.
    let text = text(
        &manifest,
        r#"(func (export "skysieve_filter") (param $r i32) (result i64)
             (i64.store offset=32 (local.get $r) (i64.load (i32.const 0))) (i64.const 0))
           (func (export "skysieve_reset"))"#,
    )
    .replace(
        "(param i32) (result i32) (i32.const 131072))",
        "(param i32) (result i32)
           (i64.store (i32.const 0) (i64.add (i64.load (i32.const 0)) (i64.const 1)))
           (drop (memory.grow (i32.const 8))) (i32.const 131072))",
    );
    let mut guest = guest_of(&load_text(&text).unwrap(), json!({}));
    let mut asked = |elements: i64| {
        let alert = Alert::new(&[FieldType::List(Scalar::I64)], |row| {
            row.set_i64_list(0, 0..elements)
        });
        guest.filter(&alert.input()).unwrap();
        guest.values().unwrap()[0].1.clone()
    };
    assert_eq!(asked(100), Value::I64(1));
    assert_eq!(asked(150), Value::I64(1));
    assert_eq!(asked(50_000), Value::I64(2));
    assert_eq!(asked(60_000), Value::I64(2));
    assert_eq!(asked(1), Value::I64(2));
}

#[test]
fn nans_are_canonical() {
    // A NaN with a payload goes through an addition.
    let manifest = plain_with(json!({"values": [{"name": "bits", "type": "i64"}]}));
    let rest = r#"(func (export "skysieve_filter") (param $r i32) (result i64)
        (i64.store offset=16 (local.get $r) (i64.reinterpret_f64
          (f64.add (f64.reinterpret_i64 (i64.const 0xfff8000000001234)) (f64.const 1))))
        (i64.const 0))"#;
    let mut guest = guest(&manifest, rest);
    guest.filter(&Alert::empty().input()).unwrap();
    assert_eq!(
        guest.values().unwrap()[0].1,
        Value::I64(0x7ff8_0000_0000_0000)
    );
}

#[test]
fn log_lines_reach_the_log_with_the_name_of_the_module_and_a_flood_does_not() {
    #[derive(Clone, Default)]
    struct Sink(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
    impl std::io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let sink = Sink::default();
    let writer = sink.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let rest = r#"(data (i32.const 8) "a line of the guest")
        (func (export "skysieve_filter") (param i32) (result i64) (local $n i32)
          (loop $more
            (call $log (i32.const 1) (i32.const 8) (i32.const 19))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $more (i32.lt_u (local.get $n) (i32.const 1000))))
          (i64.const 1))"#;
    let mut guest = guest(&plain(), rest);
    let verdict =
        tracing::subscriber::with_default(subscriber, || guest.filter(&Alert::empty().input()));
    assert_eq!(verdict.unwrap(), Verdict::Passed { routes: 1 });
    let log = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    let lines = log
        .lines()
        .filter(|line| line.contains("a line of the guest"))
        .count();
    assert_eq!(lines, 50, "{log}");
    assert!(
        log.contains("WARN") && log.contains("module=\"test.wasm\""),
        "{log}"
    );
    assert!(log.contains(&guest.module().hash().to_string()), "{log}");
}
