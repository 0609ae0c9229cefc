//! Write a filter or a mapping for skysieve in Rust.
//!
//! A filter declares what it reads and cuts, and is then a plain function:
//!
//! ```
//! use skysieve_sdk::prelude::*;
//!
//! filter! {
//!     pub struct Bright;
//!     name: "bright",
//!     description: "Real, bright and not in the Solar System",
//!     surveys: ["ztf", "lsst"],
//!     routes: ["main"],
//!     decide: decide,
//!     fields Alert<'a> {
//!         real_bogus: f64 = "alert.real_bogus";
//!         mag: f64 = "alert.mag";
//!         solar_system: Option<bool> = "alert.solar_system";
//!     }
//!     params Params<'a> {
//!         min_rb: f64 = 0.65 in 0.0..=1.0, "real-bogus score";
//!         max_mag: f64 = 18.5, "brighter than this, AB";
//!     }
//!     cuts {
//!         "real-bogus" (real_bogus, min_rb);
//!         "bright" (mag, max_mag);
//!         "not-solar-system" (solar_system);
//!     }
//! }
//!
//! fn decide(a: &Alert, p: &Params, _: &mut ()) -> Decision {
//!     cut!("real-bogus", a.real_bogus > p.min_rb)?;
//!     cut!("bright", a.mag < p.max_mag)?;
//!     cut!("not-solar-system", a.solar_system != Some(true))?;
//!     pass!()
//! }
//!
//! let star = test::Alert::new().with("alert.real_bogus", 0.9).with("alert.mag", 17.2);
//! assert!(test::evaluate::<Bright>(&star).passed());
//!
//! let faint = star.with("alert.mag", 20.0);
//! assert_eq!(test::evaluate::<Bright>(&faint).failed_cut(), Some("bright"));
//! ```
//!
//! The same crate builds natively, for `cargo test`, and for `wasm32-unknown-unknown`, without an
//! allocator and without `std`. The contract with the host is `docs/abi.md`.
#![no_std]
#![deny(unsafe_code)]

#[cfg(not(target_arch = "wasm32"))]
extern crate std;

pub mod astro;
pub mod check;
mod declare;
mod delivery;
mod field;
pub mod json;
mod log;
pub mod manifest;
mod memory;
pub mod module;
mod record;
#[cfg(not(target_arch = "wasm32"))]
pub mod test;
mod value;
mod verdict;

pub use delivery::{Delivery, Save};
pub use field::{Bools, FieldType, Texts};
pub use log::{Level, log};
pub use memory::span;
pub use record::{Reader, Record, Shape};
pub use value::{ParamType, Value, ValueType};
pub use verdict::{Decision, Routes, Stop, encode};

/// What a module needs in scope.
pub mod prelude {
    #[cfg(not(target_arch = "wasm32"))]
    pub use crate::test;
    pub use crate::{
        Bools, Decision, Delivery, Level, Routes, Save, Stop, Texts, Value, astro, cut, fields,
        filter, log, mapping, pass,
    };
}
