//! Fink's ZTF filter `microlensing_candidates` (topic `fink_microlensing_candidates_ztf`), verdict for verdict.
//!
//! An alert passes where Fink's microlensing score favours that. Source: fink-filters 7.45,
//! `ztf/livestream/filter_microlensing_candidates`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use skysieve_sdk::prelude::*;

filter! {
    pub struct MicrolensingCandidates;
    name: "ztf-microlensing-candidates",
    description: "Microlensing candidates: Fink's ZTF filter microlensing_candidates",
    surveys: ["ztf"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        mulens: f64 = "mulens";
    }
    params Params<'a> {
        min_mulens: f64 = 0.0 in 0.0..=1.0, "microlensing score";
    }
    cuts {
        "microlensing" (mulens, min_mulens);
    }
}

fn decide(a: &Alert, p: &Params, _: &mut ()) -> Decision {
    cut!("microlensing", a.mulens > p.min_mulens)?;
    pass!()
}
