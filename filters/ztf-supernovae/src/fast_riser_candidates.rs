//! Fink's ZTF filter `fast_riser_candidates` (topic `fink_fast_riser_candidates_ztf`), verdict for
//! verdict.
//!
//! An alert passes where the object is real, at most 60 days old, not in the Solar System, at a place
//! where SIMBAD knows nothing or something extragalactic, and brightened fast between two neighbouring
//! detections of one band at some time of its history. Source: fink-filters 7.45,
//! `ztf/livestream/filter_fast_riser_candidates`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use fink_tables::{is_extragalactic_host, roid};
use skysieve_sdk::prelude::*;

filter! {
    pub struct FastRiserCandidates;
    name: "ztf-fast-riser-candidates",
    description: "Young and brightening fast: Fink's ZTF filter fast_riser_candidates",
    surveys: ["ztf"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        drb: f64 = "candidate.drb";
        jd: f64 = "candidate.jd";
        jdstarthist: f64 = "candidate.jdstarthist";
        mag: f64 = "candidate.magpsf";
        band: Option<i64> = "candidate.fid";
        simbad: Option<&'a str> = "cdsxmatch";
        roid: Option<i64> = "roid";
    }
    late History<'a> {
        jd: &'a [f64] = "prv_candidates[].jd";
        mag: &'a [f64] = "prv_candidates[].magpsf";
        band: &'a [i64] = "prv_candidates[].fid";
    }
    params Params<'a> {
        min_drb: f64 = 0.5 in 0.0..=1.0, "real-bogus score, deep learning";
        max_age: f64 = 60.0 in 0.0..=10000.0, "days since the first detection";
        min_gap: f64 = 0.02 in 0.0001..=100.0, "days between two detections that are compared";
        min_rise: f64 = 0.25 in 0.0..=100.0, "mag/d, at the fastest";
    }
    values Shown<'a> {
        age: f64, "d", "since the first detection";
        rise: f64, "mag/d", "the fastest brightening in one band, at most 6; 0 where there is none";
    }
    cuts {
        "real-bogus" (drb, min_drb);
        "not-solar-system" (roid);
        "young" (age, max_age);
        "extragalactic-host" (simbad);
        "rising" (rise, min_rise);
    }
}

/// No object is believed to brighten faster, mag/d.
const FASTEST: f64 = 6.0;

fn decide(a: &Alert, p: &Params, shown: &mut Shown) -> Decision {
    shown.age = a.jd - a.jdstarthist;

    cut!("real-bogus", a.drb > p.min_drb)?;
    let solar_system = [Some(roid::CANDIDATE), Some(roid::KNOWN)].contains(&a.roid);
    cut!("not-solar-system", !solar_system)?;
    cut!("young", shown.age <= p.max_age)?;
    cut!("extragalactic-host", is_extragalactic_host(a.simbad))?;
    shown.rise = rise(points(a, &a.late()?), p.min_gap).min(FASTEST);
    cut!("rising", shown.rise >= p.min_rise)?;
    pass!()
}

#[derive(Clone, Copy)]
struct Point {
    jd: f64,
    mag: f64,
    band: i64,
}

/// The history and the alert itself, without what has no magnitude (upper limits).
fn points(a: &Alert, history: &History) -> impl Iterator<Item = Point> + Clone {
    let &History { jd, mag, band, .. } = history;
    let past = (0..jd.len()).map(move |i| Point {
        jd: jd[i],
        mag: mag[i],
        band: band[i],
    });
    let own = a.band.map(|band| Point {
        jd: a.jd,
        mag: a.mag,
        band,
    });
    past.chain(own)
        .filter(|point| !point.mag.is_nan() && !point.jd.is_nan())
}

/// The fastest brightening from a detection to the next of its band, mag/d; 0 where there is none.
fn rise(points: impl Iterator<Item = Point> + Clone, min_gap: f64) -> f64 {
    let in_order = points.clone().is_sorted_by(|a, b| a.jd <= b.jd);
    let mut latest = [None; 3];
    let mut fastest: f64 = 0.0;
    for (i, point) in points.clone().enumerate() {
        let Some(latest) = latest.get_mut(point.band.wrapping_sub(1) as usize) else {
            continue;
        };
        let before = if in_order {
            *latest
        } else {
            last_before(&point, i, points.clone())
        };
        *latest = Some(point);
        if let Some(Point { jd, mag, .. }) = before
            && point.jd - jd >= min_gap
        {
            fastest = fastest.max((mag - point.mag) / (point.jd - jd));
        }
    }
    fastest
}

/// The point before the `i`th in its band, where a packet is not in the order of time: seldom, and
/// dear with a long history.
fn last_before(point: &Point, i: usize, points: impl Iterator<Item = Point>) -> Option<Point> {
    let earlier = points
        .enumerate()
        .filter(|(j, other)| other.band == point.band && (other.jd, *j) < (point.jd, i));
    let last = earlier.max_by(|(_, a), (_, b)| a.jd.total_cmp(&b.jd));
    last.map(|(_, last)| last)
}
