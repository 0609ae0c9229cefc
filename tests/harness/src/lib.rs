//! What the tests, the demo and the benchmarks share.
#![deny(unsafe_code)]

pub mod reference;
