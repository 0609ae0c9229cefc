//! What everything costs, and what one might pick instead costs beside it.
//!
//! In: packets of the simulator, of the surveys' shape and size; real ones too, where they are at hand.
//! Out: one criterion group for each cost. Time is the thread's own: what else the machine does
//! counts as little as it can.
//! Never here: a number of another machine or another day; only what ran beside each other is compared.
#![forbid(unsafe_code)]

mod clock;
pub mod cuts;
mod fields;
mod packets;
mod skip;

pub use clock::{ThreadClock, criterion};
pub use fields::{light_curve, lists, ten_numbers};
pub use packets::{Packets, both, real, simulated};
pub use skip::BareSkip;
