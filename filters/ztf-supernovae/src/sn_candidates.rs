//! Fink's ZTF filter `sn_candidates` (topic `fink_sn_candidates_ztf`), verdict for verdict.
//!
//! An alert passes where SuperNNova sees a supernova, of type Ia or of any type, at a place where
//! SIMBAD knows nothing or something extragalactic, and the object is real, not extended, at most 90
//! days old, seen more than once, and not in the Solar System. Source: fink-filters 7.45,
//! `ztf/livestream/filter_sn_candidates`. The order of the cuts is ours; the verdict is the same in
//! any order. Nulls as in Fink: a null score, age or host fails its cut.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use fink_tables::{is_extragalactic_host, roid};
use skysieve_sdk::prelude::*;

filter! {
    pub struct SnCandidates;
    name: "ztf-sn-candidates",
    description: "Supernova candidates: Fink's ZTF filter sn_candidates",
    surveys: ["ztf"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        drb: f64 = "candidate.drb";
        classtar: f64 = "candidate.classtar";
        ndethist: Option<i64> = "candidate.ndethist";
        jd: f64 = "candidate.jd";
        jdstarthist: f64 = "candidate.jdstarthist";
        sn_ia: f64 = "snn_snia_vs_nonia";
        sn: f64 = "snn_sn_vs_all";
        simbad: Option<&'a str> = "cdsxmatch";
        roid: Option<i64> = "roid";
    }
    params Params<'a> {
        min_drb: f64 = 0.5 in 0.0..=1.0, "real-bogus score, deep learning";
        min_classtar: f64 = 0.4 in 0.0..=1.0, "star-galaxy score of SExtractor";
        min_detections: i64 = 2 in 1..=1000, "detections, this one included";
        min_sn: f64 = 0.5 in 0.0..=1.0, "SuperNNova, Ia against others or supernova against all";
        max_age: f64 = 90.0 in 0.0..=10000.0, "days since the first detection";
    }
    values Shown<'a> {
        age: f64, "d", "since the first detection";
        sn_score: f64, "", "the better of SuperNNova's two";
    }
    cuts {
        "real-bogus" (drb, min_drb);
        "star-galaxy" (classtar, min_classtar);
        "seen-before" (ndethist, min_detections);
        "supernova-like" (sn_score, min_sn);
        "young" (age, max_age);
        "not-solar-system" (roid);
        "extragalactic-host" (simbad);
    }
}

fn decide(a: &Alert, p: &Params, shown: &mut Shown) -> Decision {
    shown.age = a.jd - a.jdstarthist;
    shown.sn_score = a.sn_ia.max(a.sn);

    cut!("real-bogus", a.drb > p.min_drb)?;
    cut!("star-galaxy", a.classtar > p.min_classtar)?;
    cut!("seen-before", a.ndethist >= Some(p.min_detections))?;
    cut!("supernova-like", shown.sn_score > p.min_sn)?;
    cut!("young", shown.age <= p.max_age)?;
    cut!("not-solar-system", a.roid != Some(roid::KNOWN))?;
    cut!("extragalactic-host", is_extragalactic_host(a.simbad))?;
    pass!()
}

#[cfg(test)]
mod tests;
