//! What Fink's LSST filters are made of: groups of fields, and the questions that Fink's
//! `rubin/blocks` asks of them.
//!
//! Source of every rule: fink-filters 7.45. Nulls as in Fink: a null number fails a comparison (and
//! therefore passes a cut that asks for "not worse than"), a null flag counts as not set.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(not(target_arch = "wasm32"))]
extern crate std;

mod airmass;
mod elongation;
mod gaia;
mod host;
mod median;
mod place;
mod quality;
#[cfg(not(target_arch = "wasm32"))]
pub mod reference;

pub use airmass::airmass;
pub use elongation::{Significant, elongation};
pub use gaia::Gaia;
pub use host::Host;
pub use median::median;
pub use place::Place;
pub use quality::Quality;
