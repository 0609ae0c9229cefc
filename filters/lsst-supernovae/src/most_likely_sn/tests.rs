use lsst_blocks::reference;
use skysieve_sdk::test::{Alert, Content, Outcome, evaluate};

use super::MostLikelySn;

/// Bad only because it is negative.
fn passing() -> Alert {
    reference::measured()
        .with("diaSource.isNegative", true)
        .with("diaSource.snr", 20.0)
        .with("diaObject.nDiaSources", 2)
        .with("clf.snnSnVsOthers_score", 0.8)
        .with("clf.cats_class", 11)
        .with("clf.cats_score", 0.95)
        .with("pred.is_sso", false)
}

fn judge(alert: &Alert) -> Outcome {
    evaluate::<MostLikelySn>(alert)
}

#[test]
fn each_cut_rejects_what_fails_it_alone() {
    assert_eq!(judge(&passing()).failed_cut(), None);
    let failing = [
        ("supernova", passing().with("clf.snnSnVsOthers_score", 0.69)),
        ("cats-class", passing().with("clf.cats_class", 12)),
        ("cats-score", passing().with("clf.cats_score", 0.89)),
        ("not-solar-system", passing().with("pred.is_sso", true)),
        ("significant", passing().with("diaSource.snr", 10.0)),
        ("seen-often", passing().with("diaObject.nDiaSources", 1)),
        ("quality", passing().with("diaSource.isNegative", false)),
    ];
    for (cut, alert) in failing {
        assert_eq!(judge(&alert).failed_cut(), Some(cut));
    }
}

#[test]
fn a_team_can_have_the_quality_that_fink_means() {
    let good = passing().with("diaSource.isNegative", false);
    assert!(judge(&good.param("good_quality", true)).passed());
    let bad = passing().param("good_quality", true);
    assert_eq!(judge(&bad).failed_cut(), Some("quality"));
}

#[test]
fn the_verdict_is_the_rules() {
    let rule = |a: &Alert| {
        a.f64("clf.snnSnVsOthers_score") >= 0.7
            && a.i64("clf.cats_class") == Some(11)
            && a.f64("clf.cats_score") >= 0.9
            && a.bool("pred.is_sso") != Some(true)
            && a.f64("diaSource.snr") > 10.0
            && a.i64("diaObject.nDiaSources").is_some_and(|n| n >= 2)
            && !(reference::good_quality(a) && a.bool("diaSource.isNegative") != Some(true))
    };
    let mut choices = reference::measurements();
    for score in [0.7, f64::from(0.7_f32), 0.9, f64::from(0.9_f32), f64::NAN] {
        choices.push(("clf.snnSnVsOthers_score", score.into()));
        choices.push(("clf.cats_score", score.into()));
    }
    choices.extend([
        ("clf.cats_class", (-1).into()),
        ("clf.cats_class", Content::Null),
        ("pred.is_sso", Content::Null),
        ("pred.is_sso", true.into()),
        ("diaSource.snr", 10.0.into()),
        ("diaSource.snr", Content::Null),
        ("diaObject.nDiaSources", 1.into()),
        ("diaObject.nDiaSources", Content::Null),
        ("diaSource.isNegative", Content::Null),
        ("diaSource.isNegative", false.into()),
        ("diaSource.shape_flag", true.into()),
    ]);
    for negative in [true, false] {
        let around = passing().with("diaSource.isNegative", negative);
        reference::compare(&around, &choices, |a| judge(a).passed(), rule);
    }
}
