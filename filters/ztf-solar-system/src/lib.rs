//! Fink's ZTF filters for what moves, verdict for verdict.
//!
//! Each file beside this one is a module by itself: the root of a crate for WebAssembly, to copy as
//! it stands. Natively they are modules of this library, for the tests.
#![cfg(not(target_arch = "wasm32"))]
#![forbid(unsafe_code)]

pub mod first_pass_candidates;
pub mod sso_fink_candidates;
pub mod sso_ztf_candidates;

#[cfg(test)]
mod tests;
