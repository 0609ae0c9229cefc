//! What the tests, the demo and the benchmarks share.
#![deny(unsafe_code)]

pub mod guests;
pub mod kafka;
pub mod mock_kafka;
pub mod program;
pub mod reference;
