//! Fink's LSST filter `extragalactic_svom` (topic `fink_extragalactic_svom_lsst`), verdict for
//! verdict: young, brighter than what SVOM's telescopes reach, next to a galaxy.
//!
//! Source: fink-filters 7.45, `rubin/livestream/filter_extragalactic_svom`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use fink_tables::is_vsx_star;
use lsst_blocks::{Gaia, Host, Place, Quality};
use skysieve_sdk::prelude::*;

filter! {
    pub struct ExtragalacticSvom;
    name: "lsst-extragalactic-svom",
    description: "Young and next to a galaxy: Fink's LSST filter extragalactic_svom",
    surveys: ["lsst"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> with quality: Quality<'a>, place: Place<'a>, host: Host<'a>, gaia: Gaia<'a> {
        mjd: f64 = "diaSource.midpointMjdTai";
        first_mjd: f64 = "misc.firstDiaSourceMjdTaiFink";
        solar_system: Option<bool> = "pred.is_sso";
        vsx: Option<&'a str> = "xm.vsx_Type";
    }
    params Params<'a> {
        min_snr: f64 = 6.0 in 0.0..=1000.0, "difference flux over its error";
        min_latitude: f64 = 20.0 in 0.0..=90.0, "degrees from the Galactic plane";
        max_age: f64 = 5.0 in 0.0..=1000.0, "days since the first detection";
        max_mag: f64 = 24.0 in 0.0..=40.0, "brighter than this, AB";
        simbad_codes: bool = false, "take SIMBAD's short codes of galaxies for hosts too";
    }
    values Shown<'a> {
        mag: f64, "AB", "of the difference";
        age: f64, "d", "since the first detection";
        latitude: f64, "deg", "Galactic";
    }
    cuts {
        "good-quality";
        "significant" (flux, min_snr);
        "new" (age, max_age);
        "not-solar-system" (solar_system);
        "near-galaxy";
        "no-gaia-star" (gaia);
        "no-variable-star" (vsx);
        "bright" (mag, max_mag);
        "out-of-the-plane" (latitude, min_latitude);
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
    shown.mag = a.quality.mag();
    cut!("bright", shown.mag < p.max_mag)?;
    shown.latitude = a.place.latitude();
    cut!("out-of-the-plane", shown.latitude.abs() > p.min_latitude)?;
    pass!()
}

#[cfg(test)]
mod tests;
