use lsst_blocks::airmass;
use lsst_blocks::reference::{self, gaia_star, mag};
use skysieve_sdk::astro::njy_from_mag;
use skysieve_sdk::test::{Alert, Content, Outcome, evaluate};

use super::MdwarfFlare;

const MJD: f64 = 61_029.959_64;
const TIMES: &str = "prvDiaSources[].midpointMjdTai";
const BANDS: &str = "prvDiaSources[].band";
const TEMPLATES: &str = "prvDiaSources[].templateFlux";

/// A star at an airmass of 2.5 that is red in three bands, seen ten and twenty days ago.
fn passing() -> Alert {
    reference::measured()
        .with("diaSource.ra", 151.962)
        .with("diaSource.dec", -81.8055)
        .with("diaSource.midpointMjdTai", MJD)
        .with("diaSource.band", "g")
        .with("diaSource.templateFlux", njy_from_mag(19.0))
        .with("misc.firstDiaSourceMjdTaiFink", MJD - 20.0)
        .null("xm.gaiadr3_DR3Name")
        .with("xm.gaiadr3_Plx", 50.0)
        .with("xm.gaiadr3_e_Plx", 1.0)
        .with(TIMES, [MJD - 20.0, MJD - 10.0, MJD - 10.0, MJD - 10.0])
        .with(BANDS, ["r", "r", "i", "z"])
        .with(
            TEMPLATES,
            [20.0, 20.2, 19.4, 19.0].map(njy_from_mag).to_vec(),
        )
}

fn judge(alert: &Alert) -> Outcome {
    evaluate::<MdwarfFlare>(alert)
}

/// With these magnitudes in r, r, i, z.
fn colours(mags: [f64; 4]) -> Content {
    mags.map(njy_from_mag).to_vec().into()
}

#[test]
fn each_cut_rejects_what_fails_it_alone() {
    let outcome = judge(&passing());
    assert_eq!(outcome.failed_cut(), None);
    assert!((outcome.f64("airmass") - 2.523).abs() < 0.003);
    let a = passing;
    let failing = [
        ("blue-band", a().with("diaSource.band", "r")),
        ("good-quality", a().with("diaSource.isDipole", true)),
        ("significant", a().with("diaSource.psfFluxErr", 1e9)),
        ("star", a().with("misc.firstDiaSourceMjdTaiFink", MJD)),
        ("baseline", a().with("diaSource.templateFlux", 0.0)),
        (
            "excursion",
            a().with("diaSource.templateFlux", njy_from_mag(16.4)),
        ),
        (
            "low",
            a().with("diaSource.ra", 0.0).with("diaSource.dec", 0.0),
        ),
        (
            "red",
            a().with(TEMPLATES, colours([20.0, 20.0, 19.5, 19.0])),
        ),
        (
            "redder",
            a().with(TEMPLATES, colours([20.0, 20.0, 19.4, 19.2])),
        ),
        (
            "isolated",
            a().with(TIMES, [MJD - 20.0, MJD - 1.0, MJD - 10.0, MJD - 10.0]),
        ),
    ];
    for (cut, alert) in failing {
        assert_eq!(judge(&alert).failed_cut(), Some(cut));
    }
}

#[test]
fn the_verdict_is_the_rules() {
    let rule = |a: &Alert| {
        let (flux, template) = (a.f64("diaSource.psfFlux"), a.f64("diaSource.templateFlux"));
        let mjd = a.f64("diaSource.midpointMjdTai");
        let new = mjd == a.f64("misc.firstDiaSourceMjdTaiFink");
        (!new || gaia_star(a))
            && reference::good_quality(a)
            && matches!(a.str("diaSource.band"), Some("u" | "g"))
            && red(a)
            && airmass(a.f64("diaSource.ra"), a.f64("diaSource.dec"), mjd) > 1.3
            && template > 0.0
            && flux / template >= 0.1
            && !a.f64_list(TIMES).iter().any(|before| {
                let hours = (mjd - before) * 24.0;
                (4.0..=48.0).contains(&hours)
            })
    };
    let mut choices = reference::measurements();
    for days in [0.0, 0.1, 1.0 / 6.0, 0.17, 2.0, 2.01, -1.0, f64::NAN] {
        let times = [MJD - 20.0, MJD - days, MJD - 10.0, MJD - 10.0];
        choices.push((TIMES, times.into()));
    }
    for mags in [
        [20.0, 20.0, 19.48, 19.0],
        [20.0, 20.0, 19.46, 19.0],
        [20.0, 20.0, 19.4, 19.11],
        [f64::NAN, 20.0, 19.4, 19.0],
        [20.0, 20.0, 19.4, f64::NAN],
        [20.0, 20.0, f64::NEG_INFINITY, 19.0],
    ] {
        choices.push((TEMPLATES, colours(mags)));
    }
    choices.push((TEMPLATES, [-1.0, -2.0, 5.0, 5.0].into()));
    choices.push((BANDS, ["u", "g", "i", "z"].into()));
    for template in [-1.0, 0.0, njy_from_mag(16.5), njy_from_mag(16.49), f64::NAN] {
        choices.push(("diaSource.templateFlux", template.into()));
    }
    for band in ["u", "r", "g"] {
        choices.push(("diaSource.band", band.into()));
    }
    choices.extend([
        ("diaSource.band", Content::Null),
        ("diaSource.dec", (-30.0).into()),
        ("diaSource.dec", 85.0.into()),
        ("diaSource.ra", f64::NAN.into()),
        ("misc.firstDiaSourceMjdTaiFink", MJD.into()),
        ("misc.firstDiaSourceMjdTaiFink", Content::Null),
        ("xm.gaiadr3_DR3Name", "Gaia DR3 1".into()),
        ("xm.gaiadr3_Plx", 5.0.into()),
    ]);
    for first in [MJD, MJD - 20.0] {
        let around = passing()
            .with("misc.firstDiaSourceMjdTaiFink", first)
            .with("xm.gaiadr3_DR3Name", "Gaia DR3 1");
        reference::compare(&around, &choices, |a| judge(a).passed(), rule);
    }
}

/// `quiescent_colors`, and what is made of them.
fn red(a: &Alert) -> bool {
    let mag_in = |band: &str| {
        let bands = a.str_list(BANDS).iter().zip(a.f64_list(TEMPLATES));
        let mut fluxes: Vec<f64> = bands
            .filter(|(b, flux)| b.as_deref() == Some(band) && !flux.is_nan())
            .map(|(_, flux)| *flux)
            .collect();
        fluxes.sort_by(f64::total_cmp);
        let middle = fluxes.len() / 2;
        match fluxes.len() {
            0 => None,
            odd if odd % 2 == 1 => Some(mag(fluxes[middle])),
            _ => Some(mag((fluxes[middle - 1] + fluxes[middle]) / 2.0)),
        }
    };
    let (Some(r), Some(i), Some(z)) = (mag_in("r"), mag_in("i"), mag_in("z")) else {
        return true;
    };
    r - i > 0.53 && i - z > 0.3
}
