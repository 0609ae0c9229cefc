//! Fink's ZTF filter `early_sn_candidates` (topic `fink_early_sn_candidates_ztf`), verdict for
//! verdict.
//!
//! An alert passes where SuperNNova sees a supernova and the random forest a young one of type Ia, at
//! a place where SIMBAD knows nothing or something extragalactic, and the object is real, not
//! extended, and seen at most twenty times. Neither its age nor the Solar System matters. Source:
//! fink-filters 7.45, `ztf/livestream/filter_early_sn_candidates`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use fink_tables::is_extragalactic_host;
use skysieve_sdk::prelude::*;

filter! {
    pub struct EarlySnCandidates;
    name: "ztf-early-sn-candidates",
    description: "Early supernovae of type Ia: Fink's ZTF filter early_sn_candidates",
    surveys: ["ztf"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        drb: f64 = "candidate.drb";
        classtar: f64 = "candidate.classtar";
        ndethist: Option<i64> = "candidate.ndethist";
        sn_ia: f64 = "snn_snia_vs_nonia";
        sn: f64 = "snn_sn_vs_all";
        early_ia: f64 = "rf_snia_vs_nonia";
        simbad: Option<&'a str> = "cdsxmatch";
    }
    params Params<'a> {
        min_drb: f64 = 0.5 in 0.0..=1.0, "real-bogus score, deep learning";
        min_classtar: f64 = 0.4 in 0.0..=1.0, "star-galaxy score of SExtractor";
        max_detections: i64 = 20 in 1..=1000, "detections, this one included";
        min_sn: f64 = 0.5 in 0.0..=1.0, "SuperNNova, Ia against others or supernova against all";
        min_early_ia: f64 = 0.5 in 0.0..=1.0, "random forest, early Ia against others";
    }
    values Shown<'a> {
        sn_score: f64, "", "the better of SuperNNova's two";
    }
    cuts {
        "real-bogus" (drb, min_drb);
        "star-galaxy" (classtar, min_classtar);
        "seldom-seen" (ndethist, max_detections);
        "supernova-like" (sn_score, min_sn);
        "early-ia-like" (early_ia, min_early_ia);
        "extragalactic-host" (simbad);
    }
}

fn decide(a: &Alert, p: &Params, shown: &mut Shown) -> Decision {
    shown.sn_score = a.sn_ia.max(a.sn);

    cut!("real-bogus", a.drb > p.min_drb)?;
    cut!("star-galaxy", a.classtar > p.min_classtar)?;
    cut!(
        "seldom-seen",
        a.ndethist.is_some_and(|n| n <= p.max_detections)
    )?;
    cut!("supernova-like", shown.sn_score > p.min_sn)?;
    cut!("early-ia-like", a.early_ia > p.min_early_ia)?;
    cut!("extragalactic-host", is_extragalactic_host(a.simbad))?;
    pass!()
}
