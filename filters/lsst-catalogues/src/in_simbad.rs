//! Fink's LSST filter `in_simbad` (topic `fink_in_simbad_lsst`), verdict for verdict: SIMBAD knows
//! what is there.
//!
//! Source: fink-filters 7.45, `rubin/livestream/filter_in_simbad`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use fink_tables::unmatched;
use skysieve_sdk::prelude::*;

filter! {
    pub struct InSimbad;
    name: "lsst-in-simbad",
    description: "Known to SIMBAD: Fink's LSST filter in_simbad",
    surveys: ["lsst"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        simbad: Option<&'a str> = "xm.simbad_otype";
    }
    cuts {
        "in-simbad" (simbad);
    }
}

fn decide(a: &Alert, _: &(), _: &mut ()) -> Decision {
    cut!("in-simbad", !unmatched(a.simbad))?;
    pass!()
}

#[cfg(test)]
mod tests;
