//! What a module must export, by name and type.

use std::fmt;

use wasmtime::{ExternType, FuncType};

use super::load::Refusal;
use super::suggest::did_you_mean;

/// A function of the guest contract, as faults name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Export {
    /// The start function, which runs while a module is instantiated.
    Start,
    Manifest,
    Reserve,
    Filter,
    Map,
    Reset,
}

impl Export {
    /// The name that the module exports.
    pub fn name(self) -> &'static str {
        match self {
            Export::Start => "start",
            Export::Manifest => "skysieve_manifest",
            Export::Reserve => "skysieve_reserve",
            Export::Filter => "skysieve_filter",
            Export::Map => "skysieve_map",
            Export::Reset => "skysieve_reset",
        }
    }

    fn signature(self) -> &'static str {
        match self {
            Export::Start | Export::Reset => "() -> ()",
            Export::Manifest => "() -> (i64)",
            Export::Reserve => "(i32) -> (i32)",
            Export::Filter | Export::Map => "(i32) -> (i64)",
        }
    }
}

impl fmt::Display for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const FUNCTIONS: [Export; 5] = [
    Export::Manifest,
    Export::Reserve,
    Export::Filter,
    Export::Map,
    Export::Reset,
];

/// Which of the optional exports a module has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exports {
    pub filter: bool,
    pub map: bool,
    pub reset: bool,
}

/// Checks the exports of a compiled module against the contract.
pub(super) fn check(module: &wasmtime::Module, memory_limit: usize) -> Result<Exports, Refusal> {
    refuse_unknown(module)?;
    check_memory(module, memory_limit)?;
    let found = |export| check_function(module, export);
    for required in [Export::Manifest, Export::Reserve] {
        if !found(required)? {
            return Err(Refusal::MissingExport {
                name: required.name(),
                signature: required.signature(),
            });
        }
    }
    let exports = Exports {
        filter: found(Export::Filter)?,
        map: found(Export::Map)?,
        reset: found(Export::Reset)?,
    };
    if !exports.filter && !exports.map {
        return Err(Refusal::NeitherFilterNorMapping);
    }
    Ok(exports)
}

/// A misspelt `skysieve_…` would otherwise silently never be called.
fn refuse_unknown(module: &wasmtime::Module) -> Result<(), Refusal> {
    let known = FUNCTIONS.map(Export::name);
    for export in module.exports() {
        let name = export.name();
        if name.starts_with("skysieve_") && !known.contains(&name) {
            return Err(Refusal::UnknownExport {
                name: name.to_owned(),
                suggestion: did_you_mean(name, known),
            });
        }
    }
    Ok(())
}

fn check_memory(module: &wasmtime::Module, limit: usize) -> Result<(), Refusal> {
    let memory = match module.get_export("memory") {
        Some(ExternType::Memory(memory)) => memory,
        Some(other) => {
            return Err(Refusal::ExportType {
                name: "memory",
                expected: "a memory",
                found: describe(&other),
            });
        }
        None => {
            return Err(Refusal::MissingExport {
                name: "memory",
                signature: "the one linear memory",
            });
        }
    };
    let bytes = memory.minimum().saturating_mul(memory.page_size());
    if bytes > limit as u64 {
        return Err(Refusal::Memory { bytes, limit });
    }
    Ok(())
}

fn check_function(module: &wasmtime::Module, export: Export) -> Result<bool, Refusal> {
    let Some(ty) = module.get_export(export.name()) else {
        return Ok(false);
    };
    let found = describe(&ty);
    if found != export.signature() {
        return Err(Refusal::ExportType {
            name: export.name(),
            expected: export.signature(),
            found,
        });
    }
    Ok(true)
}

/// `(i32, i32) -> (i64)` for a function, `a global` and so on for the rest.
pub(super) fn describe(ty: &ExternType) -> String {
    match ty {
        ExternType::Func(function) => describe_function(function),
        ExternType::Global(_) => "a global".to_owned(),
        ExternType::Table(_) => "a table".to_owned(),
        ExternType::Memory(_) => "a memory".to_owned(),
        ExternType::Tag(_) => "a tag".to_owned(),
    }
}

fn describe_function(function: &FuncType) -> String {
    let list = |types: Vec<String>| types.join(", ");
    let params = list(function.params().map(|ty| ty.to_string()).collect());
    let results: Vec<String> = function.results().map(|ty| ty.to_string()).collect();
    format!("({params}) -> ({})", list(results))
}
