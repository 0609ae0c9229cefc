use lsst_blocks::reference::{self, age, mag};
use skysieve_sdk::astro::njy_from_mag;
use skysieve_sdk::test::{Alert, Content, Outcome, evaluate};

use super::ExtragalacticLt20mag;

fn passing() -> Alert {
    reference::extragalactic()
        .with("diaSource.band", "g")
        .with("diaSource.midpointMjdTai", 61000.0)
        .with("misc.firstDiaSourceMjdTaiFink", 60998.0)
        .with("diaObject.nDiaSources", 5)
        .with("diaObject.g_psfFluxMean", njy_from_mag(19.2))
        .with("diaObject.g_psfFluxMeanErr", 100.0)
}

fn judge(alert: &Alert) -> Outcome {
    evaluate::<ExtragalacticLt20mag>(alert)
}

#[test]
fn each_cut_rejects_what_fails_it_alone() {
    assert_eq!(judge(&passing()).failed_cut(), None);
    let mut failing = reference::failing(&passing(), "possible-host", "no-variable-star");
    failing.extend([
        ("no-gaia-star", reference::with_gaia_star(passing())),
        ("bright", passing().param("max_mag", 18.9)),
        ("seen-often", passing().with("diaObject.nDiaSources", 4)),
        (
            "seen-for-long",
            passing().with("misc.firstDiaSourceMjdTaiFink", 60999.0),
        ),
        ("rising", passing().with("diaObject.g_psfFluxMeanErr", 1e6)),
        (
            "rising",
            passing().with("diaObject.g_psfFluxMean", njy_from_mag(18.0)),
        ),
    ]);
    for (cut, alert) in failing {
        assert_eq!(judge(&alert).failed_cut(), Some(cut));
    }
}

#[test]
fn the_verdict_is_the_rules() {
    let rule = |a: &Alert| {
        reference::extragalactic_loose(a, true)
            && mag(a.f64("diaSource.psfFlux")) < 20.0
            && rising(a)
            && a.i64("diaObject.nDiaSources").is_some_and(|n| n > 4)
            && age(a) > 1.0
    };
    let flux = njy_from_mag(19.0);
    let mut choices = reference::surroundings();
    for mean in [flux, flux - 100.0, flux - 100.1, flux + 200.0, f64::NAN] {
        choices.push(("diaObject.g_psfFluxMean", mean.into()));
        choices.push(("diaObject.r_psfFluxMean", mean.into()));
    }
    for first in [60999.0, 60998.999, 61001.0, f64::NAN] {
        choices.push(("misc.firstDiaSourceMjdTaiFink", first.into()));
    }
    choices.extend([
        ("diaObject.g_psfFluxMeanErr", 0.0.into()),
        ("diaObject.g_psfFluxMeanErr", Content::Null),
        ("diaObject.r_psfFluxMeanErr", 1.0.into()),
        ("diaSource.band", "r".into()),
        ("diaSource.band", Content::Null),
        ("diaObject.nDiaSources", 4.into()),
        ("diaObject.nDiaSources", Content::Null),
    ]);
    reference::compare(&passing(), &choices, |a| judge(a).passed(), rule);
    let star = reference::with_gaia_star(passing()).with("xm.gaiadr3_Plx", 5.0);
    reference::compare(&star, &choices, |a| judge(a).passed(), rule);
}

/// `b_is_rising`
fn rising(a: &Alert) -> bool {
    let Some(band) = a.str("diaSource.band") else {
        return false;
    };
    let of_object = |name: &str| a.f64(&format!("diaObject.{band}_{name}"));
    let difference = a.f64("diaSource.psfFlux") - of_object("psfFluxMean");
    difference.abs() > of_object("psfFluxMeanErr") && difference > 0.0
}

#[test]
fn every_band_has_its_own_mean() {
    for band in ["u", "g", "r", "i", "z", "y"] {
        let alert = passing()
            .null("diaObject.g_psfFluxMean")
            .with("diaSource.band", band);
        assert_eq!(judge(&alert).failed_cut(), Some("rising"), "{band}");
        let mean = format!("diaObject.{band}_psfFluxMean");
        let err = format!("diaObject.{band}_psfFluxMeanErr");
        assert!(
            judge(&alert.with(&mean, 1.0).with(&err, 1.0)).passed(),
            "{band}"
        );
    }
}
