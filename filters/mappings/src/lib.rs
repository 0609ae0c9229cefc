//! What a team wants to see in SkyPortal: all that Fink says on each survey, or as little as
//! possible. `standard-mapping` beside this crate stands between them and knows no survey.
//!
//! Each file beside this one is a module by itself: the root of a crate for WebAssembly, to copy as
//! it stands. Natively they are modules of this library, for the tests.
#![cfg(not(target_arch = "wasm32"))]
#![forbid(unsafe_code)]

pub mod lean_mapping;
pub mod lsst_mapping;
pub mod ztf_mapping;
