//! Each filter against its rule, written down a second time.

use filter_checks::{Nullable, agree, around, count, simbad};
use proptest::prelude::*;
use skysieve_sdk::test::Alert;

use crate::early_sn_candidates::EarlySnCandidates;
use crate::fast_riser_candidates::FastRiserCandidates;
use crate::sn_candidates::SnCandidates;

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
fn sn_candidates() {
    let alerts = (
        around(0.5, 0.9),
        around(0.4, 0.8),
        count(1, 5),
        around(90.0, 10.0),
        (around(0.5, 0.7), around(0.5, 0.2)),
        simbad(),
        count(3, 0),
    );
    agree::<SnCandidates>(alerts.prop_map(
        |(drb, classtar, ndethist, age, (ia, sn), simbad, roid)| {
            let first = NOW - age;
            let alert = Alert::new()
                .with("candidate.drb", drb)
                .with("candidate.classtar", classtar)
                .put("candidate.ndethist", ndethist)
                .with("candidate.jd", NOW)
                .with("candidate.jdstarthist", first)
                .with("snn_snia_vs_nonia", ia)
                .with("snn_sn_vs_all", sn)
                .put("cdsxmatch", simbad)
                .put("roid", roid);
            let passes = (ia > 0.5 || sn > 0.5)
                && host(simbad)
                && NOW - first <= 90.0
                && drb > 0.5
                && classtar > 0.4
                && ndethist.is_some_and(|n| n > 1)
                && roid != Some(3);
            (alert, passes)
        },
    ));
}

#[test]
fn early_sn_candidates() {
    let alerts = (
        around(0.5, 0.9),
        around(0.4, 0.8),
        count(20, 5),
        (around(0.5, 0.2), around(0.5, 0.7)),
        around(0.5, 0.6),
        simbad(),
    );
    agree::<EarlySnCandidates>(alerts.prop_map(
        |(drb, classtar, ndethist, (ia, sn), early, simbad)| {
            let alert = Alert::new()
                .with("candidate.drb", drb)
                .with("candidate.classtar", classtar)
                .put("candidate.ndethist", ndethist)
                .with("snn_snia_vs_nonia", ia)
                .with("snn_sn_vs_all", sn)
                .with("rf_snia_vs_nonia", early)
                .put("cdsxmatch", simbad);
            let passes = (ia > 0.5 || sn > 0.5)
                && host(simbad)
                && drb > 0.5
                && classtar > 0.4
                && ndethist.is_some_and(|n| n <= 20)
                && early > 0.5;
            (alert, passes)
        },
    ));
}

/// Julian date, magnitude, band.
type Point = (f64, f64, i64);

/// As Fink's `compute_rise_rate`: detections sorted by time, then neighbours band by band.
fn rise_rate(points: &[Point]) -> f64 {
    let mut points: Vec<(f64, f64, i64)> = points
        .iter()
        .filter(|(jd, mag, _)| !mag.is_nan() && !jd.is_nan())
        .copied()
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut fastest = 0.0;
    for band in 1..=3 {
        let of_band: Vec<_> = points.iter().filter(|point| point.2 == band).collect();
        for pair in of_band.windows(2) {
            let days = pair[1].0 - pair[0].0;
            if days >= 0.02 {
                fastest = f64::max(fastest, (pair[0].1 - pair[1].1) / days);
            }
        }
    }
    f64::min(fastest, 6.0)
}

#[test]
fn fast_riser_candidates() {
    let mag = prop_oneof![5 => 17.0..20.0, 1 => Just(f64::NAN), 1 => Just(18.0), 1 => Just(18.25)];
    let day = prop_oneof![4 => -30.0..0.0, 1 => Just(-1.0), 1 => Just(-0.02), 1 => Just(f64::NAN)];
    let point = (day, mag.clone(), 1..=3i64).prop_map(|(day, mag, band)| (NOW + day, mag, band));
    let alerts = (
        around(0.5, 0.9),
        around(60.0, 10.0),
        simbad(),
        prop_oneof![4 => Just(Some(0)), 1 => Just(Some(1)), 1 => count(3, 2)],
        prop::collection::vec(point, 0..7),
        (mag, 1..=2_i64),
        any::<bool>(),
    );
    agree::<FastRiserCandidates>(alerts.prop_map(
        |(drb, age, simbad, roid, mut points, (mag, band), in_order)| {
            let first = NOW - age;
            if in_order {
                points.sort_by(|a: &Point, b| a.0.total_cmp(&b.0));
            }
            let alert = Alert::new()
                .with("candidate.drb", drb)
                .with("candidate.jd", NOW)
                .with("candidate.jdstarthist", first)
                .with("candidate.magpsf", mag)
                .with("candidate.fid", band)
                .put("cdsxmatch", simbad)
                .put("roid", roid)
                .with("prv_candidates[].jd", list(&points, |point| point.0))
                .with("prv_candidates[].magpsf", list(&points, |point| point.1))
                .with("prv_candidates[].fid", list(&points, |point| point.2));
            points.push((NOW, mag, band));
            let passes = host(simbad)
                && ![Some(2), Some(3)].contains(&roid)
                && drb > 0.5
                && NOW - first <= 60.0
                && rise_rate(&points) >= 0.25;
            (alert, passes)
        },
    ));
}

fn list<T>(points: &[Point], of: impl Fn(&Point) -> T) -> Vec<T> {
    points.iter().map(of).collect()
}
