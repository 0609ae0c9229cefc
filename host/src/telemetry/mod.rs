//! What happened, counted where it happens, and told.
//!
//! In: single counts from every room. Out: accounts that close, logs, and a small server of
//! metrics, health and status.
//! Never here: a decision; a secret; a lock in the way of an alert that is rejected.

mod accounts;
mod calls;
mod clock;
mod configuration;
mod finding;
mod health;
mod logs;
mod metrics;
mod modules;
mod server;
mod standing;
mod state;
mod status;
mod summary;

pub use accounts::{Accounts, Count, FilterAccount, RouteAccount, SourceAccount};
pub use calls::{Calls, call_name};
pub use clock::{iso, now};
pub use configuration::{Configuration, RefusedConfiguration};
pub use finding::{Finding, Level};
pub use health::{Health, Hindrance};
pub use logs::{Detail, LogFormat, start_logs};
pub use modules::{
    BarredModule, ModuleEvent, ModuleFile, ModuleVersion, RefusedModule, RunningModule,
};
pub use server::{Server, ServerError};
pub use standing::Standing;
pub use state::{Rooms, Telemetry};
