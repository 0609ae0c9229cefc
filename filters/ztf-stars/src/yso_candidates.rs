//! Fink's ZTF filter `yso_candidates` (topic `fink_yso_candidates_ztf`), verdict for verdict.
//!
//! An alert passes where SIMBAD has a candidate of a young stellar object or of a T Tauri star, in its
//! old or new spelling. Source: fink-filters 7.45, `ztf/livestream/filter_yso_candidates`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use skysieve_sdk::prelude::*;

filter! {
    pub struct YsoCandidates;
    name: "ztf-yso-candidates",
    description: "Young stellar objects: Fink's ZTF filter yso_candidates",
    surveys: ["ztf"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        simbad: Option<&'a str> = "cdsxmatch";
    }
    cuts {
        "young-star" (simbad);
    }
}

fn decide(a: &Alert, _: &(), _: &mut ()) -> Decision {
    let listed = matches!(
        a.simbad,
        Some("Candidate_YSO" | "Candidate_TTau*" | "YSO_Candidate" | "TTau*_Candidate")
    );
    cut!("young-star", listed)?;
    pass!()
}
