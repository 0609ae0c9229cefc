//! Fink's LSST filters for supernovae, verdict for verdict.
//!
//! Each file beside this one is a module by itself: the root of a crate for WebAssembly, to copy as
//! it stands. Natively they are modules of this library, for the tests.
#![cfg(not(target_arch = "wasm32"))]
#![forbid(unsafe_code)]

pub mod most_likely_sn;
pub mod remove_unlikely_transients;
pub mod sn_near_galaxy_candidate;
