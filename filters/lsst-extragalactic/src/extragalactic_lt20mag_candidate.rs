//! Fink's LSST filter `extragalactic_lt20mag_candidate` (topic
//! `fink_extragalactic_lt20mag_candidate_lsst`), verdict for verdict: bright and brighter than the
//! object's mean in this band, near a galaxy or nothing known, seen for more than a day.
//!
//! Source: fink-filters 7.45, `rubin/livestream/filter_extragalactic_lt20mag_candidate` and the block
//! `b_is_rising`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use fink_tables::is_vsx_star;
use lsst_blocks::{Gaia, Host, Place, Quality};
use skysieve_sdk::prelude::*;

filter! {
    pub struct ExtragalacticLt20mag;
    name: "lsst-extragalactic-lt20mag-candidate",
    description: "Bright and rising: Fink's LSST filter extragalactic_lt20mag_candidate",
    surveys: ["lsst"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> with quality: Quality<'a>, place: Place<'a>, host: Host<'a>, gaia: Gaia<'a> {
        mjd: f64 = "diaSource.midpointMjdTai";
        band: Option<&'a str> = "diaSource.band";
        detections: Option<i64> = "diaObject.nDiaSources";
        // Fink takes a column that a schema lacks for a null one.
        u_mean: f64 = "diaObject.u_psfFluxMean", optional;
        g_mean: f64 = "diaObject.g_psfFluxMean", optional;
        r_mean: f64 = "diaObject.r_psfFluxMean", optional;
        i_mean: f64 = "diaObject.i_psfFluxMean", optional;
        z_mean: f64 = "diaObject.z_psfFluxMean", optional;
        y_mean: f64 = "diaObject.y_psfFluxMean", optional;
        u_mean_err: f64 = "diaObject.u_psfFluxMeanErr", optional;
        g_mean_err: f64 = "diaObject.g_psfFluxMeanErr", optional;
        r_mean_err: f64 = "diaObject.r_psfFluxMeanErr", optional;
        i_mean_err: f64 = "diaObject.i_psfFluxMeanErr", optional;
        z_mean_err: f64 = "diaObject.z_psfFluxMeanErr", optional;
        y_mean_err: f64 = "diaObject.y_psfFluxMeanErr", optional;
        first_mjd: f64 = "misc.firstDiaSourceMjdTaiFink";
        solar_system: Option<bool> = "pred.is_sso";
        vsx: Option<&'a str> = "xm.vsx_Type";
    }
    params Params<'a> {
        min_snr: f64 = 6.0 in 0.0..=1000.0, "difference flux over its error";
        min_latitude: f64 = 20.0 in 0.0..=90.0, "degrees from the Galactic plane";
        max_mag: f64 = 20.0 in 0.0..=40.0, "brighter than this, AB";
        min_rise: f64 = 1.0 in 0.0..=1000.0, "above the mean by more than so many of its errors";
        min_detections: i64 = 5 in 0..=100000, "of the object so far, this one included";
        min_age: f64 = 1.0 in 0.0..=1000.0, "more days than this since the first detection";
        simbad_codes: bool = false, "take SIMBAD's short codes of galaxies for hosts too";
    }
    values Shown<'a> {
        mag: f64, "AB", "of the difference";
        age: f64, "d", "since the first detection";
        latitude: f64, "deg", "Galactic";
        rise: f64, "nJy", "above the object's mean in this band";
    }
    cuts {
        "good-quality";
        "significant" (flux, min_snr);
        "bright" (mag, max_mag);
        "not-solar-system" (solar_system);
        "possible-host";
        "no-gaia-star" (gaia);
        "no-variable-star" (vsx);
        "seen-often" (detections, min_detections);
        "seen-for-long" (age, min_age);
        "rising" (rise, min_rise);
        "out-of-the-plane" (latitude, min_latitude);
    }
}

fn decide(a: &Alert, p: &Params, shown: &mut Shown) -> Decision {
    cut!("good-quality", a.quality.unflagged())?;
    cut!("significant", a.quality.significant(p.min_snr))?;
    shown.mag = a.quality.mag();
    cut!("bright", shown.mag < p.max_mag)?;
    cut!("not-solar-system", a.solar_system != Some(true))?;
    cut!("possible-host", a.host.is_galaxy_or_nothing(p.simbad_codes))?;
    cut!("no-gaia-star", !a.gaia.is_star())?;
    cut!("no-variable-star", !is_vsx_star(a.vsx))?;
    cut!("seen-often", a.detections >= Some(p.min_detections))?;
    shown.age = a.mjd - a.first_mjd;
    cut!("seen-for-long", shown.age > p.min_age)?;
    let (mean, mean_err) = mean_in_band(a);
    shown.rise = a.quality.flux - mean;
    // The error may be 0; Fink asks for a rise apart from its size.
    let rising = shown.rise.abs() > p.min_rise * mean_err && shown.rise > 0.0;
    cut!("rising", rising)?;
    shown.latitude = a.place.latitude();
    cut!("out-of-the-plane", shown.latitude.abs() > p.min_latitude)?;
    pass!()
}

/// The object's mean flux in the alert's band, and its error.
fn mean_in_band(a: &Alert) -> (f64, f64) {
    match a.band {
        Some("u") => (a.u_mean, a.u_mean_err),
        Some("g") => (a.g_mean, a.g_mean_err),
        Some("r") => (a.r_mean, a.r_mean_err),
        Some("i") => (a.i_mean, a.i_mean_err),
        Some("z") => (a.z_mean, a.z_mean_err),
        Some("y") => (a.y_mean, a.y_mean_err),
        _ => (f64::NAN, f64::NAN),
    }
}

#[cfg(test)]
mod tests;
