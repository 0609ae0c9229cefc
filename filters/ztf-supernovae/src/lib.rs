//! Fink's ZTF filters for supernovae, verdict for verdict.
//!
//! Each file beside this one is a module by itself: the root of a crate for WebAssembly, to copy as
//! it stands. Natively they are modules of this library, for the tests.
#![cfg(not(target_arch = "wasm32"))]
#![forbid(unsafe_code)]

pub mod early_sn_candidates;
pub mod fast_riser_candidates;
pub mod sn_candidates;

#[cfg(test)]
mod tests;
