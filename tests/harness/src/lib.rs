//! What the tests, the demo and the benchmarks share.
#![deny(unsafe_code)]

pub mod accounts;
pub mod counting;
pub mod deployment;
pub mod expected;
pub mod guests;
pub mod judging;
pub mod kafka;
pub mod mock_kafka;
pub mod night;
pub mod offsets;
pub mod program;
pub mod reference;
pub mod rows;
