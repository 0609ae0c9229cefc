//! Fink's ZTF filter `simbad_grav_candidates` (topic `fink_simbad_grav_candidates_ztf`), verdict for verdict.
//!
//! An alert passes where SIMBAD has a gravitational lens, a lensed image, a black hole or a source of
//! gravitational waves. Source: fink-filters 7.45, `ztf/livestream/filter_simbad_grav_candidates`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use skysieve_sdk::prelude::*;

filter! {
    pub struct SimbadGravCandidates;
    name: "ztf-simbad-grav-candidates",
    description: "Lenses, black holes, gravitational waves: Fink's ZTF filter simbad_grav_candidates",
    surveys: ["ztf"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        simbad: Option<&'a str> = "cdsxmatch";
    }
    cuts {
        "gravitation" (simbad);
    }
}

fn decide(a: &Alert, _: &(), _: &mut ()) -> Decision {
    let listed = matches!(
        a.simbad,
        Some(
            "Gravitation"
                | "LensingEv"
                | "GravLensSystem"
                | "GravLens"
                | "LensedImage"
                | "LensedG"
                | "LensedQ"
                | "BlackHole"
                | "GravWaveEvent"
        )
    );
    cut!("gravitation", listed)?;
    pass!()
}
