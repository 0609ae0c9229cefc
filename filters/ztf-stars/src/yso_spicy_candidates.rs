//! Fink's ZTF filter `yso_spicy_candidates` (topic `fink_yso_spicy_candidates_ztf`), verdict for verdict.
//!
//! An alert passes where the SPICY catalogue has a young stellar object with a class, and its r-band
//! light curve rises or falls along a straight line. Source: fink-filters 7.45,
//! `ztf/livestream/filter_yso_spicy_candidates`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use skysieve_sdk::prelude::*;

use core::iter::once;

filter! {
    pub struct YsoSpicyCandidates;
    name: "ztf-yso-spicy-candidates",
    description: "Young stars with a trend: Fink's ZTF filter yso_spicy_candidates",
    surveys: ["ztf"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        class: Option<&'a str> = "spicy_class";
        slope: f64 = "lc_features_r.linear_fit_slope";
        jd: f64 = "candidate.jd";
        mag: f64 = "candidate.magpsf";
        band: Option<i64> = "candidate.fid";
    }
    late History<'a> {
        jd: &'a [f64] = "prv_candidates[].jd";
        mag: &'a [f64] = "prv_candidates[].magpsf";
        band: &'a [i64] = "prv_candidates[].fid";
    }
    params Params<'a> {
        min_slope: f64 = 0.025 in 0.0..=100.0, "rising or falling by more than this in r, mag/d";
        min_r2: f64 = 0.6 in 0.0..=1.0, "share of the variance in r that a straight line explains";
        min_points: i64 = 5 in 2..=1000, "points in r";
    }
    values Shown<'a> {
        r2: f64, "", "share of the variance in r that a straight line explains";
    }
    cuts {
        "spicy-class" (class);
        "steep" (slope, min_slope);
        "straight" (r2, min_r2);
    }
}

/// ZTF's number of its r band.
const R: i64 = 2;

fn decide(a: &Alert, p: &Params, shown: &mut Shown) -> Decision {
    cut!("spicy-class", !matches!(a.class, None | Some("Unknown")))?;
    cut!("steep", a.slope.abs() > p.min_slope)?;
    shown.r2 = r_squared(red(a, &a.late()?), p.min_points);
    cut!("straight", shown.r2 > p.min_r2)?;
    pass!()
}

/// Time and magnitude of what was measured in r, the alert itself last.
fn red(a: &Alert, history: &History) -> impl Iterator<Item = (f64, f64)> + Clone {
    let &History { jd, mag, band, .. } = history;
    let past = (0..jd.len()).map(move |i| (jd[i], mag[i], Some(band[i])));
    let all = past.chain(once((a.jd, a.mag, a.band)));
    all.filter(|(_, mag, band)| *band == Some(R) && !mag.is_nan())
        .map(|(jd, mag, _)| (jd, mag))
}

/// Coefficient of determination of the straight line through the points by least squares, all
/// weighted alike; NaN where there are too few points, or all of one time or magnitude.
fn r_squared(points: impl Iterator<Item = (f64, f64)> + Clone, min_points: i64) -> f64 {
    let n = points.clone().count();
    if (n as i64) < min_points {
        return f64::NAN;
    }
    let sum = points
        .clone()
        .fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
    let (x_mean, y_mean) = (sum.0 / n as f64, sum.1 / n as f64);
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in points {
        let (dx, dy) = (x - x_mean, y - y_mean);
        xx += dx * dx;
        xy += dx * dy;
        yy += dy * dy;
    }
    // Nothing over nothing is NaN.
    xy * xy / (xx * yy)
}
