//! Fink's ZTF filter `blazar` (topic `fink_blazar_ztf`), verdict for verdict.
//!
//! An alert passes where SIMBAD has a blazar or a candidate of one. Source: fink-filters 7.45,
//! `ztf/livestream/filter_blazar`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use skysieve_sdk::prelude::*;

filter! {
    pub struct Blazar;
    name: "ztf-blazar",
    description: "Blazars: Fink's ZTF filter blazar",
    surveys: ["ztf"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        simbad: Option<&'a str> = "cdsxmatch";
    }
    cuts {
        "blazar" (simbad);
    }
}

fn decide(a: &Alert, _: &(), _: &mut ()) -> Decision {
    let listed = matches!(
        a.simbad,
        Some("Blazar" | "Blazar_Candidate" | "BLLac" | "BLLac_Candidate")
    );
    cut!("blazar", listed)?;
    pass!()
}
