//! The one place that knows all rooms, and the order in which an alert passes through them.
//!
//! In: a checked configuration. Out: verdicts and deliveries, offsets stored when everything that a
//! message caused is done, accounts that close.
//! Never here: a decision of a room's own (how to decode, to judge, to deliver); I/O while judging.

mod check;
mod conduct;
mod control;
mod copies;
mod destinations;
mod flood;
mod follow;
mod judge;
mod lanes;
mod mapping;
mod modules;
mod orders;
mod plans;
mod reader;
mod replay;
mod run;
mod seat;
mod told;
mod trial;
mod union;

pub use check::check;
pub use control::{Answer, ControlError, Request, ask};
pub use follow::ConfigFile;
pub use judge::{Judge, Judged, Judgement, Passed, PassedOn, Said, Undecodable};
pub use modules::{Modules, ModulesError};
pub use replay::{Event, Replay, ReplayError};
pub use run::{Pipeline, RunError, Stop};
