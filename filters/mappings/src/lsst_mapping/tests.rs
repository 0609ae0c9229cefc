use skysieve_sdk::test::{Alert, deliver};

use super::LsstMapping;

fn supernova() -> Alert {
    Alert::new()
        .with("alert.mjd", 61002.5)
        .with("alert.first_mjd", 61000.0)
        .with("alert.detections", 3)
        .with("alert.classification", "Most Likely Sn")
        .with("diaSource.reliability", 0.875)
        .with("clf.snnSnVsOthers_score", 0.75)
        .with("clf.earlySNIa_score", -1.0)
        .with("clf.cats_class", 11)
        .with("clf.cats_score", 0.9375)
        .with("xm.simbad_otype", "G")
        .with("xm.legacydr8_zphot", 0.125)
}

fn delivered(alert: Alert) -> String {
    deliver::<LsstMapping>(&alert).expect("this mapping always delivers")
}

#[test]
fn the_whole_delivery() {
    assert_eq!(
        delivered(supernova()),
        concat!(
            r#"{"photometry":"standard","#,
            r#""classifications":[{"class":"Most Likely Sn","probability":0.75}],"#,
            r#""annotations":{"detections":3,"days_since_first":2.5,"reliability":0.875,"#,
            r#""snr":null,"snnSnVsOthers_score":0.75,"earlySNIa_score":null,"cats_class":11,"#,
            r#""cats_score":0.9375,"elephant_kstest_template":null,"simbad_otype":"G","#,
            r#""gaiadr3_DR3Name":null,"vsx_Type":null,"tns_fullname":null,"tns_type":null,"#,
            r#""legacydr8_zphot":0.125,"mangrove_HyperLEDA_name":null,"mangrove_lum_dist":null,"#,
            r#""designation":null},"values":true}"#
        )
    );
}

#[test]
fn a_label_without_scores_has_no_probability() {
    let other = delivered(supernova().with("alert.classification", "In Simbad"));
    assert!(other.contains(r#"[{"class":"In Simbad"}]"#), "{other}");
    let periodic = delivered(supernova().with("clf.cats_class", 21));
    assert!(
        periodic.contains(r#"[{"class":"Most Likely Sn"}]"#),
        "{periodic}"
    );
    assert!(delivered(Alert::new().with("alert.mjd", 61000.0)).contains(r#""classifications":[]"#));
}

#[test]
fn what_was_not_processed_is_left_out() {
    let unprocessed = delivered(supernova().with("clf.cats_class", -1));
    assert!(
        unprocessed.contains(r#""cats_class":null"#),
        "{unprocessed}"
    );
}
