//! Fink's blocks a second time, for tests: each as its Python says, on a made-up alert and by the
//! packet's own names, without a word of the blocks beside.

use std::format;
use std::string::String;
use std::vec::Vec;

use skysieve_sdk::astro::njy_from_mag;
use skysieve_sdk::test::{Alert, Content};

const FLAGS: [&str; 16] = [
    "isDipole",
    "pixelFlags",
    "pixelFlags_bad",
    "pixelFlags_saturated",
    "pixelFlags_streakCenter",
    "pixelFlags_interpolated",
    "pixelFlags_cr",
    "pixelFlags_nodata",
    "pixelFlags_streak",
    "pixelFlags_edge",
    "psfFlux_flag",
    "apFlux_flag",
    "forced_PsfFlux_flag",
    "forced_PsfFlux_flag_edge",
    "shape_flag",
    "centroid_flag",
];

/// The paths of the flags that `b_good_quality` asks for.
pub fn flags() -> impl Iterator<Item = String> {
    FLAGS.iter().map(|flag| format!("diaSource.{flag}"))
}

/// `b_good_quality`
pub fn good_quality(a: &Alert) -> bool {
    let flux = a.f64("diaSource.psfFlux");
    let ratio = flux / a.f64("diaSource.psfFluxErr");
    !(flags().any(|flag| a.bool(&flag) == Some(true)) || flux < 0.0 || ratio < 6.0)
}

/// `flux_to_apparent_mag`
pub fn mag(flux: f64) -> f64 {
    if flux.is_finite() && flux > 0.0 {
        31.4 - 2.5 * flux.log10()
    } else {
        f64::NAN
    }
}

/// Days since the first source.
pub fn age(a: &Alert) -> f64 {
    a.f64("diaSource.midpointMjdTai") - a.f64("misc.firstDiaSourceMjdTaiFink")
}

/// `b_outside_galactic_plane_20_deg`: a rotation to Galactic coordinates as a matrix.
pub fn outside_galactic_plane(a: &Alert) -> bool {
    let (ra, dec) = (
        a.f64("diaSource.ra").to_radians(),
        a.f64("diaSource.dec").to_radians(),
    );
    // The last row of the matrix of Hipparcos' introduction, eq. 1.5.11.
    let sin_b = -0.867_666_135_681_4 * dec.cos() * ra.cos()
        - 0.198_076_373_431_2 * dec.cos() * ra.sin()
        + 0.455_983_776_175_1 * dec.sin();
    sin_b.asin().to_degrees().abs() > 20.0
}

/// `b_xmatched_simbad_unknown`
pub fn simbad_unknown(a: &Alert) -> bool {
    matches!(
        a.str("xm.simbad_otype"),
        None | Some("Unknown" | "Fail" | "Fail 504")
    )
}

/// `b_xmatched_simbad_galaxy`, of the types that the tests try.
fn simbad_galaxy(a: &Alert) -> bool {
    matches!(
        a.str("xm.simbad_otype"),
        Some("Unknown" | "Fail" | "Fail 504" | "SN" | "Galaxy")
    )
}

/// `b_xmatched_gaia_star`
pub fn gaia_star(a: &Alert) -> bool {
    let named = !matches!(
        a.str("xm.gaiadr3_DR3Name"),
        None | Some("Unknown" | "Fail" | "Fail 504")
    );
    named && a.f64("xm.gaiadr3_Plx") / a.f64("xm.gaiadr3_e_Plx") > 5.0
}

/// `b_xmatched_vsx_star`, of the types that the tests try.
fn vsx_star(a: &Alert) -> bool {
    matches!(a.str("xm.vsx_Type"), Some("RRAB" | "EA" | "*"))
}

fn near_galaxy(a: &Alert) -> bool {
    let legacy = a.f64("xm.legacydr8_zphot") > 0.0 && (simbad_unknown(a) || simbad_galaxy(a));
    simbad_galaxy(a) || a.f64("xm.mangrove_lum_dist") > 0.0 || legacy
}

/// `b_extragalactic_near_galaxy_candidate`
pub fn extragalactic_near_galaxy(a: &Alert) -> bool {
    neither_near_nor_stellar(a) && near_galaxy(a) && !gaia_star(a)
}

/// `b_extragalactic_loose_candidate`; a filter that gives it the wrong parallax has no Gaia stars.
pub fn extragalactic_loose(a: &Alert, gaia: bool) -> bool {
    neither_near_nor_stellar(a) && (near_galaxy(a) || simbad_unknown(a)) && !(gaia && gaia_star(a))
}

fn neither_near_nor_stellar(a: &Alert) -> bool {
    let solar_system = a.bool("pred.is_sso") == Some(true);
    good_quality(a) && outside_galactic_plane(a) && !solar_system && !vsx_star(a)
}

/// A good measurement of 19 mag at 50 sigma.
pub fn measured() -> Alert {
    let alert = Alert::new()
        .with("diaSource.psfFlux", njy_from_mag(19.0))
        .with("diaSource.psfFluxErr", njy_from_mag(19.0) / 50.0);
    flags().fold(alert, |alert, flag| alert.with(&flag, false))
}

