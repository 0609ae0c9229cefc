//! Fink's LSST filter `mdwarf_flare` (topic `fink_mdwarf_flare_lsst`), verdict for verdict but at the
//! very limit of the airmass: a blue brightening of a red star, seen low enough in the sky that the
//! air's dispersion tells its temperature.
//!
//! Fink computes the airmass with astropy; here a formula does, good to 0.0003. Source: fink-filters
//! 7.45, `rubin/livestream/filter_mdwarf_flare`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use lsst_blocks::{Gaia, Place, Quality, airmass, median};
use skysieve_sdk::prelude::*;

use astro::mag_from_njy;

filter! {
    pub struct MdwarfFlare;
    name: "lsst-mdwarf-flare",
    description: "Flares of M dwarfs: Fink's LSST filter mdwarf_flare",
    surveys: ["lsst"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> with quality: Quality<'a>, place: Place<'a>, gaia: Gaia<'a> {
        mjd: f64 = "diaSource.midpointMjdTai";
        band: Option<&'a str> = "diaSource.band";
        template_flux: f64 = "diaSource.templateFlux";
        first_mjd: f64 = "misc.firstDiaSourceMjdTaiFink";
    }
    late History<'a> {
        mjd: &'a [f64] = "prvDiaSources[].midpointMjdTai";
        band: Texts<'a> = "prvDiaSources[].band";
        template_flux: &'a [f64] = "prvDiaSources[].templateFlux";
    }
    params Params<'a> {
        min_snr: f64 = 6.0 in 0.0..=1000.0, "difference flux over its error";
        min_airmass: f64 = 1.3 in 1.0..=40.0, "seen through more air than this";
        min_excursion: f64 = 0.1 in 0.0..=1000.0, "difference flux over the template's";
        min_r_i: f64 = 0.53 in -5.0..=5.0, "redder than this in quiescence, mag";
        min_i_z: f64 = 0.3 in -5.0..=5.0, "redder than this in quiescence, mag";
        same_flare: f64 = 4.0 in 0.0..=1000.0, "hours: what came later belongs to this flare";
        isolated: f64 = 48.0 in 0.0..=10000.0, "hours before the flare in which there was nothing";
    }
    values Shown<'a> {
        airmass: f64, "", "at Cerro Pachon";
        excursion: f64, "", "difference flux over the template's";
        r_i: f64, "mag", "in quiescence";
        i_z: f64, "mag", "in quiescence";
    }
    cuts {
        "blue-band" (band);
        "good-quality";
        "significant" (flux, min_snr);
        "star" (gaia);
        "baseline" (template_flux);
        "excursion" (excursion, min_excursion);
        "low" (airmass, min_airmass);
        "red" (r_i, min_r_i);
        "redder" (i_z, min_i_z);
        "isolated";
    }
}

fn decide(a: &Alert, p: &Params, shown: &mut Shown) -> Decision {
    cut!("blue-band", matches!(a.band, Some("u" | "g")))?;
    cut!("good-quality", a.quality.unflagged())?;
    cut!("significant", a.quality.significant(p.min_snr))?;
    // What was seen before needs no star in a catalogue.
    let new = a.mjd == a.first_mjd;
    cut!("star", !new || a.gaia.is_star())?;
    cut!("baseline", a.template_flux > 0.0)?;
    shown.excursion = a.quality.flux / a.template_flux;
    cut!("excursion", shown.excursion >= p.min_excursion)?;
    shown.airmass = airmass(a.place.ra, a.place.dec, a.mjd);
    cut!("low", shown.airmass > p.min_airmass)?;
    let history = a.late()?;
    // A star whose colours are not known may be red.
    if let Some((r, i, z)) = quiescent(&history) {
        (shown.r_i, shown.i_z) = (r - i, i - z);
        cut!("red", shown.r_i > p.min_r_i)?;
        cut!("redder", shown.i_z > p.min_i_z)?;
    }
    cut!("isolated", isolated(a, &history, p))?;
    pass!()
}

/// Magnitudes in r, i and z before the flare: of the medians of the template's fluxes. `None` unless
/// there are fluxes in each; NaN where a median is not positive.
fn quiescent(history: &History) -> Option<(f64, f64, f64)> {
    let mag = |wanted: &str| {
        let fluxes = history.band.iter().zip(history.template_flux);
        let in_band = fluxes.filter(|(band, flux)| *band == Some(wanted) && !flux.is_nan());
        let fluxes = in_band.map(|(_, flux)| *flux);
        let any = fluxes.clone().next().is_some();
        any.then(|| mag_from_njy(median(fluxes)))
    };
    Some((mag("r")?, mag("i")?, mag("z")?))
}

/// Whether the history has nothing shortly before the flare.
fn isolated(a: &Alert, history: &History, p: &Params) -> bool {
    let mut hours = history.mjd.iter().map(|mjd| (a.mjd - mjd) * 24.0);
    !hours.any(|hours| hours >= p.same_flare && hours <= p.isolated)
}

#[cfg(test)]
mod tests;
