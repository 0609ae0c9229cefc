//! As little as a candidate can be, on either survey: its position, the one measurement that caused
//! the alert, and Fink's class.
//!
//! For teams that look light curves up elsewhere, or whose SkyPortal is small: three requests an
//! alert, and one row.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use skysieve_sdk::prelude::*;

mapping! {
    pub struct LeanMapping;
    name: "lean-mapping",
    description: "One point and Fink's class, on either survey",
    surveys: ["ztf", "lsst"],
    map: map,
    fields Alert<'a> {
        classification: Option<&'a str> = "alert.classification", optional;
    }
}

fn map<'a>(a: &Alert<'a>, _: &()) -> Option<Delivery<'a>> {
    let delivery = Delivery::new().alert_photometry().without_values();
    // Fink's `Unknown` says that there is no classification.
    Some(match a.classification {
        None | Some("Unknown") => delivery,
        Some(class) => delivery.classify(class, None),
    })
}

#[cfg(test)]
mod tests;
