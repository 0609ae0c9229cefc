//! Young transients that rise or fade fast, on either survey.
//!
//! The fields are the survey-neutral ones, so the same module runs on ZTF and LSST. How fast is
//! measured in the alert's own passband: the slope of a weighted straight line through the
//! detections of the last days, which must also be significant.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use skysieve_sdk::prelude::*;

use astro::{LightCurve, linear_fit};

filter! {
    pub struct FastTransient;
    name: "fast-transient",
    description: "Young transients that rise or fade fast, on either survey",
    surveys: ["ztf", "lsst"],
    routes: ["main", "urgent"],
    decide: decide,
    fields Alert<'a> {
        mjd: f64 = "alert.mjd";
        first_mjd: f64 = "alert.first_mjd";
        passband: Option<i64> = "alert.passband";
        real_bogus: f64 = "alert.real_bogus";
        solar_system: Option<bool> = "alert.solar_system";
    }
    late History<'a> {
        mjd: &'a [f64] = "alert.lightcurve.mjd";
        mag: &'a [f64] = "alert.lightcurve.mag";
        mag_err: &'a [f64] = "alert.lightcurve.mag_err";
        passband: &'a [i64] = "alert.lightcurve.passband";
        kind: &'a [i64] = "alert.lightcurve.kind";
    }
    params Params<'a> {
        min_real_bogus: f64 = 0.65 in 0.0..=1.0, "real-bogus score";
        max_age: f64 = 10.0 in 0.0..=10000.0, "days since the first detection";
        window: f64 = 3.0 in 0.01..=100.0, "days before the alert that the line goes through";
        min_rate: f64 = 0.3 in 0.0..=100.0, "rising or fading by more than this, mag/d";
        min_significance: f64 = 3.0 in 0.0..=100.0, "rate over its error";
        urgent_rate: f64 = 1.0 in 0.0..=100.0, "on the urgent route from here on, mag/d";
    }
    values Shown<'a> {
        age: f64, "d", "since the first detection";
        rate: f64, "mag/d", "in the alert's passband; negative while it brightens";
        rate_err: f64, "mag/d", "1 sigma";
    }
    cuts {
        "real-bogus" (real_bogus, min_real_bogus);
        "not-solar-system" (solar_system);
        "young" (age, max_age);
        "fast" (rate, min_rate);
        "significant" (rate_err, min_significance);
    }
}

fn decide(a: &Alert, p: &Params, shown: &mut Shown) -> Decision {
    cut!("real-bogus", a.real_bogus > p.min_real_bogus)?;
    cut!("not-solar-system", a.solar_system != Some(true))?;
    shown.age = a.mjd - a.first_mjd;
    cut!("young", shown.age <= p.max_age)?;

    (shown.rate, shown.rate_err) = rate(a, &a.late()?, p.window);
    cut!("fast", shown.rate.abs() > p.min_rate)?;
    cut!(
        "significant",
        shown.rate.abs() > p.min_significance * shown.rate_err
    )?;
    if shown.rate.abs() >= p.urgent_rate {
        pass!("urgent")
    } else {
        pass!("main")
    }
}

/// The slope in mag/d and its error; NaN where fewer than two detections can be compared.
fn rate(a: &Alert, history: &History, window: f64) -> (f64, f64) {
    let light_curve = LightCurve {
        mjd: history.mjd,
        mag: history.mag,
        mag_err: history.mag_err,
        passband: history.passband,
        kind: history.kind,
    };
    let Some(passband) = a.passband else {
        return (f64::NAN, f64::NAN);
    };
    let since = a.mjd - window;
    let recent = light_curve
        .detections(passband)
        .filter(|point| point.mjd >= since);
    linear_fit(recent.map(|point| (point.mjd, point.mag, point.mag_err)))
        .map_or((f64::NAN, f64::NAN), |line| (line.slope, line.slope_err))
}

#[cfg(test)]
mod tests;
