//! Modules that are refused when they are loaded, each with words that help its author.

use serde_json::json;

use super::*;
use crate::engine::Refusal;

const PASS: &str = r#"(func (export "skysieve_filter") (param i32) (result i64) (i64.const 0))"#;

#[track_caller]
fn refused_bytes(bytes: &[u8], needles: &[&str]) {
    let error = engine().load("liar.wasm", bytes).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("cannot use module `liar.wasm` ({})", error.hash)),
        "{text}"
    );
    for needle in needles {
        assert!(text.contains(needle), "`{needle}` is not in: {text}");
    }
}

#[track_caller]
fn refused_text(text: &str, needles: &[&str]) {
    refused_bytes(&wat::parse_str(text).unwrap(), needles);
}

#[track_caller]
fn refused(manifest: &Json, rest: &str, needles: &[&str]) {
    refused_text(&text(manifest, rest), needles);
}

#[test]
fn files_that_are_no_module() {
    let good = wat::parse_str(text(&plain(), PASS)).unwrap();
    refused_bytes(b"", &["not WebAssembly", "empty"]);
    refused_bytes(b"import fink_filters", &["not WebAssembly"]);
    refused_bytes(b"  (module)", &["text form", "wat2wasm"]);
    refused_bytes(
        b"\0asm\x0d\0\x01\0",
        &["component", "wasm32-unknown-unknown"],
    );
    refused_bytes(b"\0asm\x02\0\0\0", &["version 1"]);
    refused_bytes(b"\0asm\x01", &["ends too early"]);
    for len in [good.len() / 3, good.len() / 2, good.len() - 1] {
        refused_bytes(&good[..len], &["ends too early"]);
    }
    let mut huge = good.clone();
    huge.resize(17 * 1024 * 1024, 0);
    refused_bytes(
        &huge,
        &["17825792 bytes are more than the 16777216 allowed"],
    );
    let mut broken = good;
    let middle = broken.len() / 2;
    broken[middle..].fill(0xff);
    assert!(engine().load("liar.wasm", &broken).is_err());
}

#[test]
fn imports_beyond_the_two_are_refused_by_name() {
    for (import, needles) in [
        (
            r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))"#,
            &[
                "`wasi_snapshot_preview1.fd_write`",
                "WASI",
                "the alert and the parameters alone",
            ][..],
        ),
        (
            r#"(import "env" "seed" (func (result f64)))"#,
            &["`env.seed`", "random", "the parameters alone"],
        ),
        (
            r#"(import "env" "Date.now" (func (result f64)))"#,
            &["clock", "`alert.mjd`"],
        ),
        (
            r#"(import "env" "console.log" (func (param i32)))"#,
            &["`skysieve_1.log"],
        ),
        (
            r#"(import "__wbindgen_placeholder__" "__wbindgen_throw" (func (param i32 i32)))"#,
            &["wasm-bindgen"],
        ),
        (
            r#"(import "skysieve_2" "log" (func (param i32 i32 i32)))"#,
            &["version 1", "`skysieve_1`"],
        ),
        (
            r#"(import "skysieve_1" "now" (func (result i64)))"#,
            &["`skysieve_1.now`", "only imports"],
        ),
        (
            r#"(import "env" "memory" (memory 1))"#,
            &["export the memory"],
        ),
        (
            r#"(import "env" "pow" (func (param f64 f64) (result f64)))"#,
            &["`env.pow`", "link the function"],
        ),
        (
            r#"(import "skysieve_1" "log" (func (param i32 i32)))"#,
            &["`skysieve_1.log` has the type `(i32, i32) -> ()`, expected `(i32, i32, i32) -> ()`"],
        ),
    ] {
        refused_text(&format!("(module {import})"), needles);
    }
}

