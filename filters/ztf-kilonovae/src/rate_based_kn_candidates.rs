//! Fink's ZTF filter `rate_based_kn_candidates` (topic `fink_rate_based_kn_candidates_ztf`), verdict
//! for verdict where SDSS does not answer.
//!
//! An alert passes where something real and not extended appeared less than five days ago, out of the
//! Galactic plane, far from known asteroids, at a place where SIMBAD knows nothing or something
//! extragalactic, and has faded fast in the alert's band since: the slope of a straight line through
//! its apparent magnitudes, reference source included. Source: fink-filters 7.45,
//! `ztf/livestream/filter_rate_based_kn_candidates`, after Andreoni et al. 2021 (arXiv:2104.06352).
//!
//! Fink then asks SDSS and drops what lies within 5″ of a star or quasar; a module has no network,
//! so that veto is not here. Fink fits by iteration, which ends at the same line.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use fink_tables::is_extragalactic_host;
use skysieve_sdk::prelude::*;

use astro::{galactic_latitude, linear_fit};
use core::f64::consts::LN_10;
use core::iter::once;

filter! {
    pub struct RateBasedKnCandidates;
    name: "ztf-rate-based-kn-candidates",
    description: "New and fading fast: Fink's ZTF filter rate_based_kn_candidates, without SDSS",
    surveys: ["ztf"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        drb: f64 = "candidate.drb";
        classtar: f64 = "candidate.classtar";
        ndethist: Option<i64> = "candidate.ndethist";
        jd: f64 = "candidate.jd";
        jdstarthist: f64 = "candidate.jdstarthist";
        ra: f64 = "candidate.ra";
        dec: f64 = "candidate.dec";
        asteroid_distance: f64 = "candidate.ssdistnr";
        band: Option<i64> = "candidate.fid";
        mag: f64 = "candidate.magpsf";
        mag_err: f64 = "candidate.sigmapsf";
        reference: f64 = "candidate.magnr";
        reference_err: f64 = "candidate.sigmagnr";
        positive: Option<&'a str> = "candidate.isdiffpos";
        simbad: Option<&'a str> = "cdsxmatch";
    }
    late History<'a> {
        jd: &'a [f64] = "prv_candidates[].jd";
        band: &'a [i64] = "prv_candidates[].fid";
        mag: &'a [f64] = "prv_candidates[].magpsf";
        mag_err: &'a [f64] = "prv_candidates[].sigmapsf";
        reference: &'a [f64] = "prv_candidates[].magnr";
        reference_err: &'a [f64] = "prv_candidates[].sigmagnr";
        positive: Texts<'a> = "prv_candidates[].isdiffpos";
    }
    params Params<'a> {
        min_drb: f64 = 0.9 in 0.0..=1.0, "real-bogus score, deep learning";
        min_classtar: f64 = 0.4 in 0.0..=1.0, "star-galaxy score of SExtractor";
        max_detections: i64 = 20 in 1..=1000, "fewer detections than this, this one included";
        max_age: f64 = 5.0 in 0.0..=10000.0, "fewer days than this since the first detection";
        min_asteroid_distance: f64 = 10.0 in 0.0..=1000.0, "arcsec";
        min_latitude: f64 = 10.0 in 0.0..=90.0, "degrees from the Galactic plane";
        max_mag: f64 = 21.0 in 0.0..=40.0, "fainter points are left out";
        min_span: f64 = 0.5 in 0.0..=100.0, "days from the first to the last point";
        min_rate: f64 = 0.3 in -100.0..=100.0, "fading by more than this, mag/d";
        either_sign: bool = false, "take an isdiffpos of `1` for a positive subtraction, as `t`; Fink takes `t` alone";
    }
    values Shown<'a> {
        age: f64, "d", "since the first detection";
        latitude: f64, "deg", "Galactic";
        rate: f64, "mag/d", "in the alert's band; positive while it fades";
    }
    cuts {
        "real-bogus" (drb, min_drb);
        "star-galaxy" (classtar, min_classtar);
        "seldom-seen" (ndethist, max_detections);
        "young" (age, max_age);
        "appeared" (positive, either_sign);
        "far-from-asteroids" (asteroid_distance, min_asteroid_distance);
        "extragalactic-host" (simbad);
        "out-of-the-plane" (latitude, min_latitude);
        "fading" (rate, min_rate);
    }
}

