//! Fink's ZTF filter `kn_candidates` (topic `fink_kn_candidates_ztf`), verdict for verdict.
//!
//! An alert passes where the random forest sees a kilonova, at a place where SIMBAD knows nothing or
//! something extragalactic, and the object is real, not extended, less than five days old, seen fewer
//! than twenty times, and not in the Solar System. Source: fink-filters 7.45,
//! `ztf/livestream/filter_kn_candidates`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use fink_tables::{is_extragalactic_host, roid};
use skysieve_sdk::prelude::*;

filter! {
    pub struct KnCandidates;
    name: "ztf-kn-candidates",
    description: "Kilonova candidates: Fink's ZTF filter kn_candidates",
    surveys: ["ztf"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        drb: f64 = "candidate.drb";
        classtar: f64 = "candidate.classtar";
        ndethist: Option<i64> = "candidate.ndethist";
        jd: f64 = "candidate.jd";
        jdstarthist: f64 = "candidate.jdstarthist";
        kn: f64 = "rf_kn_vs_nonkn";
        simbad: Option<&'a str> = "cdsxmatch";
        roid: Option<i64> = "roid";
    }
    params Params<'a> {
        min_drb: f64 = 0.5 in 0.0..=1.0, "real-bogus score, deep learning";
        min_classtar: f64 = 0.4 in 0.0..=1.0, "star-galaxy score of SExtractor";
        max_detections: i64 = 20 in 1..=1000, "fewer detections than this, this one included";
        min_kn: f64 = 0.5 in 0.0..=1.0, "random forest, kilonova against all";
        max_age: f64 = 5.0 in 0.0..=10000.0, "fewer days than this since the first detection";
    }
    values Shown<'a> {
        age: f64, "d", "since the first detection";
    }
    cuts {
        "real-bogus" (drb, min_drb);
        "star-galaxy" (classtar, min_classtar);
        "seldom-seen" (ndethist, max_detections);
        "kilonova-like" (kn, min_kn);
        "young" (age, max_age);
        "not-solar-system" (roid);
        "extragalactic-host" (simbad);
    }
}

fn decide(a: &Alert, p: &Params, shown: &mut Shown) -> Decision {
    shown.age = a.jd - a.jdstarthist;

    cut!("real-bogus", a.drb > p.min_drb)?;
    cut!("star-galaxy", a.classtar > p.min_classtar)?;
    cut!(
        "seldom-seen",
        a.ndethist.is_some_and(|n| n < p.max_detections)
    )?;
    cut!("kilonova-like", a.kn > p.min_kn)?;
    cut!("young", shown.age < p.max_age)?;
    cut!("not-solar-system", a.roid != Some(roid::KNOWN))?;
    cut!("extragalactic-host", is_extragalactic_host(a.simbad))?;
    pass!()
}