#[test]
fn exports_are_checked_by_name_and_type() {
    let memory = r#"(memory (export "memory") 4)"#;
    let manifest = r#"(func (export "skysieve_manifest") (result i64) (i64.const 0))"#;
    let reserve = r#"(func (export "skysieve_reserve") (param i32) (result i32) (i32.const 8))"#;
    let module = |parts: &[&str]| format!("(module {})", parts.concat());
    refused_text(
        &module(&[manifest, reserve, PASS]),
        &["export `memory` is missing"],
    );
    refused_text(
        &module(&[memory, reserve, PASS]),
        &["`skysieve_manifest` is missing: expected `() -> (i64)`"],
    );
    refused_text(
        &module(&[memory, manifest, PASS]),
        &["`skysieve_reserve` is missing: expected `(i32) -> (i32)`"],
    );
    refused_text(
        &module(&[memory, manifest, reserve]),
        &["neither `skysieve_filter` nor `skysieve_map`"],
    );
    let mistyped =
        r#"(func (export "skysieve_filter") (param i32 i32) (result i32) (i32.const 0))"#;
    refused_text(
        &module(&[memory, manifest, reserve, mistyped]),
        &["`skysieve_filter` has the type `(i32, i32) -> (i32)`, expected `(i32) -> (i64)`"],
    );
    let global = r#"(global (export "skysieve_reset") i32 (i32.const 0))"#;
    refused_text(
        &module(&[memory, manifest, reserve, PASS, global]),
        &["`skysieve_reset` has the type `a global`"],
    );
    let misspelt = PASS.replace("filter", "fliter");
    refused_text(
        &module(&[memory, manifest, reserve, &misspelt]),
        &["did you mean `skysieve_filter`"],
    );
    let not_memory = r#"(global (export "memory") i32 (i32.const 0))"#;
    refused_text(
        &module(&[not_memory, manifest, reserve, PASS]),
        &["`memory` has the type `a global`"],
    );
    let large = r#"(memory (export "memory") 2000)"#;
    refused_text(
        &module(&[large, manifest, reserve, PASS]),
        &["131072000 bytes", "allowed at load"],
    );
}

#[test]
fn features_beyond_version_1_are_refused() {
    let with = |extra: &str| text(&plain(), &format!("{PASS}{extra}"));
    refused_text(&with("(memory 1)"), &["use one memory"]);
    refused_text(
        &with("").replace("\"memory\") 4", "\"memory\") 4 4 shared"),
        &["without threads"],
    );
    refused_text(
        &with("").replace("\"memory\") 4", "\"memory\") i64 4"),
        &["wasm32"],
    );
    for extra in [
        "(func $f (return_call $f))",
        "(tag $e)",
        "(type (struct (field i32)))",
        "(func (param externref))",
        "(func (param v128 v128 v128) (result v128) (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))",
        "(global i32 (i32.add (i32.const 1) (i32.const 2)))",
        "(func (param i64 i64 i64 i64) (result i64 i64) (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))",
        "(func (param i32) (drop (i32.atomic.load (local.get 0))))",
        "(func (param (ref func)))",
    ] {
        refused_text(&with(extra), &["not valid in version 1"]);
    }
    let allowed = r#"(func (param v128) (result v128) (f64x2.add (local.get 0) (local.get 0)))
        (func (result i32 i64) (i32.const 1) (i64.const 2))
        (func (param f64) (result i32) (i32.trunc_sat_f64_s (local.get 0)))
        (func (param i32) (result i32) (i32.extend8_s (local.get 0)))
        (func (param funcref)) (global (export "g") (mut i32) (i32.const 0)) (table 2 funcref)"#;
    load_text(&with(allowed)).unwrap();
}

#[test]
fn a_start_function_that_loops_is_stopped() {
    let rest = format!("{PASS} (func $s (loop $l (br $l))) (start $s)");
    refused(&plain(), &rest, &["`start` used up its", "fuel"]);
    let trap = format!("{PASS} (func $s (unreachable)) (start $s)");
    refused(&plain(), &trap, &["`start` trapped: ", "unreachable"]);
    let bomb = "(func $s (loop $l (br_if $l (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable) (start $s)";
    refused(
        &plain(),
        &format!("{PASS}{bomb}"),
        &["`start` trapped", "refused"],
    );
}

