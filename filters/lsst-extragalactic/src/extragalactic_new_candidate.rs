//! Fink's LSST filter `extragalactic_new_candidate` (topic
//! `fink_extragalactic_new_candidate_lsst`), verdict for verdict.
//!
//! An alert passes where a good measurement, out of the Galactic plane, next to a galaxy and on no
//! known star, asteroid or variable, is at most a few days old, was seen before in the same band, is
//! brighter than a limit, and rises or fades fast since the last time in that band. Source:
//! fink-filters 7.45, `rubin/livestream/filter_extragalactic_new_candidate` and `rubin/blocks`. The
//! order of the cuts is ours; the verdict is the same in any order. Nulls as in Fink: a null number
//! fails a comparison (a quality cut that asks for "not worse than" therefore lets it through), and
//! a null flag counts as not set.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use fink_tables::is_vsx_star;
use lsst_blocks::{Gaia, Host, Place, Quality};
use skysieve_sdk::prelude::*;

use astro::mag_from_njy;

filter! {
    pub struct ExtragalacticNew;
    name: "lsst-extragalactic-new-candidate",
    description: "New transients next to a galaxy: Fink's LSST filter extragalactic_new_candidate",
    surveys: ["lsst"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> with quality: Quality<'a>, place: Place<'a>, host: Host<'a>, gaia: Gaia<'a> {
        mjd: f64 = "diaSource.midpointMjdTai";
        band: Option<&'a str> = "diaSource.band";
        n_u: Option<i64> = "diaObject.u_psfFluxNdata";
        n_g: Option<i64> = "diaObject.g_psfFluxNdata";
        n_r: Option<i64> = "diaObject.r_psfFluxNdata";
        n_i: Option<i64> = "diaObject.i_psfFluxNdata";
        n_z: Option<i64> = "diaObject.z_psfFluxNdata";
        n_y: Option<i64> = "diaObject.y_psfFluxNdata";
        first_mjd: f64 = "misc.firstDiaSourceMjdTaiFink";
        solar_system: Option<bool> = "pred.is_sso";
        vsx: Option<&'a str> = "xm.vsx_Type";
    }
    late History<'a> {
        mjd: &'a [f64] = "prvDiaSources[].midpointMjdTai";
        band: Texts<'a> = "prvDiaSources[].band";
        flux: &'a [f64] = "prvDiaSources[].psfFlux";
    }
    params Params<'a> {
        min_snr: f64 = 6.0 in 0.0..=1000.0, "difference flux over its error";
        min_latitude: f64 = 20.0 in 0.0..=90.0, "degrees from the Galactic plane";
        max_age: f64 = 5.0 in 0.0..=1000.0, "days since the first detection";
        min_points: i64 = 2 in 1..=1000, "points of the object in the alert's band";
        max_mag: f64 = 24.0 in 0.0..=40.0, "brighter than this, AB";
        rise: f64 = 0.2 in 0.0..=100.0, "rising by more than this, mag/d";
        rise_max_age: f64 = 3.0 in 0.0..=1000.0, "days since the first detection, where it rises";
        fade_red: f64 = 0.2 in 0.0..=100.0, "fading by more than this in r and i, mag/d";
        fade_blue: f64 = 0.5 in 0.0..=100.0, "fading by more than this in u and g, mag/d";
        simbad_codes: bool = false, "take SIMBAD's short codes of galaxies for hosts too";
    }
    values Shown<'a> {
        mag: f64, "AB", "of the difference";
        age: f64, "d", "since the first detection";
        latitude: f64, "deg", "Galactic";
        rate: f64, "mag/d", "since the last time in this band; negative while it brightens";
    }
    cuts {
        "good-quality";
        "significant" (flux, min_snr);
        "new" (age, max_age);
        "not-solar-system" (solar_system);
        "near-galaxy";
        "no-gaia-star" (gaia);
        "no-variable-star" (vsx);
        "seen-in-band" (band, min_points);
        "bright" (mag, max_mag);
        "out-of-the-plane" (latitude, min_latitude);
        "fast" (rate);
    }
}

fn decide(a: &Alert, p: &Params, shown: &mut Shown) -> Decision {
    cut!("good-quality", a.quality.unflagged())?;
    cut!("significant", a.quality.significant(p.min_snr))?;
    shown.age = a.mjd - a.first_mjd;
    cut!("new", shown.age < p.max_age)?;
    cut!("not-solar-system", a.solar_system != Some(true))?;
    cut!("near-galaxy", a.host.is_galaxy(p.simbad_codes))?;
    cut!("no-gaia-star", !a.gaia.is_star())?;
    cut!("no-variable-star", !is_vsx_star(a.vsx))?;
    cut!("seen-in-band", points_in_band(a) >= Some(p.min_points))?;
    shown.mag = a.quality.mag();
    cut!("bright", shown.mag < p.max_mag)?;
    shown.latitude = a.place.latitude();
    cut!("out-of-the-plane", shown.latitude.abs() > p.min_latitude)?;
    shown.rate = rate(a, &a.late()?);
    cut!("fast", fast(a, shown.rate, shown.age, p))?;
    pass!()
}

fn points_in_band(a: &Alert) -> Option<i64> {
    match a.band? {
        "u" => a.n_u,
        "g" => a.n_g,
        "r" => a.n_r,
        "i" => a.n_i,
        "z" => a.n_z,
        "y" => a.n_y,
        _ => None,
    }
}

/// Change in mag/d since the latest earlier source in the alert's band; NaN where there is none, or
/// where either flux is not positive.
fn rate(a: &Alert, history: &History) -> f64 {
    let (mut latest, mut flux) = (f64::NAN, f64::NAN);
    for (i, band) in history.band.iter().enumerate() {
        // The first of several at the same time; a time that is no number is never the latest.
        let later = latest.is_nan() || history.mjd[i] > latest;
        if band == a.band && later && !history.mjd[i].is_nan() {
            (latest, flux) = (history.mjd[i], history.flux[i]);
        }
    }
    (a.quality.mag() - mag_from_njy(flux)) / (a.mjd - latest)
}

fn fast(a: &Alert, rate: f64, age: f64, p: &Params) -> bool {
    let rises = rate < -p.rise && age < p.rise_max_age;
    let fades = match a.band {
        Some("r" | "i") => rate > p.fade_red,
        Some("g" | "u") => rate > p.fade_blue,
        _ => false,
    };
    rises || fades
}

#[cfg(test)]
mod tests;
