use lsst_blocks::reference::{self, age, mag};
use skysieve_sdk::astro::njy_from_mag;
use skysieve_sdk::test::{Alert, Content, evaluate};

use super::FastTransientGvom;

/// An r-band point of 19 mag, one day after one of 19.5 mag.
fn passing() -> Alert {
    reference::extragalactic()
        .with("diaSource.band", "r")
        .with("diaSource.midpointMjdTai", 61000.0)
        .with("misc.firstDiaSourceMjdTaiFink", 60998.0)
        .with(
            "prvDiaSources[].midpointMjdTai",
            [60998.0, 60999.0, 60999.5],
        )
        .with("prvDiaSources[].band", ["r", "r", "g"])
        .with(
            "prvDiaSources[].psfFlux",
            [1.0, njy_from_mag(19.5), njy_from_mag(19.0)],
        )
        .with("prvDiaSources[].psfFluxErr", [10.0, 1000.0, 10.0])
}

fn judge(alert: &Alert) -> skysieve_sdk::test::Outcome {
    evaluate::<FastTransientGvom>(alert)
}

#[test]
fn each_cut_rejects_what_fails_it_alone() {
    let outcome = judge(&passing());
    assert_eq!(outcome.failed_cut(), None);
    assert!((outcome.f64("rate") - (njy_from_mag(19.0) - njy_from_mag(19.5))).abs() < 1e-6);
    let before = |flux: f64, err: f64| {
        passing()
            .with("prvDiaSources[].psfFlux", [1.0, flux, 1.0])
            .with("prvDiaSources[].psfFluxErr", [10.0, err, 10.0])
    };
    let mut failing = reference::failing(&passing(), "possible-host", "no-known-star");
    failing.extend([
        (
            "no-known-star",
            reference::with_gaia_star(passing()).param("gaia_veto", true),
        ),
        (
            "new",
            passing().with("misc.firstDiaSourceMjdTaiFink", 60995.0),
        ),
        ("bright", passing().param("max_mag", 18.9)),
        ("fast", before(njy_from_mag(19.3), 1000.0)),
        ("significant-rate", before(njy_from_mag(19.5), 30_000.0)),
    ]);
    for (cut, alert) in failing {
        assert_eq!(judge(&alert).failed_cut(), Some(cut));
    }
}

#[test]
fn stars_of_gaia_pass_unless_a_team_wants_the_veto() {
    assert!(judge(&reference::with_gaia_star(passing())).passed());
}

#[test]
fn the_last_of_the_history_counts_and_not_the_latest() {
    let shuffled = passing()
        .with("prvDiaSources[].midpointMjdTai", [60999.0, 60998.0])
        .with("prvDiaSources[].band", ["r", "r"])
        .with("prvDiaSources[].psfFlux", [1e9, 1.0])
        .with("prvDiaSources[].psfFluxErr", [1.0, 1.0]);
    assert!(judge(&shuffled).f64("rate") > 0.0);
}

#[test]
fn the_verdict_is_the_rules() {
    let rule = |a: &Alert| {
        reference::extragalactic_loose(a, false)
            && age(a) < 5.0
            && mag(a.f64("diaSource.psfFlux")) < 21.0
            && fast(a)
    };
    let flux = njy_from_mag(19.0);
    let history = |flux: f64, err: f64| -> [(&'static str, Content); 2] {
        [
            ("prvDiaSources[].psfFlux", [1.0, flux, 1.0].into()),
            ("prvDiaSources[].psfFluxErr", [1.0, err, 1.0].into()),
        ]
    };
    let mut choices = reference::surroundings();
    for fraction in [0.723, 0.7237, 0.724, 1.5, -1.0, f64::NAN] {
        choices.extend(history(flux * fraction, flux * 0.08));
    }
    choices.extend(history(flux * 0.6, flux * 0.15));
    choices.extend([
        ("diaSource.band", "y".into()),
        ("diaSource.band", Content::Null),
        ("diaSource.midpointMjdTai", 60999.0.into()),
        ("diaSource.midpointMjdTai", 60998.5.into()),
        ("misc.firstDiaSourceMjdTaiFink", 60995.0.into()),
    ]);
    let passes = |a: &Alert| judge(a).passed();
    for around in [passing(), reference::with_gaia_star(passing())] {
        reference::compare(&around, &choices, passes, rule);
    }
}

/// `b_mag_rate_mc_sampling` with the mean and deviation of its draws.
fn fast(a: &Alert) -> bool {
    let Some(band) = a.str("diaSource.band") else {
        return false;
    };
    let bands = a.str_list("prvDiaSources[].band");
    let mut same = (0..bands.len()).rev();
    let Some(i) = same.find(|i| bands[*i].as_deref() == Some(band)) else {
        return false;
    };
    let days = a.f64("diaSource.midpointMjdTai") - a.f64_list("prvDiaSources[].midpointMjdTai")[i];
    let flux = a.f64("diaSource.psfFlux");
    let mean = (flux - a.f64_list("prvDiaSources[].psfFlux")[i]) / days;
    let err = a.f64("diaSource.psfFluxErr");
    let std = err.hypot(a.f64_list("prvDiaSources[].psfFluxErr")[i]) / days.abs();
    let limit = 10f64.ln() / 2.5 * 10f64.powf((31.4 - mag(flux)) / 2.5) * 0.3;
    mean > limit && mean.abs() / (std + 1e-10) > 3.0
}
