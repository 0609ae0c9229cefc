//! Fink's ZTF filters for kilonovae, verdict for verdict.
//!
//! Each file beside this one is a module by itself: the root of a crate for WebAssembly, to copy as
//! it stands. Natively they are modules of this library, for the tests.
#![cfg(not(target_arch = "wasm32"))]
#![forbid(unsafe_code)]

pub mod kn_candidates;
pub mod rate_based_kn_candidates;

#[cfg(test)]
mod tests;
