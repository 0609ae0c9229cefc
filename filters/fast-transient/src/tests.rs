use super::FastTransient;
use skysieve_sdk::test::{Alert, Outcome, evaluate};

const G: i64 = 1;
const R: i64 = 2;
const DETECTION: i64 = 0;
const LIMIT: i64 = 1;

/// Rising by 0.5 mag/d in r; a limit and another band in between.
fn riser() -> Alert {
    Alert::new()
        .with("alert.mjd", 61002.0)
        .with("alert.first_mjd", 61000.0)
        .with("alert.passband", R)
        .with("alert.real_bogus", 0.9)
        .with("alert.solar_system", false)
        .with(
            "alert.lightcurve.mjd",
            [60999.0, 61000.0, 61001.0, 61001.1, 61002.0],
        )
        .with("alert.lightcurve.mag", [f64::NAN, 20.0, 19.5, 18.0, 19.0])
        .with("alert.lightcurve.mag_err", [f64::NAN, 0.1, 0.1, 0.1, 0.1])
        .with("alert.lightcurve.passband", [R, R, R, G, R])
        .with(
            "alert.lightcurve.kind",
            [LIMIT, DETECTION, DETECTION, DETECTION, DETECTION],
        )
}

fn mags(mags: [f64; 5]) -> Alert {
    riser().with("alert.lightcurve.mag", mags)
}

fn judge(alert: Alert) -> Outcome {
    evaluate::<FastTransient>(&alert)
}

#[test]
fn a_riser_passes_on_the_main_route() {
    let outcome = judge(riser());
    assert_eq!(outcome.failed_cut(), None);
    assert_eq!(outcome.routes(), ["main"]);
    assert!((outcome.f64("rate") + 0.5).abs() < 1e-9);
    // 0.1 / √Σ(t − t̄)² = 0.1 / √2
    assert!((outcome.f64("rate_err") - 0.070_710_678).abs() < 1e-8);
    assert_eq!(outcome.f64("age"), 2.0);
}

#[test]
fn a_fast_fader_is_urgent() {
    let outcome = judge(mags([f64::NAN, 18.0, 19.2, 18.0, 20.4]));
    assert_eq!(outcome.routes(), ["urgent"]);
    assert!((outcome.f64("rate") - 1.2).abs() < 1e-9);
}

#[test]
fn each_cut_rejects_what_fails_it_alone() {
    let unsure = riser().with("alert.lightcurve.mag_err", [f64::NAN, 0.3, 0.3, 0.1, 0.3]);
    let failing = [
        ("real-bogus", riser().with("alert.real_bogus", 0.65)),
        ("not-solar-system", riser().with("alert.solar_system", true)),
        ("young", riser().with("alert.first_mjd", 60991.9)),
        ("fast", mags([f64::NAN, 20.0, 19.8, 18.0, 19.6])),
        ("significant", unsure),
    ];
    for (cut, alert) in failing {
        assert_eq!(judge(alert).failed_cut(), Some(cut));
    }
}

#[test]
fn only_cheap_cuts_are_made_before_the_light_curve_is_asked_for() {
    assert!(!judge(riser().with("alert.real_bogus", 0.1)).asked_for_late_fields());
    assert!(judge(riser()).asked_for_late_fields());
}

#[test]
fn only_the_window_and_the_passband_count() {
    // Without the first point the rate is still -0.5; in g there is one point only.
    assert!((judge(riser().param("window", 1.5)).f64("rate") + 0.5).abs() < 1e-9);
    let alone = judge(riser().param("window", 0.5));
    assert_eq!(alone.failed_cut(), Some("fast"));
    assert!(alone.f64("rate").is_nan());
    assert_eq!(
        judge(riser().with("alert.passband", G)).failed_cut(),
        Some("fast")
    );
}

#[test]
fn nulls_fail_the_cut_that_needs_them() {
    let nulls = [
        ("alert.real_bogus", Some("real-bogus")),
        ("alert.solar_system", None),
        ("alert.first_mjd", Some("young")),
        ("alert.mjd", Some("young")),
        ("alert.passband", Some("fast")),
    ];
    for (path, cut) in nulls {
        assert_eq!(judge(riser().null(path)).failed_cut(), cut, "{path}");
    }
    assert_eq!(
        judge(riser().with("alert.first_mjd", 60992.0)).failed_cut(),
        None
    );
}
