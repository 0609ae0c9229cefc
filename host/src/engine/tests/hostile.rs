//! Modules that mean harm: each is contained with the right fault, and nobody else notices.

use std::time::{Duration, Instant};

use serde_json::json;

use super::*;
use crate::alert::Scalar;
use crate::engine::{EngineSettings, Fault, Verdict};

/// A good neighbour whose verdict must not change whatever the other one does.
struct Neighbour {
    guest: Guest,
    fuel: u64,
}

impl Neighbour {
    fn new() -> Self {
        let manifest = plain_with(json!({"fields": [{"path": "x", "type": "f64"}]}));
        let rest = r#"(func (export "skysieve_filter") (param $r i32) (result i64)
            (select (i64.const 2) (i64.const 0x8000000000000001)
              (f64.gt (f64.load offset=24 (local.get $r)) (f64.const 3))))"#;
        let mut neighbour = Neighbour {
            guest: guest(&manifest, rest),
            fuel: 0,
        };
        neighbour.judge();
        neighbour.fuel = neighbour.guest.fuel_used();
        neighbour
    }

    fn judge(&mut self) {
        let mut alert = |x| {
            let alert = Alert::new(&[FieldType::F64], |row| row.set_f64(0, x));
            self.guest.filter(&alert.input()).unwrap()
        };
        assert_eq!(alert(2.0), Verdict::Rejected { cut: 1 });
        assert_eq!(alert(4.0), Verdict::Passed { routes: 2 });
    }

    fn check(&mut self) {
        self.judge();
        assert_eq!(self.guest.fuel_used(), self.fuel);
    }
}

