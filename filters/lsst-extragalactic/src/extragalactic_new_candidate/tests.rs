use super::ExtragalacticNew;
use lsst_blocks::reference::{self, mag};
use skysieve_sdk::astro::njy_from_mag;
use skysieve_sdk::test::{Alert, Content, Outcome, evaluate};

/// An r-band point of 21.0 mag, one day after one of 21.5 mag, two days after the first.
fn new_transient() -> Alert {
    Alert::new()
        .with("diaSource.ra", 150.0)
        .with("diaSource.dec", 2.0)
        .with("diaSource.midpointMjdTai", 61000.0)
        .with("diaSource.band", "r")
        .with("diaSource.psfFlux", njy_from_mag(21.0))
        .with("diaSource.psfFluxErr", 100.0)
        .with("diaObject.r_psfFluxNdata", 2)
        .with("misc.firstDiaSourceMjdTaiFink", 60998.0)
        .with("pred.is_sso", false)
        .with("xm.legacydr8_zphot", 0.1)
        .with(
            "prvDiaSources[].midpointMjdTai",
            [60998.0, 60999.0, 60999.5],
        )
        .with("prvDiaSources[].band", ["r", "r", "g"])
        .with("prvDiaSources[].psfFlux", [1.0, njy_from_mag(21.5), 2.0])
}

fn judge(alert: Alert) -> Outcome {
    evaluate::<ExtragalacticNew>(&alert)
}

/// The same with a history of one r-band point of `mag`, one day ago.
fn after(mag: f64) -> Alert {
    new_transient()
        .with("prvDiaSources[].midpointMjdTai", [60999.0])
        .with("prvDiaSources[].band", ["r"])
        .with("prvDiaSources[].psfFlux", [njy_from_mag(mag)])
}

#[test]
fn a_new_transient_passes() {
    let outcome = judge(new_transient());
    assert_eq!(outcome.failed_cut(), None);
    assert!(outcome.asked_for_late_fields());
    assert!((outcome.f64("rate") + 0.5).abs() < 1e-9);
    assert!((outcome.f64("mag") - 21.0).abs() < 1e-9);
    assert_eq!(outcome.f64("age"), 2.0);
}

#[test]
fn each_cut_rejects_what_fails_it_alone() {
    let a = new_transient;
    let failing = [
        ("good-quality", a().with("diaSource.pixelFlags_cr", true)),
        (
            "significant",
            a().with("diaSource.psfFluxErr", njy_from_mag(21.0) / 5.9),
        ),
        ("new", a().with("misc.firstDiaSourceMjdTaiFink", 60995.0)),
        ("not-solar-system", a().with("pred.is_sso", true)),
        ("near-galaxy", a().with("xm.legacydr8_zphot", 0.0)),
        (
            "no-gaia-star",
            a().with("xm.gaiadr3_DR3Name", "Gaia DR3 1")
                .with("xm.gaiadr3_Plx", 5.1)
                .with("xm.gaiadr3_e_Plx", 1.0),
        ),
        ("no-variable-star", a().with("xm.vsx_Type", "RRAB")),
        ("seen-in-band", a().with("diaObject.r_psfFluxNdata", 1)),
        ("bright", a().param("max_mag", 20.9)),
        (
            "out-of-the-plane",
            a().with("diaSource.ra", 266.0).with("diaSource.dec", -29.0),
        ),
        ("fast", after(21.1)),
    ];
    for (cut, alert) in failing {
        assert_eq!(judge(alert).failed_cut(), Some(cut));
    }
}

#[test]
fn every_quality_flag_counts() {
    for flag in [
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
    ] {
        let alert = new_transient().with(&format!("diaSource.{flag}"), true);
        assert_eq!(judge(alert).failed_cut(), Some("good-quality"), "{flag}");
    }
    // A negative flux with a negative error, so that only its own sign can reject it.
    let negative = new_transient()
        .with("diaSource.psfFlux", -5000.0)
        .with("diaSource.psfFluxErr", -1.0);
    assert_eq!(judge(negative).failed_cut(), Some("significant"));
}

#[test]
fn galaxies_are_found_in_three_ways() {
    let none = || new_transient().null("xm.legacydr8_zphot");
    assert_eq!(judge(none()).failed_cut(), Some("near-galaxy"));
    assert!(judge(none().with("xm.simbad_otype", "SN")).passed());
    assert!(judge(none().with("xm.mangrove_lum_dist", 100.0)).passed());
    // SIMBAD knows the place as something else: the photometric redshift does not count.
    let quasar = new_transient().with("xm.simbad_otype", "QSO");
    assert_eq!(judge(quasar).failed_cut(), Some("near-galaxy"));
}

#[test]
fn a_parallax_counts_only_with_a_gaia_name() {
    let parallax = new_transient()
        .with("xm.gaiadr3_Plx", 50.0)
        .with("xm.gaiadr3_e_Plx", 1.0);
    assert!(judge(parallax.clone()).passed());
    assert!(judge(parallax.clone().with("xm.gaiadr3_DR3Name", "Unknown")).passed());
    let weak = parallax
        .with("xm.gaiadr3_DR3Name", "Gaia DR3 1")
        .with("xm.gaiadr3_Plx", 5.0);
    assert!(judge(weak).passed());
}

