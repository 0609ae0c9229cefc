//! Fink's ZTF filter `vra` (topic `fink_vra_ztf`), verdict for verdict.
//!
//! An alert passes, on its way to the Virtual Research Assistant, where something real and faint
//! appears that SIMBAD does not know and that is not in the Solar System. Source: fink-filters 7.45,
//! `ztf/livestream/filter_vra`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use fink_tables::roid;
use skysieve_sdk::prelude::*;

filter! {
    pub struct Vra;
    name: "ztf-vra",
    description: "Faint and unknown: Fink's ZTF filter vra",
    surveys: ["ztf"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        drb: f64 = "candidate.drb";
        mag: f64 = "candidate.magpsf";
        simbad: Option<&'a str> = "cdsxmatch";
        roid: Option<i64> = "roid";
    }
    params Params<'a> {
        min_drb: f64 = 0.5 in 0.0..=1.0, "real-bogus score, deep learning";
        min_mag: f64 = 19.5 in 0.0..=40.0, "fainter than this";
    }
    cuts {
        "real-bogus" (drb, min_drb);
        "faint" (mag, min_mag);
        "not-solar-system" (roid);
        "unknown" (simbad);
    }
}

fn decide(a: &Alert, p: &Params, _: &mut ()) -> Decision {
    cut!("real-bogus", a.drb > p.min_drb)?;
    cut!("faint", a.mag > p.min_mag)?;
    cut!("not-solar-system", a.roid != Some(roid::KNOWN))?;
    cut!("unknown", a.simbad == Some("Unknown"))?;
    pass!()
}
