//! Fink's ZTF filter `sso_fink_candidates` (topic `fink_sso_fink_candidates_ztf`), verdict for verdict.
//!
//! An alert passes where Fink believes that it is of a moving object which the Minor Planet Center does
//! not know. Source: fink-filters 7.45, `ztf/livestream/filter_sso_fink_candidates`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use fink_tables::roid;
use skysieve_sdk::prelude::*;

filter! {
    pub struct SsoFinkCandidates;
    name: "ztf-sso-fink-candidates",
    description: "Solar System candidates: Fink's ZTF filter sso_fink_candidates",
    surveys: ["ztf"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        roid: Option<i64> = "roid";
    }
    cuts {
        "candidate" (roid);
    }
}

fn decide(a: &Alert, _: &(), _: &mut ()) -> Decision {
    cut!("candidate", a.roid == Some(roid::CANDIDATE))?;
    pass!()
}
