//! The one place of the host where the compiler of Rust is asked to trust us.
#![allow(unsafe_code)]

use wasmtime::{Engine, Module};

/// Makes a module of code that this program compiled.
///
/// The callers are two: code that our own child process has just sent through its pipe, and code
/// that [`super::cache::Cache`] handed out.
///
/// # Errors
/// Where it was compiled by another version or with other settings: then it is compiled anew.
pub(super) fn load(wasm: &Engine, code: &[u8]) -> wasmtime::Result<Module> {
    // SAFETY: `deserialize` runs what it is given, so it must be given what `Module::serialize`
    // made and nothing else. Of the two callers, one passes what our own program, run as a child
    // and reached by nobody else, wrote into a pipe after it had ended well; the other passes the
    // same bytes from a file in a directory of mode 0700 that belongs to us, which itself is ours
    // and of mode 0600, after the SHA-256 over them was found to be right. Whoever can change such
    // a file is this very user (or root), and needs no detour to run code as us; a key beside it
    // would be readable to the same, so a plain digest, against damage, is enough. Code of another
    // version of wasmtime, or compiled with other settings, is recognised by wasmtime itself.
    unsafe { Module::deserialize(wasm, code) }
}
