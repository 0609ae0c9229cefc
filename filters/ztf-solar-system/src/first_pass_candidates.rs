//! Fink's ZTF filter `first_pass_candidates` (topic `fink_first_pass_candidates_ztf`), verdict for verdict.
//!
//! An alert passes where Fink sees something for the first time that may move. Source: fink-filters
//! 7.45, `ztf/livestream/filter_sso_first_pass_candidates`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use fink_tables::roid;
use skysieve_sdk::prelude::*;

filter! {
    pub struct FirstPassCandidates;
    name: "ztf-first-pass-candidates",
    description: "Seen once, may move: Fink's ZTF filter first_pass_candidates",
    surveys: ["ztf"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        roid: Option<i64> = "roid";
    }
    cuts {
        "first-pass" (roid);
    }
}

fn decide(a: &Alert, _: &(), _: &mut ()) -> Decision {
    cut!("first-pass", a.roid == Some(roid::FIRST_PASS))?;
    pass!()
}