fn filter(body: &str) -> String {
    format!(r#"(func (export "skysieve_filter") (param $r i32) (result i64) {body})"#)
}

/// The fault that a filter body causes, twice (an instance that trapped must not stay dead), next
/// to a neighbour.
#[track_caller]
fn fault_of(rest: &str) -> Fault {
    let mut neighbour = Neighbour::new();
    let mut hostile = guest(&plain(), rest);
    let first = hostile.filter(&Alert::empty().input()).unwrap_err();
    neighbour.check();
    let second = hostile.filter(&Alert::empty().input()).unwrap_err();
    neighbour.check();
    assert_eq!(first.to_string(), second.to_string());
    first
}

#[track_caller]
fn expect(rest: &str, kind: &str, needles: &[&str]) {
    let fault = fault_of(rest);
    let text = fault.to_string();
    assert_eq!(fault.kind(), kind, "{text}");
    for needle in needles {
        assert!(text.contains(needle), "`{needle}` is not in: {text}");
    }
    assert!(fault.blames_module());
}

#[test]
fn an_endless_loop_runs_out_of_fuel() {
    expect(
        &filter("(loop $l (br $l)) (i64.const 0)"),
        "fuel",
        &["`skysieve_filter`", "10000000"],
    );
}

#[test]
fn an_endless_loop_with_fuel_for_ever_meets_the_deadline_twice() {
    let module = load(&plain(), &filter("(loop $l (br $l)) (i64.const 0)"));
    let params = module.manifest().bind(&BTreeMap::new()).unwrap();
    let limits = CallLimits {
        fuel: u64::MAX,
        deadline: Duration::from_millis(30),
        ..CallLimits::default()
    };
    let mut hostile = Guest::new(&module, params, limits).unwrap();
    let mut neighbour = Neighbour::new();
    let before = Instant::now();
    let fault = hostile.filter(&Alert::empty().input()).unwrap_err();
    assert!(matches!(fault, Fault::Deadline { .. }), "{fault}");
    assert!(
        before.elapsed() >= Duration::from_millis(50),
        "it was tried twice"
    );
    assert!(before.elapsed() < Duration::from_secs(20));
    neighbour.check();
}

#[test]
fn recursion_ends_at_the_end_of_the_stack() {
    let rest = filter("(call $deeper (local.get $r))").replace(
        "(func (export",
        "(func $deeper (param $r i32) (result i64) (i64.add (i64.const 1) (call $deeper (local.get $r)))) (func (export",
    );
    expect(&rest, "trap", &["stack", "`deeper`"]);
}

#[test]
fn a_worker_has_room_beyond_the_stack_of_its_guests() {
    let on_a_worker = std::thread::Builder::new().stack_size(crate::engine::WORKER_STACK);
    let worker = on_a_worker.spawn(recursion_ends_at_the_end_of_the_stack);
    worker.unwrap().join().unwrap();
}

#[test]
fn memory_ends_at_the_limit() {
    let body =
        "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (unreachable)";
    expect(
        &filter(body),
        "trap",
        &["unreachable", "refused", "`limits.memory_mib`"],
    );
}

#[test]
fn tables_end_at_the_limit() {
    let rest = format!(
        "(table $t 1 funcref) {}",
        filter(
            "(if (i32.eq (table.grow $t (ref.null func) (i32.const 10000)) (i32.const -1)) (then (unreachable))) (i64.const 0)"
        )
    );
    expect(&rest, "trap", &["unreachable"]);
}

#[test]
fn bulk_operations_cost_fuel_by_the_byte() {
    let body = "(loop $l (memory.fill (i32.const 0) (i32.const 7) (i32.const 262144)) (br $l)) (i64.const 0)";
    let before = Instant::now();
    expect(&filter(body), "fuel", &[]);
    assert!(before.elapsed() < Duration::from_secs(10));
}

#[test]
fn traps_are_named() {
    expect(
        &filter("(unreachable)"),
        "trap",
        &["`skysieve_filter` trapped", "unreachable"],
    );
    let divided = "(i64.div_u (i64.const 1) (i64.load (i32.const 0)))";
    expect(&filter(divided), "trap", &["integer divide by zero"]);
    expect(
        &filter("(i64.load (i32.const -8))"),
        "trap",
        &["out of bounds memory access"],
    );
    let null_call = "(call_indirect (param i32) (result i64) (local.get $r) (i32.const 0))";
    expect(
        &format!("(table 1 funcref) {}", filter(null_call)),
        "trap",
        &["uninitialized"],
    );
}

#[test]
fn a_panic_message_that_was_logged_is_part_of_the_fault() {
    let body = "(call $log (i32.const 0) (i32.const 8) (i32.const 11)) (unreachable)";
    let rest = format!(r#"(data (i32.const 8) "panicked at") {}"#, filter(body));
    expect(&rest, "trap", &["saying \"panicked at\""]);
}

#[test]
fn an_abort_is_a_readable_fault() {
    // AssemblyScript keeps the length in bytes before the text.
    let data = r#"(data (i32.const 4) "\06\00\00\00n\00o\00!\00") (data (i32.const 28) "\08\00\00\00a\00.\00t\00s\00")"#;
    let body =
        "(call $abort (i32.const 8) (i32.const 32) (i32.const 7) (i32.const 3)) (i64.const 0)";
    expect(
        &format!("{data}{}", filter(body)),
        "abort",
        &["no! at a.ts:7:3"],
    );
    let nowhere =
        "(call $abort (i32.const 3) (i32.const -2) (i32.const 7) (i32.const 3)) (i64.const 0)";
    expect(
        &filter(nowhere),
        "abort",
        &["(no message) at (unknown file):7:3"],
    );
}

#[test]
fn verdicts_outside_the_contract_are_faults() {
    for (bits, needle) in [
        (
            "0x8000000000000002",
            "cut number 2, but the manifest declares 2 cuts",
        ),
        ("0x8000000000010000", "cut number in bits 0-15"),
        ("0xc000000000000000", "nothing else"),
        ("4", "route number 2, but the manifest declares 2 routes"),
        ("0x0000000100000000", "bits 32-62"),
        ("0x4000000000000001", "bit 62 stands alone"),
        ("0x4000000000000000", "the manifest marks none as `late`"),
    ] {
        expect(
            &filter(&format!("(i64.const {bits})")),
            "verdict",
            &[needle],
        );
    }
}

#[test]
fn late_fields_are_given_once() {
    let manifest = plain_with(json!({"fields": [{"path": "x", "type": "f64", "late": true}]}));
    let mut hostile = guest(&manifest, &filter("(i64.const 0x4000000000000000)"));
    let alert = Alert::new(&[FieldType::F64], |row| row.set_f64(0, 1.0));
    assert_eq!(hostile.filter(&alert.input()).unwrap(), Verdict::WantsLate);
    let late = Input {
        late: Some(alert.fields()),
        ..alert.input()
    };
    let fault = hostile.filter(&late).unwrap_err();
    assert!(fault.to_string().contains("which are there"), "{fault}");
}

#[test]
fn a_buffer_must_be_a_buffer() {
    let with = |answer: &str| {
        let text = text(&plain(), &filter("(i64.const 0)"));
        text.replace(
            "(result i32) (i32.const 131072)",
            &format!("(result i32) {answer}"),
        )
    };
    for (answer, kind, needle) in [
        ("(i32.const 0)", "buffer", "no room"),
        ("(i32.const 12)", "buffer", "8-byte aligned"),
        ("(i32.const 262144)", "buffer", "not inside the memory"),
        ("(i32.const 262136)", "buffer", "not inside the memory"),
        ("(i32.const -8)", "buffer", "not inside the memory"),
        ("(unreachable)", "trap", "`skysieve_reserve` trapped"),
        (
            "(loop $l (br $l)) (i32.const 8)",
            "fuel",
            "`skysieve_reserve`",
        ),
    ] {
        let mut hostile = guest_of(&load_text(&with(answer)).unwrap(), json!({}));
        for _ in 0..2 {
            let fault = hostile.filter(&Alert::empty().input()).unwrap_err();
            assert_eq!(fault.kind(), kind, "{fault}");
            assert!(
                fault.to_string().contains(needle),
                "`{needle}` is not in: {fault}"
            );
        }
    }
}

/// Pointers and lengths that wrap, overflow or end just outside a memory of four pages.
const BAD_SPANS: [(u32, u32); 6] = [
    (0, u32::MAX),
    (8, u32::MAX),
    (u32::MAX, 1),
    (u32::MAX, u32::MAX),
    (262_144, 1),
    (262_143, 2),
];

fn word((ptr, len): (u32, u32)) -> u64 {
    u64::from(len) << 32 | u64::from(ptr)
}

#[test]
fn no_pointer_of_any_export_is_believed() {
    let values = plain_with(json!({"values": [{"name": "v", "type": "str"}]}));
    for span in BAD_SPANS {
        let bits = word(span);
        let store =
            format!("(i64.store offset=16 (local.get $r) (i64.const {bits})) (i64.const 0)");
        let mut hostile = guest(&values, &filter(&store));
        hostile.filter(&Alert::empty().input()).unwrap();
        let fault = hostile.values().unwrap_err();
        assert_eq!(fault.kind(), "value", "{fault}");
        assert!(
            fault.to_string().contains("`v`") && fault.to_string().contains("not inside"),
            "{fault}"
        );
        hostile.filter(&Alert::empty().input()).unwrap();

        let map = format!(
            r#"(func (export "skysieve_map") (param i32) (result i64) (i64.const {bits}))"#
        );
        let fault = guest(&plain(), &map)
            .map(Alert::empty().fields())
            .unwrap_err();
        assert!(
            matches!(
                fault,
                Fault::BadPointer {
                    memory: 262_144,
                    ..
                }
            ),
            "{fault}"
        );

        let (ptr, len) = span;
        let log =
            format!("(call $log (i32.const 1) (i32.const {ptr}) (i32.const {len})) (i64.const 0)");
        expect(
            &filter(&log),
            "pointer",
            &["`skysieve_filter` gave pointer"],
        );

        let text = text(&plain(), &filter("(i64.const 0)"));
        let text = text.replacen(
            "(result i64) (i64.const",
            &format!("(result i64) (i64.const {bits}) (return) (i64.const"),
            1,
        );
        let refusal = load_text(&text).unwrap_err().to_string();
        assert!(
            refusal.contains("`skysieve_manifest` gave pointer"),
            "{refusal}"
        );
    }
}

#[test]
fn outputs_are_capped_and_must_be_text() {
    let map = |bits: u64| {
        format!(r#"(func (export "skysieve_map") (param i32) (result i64) (i64.const {bits}))"#)
    };
    let module = load(&plain(), &map(word((8, 5000))));
    let params = module.manifest().bind(&BTreeMap::new()).unwrap();
    let limits = CallLimits {
        output: 4999,
        ..CallLimits::MAPPING
    };
    let fault = Guest::new(&module, params, limits)
        .unwrap()
        .map(Alert::empty().fields())
        .unwrap_err();
    assert!(
        matches!(
            fault,
            Fault::OutputTooLong {
                len: 5000,
                limit: 4999,
                ..
            }
        ),
        "{fault}"
    );

    let invalid = format!(r#"(data (i32.const 8) "\ff\fe") {}"#, map(word((8, 2))));
    let fault = guest(&plain(), &invalid)
        .map(Alert::empty().fields())
        .unwrap_err();
    assert!(fault.to_string().contains("not UTF-8"), "{fault}");

    let broken = format!(r#"(data (i32.const 8) "{{]") {}"#, map(word((8, 2))));
    let fault = guest(&plain(), &broken)
        .map(Alert::empty().fields())
        .unwrap_err();
    assert_eq!(fault.kind(), "delivery", "{fault}");
}

#[test]
fn values_must_be_what_the_manifest_says() {
    for (ty, bits, needle) in [
        ("bool", 3, "0, 1 or 2"),
        ("str", word((8, 1)), "not UTF-8"),
        ("str", word((8, 5000)), "5000 bytes"),
    ] {
        let manifest = plain_with(json!({"values": [{"name": "v", "type": ty}]}));
        let body = format!("(i64.store offset=16 (local.get $r) (i64.const {bits})) (i64.const 0)");
        let mut hostile = guest(
            &manifest,
            &format!(r#"(data (i32.const 8) "\ff") {}"#, filter(&body)),
        );
        hostile.filter(&Alert::empty().input()).unwrap();
        let fault = hostile.values().unwrap_err();
        assert!(
            fault.to_string().contains(needle),
            "`{needle}` is not in: {fault}"
        );
    }
}

#[test]
fn scribbling_over_the_record_harms_nobody() {
    let manifest = plain_with(json!({
        "fields": [{"path": "x", "type": "f64"}, {"path": "l", "type": "list<f64>"}],
        "params": [{"name": "p", "type": "f64", "default": 7}]}));
    // Passes only on an intact record, then ruins it and everything behind it.
    let body = r#"(local $good i32)
        (local.set $good (i32.and (f64.eq (f64.load offset=24 (local.get $r)) (f64.const 4))
          (i32.and (f64.eq (f64.load offset=40 (local.get $r)) (f64.const 7))
            (f64.eq (f64.load (i32.load offset=32 (local.get $r))) (f64.const 5)))))
        (memory.fill (local.get $r) (i32.const 255) (i32.const 65536))
        (select (i64.const 0) (i64.const 0x8000000000000000) (local.get $good))"#;
    let rest = format!(r#"{} (func (export "skysieve_reset"))"#, filter(body));
    let mut hostile = guest(&manifest, &rest);
    let alert = Alert::new(&[FieldType::F64, FieldType::List(Scalar::F64)], |row| {
        row.set_f64(0, 4.0);
        row.set_f64_list(1, [5.0]);
    });
    for _ in 0..3 {
        assert_eq!(
            hostile.filter(&alert.input()).unwrap(),
            Verdict::Passed { routes: 1 }
        );
    }
}

#[test]
fn a_reset_that_fails_is_replaced_and_counted_once() {
    let rest = format!(
        r#"{} (func (export "skysieve_reset") (unreachable))"#,
        filter("(i64.const 0)")
    );
    let mut hostile = guest(&plain(), &rest);
    for _ in 0..2 {
        assert_eq!(
            hostile.filter(&Alert::empty().input()).unwrap(),
            Verdict::Passed { routes: 1 }
        );
        let fault = hostile.settle().unwrap_err();
        assert!(
            fault.to_string().contains("`skysieve_reset` trapped"),
            "{fault}"
        );
        hostile.settle().unwrap();
    }
    // Nobody settled: the next alert gets a fresh instance, not the fault.
    hostile.filter(&Alert::empty().input()).unwrap();
    hostile.filter(&Alert::empty().input()).unwrap();
    // A rejected alert is settled at once, and the fault is its own.
    let rest = rest.replace("(i64.const 0)", "(i64.const 0x8000000000000000)");
    expect(&rest, "trap", &["`skysieve_reset`"]);
}

#[test]
fn a_host_without_room_blames_itself() {
    let small = Engine::new(EngineSettings {
        instances: 2,
        ..EngineSettings::default()
    })
    .unwrap();
    let bytes = wat::parse_str(text(&plain(), &filter("(i64.const 0)"))).unwrap();
    let module = small.load("test.wasm", &bytes).unwrap();
    let params = || module.manifest().bind(&BTreeMap::new()).unwrap();
    let make = |limits| Guest::new(&module, params(), limits);
    let _one = make(CallLimits::default()).unwrap();
    let _two = make(CallLimits::default()).unwrap();
    let fault = make(CallLimits::default()).unwrap_err();
    assert!(
        !fault.blames_module() && fault.to_string().contains("no room"),
        "{fault}"
    );
    let greedy = CallLimits {
        memory: 1 << 40,
        ..CallLimits::default()
    };
    assert!(make(greedy).unwrap_err().to_string().contains("ceiling"));
}