#[test]
fn manifests_are_read_strictly() {
    let field = |path: &str, ty: &str| json!({"path": path, "type": ty});
    let many: Vec<Json> = (0..5000).map(|n| field(&format!("f{n}"), "f64")).collect();
    let routes: Vec<String> = (0..33).map(|n| format!("r{n}")).collect();
    for (changes, needles) in [
        (
            json!({"abi": 2, "new": true}),
            &["`abi` is 2", "version 1"][..],
        ),
        (json!({"abi": "1"}), &["`abi` is \"1\""]),
        (
            json!({"feilds": []}),
            &["`feilds`", "did you mean `fields`"],
        ),
        (json!({"name": 7}), &["string"]),
        (json!({"name": " "}), &["empty name"]),
        (json!({"surveys": ["sdss"]}), &["`sdss`", "`ztf`"]),
        (
            json!({"fields": [field("x", "float")]}),
            &["unknown field type `float`", "f64"],
        ),
        (
            json!({"fields": [{"path": "x", "type": "f64", "optinal": true}]}),
            &["did you mean `optional`"],
        ),
        (
            json!({"fields": [field("x", "f64"), field("x", "f64")]}),
            &["field `x` is declared twice"],
        ),
        (
            json!({"fields": [field("a[].b[].c", "f64")]}),
            &["two `[]`"],
        ),
        (
            json!({"fields": [field("filter.route", "str")]}),
            &["only `map_fields`"],
        ),
        (json!({"fields": many}), &["5000 field", "4096"]),
        (
            json!({"cuts": [{"name": "a"}, {"name": "a"}]}),
            &["cut `a` is declared twice"],
        ),
        (json!({"cuts": [{"name": ""}]}), &["cut number 0"]),
        (
            json!({"cuts": [{"name": "a", "param": "min"}], "params": [{"name": "mim", "type": "f64"}]}),
            &["cut `a` shows the parameter `min`", "did you mean `mim`"],
        ),
        (
            json!({"cuts": [{"name": "a", "value": "x"}]}),
            &["cut `a` shows the value `x`"],
        ),
        (json!({"routes": routes}), &["33 route", "32"]),
        (
            json!({"routes": ["a", "a"]}),
            &["route `a` is declared twice"],
        ),
        (
            json!({"values": [{"name": "v", "type": "bytes"}]}),
            &["`bytes`", "`f64`"],
        ),
        (
            json!({"params": [{"name": "p", "type": "f64", "default": 2, "max": 1}]}),
            &["the default is wrong", "`p` is `2`, expected at most 1"],
        ),
        (
            json!({"params": [{"name": "p", "type": "i64", "default": "2"}]}),
            &["`p`", "expected i64"],
        ),
        (
            json!({"params": [{"name": "p", "type": "str", "min": 1}]}),
            &["`p`", "numbers only"],
        ),
        (
            json!({"params": [{"name": "p", "type": "f64", "min": 2, "max": 1}]}),
            &["`p`", "above"],
        ),
        (
            json!({"params": [{"name": "p", "type": "bytes"}]}),
            &["`p`", "use str"],
        ),
    ] {
        let needles = [needles, &["the manifest is refused"]].concat();
        refused(&plain_with(changes), PASS, &needles);
    }
}

#[test]
fn manifests_that_are_no_json_are_refused() {
    let with_data = |data: &str, len: usize| {
        format!(
            r#"(module (memory (export "memory") 20) (data (i32.const 8) "{data}") {PASS}
                 (func (export "skysieve_reserve") (param i32) (result i32) (i32.const 8))
                 (func (export "skysieve_manifest") (result i64) (i64.const {})))"#,
            (len as u64) << 32 | 8
        )
    };
    refused_text(&with_data("{", 1), &["JSON", "EOF"]);
    refused_text(&with_data(r"\ff", 1), &["not UTF-8"]);
    refused_text(&with_data("", 0), &["JSON"]);
    refused_text(
        &with_data(r#"{\"abi\":1,\"abi\":1}"#, 17),
        &["duplicate field `abi`"],
    );
    refused_text(
        &with_data("", 1_100_000),
        &["1100000 bytes, more than the 1048576"],
    );
    let loops = with_data("", 0).replace(
        "(result i64) (i64.const 8)",
        "(result i64) (loop $l (br $l)) (i64.const 8)",
    );
    refused_text(&loops, &["`skysieve_manifest` used up"]);
}

#[test]
fn a_filter_without_routes_has_main() {
    let manifest = json!({"abi": 1, "name": "m", "version": "1"});
    assert_eq!(load(&manifest, PASS).manifest().routes, ["main"]);
    assert_eq!(
        load(&plain_with(json!({"routes": []})), PASS)
            .manifest()
            .route("main"),
        Some(0)
    );
}

#[test]
fn a_refusal_is_a_variant_too() {
    let error = engine().load("x.wasm", b"nothing").unwrap_err();
    assert!(matches!(*error.refusal, Refusal::NotWasm(_)));
    assert_eq!(error.hash.full().len(), 64);
    assert!(error.hash.full().starts_with(&error.hash.to_string()));
}