#[test]
fn rising_needs_youth_and_fading_depends_on_the_band() {
    let first = |alert: Alert, mjd: f64| alert.with("misc.firstDiaSourceMjdTaiFink", mjd);
    assert!(judge(first(after(21.5), 60997.1)).passed());
    assert_eq!(
        judge(first(after(21.5), 60997.0)).failed_cut(),
        Some("fast")
    );
    assert!(judge(first(after(20.7), 60997.0)).passed());

    let in_band = |mag: f64, band: &str| {
        after(mag)
            .with("diaSource.band", band)
            .with("prvDiaSources[].band", [band])
            .with(&format!("diaObject.{band}_psfFluxNdata"), 2)
    };
    for (band, mag, passes) in [
        ("i", 20.7, true),
        ("g", 20.7, false),
        ("g", 20.4, true),
        ("u", 20.4, true),
        ("z", 20.0, false),
        ("y", 21.5, true),
    ] {
        assert_eq!(judge(in_band(mag, band)).passed(), passes, "{band} {mag}");
    }
}

#[test]
fn nulls_as_in_fink() {
    let nulls = [
        ("diaSource.psfFluxErr", None),
        ("diaSource.psfFlux", Some("bright")),
        ("diaSource.midpointMjdTai", Some("new")),
        ("misc.firstDiaSourceMjdTaiFink", Some("new")),
        ("pred.is_sso", None),
        ("diaSource.band", Some("seen-in-band")),
        ("diaObject.r_psfFluxNdata", Some("seen-in-band")),
        ("diaSource.ra", Some("out-of-the-plane")),
        ("prvDiaSources[].band", Some("fast")),
    ];
    for (path, cut) in nulls {
        assert_eq!(
            judge(new_transient().null(path)).failed_cut(),
            cut,
            "{path}"
        );
    }
}

#[test]
fn the_latest_point_in_the_band_counts_wherever_it_stands() {
    let shuffled = new_transient()
        .with(
            "prvDiaSources[].midpointMjdTai",
            [60999.0, f64::NAN, 60998.0],
        )
        .with("prvDiaSources[].band", ["r", "r", "r"])
        .with("prvDiaSources[].psfFlux", [njy_from_mag(21.5), 1.0, 1.0]);
    assert!((judge(shuffled).f64("rate") + 0.5).abs() < 1e-9);
    let negative = after(21.5).with("prvDiaSources[].psfFlux", [-10.0]);
    let outcome = judge(negative);
    assert_eq!(outcome.failed_cut(), Some("fast"));
    assert!(outcome.f64("rate").is_nan());
}

#[test]
fn the_verdict_is_the_rules() {
    let rule = |a: &Alert| {
        reference::extragalactic_near_galaxy(a)
            && reference::age(a) < 5.0
            && points(a).is_some_and(|n| n >= 2)
            && mag(a.f64("diaSource.psfFlux")) < 24.0
            && changes(a)
    };
    let mut choices = reference::surroundings();
    for before in [21.19, 21.21, 21.5, 20.81, 20.79, 20.51, 20.49, f64::NAN] {
        let fluxes = [1.0, njy_from_mag(before), 2.0];
        choices.push(("prvDiaSources[].psfFlux", fluxes.into()));
    }
    for first in [60997.0, 60997.001, 60995.0, 60995.001, f64::NAN] {
        choices.push(("misc.firstDiaSourceMjdTaiFink", first.into()));
    }
    for band in ["u", "g", "i", "z"] {
        choices.push(("diaSource.band", band.into()));
        choices.push(("prvDiaSources[].band", ["r", band, "r"].into()));
    }
    for times in [[60998.0, 60998.0, 60999.5], [60998.0, 61001.0, f64::NAN]] {
        choices.push(("prvDiaSources[].midpointMjdTai", times.into()));
    }
    choices.extend([
        ("diaObject.r_psfFluxNdata", 1.into()),
        ("diaObject.r_psfFluxNdata", Content::Null),
        ("diaObject.g_psfFluxNdata", 2.into()),
        ("diaSource.psfFlux", njy_from_mag(21.3).into()),
        ("diaSource.psfFlux", njy_from_mag(22.1).into()),
    ]);
    let around = [
        new_transient(),
        reference::with_gaia_star(new_transient()).with("xm.gaiadr3_Plx", 5.0),
        after(21.5)
            .with("diaSource.band", "g")
            .with("diaObject.g_psfFluxNdata", 2)
            .with(
                "prvDiaSources[].midpointMjdTai",
                [60998.0, 60999.0, 60999.5],
            )
            .with("prvDiaSources[].band", ["r", "g", "r"])
            .with("prvDiaSources[].psfFlux", [1.0, njy_from_mag(21.5), 2.0]),
    ];
    for alert in around {
        reference::compare(&alert, &choices, |a| judge(a.clone()).passed(), rule);
    }
}

fn points(a: &Alert) -> Option<i64> {
    let band = a.str("diaSource.band")?;
    a.i64(&format!("diaObject.{band}_psfFluxNdata"))
}

/// The rate cut.
fn changes(a: &Alert) -> bool {
    let Some(band) = a.str("diaSource.band") else {
        return false;
    };
    let (times, fluxes) = (
        a.f64_list("prvDiaSources[].midpointMjdTai"),
        a.f64_list("prvDiaSources[].psfFlux"),
    );
    let bands = a.str_list("prvDiaSources[].band").iter().enumerate();
    let same = bands.filter(|(i, b)| b.as_deref() == Some(band) && !times[*i].is_nan());
    // Of several at the same time the first.
    let latest = same
        .map(|(i, _)| i)
        .rev()
        .max_by(|i, j| times[*i].total_cmp(&times[*j]));
    let Some(i) = latest else {
        return false;
    };
    let days = a.f64("diaSource.midpointMjdTai") - times[i];
    let rate = (mag(a.f64("diaSource.psfFlux")) - mag(fluxes[i])) / days;
    rate < -0.2 && reference::age(a) < 3.0
        || ["r", "i"].contains(&band) && rate > 0.2
        || ["g", "u"].contains(&band) && rate > 0.5
}
