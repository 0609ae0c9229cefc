//! Fink's ZTF filter `tns_match` (topic `fink_tns_match_ztf`), verdict for verdict.
//!
//! An alert passes where the Transient Name Server has a class for a young object there. Source:
//! fink-filters 7.45, `ztf/livestream/filter_tns_match`. As at Fink, where the cross-match is null
//! it counts as a match, since null is not the empty text; `null_matches` switches that off.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use skysieve_sdk::prelude::*;

filter! {
    pub struct TnsMatch;
    name: "ztf-tns-match",
    description: "Young and classified in TNS: Fink's ZTF filter tns_match",
    surveys: ["ztf"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        tns: Option<&'a str> = "tns";
        jd: f64 = "candidate.jd";
        jdstarthist: f64 = "candidate.jdstarthist";
    }
    params Params<'a> {
        max_age: f64 = 30.0 in 0.0..=10000.0, "days since the first detection";
        null_matches: bool = true, "a cross-match that is null counts as one";
    }
    values Shown<'a> {
        age: f64, "d", "since the first detection";
    }
    cuts {
        "young" (age, max_age);
        "in-tns" (tns, null_matches);
    }
}

fn decide(a: &Alert, p: &Params, shown: &mut Shown) -> Decision {
    shown.age = a.jd - a.jdstarthist;
    cut!("young", shown.age <= p.max_age)?;
    cut!(
        "in-tns",
        a.tns.map_or(p.null_matches, |class| !class.is_empty())
    )?;
    pass!()
}
