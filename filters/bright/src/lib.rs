//! Real, bright and not in the Solar System, on either survey: the filter of the tutorial.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use skysieve_sdk::prelude::*;

filter! {
    pub struct Bright;
    name: "bright",
    description: "Real, bright and not in the Solar System",
    surveys: ["ztf", "lsst"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        mag: f64 = "alert.mag";
        mjd: f64 = "alert.mjd";
        first_mjd: f64 = "alert.first_mjd";
        real_bogus: f64 = "alert.real_bogus";
        solar_system: Option<bool> = "alert.solar_system";
    }
    params Params<'a> {
        min_real_bogus: f64 = 0.65 in 0.0..=1.0, "real-bogus score";
        max_mag: f64 = 19.0 in 0.0..=40.0, "brighter than this, AB";
    }
    values Shown<'a> {
        age: f64, "d", "since the first detection";
    }
    cuts {
        "real-bogus" (real_bogus, min_real_bogus);
        "not-solar-system" (solar_system);
        "bright" (mag, max_mag);
    }
}

fn decide(a: &Alert, p: &Params, shown: &mut Shown) -> Decision {
    shown.age = a.mjd - a.first_mjd;
    cut!("real-bogus", a.real_bogus > p.min_real_bogus)?;
    cut!("not-solar-system", a.solar_system != Some(true))?;
    cut!("bright", a.mag < p.max_mag)?;
    pass!()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bright_star_passes_and_a_faint_one_does_not() {
        let star = test::Alert::new()
            .with("alert.real_bogus", 0.9)
            .with("alert.mag", 17.2);
        assert!(test::evaluate::<Bright>(&star).passed());

        let faint = star.with("alert.mag", 20.0);
        assert_eq!(
            test::evaluate::<Bright>(&faint).failed_cut(),
            Some("bright")
        );
    }
}
