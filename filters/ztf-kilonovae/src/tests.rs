//! Each filter against its rule, written down a second time.

use filter_checks::{Nullable, agree, around, count, simbad};
use proptest::prelude::*;
use skysieve_sdk::astro::galactic_latitude;
use skysieve_sdk::test::Alert;

use crate::kn_candidates::KnCandidates;
use crate::rate_based_kn_candidates::RateBasedKnCandidates;

const NOW: f64 = 2_461_100.5;

/// Fink's `isin(return_list_of_eg_host())`, for the labels of these tests.
fn host(simbad: Option<&str>) -> bool {
    simbad.is_some_and(|label| {
        "Galaxy,Unknown,Fail,Fail 504,Seyfert_1,galaxy,Candidate_SN*,Transient"
            .split(',')
            .any(|host| host == label)
    })
}

#[test]
fn kn_candidates() {
    let alerts = (
        around(0.5, 0.9),
        around(0.4, 0.8),
        count(20, 5),
        around(5.0, 2.0),
        around(0.5, 0.7),
        simbad(),
        count(3, 0),
    );
    agree::<KnCandidates>(
        alerts.prop_map(|(drb, classtar, ndethist, age, kn, simbad, roid)| {
            let first = NOW - age;
            let alert = Alert::new()
                .with("candidate.drb", drb)
                .with("candidate.classtar", classtar)
                .put("candidate.ndethist", ndethist)
                .with("candidate.jd", NOW)
                .with("candidate.jdstarthist", first)
                .with("rf_kn_vs_nonkn", kn)
                .put("cdsxmatch", simbad)
                .put("roid", roid);
            let passes = kn > 0.5
                && drb > 0.5
                && classtar > 0.4
                && NOW - first < 5.0
                && roid != Some(3)
                && ndethist.is_some_and(|n| n < 20)
                && host(simbad);
            (alert, passes)
        }),
    );
}

/// One row of Fink's c-arrays.
#[derive(Clone, Copy, Debug)]
struct Point {
    jd: f64,
    fid: i64,
    magpsf: f64,
    sigmapsf: f64,
    magnr: f64,
    sigmagnr: f64,
    isdiffpos: &'static str,
}

/// As `fink_utils.photometry.conversion.dc_mag`.
fn dc_mag(p: &Point) -> (f64, f64) {
    if p.magnr < 0.0 {
        return (f64::NAN, f64::NAN);
    }
    let difference = 10_f64.powf(-0.4 * p.magpsf);
    let reference = 10_f64.powf(-0.4 * p.magnr);
    let up = p.isdiffpos == "t" || p.isdiffpos == "1";
    let flux = if up {
        reference + difference
    } else {
        reference - difference
    };
    let errors = [
        p.sigmapsf / 1.0857 * difference,
        p.sigmagnr / 1.0857 * reference,
    ];
    let err = errors.iter().map(|e| e * e).sum::<f64>().sqrt();
    (-2.5 * flux.log10(), err / flux * 1.0857)
}

/// The rate by the normal equations; Fink's is 0 where it fits nothing.
fn rate(points: &[Point]) -> f64 {
    let fid = points[points.len() - 1].fid;
    let kept: Vec<(f64, f64, f64)> = points
        .iter()
        .filter(|p| !p.magpsf.is_nan() && p.fid == fid)
        .map(|p| (p.jd - NOW, dc_mag(p).0, dc_mag(p).1))
        .filter(|(_, mag, _)| *mag < 21.0)
        .collect();
    if kept.len() < 2 || kept[kept.len() - 1].0 - kept[0].0 <= 0.5 {
        return 0.0;
    }
    let sum = |of: &dyn Fn(&(f64, f64, f64)) -> f64| -> f64 {
        kept.iter()
            .map(|point| of(point) / (point.2 * point.2))
            .sum()
    };
    let (w, x, y) = (sum(&|_| 1.0), sum(&|p| p.0), sum(&|p| p.1));
    let (xx, xy) = (sum(&|p| p.0 * p.0), sum(&|p| p.0 * p.1));
    (w * xy - x * y) / (w * xx - x * x)
}

