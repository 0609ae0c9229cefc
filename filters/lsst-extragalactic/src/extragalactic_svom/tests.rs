use lsst_blocks::reference::{self, age, mag};
use skysieve_sdk::test::{Alert, evaluate};

use super::ExtragalacticSvom;

fn passing() -> Alert {
    reference::extragalactic()
        .with("diaSource.midpointMjdTai", 61000.0)
        .with("misc.firstDiaSourceMjdTaiFink", 60998.0)
}

#[test]
fn each_cut_rejects_what_fails_it_alone() {
    assert_eq!(evaluate::<ExtragalacticSvom>(&passing()).failed_cut(), None);
    let mut failing = reference::failing(&passing(), "near-galaxy", "no-variable-star");
    failing.extend([
        ("no-gaia-star", reference::with_gaia_star(passing())),
        (
            "new",
            passing().with("misc.firstDiaSourceMjdTaiFink", 60995.0),
        ),
        ("bright", passing().param("max_mag", 18.9)),
    ]);
    for (cut, alert) in failing {
        let outcome = evaluate::<ExtragalacticSvom>(&alert);
        assert_eq!(outcome.failed_cut(), Some(cut));
    }
}

#[test]
fn short_codes_of_galaxies_count_where_a_team_wants_them() {
    let seyfert = passing().with("xm.simbad_otype", "Sy1");
    let outcome = evaluate::<ExtragalacticSvom>(&seyfert);
    assert_eq!(outcome.failed_cut(), Some("near-galaxy"));
    let wanted = seyfert.param("simbad_codes", true);
    assert!(evaluate::<ExtragalacticSvom>(&wanted).passed());
}

#[test]
fn the_verdict_is_the_rules() {
    let rule = |a: &Alert| {
        reference::extragalactic_near_galaxy(a)
            && age(a) < 5.0
            && mag(a.f64("diaSource.psfFlux")) < 24.0
    };
    let mut choices = reference::surroundings();
    for first in [60995.0, 60995.001, 61001.0, f64::NAN] {
        choices.push(("misc.firstDiaSourceMjdTaiFink", first.into()));
    }
    choices.push(("diaSource.midpointMjdTai", f64::NAN.into()));
    let passes = |a: &Alert| evaluate::<ExtragalacticSvom>(a).passed();
    for around in [passing(), reference::with_gaia_star(passing())] {
        reference::compare(&around, &choices, passes, rule);
    }
}
