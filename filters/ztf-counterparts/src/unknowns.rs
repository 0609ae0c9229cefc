//! Fink's ZTF filter `unknowns` (topic `fink_unknowns_ztf`), verdict for verdict.
//!
//! An alert passes where Fink's classification has nothing to say. Source: fink-filters 7.45,
//! `ztf/livestream/filter_unknowns`; the decision table is `fink_tables::Scores`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use fink_tables::Scores;
use skysieve_sdk::prelude::*;

filter! {
    pub struct Unknowns;
    name: "ztf-unknowns",
    description: "Of no class: Fink's ZTF filter unknowns",
    surveys: ["ztf"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        simbad: Option<&'a str> = "cdsxmatch";
        roid: Option<i64> = "roid";
        mulens: f64 = "mulens";
        sn_ia: f64 = "snn_snia_vs_nonia";
        sn: f64 = "snn_sn_vs_all";
        early_ia: f64 = "rf_snia_vs_nonia";
        kn: f64 = "rf_kn_vs_nonkn";
        ndethist: Option<i64> = "candidate.ndethist";
        drb: f64 = "candidate.drb";
        classtar: f64 = "candidate.classtar";
        jd: f64 = "candidate.jd";
        jdstarthist: f64 = "candidate.jdstarthist";
    }
    values Shown<'a> {
        class: Option<&'a str>, "", "Fink's classification";
    }
    cuts {
        "unknown" (class);
    }
}

fn decide<'a>(a: &Alert<'a>, _: &(), shown: &mut Shown<'a>) -> Decision {
    let scores = Scores {
        simbad: a.simbad,
        roid: a.roid,
        mulens: a.mulens,
        snn_snia_vs_nonia: a.sn_ia,
        snn_sn_vs_all: a.sn,
        rf_snia_vs_nonia: a.early_ia,
        rf_kn_vs_nonkn: a.kn,
        detections: a.ndethist,
        drb: a.drb,
        class_star: a.classtar,
        age_days: a.jd - a.jdstarthist,
    };
    shown.class = Some(scores.class());
    cut!("unknown", shown.class == Some("Unknown"))?;
    pass!()
}
