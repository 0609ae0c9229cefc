//! Fink's LSST filters for what is outside the Galaxy, verdict for verdict.
//!
//! Each file beside this one is a module by itself: the root of a crate for WebAssembly, to copy as
//! it stands. Natively they are modules of this library, for the tests.
#![cfg(not(target_arch = "wasm32"))]
#![forbid(unsafe_code)]

pub mod extragalactic_lt20mag_candidate;
pub mod extragalactic_new_candidate;
pub mod extragalactic_svom;
pub mod fast_transient_gvom;
pub mod hostless_candidate;