#[test]
fn rate_based_kn_candidates() {
    let mag = prop_oneof![8 => 16.0..20.9, 1 => Just(f64::NAN)];
    let magnr = prop_oneof![6 => 15.0..24.0, 1 => Just(-999.0), 1 => Just(f64::NAN)];
    let signs = prop::sample::select(vec!["t", "t", "t", "t", "1", "f", "0"]);
    let point = (
        -3.0..0.0,
        1..=2_i64,
        mag,
        0.01..0.3,
        magnr,
        0.01..0.3,
        signs,
    )
        .prop_map(
            |(day, fid, magpsf, sigmapsf, magnr, sigmagnr, isdiffpos)| Point {
                jd: NOW + day,
                fid,
                magpsf,
                sigmapsf,
                magnr,
                sigmagnr,
                isdiffpos,
            },
        );
    let own = point.clone().prop_map(|point| Point { jd: NOW, ..point });
    let alerts = (
        (around(0.9, 0.95), around(0.4, 0.8), count(20, 5)),
        around(5.0, 2.0),
        prop_oneof![6 => Just(-999.0), 1 => around(10.0, 30.0), 1 => Just(0.0)],
        (0.0..360.0, prop_oneof![4 => 50.0..90.0, 1 => -90.0..90.0]),
        simbad(),
        (prop::collection::vec(point, 0..5), own),
    );
    agree::<RateBasedKnCandidates>(alerts.prop_map(
        |((drb, classtar, ndethist), age, ssdistnr, (ra, dec), simbad, (mut points, own))| {
            let first = NOW - age;
            let alert = Alert::new()
                .with("candidate.drb", drb)
                .with("candidate.classtar", classtar)
                .put("candidate.ndethist", ndethist)
                .with("candidate.jd", NOW)
                .with("candidate.jdstarthist", first)
                .with("candidate.ra", ra)
                .with("candidate.dec", dec)
                .with("candidate.ssdistnr", ssdistnr)
                .put("cdsxmatch", simbad);
            let alert = with_points(alert, &points, &own);
            points.push(own);
            let passes = drb > 0.9
                && classtar > 0.4
                && NOW - first < 5.0
                && ndethist.is_some_and(|n| n < 20)
                && host(simbad)
                && own.isdiffpos == "t"
                && [ssdistnr > 10.0, ssdistnr < 0.0].contains(&true)
                && galactic_latitude(ra, dec).abs() > 10.0
                && rate(&points) > 0.3;
            (alert, passes)
        },
    ));
}

fn with_points(alert: Alert, past: &[Point], own: &Point) -> Alert {
    let list = |of: fn(&Point) -> f64| past.iter().map(of).collect::<Vec<f64>>();
    let bands: Vec<i64> = past.iter().map(|p| p.fid).collect();
    let signs: Vec<Option<&str>> = past.iter().map(|p| Some(p.isdiffpos)).collect();
    alert
        .with("prv_candidates[].jd", list(|p| p.jd))
        .with("prv_candidates[].fid", bands)
        .with("prv_candidates[].magpsf", list(|p| p.magpsf))
        .with("prv_candidates[].sigmapsf", list(|p| p.sigmapsf))
        .with("prv_candidates[].magnr", list(|p| p.magnr))
        .with("prv_candidates[].sigmagnr", list(|p| p.sigmagnr))
        .with("prv_candidates[].isdiffpos", signs)
        .with("candidate.fid", own.fid)
        .with("candidate.magpsf", own.magpsf)
        .with("candidate.sigmapsf", own.sigmapsf)
        .with("candidate.magnr", own.magnr)
        .with("candidate.sigmagnr", own.sigmagnr)
        .with("candidate.isdiffpos", own.isdiffpos)
}