fn decide(a: &Alert, p: &Params, shown: &mut Shown) -> Decision {
    shown.age = a.jd - a.jdstarthist;

    cut!("real-bogus", a.drb > p.min_drb)?;
    cut!("star-galaxy", a.classtar > p.min_classtar)?;
    cut!(
        "seldom-seen",
        a.ndethist.is_some_and(|n| n < p.max_detections)
    )?;
    cut!("young", shown.age < p.max_age)?;
    let appeared = a.positive == Some("t") || p.either_sign && a.positive == Some("1");
    cut!("appeared", appeared)?;
    // ZTF writes -999 where there is no known asteroid.
    let far = a.asteroid_distance > p.min_asteroid_distance || a.asteroid_distance < 0.0;
    cut!("far-from-asteroids", far)?;
    cut!("extragalactic-host", is_extragalactic_host(a.simbad))?;
    shown.latitude = galactic_latitude(a.ra, a.dec);
    cut!("out-of-the-plane", shown.latitude.abs() > p.min_latitude)?;
    shown.rate = rate(a, &a.late()?, p);
    cut!("fading", shown.rate > p.min_rate)?;
    pass!()
}

/// 2.5 / ln 10, as Fink rounds it.
const POGSON: f64 = 1.0857;

/// One difference measurement, and the reference source there.
#[derive(Clone, Copy)]
struct Point<'a> {
    jd: f64,
    band: Option<i64>,
    mag: f64,
    mag_err: f64,
    reference: f64,
    reference_err: f64,
    positive: Option<&'a str>,
}

impl Point<'_> {
    /// Apparent magnitude and its 1σ, difference and reference together; NaN where there is no
    /// reference or where the sum of both is not positive. Source: p. 107 of the ZTF Science Data
    /// System Explanatory Supplement, with Fink's rounding of 2.5 / ln 10.
    fn apparent(&self) -> (f64, f64) {
        // ZTF writes a negative magnitude where the reference has no source.
        if self.reference < 0.0 {
            return (f64::NAN, f64::NAN);
        }
        let difference = flux(self.mag);
        let reference = flux(self.reference);
        let sum = match self.positive {
            Some("t" | "1") => reference + difference,
            _ => reference - difference,
        };
        let err = libm::hypot(
            self.mag_err / POGSON * difference,
            self.reference_err / POGSON * reference,
        );
        (-2.5 * libm::log10(sum), err / sum * POGSON)
    }
}

/// In units of magnitude 0.
fn flux(mag: f64) -> f64 {
    libm::exp(-0.4 * LN_10 * mag)
}

/// The slope in mag/d through the apparent magnitudes in the alert's band, history and alert
/// together; NaN where there are fewer than two points, or where they span too little.
fn rate(a: &Alert, history: &History, p: &Params) -> f64 {
    let bright = points(a, history)
        .filter(|point| point.band == a.band && !point.mag.is_nan())
        .map(|point| (point.jd, point.apparent()))
        .filter(|(_, (mag, _))| *mag < p.max_mag);
    let (first, last) = (bright.clone().next(), bright.clone().last());
    match (first, last) {
        (Some((first, _)), Some((last, _))) if last - first > p.min_span => {
            linear_fit(bright.map(|(jd, (mag, err))| (jd, mag, err))).map_or(f64::NAN, |l| l.slope)
        }
        _ => f64::NAN,
    }
}

/// In the packet's order, the alert itself last.
fn points<'a>(a: &Alert<'a>, history: &History<'a>) -> impl Iterator<Item = Point<'a>> + Clone {
    let &History {
        jd,
        band,
        mag,
        mag_err,
        reference,
        reference_err,
        ..
    } = history;
    let past = history.positive.iter().enumerate();
    let past = past.map(move |(i, positive)| Point {
        jd: jd[i],
        band: Some(band[i]),
        mag: mag[i],
        mag_err: mag_err[i],
        reference: reference[i],
        reference_err: reference_err[i],
        positive,
    });
    past.chain(once(Point {
        jd: a.jd,
        band: a.band,
        mag: a.mag,
        mag_err: a.mag_err,
        reference: a.reference,
        reference_err: a.reference_err,
        positive: a.positive,
    }))
}
