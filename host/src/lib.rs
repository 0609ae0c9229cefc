//! skysieve: Fink's alert streams in, each group's WebAssembly cuts, SkyPortal rows out.
//!
//! The rooms stand in the order in which the data flows:
//! [`source`] → [`alert`] → [`engine`] → [`skyportal`], with [`telemetry`] counting beside them,
//! [`pipeline`] as the only place that knows them all, and [`cli`] above it.
#![deny(unsafe_code)]

pub mod alert;
pub mod cli;
pub mod config;
pub mod engine;
pub mod pipeline;
pub mod project;
pub mod simulate;
pub mod skyportal;
pub mod source;
pub mod store;
pub mod telemetry;
pub mod workbench;
