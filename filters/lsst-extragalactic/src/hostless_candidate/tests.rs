use lsst_blocks::reference::{self, mag};
use skysieve_sdk::test::{Alert, Content, Outcome, evaluate};

use super::HostlessCandidate;

fn passing() -> Alert {
    reference::measured()
        .with("diaSource.ra", 150.0)
        .with("diaSource.dec", 2.0)
        .with("clf.elephant_kstest_template", 0.5)
}

fn judge(alert: &Alert) -> Outcome {
    evaluate::<HostlessCandidate>(alert)
}

#[test]
fn each_cut_rejects_what_fails_it_alone() {
    assert_eq!(judge(&passing()).failed_cut(), None);
    let statistic = "clf.elephant_kstest_template";
    let failing = [
        ("good-quality", passing().with("diaSource.shape_flag", true)),
        ("significant", passing().with("diaSource.psfFluxErr", 1e9)),
        ("hostless", passing().with(statistic, 0.95)),
        ("bright", passing().param("max_mag", 18.9)),
        (
            "out-of-the-plane",
            passing()
                .with("diaSource.ra", 266.0)
                .with("diaSource.dec", -29.0),
        ),
    ];
    for (cut, alert) in failing {
        assert_eq!(judge(&alert).failed_cut(), Some(cut));
    }
}

#[test]
fn the_verdict_is_the_rules() {
    let statistic = "clf.elephant_kstest_template";
    let rule = |a: &Alert| {
        reference::good_quality(a)
            && a.f64(statistic) < 0.95
            && reference::outside_galactic_plane(a)
            && mag(a.f64("diaSource.psfFlux")) <= 21.5
    };
    let mut choices = reference::measurements();
    // 0.95 as a 32-bit float is below 0.95.
    for value in [0.95, f64::from(0.95_f32), 0.96, -1.0, f64::NAN] {
        choices.push((statistic, value.into()));
    }
    choices.extend([
        (statistic, Content::Null),
        ("diaSource.ra", 266.0.into()),
        ("diaSource.dec", (-29.0).into()),
        ("diaSource.dec", f64::NAN.into()),
    ]);
    reference::compare(&passing(), &choices, |a| judge(a).passed(), rule);
}
