//! Fink's LSST filter `in_tns` (topic `fink_in_tns_lsst`), verdict for verdict: the Transient Name
//! Server has a name for it.
//!
//! Source: fink-filters 7.45, `rubin/livestream/filter_in_tns`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use skysieve_sdk::prelude::*;

filter! {
    pub struct InTns;
    name: "lsst-in-tns",
    description: "Named by the Transient Name Server: Fink's LSST filter in_tns",
    surveys: ["lsst"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        tns: Option<&'a str> = "xm.tns_fullname";
    }
    cuts {
        "in-tns" (tns);
    }
}

fn decide(a: &Alert, _: &(), _: &mut ()) -> Decision {
    cut!("in-tns", a.tns.is_some())?;
    pass!()
}

#[cfg(test)]
mod tests;
