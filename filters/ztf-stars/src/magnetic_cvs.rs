//! Fink's ZTF filter `magnetic_cvs` (topic `fink_magnetic_cvs_ztf`), verdict for verdict.
//!
//! An alert passes where a positive subtraction lies on one of Fink's 245 magnetic cataclysmic
//! variables. Source: fink-filters 7.45, `ztf/livestream/filter_magnetic_cvs`. Fink keeps, for each star,
//! only the nearest alert of those that it judges at once; here each alert is judged by itself.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use fink_tables::MAGNETIC_CVS;
use skysieve_sdk::prelude::*;

use astro::separation;

filter! {
    pub struct MagneticCvs;
    name: "ztf-magnetic-cvs",
    description: "Magnetic cataclysmic variables: Fink's ZTF filter magnetic_cvs",
    surveys: ["ztf"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        ra: f64 = "candidate.ra";
        dec: f64 = "candidate.dec";
        positive: Option<&'a str> = "candidate.isdiffpos";
    }
    params Params<'a> {
        radius: f64 = 0.5 in 0.0..=60.0, "arcsec from the star's place";
    }
    values Shown<'a> {
        star: Option<&'a str>, "", "the variable's name";
    }
    cuts {
        "brightened" (positive);
        "magnetic-cv" (star, radius);
    }
}

fn decide(a: &Alert, p: &Params, shown: &mut Shown) -> Decision {
    cut!("brightened", matches!(a.positive, Some("t" | "1")))?;
    shown.star = star_at(a.ra, a.dec, p.radius / 3600.0);
    cut!("magnetic-cv", shown.star.is_some())?;
    pass!()
}

/// The name of the first star that is nearer than a radius, all in degrees.
fn star_at(ra: f64, dec: f64, radius: f64) -> Option<&'static str> {
    let mut near = MAGNETIC_CVS
        .iter()
        // No further in declination alone: a cheap question before the dear one.
        .filter(|star| (star.dec - dec).abs() <= radius);
    let star = near.find(|star| separation(ra, dec, star.ra, star.dec) < radius);
    star.map(|star| star.name)
}
