//! The authors' tools: one module, some alerts, and everything that can be known of what it says.
//!
//! In: a module's file, parameters, messages of files. Out: rulings, a report over many of them
//! ([`Report`]), the differences from another version ([`Change`]), one ruling in full ([`explain`]).
//! Never here: the network, SkyPortal, a configuration; a judgement other than the engine's.

mod bench;
mod explain;
mod params;
mod reading;
mod report;
mod text;

pub use bench::{Bench, BenchError, Ruling, Said, Skipped};
pub use explain::{Explanation, ShownCut, ShownField, explain};
pub use params::{ParamSyntax, parse_param};
pub use report::{Change, Judged, Report};
