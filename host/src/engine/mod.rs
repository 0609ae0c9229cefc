//! Runs the teams' WebAssembly modules under the guest contract, one call an alert.
//!
//! In: the bytes of a module, the operator's parameters, and the fields of one alert. Out: a
//! verdict, the filter's values, a delivery, or a fault that belongs to that alert and that module
//! alone. Never here: the network, the clock inside a verdict, a module that reaches anything but
//! its own memory and two imports. Files are read in [`Watch`] only, off the hot path.
//!
//! [`Engine`] (one a process) loads a [`Module`]; a [`Guest`] (one a worker, module and configured
//! filter) judges; a [`Shelf`] holds the modules of a directory while [`Watch`] keeps it fresh.

mod compile;
mod delivery;
mod exports;
mod fault;
mod guest;
mod hash;
mod imports;
mod instance;
mod limits;
mod load;
mod log;
mod manifest;
mod memory;
mod params;
mod record;
mod runtime;
mod shelf;
mod suggest;
mod values;
mod verdict;
mod watch;

#[cfg(test)]
mod tests;

pub use compile::{CompileLimits, CompileRefusal, Compiling, serve_as_compiler};
pub use delivery::{Classification, Delivery, DeliveryError, Photometry, Position, Save};
pub use exports::Export;
pub use fault::{Abort, Fault};
pub use guest::{Guest, Isolation};
pub use hash::{Hash, NotAHash};
pub use imports::ImportRefusal;
pub use limits::CallLimits;
pub use load::{LoadError, Module, Refusal};
pub use manifest::{Cut, Manifest, ManifestError, ValueSpec, ValueType};
pub use params::{BoundParams, ParamError, ParamSpec};
pub use record::{Fields, Input};
pub use runtime::{Engine, EngineError, EngineSettings, WORKER_STACK};
pub use shelf::{
    Bar, BarKind, CommandError, Duty, Event, FileStatus, Ledger, RefusedFile, RunningFile, Shelf,
    What,
};
pub use values::Value;
pub use verdict::Verdict;
pub use watch::{Watch, WatchError};
