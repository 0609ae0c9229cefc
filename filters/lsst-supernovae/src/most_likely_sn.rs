//! Fink's LSST filter `most_likely_sn` (topic `fink_most_likely_sn_lsst`), verdict for verdict: both
//! classifiers, SuperNNova and CATS, see a supernova.
//!
//! Fink means to ask for good quality and asks for its opposite: it keeps what is flagged, negative
//! or insignificant. A parameter asks for what was meant. Source: fink-filters 7.45,
//! `rubin/livestream/filter_most_likely_sn`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use lsst_blocks::Quality;
use skysieve_sdk::prelude::*;

/// CATS' class of supernovae.
const SUPERNOVA: i64 = 11;

filter! {
    pub struct MostLikelySn;
    name: "lsst-most-likely-sn",
    description: "Two classifiers see a supernova: Fink's LSST filter most_likely_sn",
    surveys: ["lsst"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> with quality: Quality<'a> {
        negative: Option<bool> = "diaSource.isNegative";
        snr: f64 = "diaSource.snr";
        detections: Option<i64> = "diaObject.nDiaSources";
        sn_score: f64 = "clf.snnSnVsOthers_score";
        cats_class: Option<i64> = "clf.cats_class";
        cats_score: f64 = "clf.cats_score";
        solar_system: Option<bool> = "pred.is_sso";
    }
    params Params<'a> {
        min_sn: f64 = 0.7 in 0.0..=1.0, "SuperNNova: supernova against all";
        min_cats: f64 = 0.9 in 0.0..=1.0, "CATS: of the class of supernovae";
        min_snr: f64 = 10.0 in 0.0..=1000.0, "signal over noise";
        min_detections: i64 = 2 in 0..=100000, "of the object so far, this one included";
        good_quality: bool = false, "keep good measurements, as Fink means to, and not bad ones, as it does";
    }
    cuts {
        "supernova" (sn_score, min_sn);
        "cats-class" (cats_class);
        "cats-score" (cats_score, min_cats);
        "not-solar-system" (solar_system);
        "significant" (snr, min_snr);
        "seen-often" (detections, min_detections);
        "quality" (flux, good_quality);
    }
}

fn decide(a: &Alert, p: &Params, _: &mut ()) -> Decision {
    cut!("supernova", a.sn_score >= p.min_sn)?;
    cut!("cats-class", a.cats_class == Some(SUPERNOVA))?;
    cut!("cats-score", a.cats_score >= p.min_cats)?;
    cut!("not-solar-system", a.solar_system != Some(true))?;
    cut!("significant", a.snr > p.min_snr)?;
    cut!("seen-often", a.detections >= Some(p.min_detections))?;
    let good = a.quality.is_good() && a.negative != Some(true);
    cut!("quality", good == p.good_quality)?;
    pass!()
}

#[cfg(test)]
mod tests;
