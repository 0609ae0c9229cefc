//! Fink's LSST filter `remove_unlikely_transients` (topic `fink_remove_unlikely_transients_lsst`),
//! verdict for verdict: significant, seen before and not in the Solar System.
//!
//! Fink means to ask for good quality and asks for its opposite: it keeps what is flagged, negative
//! or insignificant. A parameter asks for what was meant. Source: fink-filters 7.45,
//! `rubin/livestream/filter_remove_unlikely_transients`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use lsst_blocks::Quality;
use skysieve_sdk::prelude::*;

filter! {
    pub struct RemoveUnlikelyTransients;
    name: "lsst-remove-unlikely-transients",
    description: "Significant and seen before: Fink's LSST filter remove_unlikely_transients",
    surveys: ["lsst"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> with quality: Quality<'a> {
        negative: Option<bool> = "diaSource.isNegative";
        snr: f64 = "diaSource.snr";
        detections: Option<i64> = "diaObject.nDiaSources";
        solar_system: Option<bool> = "pred.is_sso";
    }
    params Params<'a> {
        min_snr: f64 = 10.0 in 0.0..=1000.0, "signal over noise";
        min_detections: i64 = 2 in 0..=100000, "of the object so far, this one included";
        good_quality: bool = false, "keep good measurements, as Fink means to, and not bad ones, as it does";
    }
    cuts {
        "not-solar-system" (solar_system);
        "significant" (snr, min_snr);
        "seen-often" (detections, min_detections);
        "quality" (flux, good_quality);
    }
}

fn decide(a: &Alert, p: &Params, _: &mut ()) -> Decision {
    cut!("not-solar-system", a.solar_system != Some(true))?;
    cut!("significant", a.snr > p.min_snr)?;
    cut!("seen-often", a.detections >= Some(p.min_detections))?;
    let good = a.quality.is_good() && a.negative != Some(true);
    cut!("quality", good == p.good_quality)?;
    pass!()
}

#[cfg(test)]
mod tests;