/// The same next to a galaxy, far from the Galactic plane, and on nothing else that is known.
pub fn extragalactic() -> Alert {
    measured()
        .with("diaSource.ra", 150.0)
        .with("diaSource.dec", 2.0)
        .with("pred.is_sso", false)
        .with("xm.legacydr8_zphot", 0.1)
        .null("xm.simbad_otype")
        .null("xm.mangrove_lum_dist")
        .null("xm.gaiadr3_DR3Name")
        .null("xm.gaiadr3_Plx")
        .null("xm.gaiadr3_e_Plx")
        .null("xm.vsx_Type")
}

/// One alert for each cut of the blocks that fails that cut alone; the cuts on hosts and stars have
/// several names.
pub fn failing(
    passing: &Alert,
    host: &'static str,
    star: &'static str,
) -> Vec<(&'static str, Alert)> {
    let with = |path: &str, content: Content| passing.clone().with(path, content);
    let error = passing.f64("diaSource.psfFlux") / 5.9;
    let mut alerts = Vec::from([
        ("significant", with("diaSource.psfFluxErr", error.into())),
        ("not-solar-system", with("pred.is_sso", true.into())),
        (
            host,
            with("xm.legacydr8_zphot", 0.0.into()).with("xm.simbad_otype", "QSO"),
        ),
        (star, with("xm.vsx_Type", "RRAB".into())),
        (
            "out-of-the-plane",
            with("diaSource.ra", 266.0.into()).with("diaSource.dec", -29.0),
        ),
    ]);
    alerts.extend(flags().map(|flag| ("good-quality", with(&flag, true.into()))));
    alerts
}

/// A star of Gaia there as well.
pub fn with_gaia_star(alert: Alert) -> Alert {
    alert
        .with("xm.gaiadr3_DR3Name", "Gaia DR3 1")
        .with("xm.gaiadr3_Plx", 5.1)
        .with("xm.gaiadr3_e_Plx", 1.0)
}

/// What to try of the fields of `b_good_quality`.
pub fn measurements() -> Vec<(&'static str, Content)> {
    let flux = "diaSource.psfFlux";
    let mut choices = Vec::from([
        ("diaSource.isDipole", Content::Null),
        ("diaSource.pixelFlags_cr", true.into()),
        ("diaSource.psfFluxErr", (njy_from_mag(19.0) / 6.0).into()),
        ("diaSource.psfFluxErr", (njy_from_mag(19.0) / 5.999).into()),
        ("diaSource.psfFluxErr", 0.0.into()),
        ("diaSource.psfFluxErr", (-1.0).into()),
    ]);
    // Around each limit of brightness there is, and what has no magnitude.
    for mag in [
        15.0, 17.9, 18.0, 18.1, 19.9, 20.0, 20.1, 20.9, 21.0, 21.1, 21.5, 21.6, 24.0, 25.0,
    ] {
        choices.push((flux, njy_from_mag(mag).into()));
    }
    for value in [0.0, -1e4, f64::NAN, f64::INFINITY] {
        choices.push((flux, value.into()));
    }
    choices.extend([
        (flux, Content::Null),
        ("diaSource.psfFluxErr", Content::Null),
    ]);
    choices
}

/// The same of the fields of the extragalactic blocks.
pub fn surroundings() -> Vec<(&'static str, Content)> {
    let mut choices = measurements();
    for ra in [f64::NAN, 266.0, 80.0] {
        choices.push(("diaSource.ra", ra.into()));
    }
    for simbad in ["Unknown", "Fail 504", "Fail 503", "QSO", "G", "SN", ""] {
        choices.push(("xm.simbad_otype", simbad.into()));
    }
    for value in [0.0, -1.0, f64::from(f32::MIN_POSITIVE), f64::NAN] {
        choices.push(("xm.mangrove_lum_dist", value.into()));
        choices.push(("xm.legacydr8_zphot", value.into()));
    }
    for parallax in [5.0, 5.000_001, f64::NAN] {
        choices.push(("xm.gaiadr3_Plx", parallax.into()));
    }
    for name in ["Gaia DR3 1", "Unknown", "Fail"] {
        choices.push(("xm.gaiadr3_DR3Name", name.into()));
    }
    for vsx in ["RRAB", "AGN", "EW|RS"] {
        choices.push(("xm.vsx_Type", vsx.into()));
    }
    choices.extend([
        ("diaSource.dec", (-29.0).into()),
        ("xm.legacydr8_zphot", Content::Null),
        ("xm.gaiadr3_e_Plx", 0.0.into()),
        ("xm.gaiadr3_e_Plx", 1.0.into()),
        ("pred.is_sso", true.into()),
        ("pred.is_sso", Content::Null),
    ]);
    choices
}

/// Compares a filter with the transcription of its rule on an alert and on all that differ from it in
/// two fields at most.
///
/// # Panics
/// Where they differ, or where all verdicts are the same.
pub fn compare(
    around: &Alert,
    choices: &[(&str, Content)],
    passes: impl Fn(&Alert) -> bool,
    rule: impl Fn(&Alert) -> bool,
) {
    let (mut passed, mut rejected) = (0, 0);
    for alert in around.varied(choices) {
        let expected = rule(&alert);
        assert_eq!(passes(&alert), expected, "{alert:#?}");
        if expected { passed += 1 } else { rejected += 1 }
    }
    assert!(
        passed > 0 && rejected > 0,
        "{passed} passed, {rejected} rejected: nothing was compared"
    );
}
