//! What happened, counted where it happens, and told.
//!
//! In: single counts from every room. Out: accounts that close, and logs.
//! Never here: a decision; a secret.

mod accounts;
mod clock;
mod logs;

pub use accounts::{Accounts, FilterAccount, RouteAccount, SourceAccount};
pub use clock::now;
pub use logs::{LogFormat, start_logs};
