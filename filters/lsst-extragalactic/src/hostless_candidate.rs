//! Fink's LSST filter `hostless_candidate` (topic `fink_hostless_candidate_lsst`), verdict for
//! verdict: a good and bright measurement where the template image shows noise alone.
//!
//! How much the template looks like noise is ELEPHANT's statistic (arXiv:2404.18165), which Fink has
//! computed. Source: fink-filters 7.45, `rubin/livestream/filter_hostless_candidate`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use lsst_blocks::{Place, Quality};
use skysieve_sdk::prelude::*;

filter! {
    pub struct HostlessCandidate;
    name: "lsst-hostless-candidate",
    description: "No host in the template: Fink's LSST filter hostless_candidate",
    surveys: ["lsst"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> with quality: Quality<'a>, place: Place<'a> {
        host_statistic: f64 = "clf.elephant_kstest_template";
    }
    params Params<'a> {
        min_snr: f64 = 6.0 in 0.0..=1000.0, "difference flux over its error";
        max_statistic: f64 = 0.95 in 0.0..=1.0, "template closer to noise than this";
        max_mag: f64 = 21.5 in 0.0..=40.0, "not fainter than this, AB";
        min_latitude: f64 = 20.0 in 0.0..=90.0, "degrees from the Galactic plane";
    }
    values Shown<'a> {
        mag: f64, "AB", "of the difference";
        latitude: f64, "deg", "Galactic";
    }
    cuts {
        "good-quality";
        "significant" (flux, min_snr);
        "hostless" (host_statistic, max_statistic);
        "bright" (mag, max_mag);
        "out-of-the-plane" (latitude, min_latitude);
    }
}

fn decide(a: &Alert, p: &Params, shown: &mut Shown) -> Decision {
    cut!("good-quality", a.quality.unflagged())?;
    cut!("significant", a.quality.significant(p.min_snr))?;
    cut!("hostless", a.host_statistic < p.max_statistic)?;
    shown.mag = a.quality.mag();
    cut!("bright", shown.mag <= p.max_mag)?;
    shown.latitude = a.place.latitude();
    cut!("out-of-the-plane", shown.latitude.abs() > p.min_latitude)?;
    pass!()
}

#[cfg(test)]
mod tests;
