//! Fink's LSST filter `fast_transient_gvom` (topic `fink_fast_transient_gvom_lsst`), verdict for
//! verdict but for the draw: young and bright, near a galaxy or nothing known, and rising fast since
//! the last source in the same band.
//!
//! Fink compares 1000 rates that it draws at random within both fluxes' errors with a limit. Here
//! stand the mean and the deviation that such a draw has in the limit: the verdicts differ by chance
//! alone, within some per cent of the thresholds. Source: fink-filters 7.45,
//! `rubin/livestream/filter_fast_transient_gvom` and `b_mag_rate_mc_sampling`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use core::f64::consts::LN_10;

use fink_tables::is_vsx_star;
use lsst_blocks::{Gaia, Host, Place, Quality};
use skysieve_sdk::prelude::*;

filter! {
    pub struct FastTransientGvom;
    name: "lsst-fast-transient-gvom",
    description: "Young, bright and rising fast: Fink's LSST filter fast_transient_gvom",
    surveys: ["lsst"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> with quality: Quality<'a>, place: Place<'a>, host: Host<'a>, gaia: Gaia<'a> {
        mjd: f64 = "diaSource.midpointMjdTai";
        band: Option<&'a str> = "diaSource.band";
        first_mjd: f64 = "misc.firstDiaSourceMjdTaiFink";
        solar_system: Option<bool> = "pred.is_sso";
        vsx: Option<&'a str> = "xm.vsx_Type";
    }
    late History<'a> {
        mjd: &'a [f64] = "prvDiaSources[].midpointMjdTai";
        band: Texts<'a> = "prvDiaSources[].band";
        flux: &'a [f64] = "prvDiaSources[].psfFlux";
        flux_err: &'a [f64] = "prvDiaSources[].psfFluxErr";
    }
    params Params<'a> {
        min_snr: f64 = 6.0 in 0.0..=1000.0, "difference flux over its error";
        min_latitude: f64 = 20.0 in 0.0..=90.0, "degrees from the Galactic plane";
        max_age: f64 = 5.0 in 0.0..=1000.0, "days since the first detection";
        max_mag: f64 = 21.0 in 0.0..=40.0, "brighter than this, AB";
        min_rate: f64 = 0.3 in 0.0..=100.0, "rising by more than this, mag/d";
        min_significance: f64 = 3.0 in 0.0..=1000.0, "rate over its error";
        gaia_veto: bool = false, "reject stars of Gaia, as Fink means to and does not";
        simbad_codes: bool = false, "take SIMBAD's short codes of galaxies for hosts too";
    }
    values Shown<'a> {
        mag: f64, "AB", "of the difference";
        age: f64, "d", "since the first detection";
        latitude: f64, "deg", "Galactic";
        rate: f64, "nJy/d", "since the last source in this band";
        rate_err: f64, "nJy/d", "1 sigma";
    }
    cuts {
        "good-quality";
        "significant" (flux, min_snr);
        "new" (age, max_age);
        "not-solar-system" (solar_system);
        "possible-host";
        "no-known-star" (vsx, gaia_veto);
        "bright" (mag, max_mag);
        "out-of-the-plane" (latitude, min_latitude);
        "fast" (rate, min_rate);
        "significant-rate" (rate_err, min_significance);
    }
}

fn decide(a: &Alert, p: &Params, shown: &mut Shown) -> Decision {
    cut!("good-quality", a.quality.unflagged())?;
    cut!("significant", a.quality.significant(p.min_snr))?;
    shown.age = a.mjd - a.first_mjd;
    cut!("new", shown.age < p.max_age)?;
    cut!("not-solar-system", a.solar_system != Some(true))?;
    cut!("possible-host", a.host.is_galaxy_or_nothing(p.simbad_codes))?;
    // Fink gives its block the parallax's error as the parallax: a ratio of 1 is no Gaia star's.
    let gaia_star = p.gaia_veto && a.gaia.is_star();
    cut!("no-known-star", !is_vsx_star(a.vsx) && !gaia_star)?;
    shown.mag = a.quality.mag();
    cut!("bright", shown.mag < p.max_mag)?;
    shown.latitude = a.place.latitude();
    cut!("out-of-the-plane", shown.latitude.abs() > p.min_latitude)?;
    (shown.rate, shown.rate_err) = rate(a, &a.late()?);
    // A change in magnitude as a change in flux: dF/dt = F ln 10 / 2.5 · dm/dt.
    let limit = p.min_rate * LN_10 / 2.5 * a.quality.flux;
    cut!("fast", shown.rate > limit)?;
    let significance = shown.rate.abs() / (shown.rate_err + 1e-10);
    cut!("significant-rate", significance > p.min_significance)?;
    pass!()
}

/// Change in flux since the last source of the history that has the alert's band, and its error;
/// NaN where there is none.
fn rate(a: &Alert, history: &History) -> (f64, f64) {
    let Some(last) = history.band.iter().rposition(|band| band == a.band) else {
        return (f64::NAN, f64::NAN);
    };
    let days = a.mjd - history.mjd[last];
    let (err, err_before) = (a.quality.flux_err, history.flux_err[last]);
    let variance = err * err + err_before * err_before;
    let rate = (a.quality.flux - history.flux[last]) / days;
    (rate, libm::sqrt(variance) / days.abs())
}

#[cfg(test)]
mod tests;
