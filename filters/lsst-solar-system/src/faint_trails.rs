//! Fink's LSST filter `faint_trails` (topic `fink_faint_trails_lsst`), verdict for verdict: a good
//! measurement of a faint trail, whose science image is elongated too.
//!
//! Fink asks besides for no cosmic ray and a positive flux: the first is one of the quality flags, and
//! without the second there is no magnitude. Source: fink-filters 7.45,
//! `rubin/livestream/filter_faint_trails`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use lsst_blocks::{Quality, Significant, elongation};
use skysieve_sdk::prelude::*;

filter! {
    pub struct FaintTrails;
    name: "lsst-faint-trails",
    description: "Faint trails: Fink's LSST filter faint_trails",
    surveys: ["lsst"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> with quality: Quality<'a> {
        length: f64 = "diaSource.trailLength";
        trail_flux: f64 = "diaSource.trailFlux";
    }
    late Image<'a> {
        pixels: &'a [f64] = "alert.cutout.science.pixels";
        width: Option<i64> = "alert.cutout.science.width";
    }
    params Params<'a> {
        min_snr: f64 = 6.0 in 0.0..=1000.0, "difference flux over its error";
        brightest: f64 = 18.0 in 0.0..=40.0, "fainter than this, AB";
        faintest: f64 = 21.0 in 0.0..=40.0, "brighter than this, AB";
        min_length: f64 = 2.0 in 0.0..=1000.0, "longer than this, arcsec";
        min_elongation: f64 = 2.0 in 1.0..=1000.0, "longer than wide in the science image";
        sigmas: f64 = 3.0 in 0.0..=1000.0, "a pixel of the trail is above the median by so many";
    }
    values Shown<'a> {
        mag: f64, "AB", "of the difference";
        elongation: f64, "", "length over width in the science image";
    }
    cuts {
        "good-quality";
        "significant" (flux, min_snr);
        "faint" (mag, brightest);
        "not-too-faint" (mag, faintest);
        "long" (length, min_length);
        "positive-trail" (trail_flux);
        "elongated" (elongation, min_elongation);
    }
}

fn decide(a: &Alert, p: &Params, shown: &mut Shown) -> Decision {
    cut!("good-quality", a.quality.unflagged())?;
    cut!("significant", a.quality.significant(p.min_snr))?;
    shown.mag = a.quality.mag();
    cut!("faint", shown.mag > p.brightest)?;
    cut!("not-too-faint", shown.mag < p.faintest)?;
    cut!("long", a.length > p.min_length)?;
    cut!("positive-trail", a.trail_flux > 0.0)?;
    shown.elongation = image_elongation(&a.late()?, p.sigmas);
    cut!("elongated", shown.elongation > p.min_elongation)?;
    pass!()
}

/// NaN where there is no image.
fn image_elongation(image: &Image, sigmas: f64) -> f64 {
    let width = image.width.and_then(|width| usize::try_from(width).ok());
    let trail = Significant { sigmas, pixels: 5 };
    elongation(image.pixels, width.unwrap_or(0), trail)
}

#[cfg(test)]
mod tests;
