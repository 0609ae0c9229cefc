//! Fink's ZTF filters for stars, verdict for verdict.
//!
//! Each file beside this one is a module by itself: the root of a crate for WebAssembly, to copy as
//! it stands. Natively they are modules of this library, for the tests.
#![cfg(not(target_arch = "wasm32"))]
#![forbid(unsafe_code)]

pub mod magnetic_cvs;
pub mod microlensing_candidates;
pub mod yso_candidates;
pub mod yso_spicy_candidates;

#[cfg(test)]
mod tests;
