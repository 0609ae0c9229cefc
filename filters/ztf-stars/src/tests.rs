//! Each filter against its rule, written down a second time.

use filter_checks::{Nullable, agree, around, label};
use fink_tables::MAGNETIC_CVS;
use proptest::prelude::*;
use skysieve_sdk::test::{Alert, Content, evaluate};

use crate::magnetic_cvs::MagneticCvs;
use crate::microlensing_candidates::MicrolensingCandidates;
use crate::yso_candidates::YsoCandidates;
use crate::yso_spicy_candidates::YsoSpicyCandidates;

const NOW: f64 = 2_461_100.5;

#[test]
fn microlensing_candidates() {
    agree::<MicrolensingCandidates>(
        around(0.0, 0.1).prop_map(|mulens| (Alert::new().with("mulens", mulens), mulens > 0.0)),
    );
}

#[test]
fn yso_candidates() {
    let young = [
        "Candidate_YSO",
        "Candidate_TTau*",
        "YSO_Candidate",
        "TTau*_Candidate",
    ];
    let others = ["YSO", "TTau*", "Candidate_YSO*", "", "Unknown", "Orion_V*"];
    let labels = label(&[&young[..], &others[..]].concat());
    agree::<YsoCandidates>(labels.prop_map(move |simbad| {
        let listed = simbad.is_some_and(|label| young.contains(&label));
        (Alert::new().put("cdsxmatch", simbad), listed)
    }));
}

/// Angle between two positions by their unit vectors, all in degrees: another way than the filter's.
fn separation(ra_1: f64, dec_1: f64, ra_2: f64, dec_2: f64) -> f64 {
    let vector = |ra: f64, dec: f64| {
        let (ra, dec) = (ra.to_radians(), dec.to_radians());
        [dec.cos() * ra.cos(), dec.cos() * ra.sin(), dec.sin()]
    };
    let (a, b) = (vector(ra_1, dec_1), vector(ra_2, dec_2));
    let chord: f64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| (a - b) * (a - b))
        .sum::<f64>()
        .sqrt();
    2.0 * (chord / 2.0).asin().to_degrees()
}

#[test]
fn magnetic_cvs() {
    let offset = -0.6 / 3600.0..0.6 / 3600.0;
    let alerts = (
        label(&["t", "t", "t", "1", "f", "0", "T"]),
        prop::sample::select(MAGNETIC_CVS.to_vec()),
        offset.clone(),
        offset,
    );
    agree::<MagneticCvs>(alerts.prop_map(|(positive, star, east, north)| {
        let ra = star.ra + east / star.dec.to_radians().cos();
        let dec = star.dec + north;
        let alert = Alert::new()
            .put("candidate.isdiffpos", positive)
            .with("candidate.ra", ra)
            .with("candidate.dec", dec);
        let near =
            |star: &&fink_tables::Star| separation(ra, dec, star.ra, star.dec) < 0.5 / 3600.0;
        let passes = matches!(positive, Some("t" | "1")) && MAGNETIC_CVS.iter().any(|s| near(&s));
        (alert, passes)
    }));
}

#[test]
fn a_magnetic_cv_is_named() {
    let alert = Alert::new()
        .with("candidate.isdiffpos", "t")
        .with("candidate.ra", 78.9225)
        .with("candidate.dec", 1.0777778);
    let outcome = evaluate::<MagneticCvs>(&alert);
    assert_eq!(outcome.value("star"), &Content::Str("V1309 Ori".to_owned()));
    let nowhere = alert.null("candidate.ra");
    assert_eq!(
        evaluate::<MagneticCvs>(&nowhere).failed_cut(),
        Some("magnetic-cv")
    );
}

/// Julian date, magnitude, band.
type Point = (f64, f64, i64);

/// 1 − (residual over total sum of squares), by the fitted line itself.
fn r_squared(points: &[Point]) -> f64 {
    let red: Vec<(f64, f64)> = points
        .iter()
        .filter(|(_, mag, band)| *band == 2 && !mag.is_nan())
        .map(|(jd, mag, _)| (jd - NOW, *mag))
        .collect();
    let n = red.len() as f64;
    if n < 5.0 {
        return f64::NAN;
    }
    let mean = |of: fn(&(f64, f64)) -> f64| red.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let xx: f64 = red.iter().map(|p| (p.0 - x) * (p.0 - x)).sum();
    let yy: f64 = red.iter().map(|p| (p.1 - y) * (p.1 - y)).sum();
    let slope = red.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>() / xx;
    let rest = red.iter().map(|p| p.1 - y - slope * (p.0 - x));
    if xx == 0.0 || yy == 0.0 {
        return f64::NAN;
    }
    1.0 - rest.map(|r| r * r).sum::<f64>() / yy
}

#[test]
fn yso_spicy_candidates() {
    let noise = prop_oneof![8 => -0.05..0.05, 1 => Just(f64::NAN)];
    let band = prop_oneof![6 => Just(2), 1 => Just(1)];
    let points = prop::collection::vec((-20.0..0.0, noise, band), 1..9);
    let alerts = (
        label(&["ClassI", "ClassII", "FS", "FS", "Unknown", ""]),
        prop_oneof![around(0.025, 0.05), around(-0.025, -0.05)],
        -0.03..0.03,
        points,
    );
    agree::<YsoSpicyCandidates>(alerts.prop_map(|(class, slope, trend, points)| {
        let mut points: Vec<Point> = points
            .into_iter()
            .map(|(day, noise, band)| (NOW + day, 17.0 + trend * day + noise, band))
            .collect();
        let all = points.clone();
        let own = points.pop().unwrap_or((NOW, 17.0, 2));
        let list = |of: fn(&Point) -> f64| points.iter().map(of).collect::<Vec<f64>>();
        let alert = Alert::new()
            .put("spicy_class", class)
            .with("lc_features_r.linear_fit_slope", slope)
            .with("candidate.jd", own.0)
            .with("candidate.magpsf", own.1)
            .with("candidate.fid", own.2)
            .with("prv_candidates[].jd", list(|p| p.0))
            .with("prv_candidates[].magpsf", list(|p| p.1))
            .with(
                "prv_candidates[].fid",
                points.iter().map(|p| p.2).collect::<Vec<i64>>(),
            );
        let passes = class.is_some_and(|class| class != "Unknown")
            && slope.abs() > 0.025
            && r_squared(&all) > 0.6;
        (alert, passes)
    }));
}
