//! All that Fink says of an LSST alert: the whole light curve, the label of the topic that carried
//! it, and every score and counterpart as an annotation under Fink's own name.
//!
//! The filter's values stand beside them. Fink's columns come and go: what a schema lacks is left
//! out, and the candidate goes on.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use skysieve_sdk::prelude::*;

/// CATS' class of supernovae; it and SuperNNova have a score for the label `Most Likely Sn`.
const SUPERNOVA: i64 = 11;

mapping! {
    pub struct LsstMapping;
    name: "lsst-mapping",
    description: "All that Fink says of an LSST alert, with its light curve and label",
    surveys: ["lsst"],
    map: map,
    fields Alert<'a> {
        mjd: f64 = "alert.mjd";
        first_mjd: f64 = "alert.first_mjd", optional;
        detections: Option<i64> = "alert.detections", optional;
        classification: Option<&'a str> = "alert.classification", optional;
        reliability: f64 = "diaSource.reliability", optional;
        snr: f64 = "diaSource.snr", optional;
        sn: f64 = "clf.snnSnVsOthers_score", optional;
        early_sn_ia: f64 = "clf.earlySNIa_score", optional;
        cats_class: Option<i64> = "clf.cats_class", optional;
        cats_score: f64 = "clf.cats_score", optional;
        host_statistic: f64 = "clf.elephant_kstest_template", optional;
        simbad: Option<&'a str> = "xm.simbad_otype", optional;
        gaia: Option<&'a str> = "xm.gaiadr3_DR3Name", optional;
        vsx: Option<&'a str> = "xm.vsx_Type", optional;
        tns_name: Option<&'a str> = "xm.tns_fullname", optional;
        tns_type: Option<&'a str> = "xm.tns_type", optional;
        photo_z: f64 = "xm.legacydr8_zphot", optional;
        galaxy: Option<&'a str> = "xm.mangrove_HyperLEDA_name", optional;
        galaxy_distance: f64 = "xm.mangrove_lum_dist", optional;
        solar_system: Option<&'a str> = "mpc_orbits.designation", optional;
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
        .annotate("reliability", a.reliability)
        .annotate("snr", a.snr)
        .annotate("snnSnVsOthers_score", a.sn)
        .annotate("earlySNIa_score", processed(a.early_sn_ia))
        .annotate("cats_class", a.cats_class.filter(|class| *class >= 0))
        .annotate("cats_score", a.cats_score)
        .annotate("elephant_kstest_template", a.host_statistic)
        .annotate("simbad_otype", said(a.simbad))
        .annotate("gaiadr3_DR3Name", said(a.gaia))
        .annotate("vsx_Type", said(a.vsx))
        .annotate("tns_fullname", said(a.tns_name))
        .annotate("tns_type", said(a.tns_type))
        .annotate("legacydr8_zphot", a.photo_z)
        .annotate("mangrove_HyperLEDA_name", said(a.galaxy))
        .annotate("mangrove_lum_dist", a.galaxy_distance)
        .annotate("designation", said(a.solar_system));
    if p.candidate_only {
        delivery = delivery.save(Save::Candidate);
    }
    if let Some(class) = said(a.classification) {
        delivery = delivery.classify(class, probability(a, class));
    }
    Some(delivery)
}

/// Without the words in which Fink says that there is nothing.
fn said(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !matches!(*text, "" | "nan" | "None" | "Unknown" | "Fail" | "Fail 504"))
}

/// Fink's -1 says that a score was not computed.
fn processed(score: f64) -> f64 {
    if score >= 0.0 { score } else { f64::NAN }
}

/// The lesser of the two scores behind `Most Likely Sn`; no other label has any.
fn probability(a: &Alert, class: &str) -> Option<f64> {
    let both = class == "Most Likely Sn" && a.cats_class == Some(SUPERNOVA);
    let score = a.sn.min(a.cats_score);
    (both && (0.0..=1.0).contains(&score)).then_some(score)
}

#[cfg(test)]
mod tests;
