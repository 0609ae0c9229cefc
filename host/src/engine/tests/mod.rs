//! The engine against modules written by hand, good and hostile.

mod contract;
mod fixtures;
mod hostile;
mod lying;
mod records;
mod swap;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Value as Json, json};

use super::{CallLimits, Engine, EngineSettings, Fields, Guest, Input, LoadError, Module};
use crate::alert::{FieldType, Row};

/// One for all tests: each reserves a pool.
fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        Engine::new(EngineSettings {
            instances: 64,
            ..EngineSettings::default()
        })
        .unwrap()
    })
}

/// Where the modules below put their manifest and their buffer.
const MANIFEST_AT: usize = 1024;
const BUFFER_AT: usize = 131_072;

/// A module of four pages with a manifest, a buffer of two pages, and whatever else is given.
fn text(manifest: &Json, rest: &str) -> String {
    let manifest = manifest.to_string();
    let data: String = manifest
        .bytes()
        .map(|byte| format!("\\{byte:02x}"))
        .collect();
    let word = (manifest.len() as u64) << 32 | MANIFEST_AT as u64;
    format!(
        r#"(module
            (import "skysieve_1" "log" (func $log (param i32 i32 i32)))
            (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
            (memory (export "memory") 4)
            (data (i32.const {MANIFEST_AT}) "{data}")
            (func (export "skysieve_manifest") (result i64) (i64.const {word}))
            (func (export "skysieve_reserve") (param i32) (result i32) (i32.const {BUFFER_AT}))
            {rest})"#
    )
}

fn load_text(text: &str) -> Result<Module, LoadError> {
    engine().load("test.wasm", &wat::parse_str(text).unwrap())
}

fn load(manifest: &Json, rest: &str) -> Module {
    load_text(&text(manifest, rest)).unwrap()
}

fn guest_of(module: &Module, params: Json) -> Guest {
    let params: BTreeMap<String, Json> = serde_json::from_value(params).unwrap();
    let params = module.manifest().bind(&params).unwrap();
    Guest::new(module, params, CallLimits::default()).unwrap()
}

fn guest(manifest: &Json, rest: &str) -> Guest {
    guest_of(&load(manifest, rest), json!({}))
}

/// A manifest with nothing but two cuts and two routes.
fn plain() -> Json {
    json!({"abi": 1, "name": "plain", "version": "1.0.0",
           "cuts": [{"name": "first"}, {"name": "second"}], "routes": ["main", "urgent"]})
}

/// `plain` with changes on top.
fn plain_with(changes: Json) -> Json {
    let mut manifest = plain();
    for (key, value) in changes.as_object().unwrap() {
        manifest[key] = value.clone();
    }
    manifest
}

/// A row and the slots of a manifest that asks for exactly its fields, in order.
struct Alert {
    row: Row,
    slots: Vec<Option<usize>>,
}

impl Alert {
    fn new(types: &[FieldType], fill: impl FnOnce(&mut Row)) -> Self {
        let mut row = Row::default();
        row.reset(types.iter().copied());
        fill(&mut row);
        Alert {
            row,
            slots: (0..types.len()).map(Some).collect(),
        }
    }

    fn empty() -> Self {
        Alert::new(&[], |_| {})
    }

    fn fields(&self) -> Fields<'_> {
        Fields {
            row: &self.row,
            slots: &self.slots,
        }
    }

    fn input(&self) -> Input<'_> {
        Input {
            fields: self.fields(),
            late: None,
            explain: false,
        }
    }

    fn explained(&self) -> Input<'_> {
        Input {
            explain: true,
            ..self.input()
        }
    }
}
