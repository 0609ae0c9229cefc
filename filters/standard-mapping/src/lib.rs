//! What a team wants to see of a candidate in SkyPortal, on either survey: the whole light curve,
//! Fink's classification, the filter's own numbers and, if asked for, a line in words.
//!
//! Candidate or source is the route's matter; a parameter can ask for the lesser. The probability of
//! a classification is the score on which Fink based it, where there is one: source fink-filters
//! 7.45, `extract_fink_classification`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use skysieve_sdk::prelude::*;

mapping! {
    pub struct StandardMapping;
    name: "standard-mapping",
    description: "Light curve, classification and the filter's numbers, on either survey",
    surveys: ["ztf", "lsst"],
    map: map,
    fields Alert<'a> {
        filter: Option<&'a str> = "filter.name";
        version: Option<&'a str> = "filter.version";
        route: Option<&'a str> = "filter.route";
        // Fink's columns come and go: what a schema lacks is left out, and the candidate goes on.
        mjd: f64 = "alert.mjd";
        first_mjd: f64 = "alert.first_mjd", optional;
        band: Option<&'a str> = "alert.band";
        mag: f64 = "alert.mag";
        detections: Option<i64> = "alert.detections", optional;
        real_bogus: f64 = "alert.real_bogus", optional;
        classification: Option<&'a str> = "alert.classification", optional;
        sn_ia: f64 = "snn_snia_vs_nonia", optional, survey = "ztf";
        sn: f64 = "snn_sn_vs_all", optional, survey = "ztf";
        early_sn_ia: f64 = "rf_snia_vs_nonia", optional, survey = "ztf";
        kilonova: f64 = "rf_kn_vs_nonkn", optional, survey = "ztf";
        microlensing: f64 = "mulens", optional, survey = "ztf";
    }
    params Params<'a> {
        candidate_only: bool = false, "never save as a source, whatever the route allows";
        comment: bool = false, "add a line in words";
    }
}

fn map<'a>(a: &Alert<'a>, p: &Params) -> Option<Delivery<'a>> {
    let mut delivery = Delivery::new()
        .standard_photometry()
        .annotate("detections", a.detections)
        .annotate("days_since_first", a.mjd - a.first_mjd)
        .annotate("real_bogus", a.real_bogus);
    if p.candidate_only {
        delivery = delivery.save(Save::Candidate);
    }
    // Fink's `Unknown` says that there is no classification.
    if let Some(class) = a.classification.filter(|class| *class != "Unknown") {
        delivery = delivery.classify(class, probability(a, class));
    }
    if p.comment {
        delivery = describe(a, delivery);
    }
    Some(delivery)
}

/// The score behind Fink's label; `None` where the label has none.
fn probability(a: &Alert, class: &str) -> Option<f64> {
    let score = match class {
        "SN candidate" => a.sn_ia.max(a.sn),
        "Early SN Ia candidate" => a.early_sn_ia,
        "Kilonova candidate" => a.kilonova,
        "Microlensing candidate" => a.microlensing,
        _ => return None,
    };
    (0.0..=1.0).contains(&score).then_some(score)
}

fn describe<'a>(a: &Alert<'a>, delivery: Delivery<'a>) -> Delivery<'a> {
    let filter = a.filter.unwrap_or("a filter");
    let version = a.version.unwrap_or("");
    let route = a.route.unwrap_or("");
    let band = a.band.unwrap_or("");
    let age = a.mjd - a.first_mjd;
    let delivery = delivery.comment(format_args!("{filter} {version}, route {route}: "));
    if a.mag.is_finite() {
        delivery.comment(format_args!(
            "{band} = {:.2}, {age:.1} d after the first detection",
            a.mag
        ))
    } else {
        delivery.comment(format_args!(
            "fainter than before in {band}, {age:.1} d after the first detection"
        ))
    }
}

#[cfg(test)]
mod tests;
