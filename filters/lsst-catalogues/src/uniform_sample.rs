//! Fink's LSST filter `uniform_sample` (topic `fink_uniform_sample_lsst`), verdict for verdict: one
//! alert in so many, whatever it is.
//!
//! Fink means one per cent; one in 113 is 0.885 per cent. Source: fink-filters 7.45,
//! `rubin/livestream/filter_uniform_sample`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use skysieve_sdk::prelude::*;

filter! {
    pub struct UniformSample;
    name: "lsst-uniform-sample",
    description: "One alert in so many: Fink's LSST filter uniform_sample",
    surveys: ["lsst"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        id: Option<i64> = "diaSourceId";
    }
    params Params<'a> {
        one_in: i64 = 113 in 1..=1000000000, "keep the ids that this divides";
    }
    cuts {
        "sampled" (id, one_in);
    }
}

fn decide(a: &Alert, p: &Params, _: &mut ()) -> Decision {
    cut!("sampled", a.id.is_some_and(|id| id % p.one_in == 0))?;
    pass!()
}

#[cfg(test)]
mod tests;
