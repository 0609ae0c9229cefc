//! Fink's ZTF filter `sso_ztf_candidates` (topic `fink_sso_ztf_candidates_ztf`), verdict for verdict.
//!
//! An alert passes where the Minor Planet Center knows a moving object. Source: fink-filters 7.45,
//! `ztf/livestream/filter_sso_ztf_candidates`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use fink_tables::roid;
use skysieve_sdk::prelude::*;

filter! {
    pub struct SsoZtfCandidates;
    name: "ztf-sso-ztf-candidates",
    description: "Known moving objects: Fink's ZTF filter sso_ztf_candidates",
    surveys: ["ztf"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        roid: Option<i64> = "roid";
    }
    cuts {
        "known" (roid);
    }
}

fn decide(a: &Alert, _: &(), _: &mut ()) -> Decision {
    cut!("known", a.roid == Some(roid::KNOWN))?;
    pass!()
}
