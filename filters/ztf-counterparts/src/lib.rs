//! Fink's ZTF filters for what catalogues know there, or do not know, verdict for verdict.
//!
//! Each file beside this one is a module by itself: the root of a crate for WebAssembly, to copy as
//! it stands. Natively they are modules of this library, for the tests.
#![cfg(not(target_arch = "wasm32"))]
#![forbid(unsafe_code)]

pub mod blazar;
pub mod simbad_grav_candidates;
pub mod tns_match;
pub mod unknowns;
pub mod vra;

#[cfg(test)]
mod tests;
