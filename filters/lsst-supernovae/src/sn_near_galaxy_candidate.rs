//! Fink's LSST filter `sn_near_galaxy_candidate` (topic `fink_sn_near_galaxy_candidate_lsst`), verdict
//! for verdict: next to a galaxy, and at the distance of its photometric redshift as luminous as a
//! supernova.
//!
//! The absolute magnitude is that of the object's greatest flux in any band, without extinction and
//! K correction. Source: fink-filters 7.45, `rubin/livestream/filter_sn_near_galaxy_candidate` and
//! `compute_peak_absolute_magnitude`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use fink_tables::is_vsx_star;
use lsst_blocks::{Gaia, Host, Place, Quality};
use skysieve_sdk::prelude::*;

use astro::{absolute_mag, luminosity_distance, mag_from_njy};

filter! {
    pub struct SnNearGalaxy;
    name: "lsst-sn-near-galaxy-candidate",
    description: "As luminous as a supernova: Fink's LSST filter sn_near_galaxy_candidate",
    surveys: ["lsst"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> with quality: Quality<'a>, place: Place<'a>, host: Host<'a>, gaia: Gaia<'a> {
        detections: Option<i64> = "diaObject.nDiaSources";
        // Fink takes a column that a schema lacks for a null one.
        u_max: f64 = "diaObject.u_psfFluxMax", optional;
        g_max: f64 = "diaObject.g_psfFluxMax", optional;
        r_max: f64 = "diaObject.r_psfFluxMax", optional;
        i_max: f64 = "diaObject.i_psfFluxMax", optional;
        z_max: f64 = "diaObject.z_psfFluxMax", optional;
        y_max: f64 = "diaObject.y_psfFluxMax", optional;
        solar_system: Option<bool> = "pred.is_sso";
        vsx: Option<&'a str> = "xm.vsx_Type";
    }
    params Params<'a> {
        min_snr: f64 = 6.0 in 0.0..=1000.0, "difference flux over its error";
        min_latitude: f64 = 20.0 in 0.0..=90.0, "degrees from the Galactic plane";
        min_detections: i64 = 6 in 0..=100000, "of the object so far, this one included";
        brightest: f64 = -23.0 in -40.0..=0.0, "fainter than this, absolute, AB";
        faintest: f64 = -13.0 in -40.0..=0.0, "brighter than this, absolute, AB";
        simbad_codes: bool = false, "take SIMBAD's short codes of galaxies for hosts too";
    }
    values Shown<'a> {
        peak: f64, "AB", "absolute magnitude of the greatest flux so far";
        latitude: f64, "deg", "Galactic";
    }
    cuts {
        "good-quality";
        "significant" (flux, min_snr);
        "not-solar-system" (solar_system);
        "near-galaxy";
        "no-gaia-star" (gaia);
        "no-variable-star" (vsx);
        "seen-often" (detections, min_detections);
        "luminous" (peak, faintest);
        "not-too-luminous" (peak, brightest);
        "out-of-the-plane" (latitude, min_latitude);
    }
}

fn decide(a: &Alert, p: &Params, shown: &mut Shown) -> Decision {
    cut!("good-quality", a.quality.unflagged())?;
    cut!("significant", a.quality.significant(p.min_snr))?;
    cut!("not-solar-system", a.solar_system != Some(true))?;
    cut!("near-galaxy", a.host.is_galaxy(p.simbad_codes))?;
    cut!("no-gaia-star", !a.gaia.is_star())?;
    cut!("no-variable-star", !is_vsx_star(a.vsx))?;
    cut!("seen-often", a.detections >= Some(p.min_detections))?;
    shown.peak = peak(a);
    cut!("luminous", shown.peak < p.faintest)?;
    cut!("not-too-luminous", shown.peak > p.brightest)?;
    shown.latitude = a.place.latitude();
    cut!("out-of-the-plane", shown.latitude.abs() > p.min_latitude)?;
    pass!()
}

/// Absolute magnitude of the greatest flux; NaN without a redshift above 0.
fn peak(a: &Alert) -> f64 {
    let fluxes = [a.u_max, a.g_max, a.r_max, a.i_max, a.z_max, a.y_max];
    // What is null is no number, and `max` prefers numbers.
    let greatest = fluxes.into_iter().fold(f64::NAN, f64::max);
    absolute_mag(mag_from_njy(greatest), luminosity_distance(a.host.photo_z))
}

#[cfg(test)]
mod tests;
