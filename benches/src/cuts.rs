//! Ten numbers and six cuts, in every form in which somebody might run them. The alert passes five
//! cuts and fails at the sixth, so that each has all the work.

use std::collections::BTreeMap;

use serde_json::json;
use skysieve::alert::{FieldType, Row};
use skysieve::engine::{CallLimits, Engine, EngineSettings, Guest};

pub const NAMES: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
pub const NUMBERS: [f64; 10] = [0.9, 0.8, 0.7, 0.6, 19.5, 61_000.5, 0.1, 12.5, -3.25, 7.0];

/// `a > 0.5`, …: the number, what it must exceed; the last does not.
const CUTS: [(usize, f64); 6] = [(0, 0.5), (1, 0.5), (2, 0.5), (3, 0.5), (4, 10.0), (6, 0.5)];

/// Where the guest keeps its record.
pub const RECORD: usize = 65_536;

/// In Rust, without any boundary.
#[inline(never)]
pub fn native(numbers: &[f64; 10]) -> Option<usize> {
    CUTS.iter().position(|(number, least)| {
        numbers[*number].partial_cmp(least) != Some(std::cmp::Ordering::Greater)
    })
}

/// As one expression, as CEL and Rhai read it.
pub fn expression() -> String {
    let cut = |(number, least): &(usize, f64)| format!("{} > {least:?}", NAMES[*number]);
    CUTS.iter().map(cut).collect::<Vec<_>>().join(" && ")
}

/// As a WebAssembly module of the guest contract.
pub fn module() -> Vec<u8> {
    let fields: Vec<_> = NAMES
        .iter()
        .map(|name| json!({"path": format!("candidate.{name}"), "type": "f64"}))
        .collect();
    let cuts: Vec<_> = (1..=6)
        .map(|cut| json!({"name": format!("cut {cut}")}))
        .collect();
    let manifest = json!({
        "abi": 1, "name": "ten-numbers", "version": "1.0.0",
        "surveys": ["ztf"], "fields": fields, "cuts": cuts, "routes": ["main"],
    })
    .to_string();
    let data: String = manifest
        .bytes()
        .map(|byte| format!("\\{byte:02x}"))
        .collect();
    let word = (manifest.len() as u64) << 32 | 1024;
    // Flags, length and one word of presence stand before the fields.
    let cut = |(cut, (number, least)): (usize, &(usize, f64))| {
        let at = 8 * (3 + number);
        format!(
            "(if (i32.eqz (f64.gt (f64.load offset={at} (local.get 0)) (f64.const {least})))
                (then (return (i64.or (i64.const 0x8000000000000000) (i64.const {cut})))))"
        )
    };
    let cuts: String = CUTS.iter().enumerate().map(cut).collect();
    let text = format!(
        r#"(module
            (memory (export "memory") 2)
            (data (i32.const 1024) "{data}")
            (func (export "skysieve_manifest") (result i64) (i64.const {word}))
            (func (export "skysieve_reserve") (param i32) (result i32) (i32.const {RECORD}))
            (func (export "skysieve_reset"))
            (func (export "skysieve_filter") (param i32) (result i64) {cuts} (i64.const 0)))"#
    );
    wat::parse_str(text).expect("a module")
}

/// The module as the host runs it, with all limits.
///
/// # Panics
/// Where the host refuses it.
pub fn guest() -> Guest {
    let engine = Engine::new(EngineSettings::default()).expect("an engine");
    let module = engine
        .load("ten_numbers.wasm", &module())
        .expect("a module");
    let params = module
        .manifest()
        .bind(&BTreeMap::new())
        .expect("no parameters");
    Guest::new(&module, params, CallLimits::FILTER).expect("an instance")
}

/// The alert's row.
pub fn row() -> Row {
    let mut row = Row::default();
    row.reset([FieldType::F64; 10]);
    for (field, number) in NUMBERS.into_iter().enumerate() {
        row.set_f64(field, number);
    }
    row
}
