//! Compiling in this very process, be it the host or its child.

use super::super::imports;
use super::super::load::{MAX_MODULE_BYTES, Refusal};

/// Whether these bytes are a core module at all.
pub(super) fn check_header(bytes: &[u8]) -> Result<(), Refusal> {
    if bytes.len() > MAX_MODULE_BYTES {
        return Err(Refusal::TooLarge {
            bytes: bytes.len(),
            limit: MAX_MODULE_BYTES,
        });
    }
    if !bytes.starts_with(b"\0asm") {
        let hint = if bytes.is_empty() {
            "; the file is empty"
        } else if bytes.trim_ascii_start().starts_with(b"(module") {
            "; this is its text form: assemble it with `wat2wasm`"
        } else {
            ""
        };
        return Err(Refusal::NotWasm(hint));
    }
    match bytes.get(4..8) {
        Some([1, 0, 0, 0]) => Ok(()),
        Some([_, _, 1, 0]) => Err(Refusal::Component),
        Some(_) => Err(Refusal::NotWasm(" and version 1")),
        None => Err(Refusal::Truncated(format!("{} bytes", bytes.len()))),
    }
}

/// Compiles, and looks at what the module wants of its host.
pub(super) fn compile(wasm: &wasmtime::Engine, bytes: &[u8]) -> Result<wasmtime::Module, Refusal> {
    let compiled = wasmtime::Module::from_binary(wasm, bytes).map_err(|error| invalid(&error))?;
    imports::check(&compiled)?;
    Ok(compiled)
}

/// What the compiler says, with what an author can do about the usual causes.
pub(in super::super) fn invalid(error: &wasmtime::Error) -> Refusal {
    let reason = error.root_cause().to_string();
    if reason.contains("unexpected end") {
        return Refusal::Truncated(reason);
    }
    let hints = [
        ("multi-memory", "; use one memory"),
        ("multiple memories", "; use one memory"),
        (
            "shared mem",
            "; build without threads (`-matomics` off, no `--shared-memory`)",
        ),
        (
            "thread",
            "; build without threads (`-matomics` off, no `--shared-memory`)",
        ),
        ("memory64", "; build for wasm32"),
        ("64-bit", "; build for wasm32"),
        (
            "relaxed",
            "; relaxed SIMD differs between machines: build without `+relaxed-simd`",
        ),
        ("tail call", "; build without `+tail-call`"),
        (
            "exception",
            "; build without exceptions (Rust: `panic = \"abort\"`)",
        ),
        ("extended", "; build without `+extended-const`"),
    ];
    let lower = reason.to_lowercase();
    let hint = hints
        .iter()
        .find(|(word, _)| lower.contains(word))
        .map_or("", |(_, hint)| hint);
    Refusal::Invalid { reason, hint }
}
