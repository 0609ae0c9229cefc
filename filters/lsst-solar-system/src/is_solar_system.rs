//! Fink's LSST filter `is_solar_system` (topic `fink_is_solar_system_lsst`), verdict for verdict:
//! Rubin has associated the source with a known object of the Solar System.
//!
//! Source: fink-filters 7.45, `rubin/livestream/filter_is_solar_system`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use skysieve_sdk::prelude::*;

filter! {
    pub struct IsSolarSystem;
    name: "lsst-is-solar-system",
    description: "Known objects of the Solar System: Fink's LSST filter is_solar_system",
    surveys: ["lsst"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        solar_system: Option<bool> = "pred.is_sso";
    }
    cuts {
        "solar-system" (solar_system);
    }
}

fn decide(a: &Alert, _: &(), _: &mut ()) -> Decision {
    cut!("solar-system", a.solar_system == Some(true))?;
    pass!()
}

#[cfg(test)]
mod tests;
