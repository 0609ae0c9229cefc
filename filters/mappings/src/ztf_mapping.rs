//! All that Fink says of a ZTF alert: the whole light curve, Fink's class with the score behind it,
//! and every score and counterpart as an annotation under Fink's own name.
//!
//! The filter's values stand beside them. Fink's columns come and go: what a schema lacks is left
//! out, and the candidate goes on. Source of the scores: fink-filters 7.45,
//! `extract_fink_classification`.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use skysieve_sdk::prelude::*;

mapping! {
    pub struct ZtfMapping;
    name: "ztf-mapping",
    description: "All that Fink says of a ZTF alert, with its light curve and class",
    surveys: ["ztf"],
    map: map,
    fields Alert<'a> {
        mjd: f64 = "alert.mjd";
        first_mjd: f64 = "alert.first_mjd", optional;
        detections: Option<i64> = "alert.detections", optional;
        classification: Option<&'a str> = "alert.classification", optional;
        drb: f64 = "candidate.drb", optional;
        classtar: f64 = "candidate.classtar", optional;
        sn_ia: f64 = "snn_snia_vs_nonia", optional;
        sn: f64 = "snn_sn_vs_all", optional;
        early_sn_ia: f64 = "rf_snia_vs_nonia", optional;
        kilonova: f64 = "rf_kn_vs_nonkn", optional;
        microlensing: f64 = "mulens", optional;
        roid: Option<i64> = "roid", optional;
        simbad: Option<&'a str> = "cdsxmatch", optional;
        gaia: Option<&'a str> = "DR3Name", optional;
        vsx: Option<&'a str> = "vsx", optional;
        tns: Option<&'a str> = "tns", optional;
    }
    params Params<'a> {
        candidate_only: bool = false, "never save as a source, whatever the route allows";
    }
}

fn map<'a>(a: &Alert<'a>, p: &Params) -> Option<Delivery<'a>> {
    let mut delivery = Delivery::new()
        .standard_photometry()
        .annotate("detections", a.detections)
        .annotate("days_since_first", a.mjd - a.first_mjd)
        .annotate("drb", a.drb)
        .annotate("classtar", a.classtar)
        .annotate("snn_snia_vs_nonia", a.sn_ia)
        .annotate("snn_sn_vs_all", a.sn)
        .annotate("rf_snia_vs_nonia", a.early_sn_ia)
        .annotate("rf_kn_vs_nonkn", a.kilonova)
        .annotate("mulens", a.microlensing)
        .annotate("roid", a.roid)
        .annotate("cdsxmatch", said(a.simbad))
        .annotate("DR3Name", said(a.gaia))
        .annotate("vsx", said(a.vsx))
        .annotate("tns", said(a.tns));
    if p.candidate_only {
        delivery = delivery.save(Save::Candidate);
    }
    // Fink's `Unknown` says that there is no classification.
    if let Some(class) = said(a.classification) {
        delivery = delivery.classify(class, probability(a, class));
    }
    Some(delivery)
}

/// Without the words in which Fink says that there is nothing.
fn said(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !matches!(*text, "" | "nan" | "None" | "Unknown"))
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

#[cfg(test)]
mod tests;
