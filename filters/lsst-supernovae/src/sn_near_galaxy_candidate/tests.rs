use lsst_blocks::reference::{self, mag};
use skysieve_sdk::astro::njy_from_mag;
use skysieve_sdk::test::{Alert, Content, Outcome, evaluate};

use super::SnNearGalaxy;

/// 19 mag at a redshift of 0.1: −19.3 mag.
fn passing() -> Alert {
    reference::extragalactic()
        .with("diaObject.nDiaSources", 6)
        .with("diaObject.g_psfFluxMax", 1.0)
        .with("diaObject.r_psfFluxMax", njy_from_mag(19.0))
}

fn judge(alert: &Alert) -> Outcome {
    evaluate::<SnNearGalaxy>(alert)
}

#[test]
fn each_cut_rejects_what_fails_it_alone() {
    let outcome = judge(&passing());
    assert_eq!(outcome.failed_cut(), None);
    assert!((outcome.f64("peak") + 19.315).abs() < 1e-3);
    let greatest = "diaObject.r_psfFluxMax";
    let mut failing = reference::failing(&passing(), "near-galaxy", "no-variable-star");
    failing.extend([
        ("no-gaia-star", reference::with_gaia_star(passing())),
        ("seen-often", passing().with("diaObject.nDiaSources", 5)),
        ("luminous", passing().with(greatest, njy_from_mag(25.4))),
        (
            "not-too-luminous",
            passing().with(greatest, njy_from_mag(15.3)),
        ),
        // Mangrove knows the galaxy, and there is no redshift.
        (
            "luminous",
            passing()
                .null("xm.legacydr8_zphot")
                .with("xm.mangrove_lum_dist", 100.0),
        ),
    ]);
    for (cut, alert) in failing {
        assert_eq!(judge(&alert).failed_cut(), Some(cut));
    }
}

#[test]
fn the_greatest_flux_of_all_bands_counts() {
    for band in ["u", "g", "r", "i", "z", "y"] {
        let brightest = format!("diaObject.{band}_psfFluxMax");
        let alert = passing().with(&brightest, njy_from_mag(17.0));
        assert!((judge(&alert).f64("peak") + 21.315).abs() < 1e-3, "{band}");
    }
}

#[test]
fn the_verdict_is_the_rules() {
    let rule = |a: &Alert| {
        let peak = peak(a);
        reference::extragalactic_near_galaxy(a)
            && a.i64("diaObject.nDiaSources").is_some_and(|n| n > 5)
            && peak > -23.0
            && peak < -13.0
    };
    let mut choices = reference::surroundings();
    // The modulus at a redshift of 0.1 is 38.315.
    for mag in [15.31, 15.32, 25.31, 25.32] {
        choices.push(("diaObject.r_psfFluxMax", njy_from_mag(mag).into()));
        choices.push(("diaObject.y_psfFluxMax", njy_from_mag(mag).into()));
    }
    for flux in [-1.0, 0.0, f64::NAN, f64::INFINITY] {
        choices.push(("diaObject.r_psfFluxMax", flux.into()));
    }
    choices.extend([
        ("diaObject.r_psfFluxMax", Content::Null),
        ("diaObject.nDiaSources", 5.into()),
        ("diaObject.nDiaSources", Content::Null),
        ("xm.legacydr8_zphot", 1.0.into()),
        ("xm.legacydr8_zphot", 1e-4.into()),
    ]);
    for around in [passing(), passing().with("xm.simbad_otype", "SN")] {
        reference::compare(&around, &choices, |a| judge(a).passed(), rule);
    }
}

/// `compute_peak_absolute_magnitude`, with the distance as a sum of small steps.
fn peak(a: &Alert) -> f64 {
    let bands = ["g", "i", "r", "u", "z", "y"];
    let fluxes = bands.map(|band| a.f64(&format!("diaObject.{band}_psfFluxMax")));
    let known = fluxes.into_iter().filter(|flux| !flux.is_nan());
    let greatest = known.reduce(f64::max).unwrap_or(f64::NAN);
    let z = a.f64("xm.legacydr8_zphot");
    if !(z > 0.0 && z.is_finite()) {
        return f64::NAN;
    }
    const STEPS: u32 = 400;
    let step = z / f64::from(STEPS);
    let middles = (0..STEPS).map(|i| 1.0 + (f64::from(i) + 0.5) * step);
    let integral: f64 = middles.map(|x| step / (0.3 * x.powi(3) + 0.7).sqrt()).sum();
    let parsecs = (1.0 + z) * integral * 299_792.458 / 70.0 * 1e6;
    mag(greatest) - 5.0 * (parsecs / 10.0).log10()
}
