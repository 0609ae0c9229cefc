//! Fink's LSST filter for flares of M dwarfs, verdict for verdict.
//!
//! Each file beside this one is a module by itself: the root of a crate for WebAssembly, to copy as
//! it stands. Natively they are modules of this library, for the tests.
#![cfg(not(target_arch = "wasm32"))]
#![forbid(unsafe_code)]

pub mod mdwarf_flare;
