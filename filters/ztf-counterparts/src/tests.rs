//! Each filter against its rule, written down a second time.

use filter_checks::{Nullable, agree, around, count, label, simbad};
use proptest::prelude::*;
use skysieve_sdk::test::{Alert, evaluate};

use crate::blazar::Blazar;
use crate::simbad_grav_candidates::SimbadGravCandidates;
use crate::tns_match::TnsMatch;
use crate::unknowns::Unknowns;
use crate::vra::Vra;

const NOW: f64 = 2_461_100.5;

const BLAZARS: [&str; 4] = ["Blazar", "Blazar_Candidate", "BLLac", "BLLac_Candidate"];
const GRAVITATION: [&str; 9] = [
    "Gravitation",
    "LensingEv",
    "GravLensSystem",
    "GravLens",
    "LensedImage",
    "LensedG",
    "LensedQ",
    "BlackHole",
    "GravWaveEvent",
];
const OTHERS: [&str; 6] = [
    "QSO",
    "blazar",
    "",
    "GravLens_Candidate",
    "Unknown",
    "BLLAC",
];

/// Any label of the three lists, or null.
fn any_label() -> impl Strategy<Value = Option<&'static str>> {
    label(&[&BLAZARS[..], &GRAVITATION[..], &OTHERS[..]].concat())
}

#[test]
fn blazar() {
    agree::<Blazar>(any_label().prop_map(|simbad| {
        let listed = simbad.is_some_and(|label| BLAZARS.contains(&label));
        (Alert::new().put("cdsxmatch", simbad), listed)
    }));
}

#[test]
fn simbad_grav_candidates() {
    agree::<SimbadGravCandidates>(any_label().prop_map(|simbad| {
        let listed = simbad.is_some_and(|label| GRAVITATION.contains(&label));
        (Alert::new().put("cdsxmatch", simbad), listed)
    }));
}

fn tns_alert(tns: Option<&str>, first: f64) -> Alert {
    Alert::new()
        .put("tns", tns)
        .with("candidate.jd", NOW)
        .with("candidate.jdstarthist", first)
}

#[test]
fn tns_match() {
    let alerts = (label(&["SN Ia", "AGN", "nan", ""]), around(30.0, 10.0));
    agree::<TnsMatch>(alerts.prop_map(|(tns, age)| {
        let first = NOW - age;
        // pandas: None != "" is true.
        let passes = tns != Some("") && NOW - first <= 30.0;
        (tns_alert(tns, first), passes)
    }));
}

#[test]
fn a_null_need_not_count_as_a_tns_match() {
    let null = tns_alert(None, NOW - 1.0);
    assert!(evaluate::<TnsMatch>(&null).passed());
    let meant = null.param("null_matches", false);
    assert_eq!(evaluate::<TnsMatch>(&meant).failed_cut(), Some("in-tns"));
    let class = tns_alert(Some("SN Ia"), NOW - 1.0).param("null_matches", false);
    assert!(evaluate::<TnsMatch>(&class).passed());
}

#[test]
fn vra() {
    let known = label(&["Unknown", "Unknown", "Unknown", "Fail", "Galaxy", "unknown"]);
    let alerts = (around(0.5, 0.9), around(19.5, 20.0), count(3, 0), known);
    agree::<Vra>(alerts.prop_map(|(drb, mag, roid, simbad)| {
        let alert = Alert::new()
            .with("candidate.drb", drb)
            .with("candidate.magpsf", mag)
            .put("roid", roid)
            .put("cdsxmatch", simbad);
        let passes = simbad == Some("Unknown") && roid != Some(3) && mag > 19.5 && drb > 0.5;
        (alert, passes)
    }));
}

#[test]
fn unknowns() {
    let score = || around(0.5, 0.3);
    let alerts = (
        (
            around(0.5, 0.9),
            around(0.4, 0.8),
            count(20, 5),
            around(90.0, 3.0),
        ),
        (score(), score(), score(), score()),
        prop_oneof![8 => Just(0.0), 1 => Just(0.1), 1 => Just(f64::NAN)],
        simbad(),
        count(2, 0),
    );
    agree::<Unknowns>(alerts.prop_map(
        |((drb, classtar, ndethist, age), (ia, sn, early, kn), mulens, simbad, roid)| {
            let first = NOW - age;
            let alert = Alert::new()
                .with("candidate.drb", drb)
                .with("candidate.classtar", classtar)
                .put("candidate.ndethist", ndethist)
                .with("candidate.jd", NOW)
                .with("candidate.jdstarthist", first)
                .with("snn_snia_vs_nonia", ia)
                .with("snn_sn_vs_all", sn)
                .with("rf_snia_vs_nonia", early)
                .with("rf_kn_vs_nonkn", kn)
                .with("mulens", mulens)
                .put("cdsxmatch", simbad)
                .put("roid", roid);
            let real = simbad.is_some_and(host) && drb > 0.5 && classtar > 0.4;
            let like_sn = real && (ia > 0.5 || sn > 0.5);
            let seen = |few: &dyn Fn(i64) -> bool| ndethist.is_some_and(few);
            let age = NOW - first;
            // Whatever gives a class: then it is not unknown, ambiguous or not.
            let classes = [
                simbad.is_some_and(of_simbad),
                mulens > 0.0,
                like_sn && age <= 90.0 && seen(&|n| n > 1) && roid != Some(3),
                like_sn && seen(&|n| n <= 20) && early > 0.5,
                real && kn > 0.5 && age < 5.0 && seen(&|n| n < 20) && roid != Some(3),
                roid == Some(2),
                roid == Some(3),
            ];
            (alert, !classes.contains(&true))
        },
    ));
}

/// Fink's `isin(return_list_of_eg_host())`, for the labels of these tests.
fn host(simbad: &str) -> bool {
    "Galaxy,Unknown,Fail,Fail 504,Seyfert_1,galaxy,Candidate_SN*,Transient"
        .split(',')
        .any(|host| host == simbad)
}

/// Whether SIMBAD's type overrides every score.
fn of_simbad(simbad: &str) -> bool {
    !["Unknown", "Transient"].contains(&simbad)
        && !simbad.starts_with("Fail")
        && !simbad.starts_with("Galaxy")
}
