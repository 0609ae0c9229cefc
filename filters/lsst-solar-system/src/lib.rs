//! Fink's LSST filters for the Solar System and for trails, verdict for verdict.
//!
//! Each file beside this one is a module by itself: the root of a crate for WebAssembly, to copy as
//! it stands. Natively they are modules of this library, for the tests.
#![cfg(not(target_arch = "wasm32"))]
#![forbid(unsafe_code)]

pub mod faint_trails;
pub mod is_solar_system;
