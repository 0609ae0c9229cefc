//! What a module may import: two functions, and nothing else.

use wasmtime::{Caller, Extern, Linker};

use super::exports::describe;
use super::fault::{Abort, Fault};
use super::instance::State;
use super::load::Refusal;
use super::log::MAX_LINE_BYTES;
use super::memory::{self, Span};

/// The module name of the contract's version: an unknown version fails by name.
const NAMESPACE: &str = "skysieve_1";
const LOG: &str = "(i32, i32, i32) -> ()";
const ABORT: &str = "(i32, i32, i32, i32) -> ()";
/// Bytes of UTF-16 that are read of each of `abort`'s texts.
const MAX_ABORT_BYTES: u32 = 1024;

/// Why an import is refused, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportRefusal {
    #[error(
        "this is WASI: a verdict must depend on the alert and the parameters alone, so there are no files, clocks, \
         random numbers or standard output; build a plain module (Rust: target `wasm32-unknown-unknown`; C: `-nostdlib`; \
         write messages with `skysieve_1.log`)"
    )]
    Wasi,
    #[error(
        "this seeds random numbers (`Math.random`): a verdict must depend on the alert and the parameters alone; derive \
         what must look random from `alert.alert_id`"
    )]
    Random,
    #[error(
        "this reads the clock: a verdict must depend on the alert and the parameters alone; take the time from `alert.mjd`"
    )]
    Clock,
    #[error("write messages with `skysieve_1.log(level, ptr, len)` instead")]
    Console,
    #[error(
        "this comes from wasm-bindgen, which needs a JavaScript host: remove the crate that pulls it in (often `getrandom`, `chrono` or `js-sys` with their `js` features)"
    )]
    WasmBindgen,
    #[error(
        "export the memory as `memory` instead of importing one (AssemblyScript: without `--importMemory`; wasm-ld: without `--import-memory`)"
    )]
    Memory,
    #[error("this host speaks version 1 of the guest contract: build against `skysieve_1`")]
    Version,
    #[error(
        "the only imports of version 1 are `skysieve_1.log` and AssemblyScript's `env.abort`; link the function into the module (an undefined \
         symbol often ends up as an import of `env`)"
    )]
    Unknown,
}

/// Checks every import by name and type.
pub(super) fn check(module: &wasmtime::Module) -> Result<(), Refusal> {
    for import in module.imports() {
        let expected = match (import.module(), import.name()) {
            (NAMESPACE, "log") => LOG,
            ("env", "abort") => ABORT,
            (module, name) => {
                return Err(Refusal::Import {
                    module: module.to_owned(),
                    name: name.to_owned(),
                    why: explain(module, name, import.ty().memory().is_some()),
                });
            }
        };
        let found = describe(&import.ty());
        if found != expected {
            return Err(Refusal::ImportType {
                module: import.module().to_owned(),
                name: import.name().to_owned(),
                expected,
                found,
            });
        }
    }
    Ok(())
}

fn explain(module: &str, name: &str, is_memory: bool) -> ImportRefusal {
    let whole = format!("{module}.{name}");
    if is_memory {
        ImportRefusal::Memory
    } else if module.starts_with("wasi") {
        ImportRefusal::Wasi
    } else if module.starts_with("skysieve_") && module != NAMESPACE {
        ImportRefusal::Version
    } else if whole.contains("wbindgen") || whole.contains("wbg") {
        ImportRefusal::WasmBindgen
    } else if name == "seed" || whole.contains("Math.random") {
        ImportRefusal::Random
    } else if whole.contains("Date") || whole.contains("performance") {
        ImportRefusal::Clock
    } else if whole.contains("console") || whole == "env.trace" {
        ImportRefusal::Console
    } else {
        ImportRefusal::Unknown
    }
}

/// Defines the two functions.
pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap(NAMESPACE, "log", log)?;
    linker.func_wrap("env", "abort", abort)?;
    Ok(())
}

fn log(mut caller: Caller<'_, State>, level: i32, ptr: u32, len: u32) -> wasmtime::Result<()> {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        return Ok(());
    };
    let (data, state) = memory.data_and_store_mut(&mut caller);
    let text =
        memory::bytes(data, state.running, Span { ptr, len }).map_err(wasmtime::Error::new)?;
    state
        .log
        .push(level, &text[..text.len().min(MAX_LINE_BYTES)]);
    Ok(())
}

fn abort(
    mut caller: Caller<'_, State>,
    message: u32,
    file: u32,
    line: i32,
    column: i32,
) -> wasmtime::Result<()> {
    let data = match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => memory.data(&caller),
        _ => &[],
    };
    Err(wasmtime::Error::new(Fault::Abort(Box::new(Abort {
        message: assembly_script_text(data, message),
        file: assembly_script_text(data, file),
        line,
        column,
    }))))
}

/// An AssemblyScript string: UTF-16 at the pointer, its length in bytes in the word before it.
/// What cannot be read is left out: the abort is a fault either way.
fn assembly_script_text(memory: &[u8], ptr: u32) -> String {
    let read = || {
        let start = usize::try_from(ptr).ok()?;
        let header = memory.get(start.checked_sub(4)?..start)?;
        let len = u32::from_le_bytes(header.try_into().ok()?).min(MAX_ABORT_BYTES);
        let bytes = memory.get(start..start.checked_add(usize::try_from(len).ok()?)?)?;
        let units: Vec<u16> = bytes
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        Some(String::from_utf16_lossy(&units).replace(char::is_control, " "))
    };
    read().unwrap_or_default()
}
