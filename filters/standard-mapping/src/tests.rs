use super::StandardMapping;
use skysieve_sdk::test::{Alert, deliver};

fn supernova() -> Alert {
    Alert::new()
        .with("filter.name", "sn")
        .with("filter.version", "1.2.0")
        .with("filter.route", "main")
        .with("alert.mjd", 61002.5)
        .with("alert.first_mjd", 61000.0)
        .with("alert.band", "ztfr")
        .with("alert.mag", 19.126)
        .with("alert.detections", 3)
        .with("alert.real_bogus", 0.875)
        .with("alert.classification", "SN candidate")
        .with("snn_snia_vs_nonia", 0.25)
        .with("snn_sn_vs_all", 0.75)
}

fn delivered(alert: Alert) -> String {
    deliver::<StandardMapping>(&alert).expect("the standard mapping always delivers")
}

#[test]
fn the_whole_delivery() {
    assert_eq!(
        delivered(supernova()),
        concat!(
            r#"{"photometry":"standard","#,
            r#""classifications":[{"class":"SN candidate","probability":0.75}],"#,
            r#""annotations":{"detections":3,"days_since_first":2.5,"real_bogus":0.875},"#,
            r#""values":true}"#
        )
    );
}

#[test]
fn each_label_has_its_own_score_or_none() {
    let scored = |class: &str| {
        delivered(
            supernova()
                .with("alert.classification", class)
                .with("rf_snia_vs_nonia", 0.5)
                .with("rf_kn_vs_nonkn", 0.625)
                .with("mulens", 0.125),
        )
    };
    for (class, probability) in [
        ("SN candidate", ",\"probability\":0.75"),
        ("Early SN Ia candidate", ",\"probability\":0.5"),
        ("Kilonova candidate", ",\"probability\":0.625"),
        ("Microlensing candidate", ",\"probability\":0.125"),
        ("Ambiguous", ""),
        ("Extragalactic New Candidate", ""),
    ] {
        let expected = format!(r#"[{{"class":"{class}"{probability}}}]"#);
        assert!(
            scored(class).contains(&expected),
            "{expected}: {}",
            scored(class)
        );
    }
}

#[test]
fn a_score_that_is_no_probability_is_left_out() {
    for score in [-1.0, 1.5, f64::NAN] {
        let json = delivered(
            supernova()
                .with("snn_sn_vs_all", score)
                .null("snn_snia_vs_nonia"),
        );
        assert!(json.contains(r#"[{"class":"SN candidate"}]"#), "{json}");
    }
}

#[test]
fn no_classification_is_no_class() {
    for alert in [
        supernova().null("alert.classification"),
        supernova().with("alert.classification", "Unknown"),
    ] {
        assert!(delivered(alert).contains(r#""classifications":[]"#));
    }
}

#[test]
fn an_lsst_alert_with_nulls_is_delivered_too() {
    let json = delivered(Alert::new().with("alert.mjd", 61000.0));
    assert!(
        json.contains(r#""detections":null,"days_since_first":null,"real_bogus":null"#),
        "{json}"
    );
}

#[test]
fn parameters_ask_for_less_and_for_words() {
    let json = delivered(
        supernova()
            .param("candidate_only", true)
            .param("comment", true),
    );
    assert!(json.contains(r#""save":"candidate""#), "{json}");
    let words =
        r#""comment":"sn 1.2.0, route main: ztfr = 19.13, 2.5 d after the first detection""#;
    assert!(json.contains(words), "{json}");
    let faded = delivered(supernova().param("comment", true).null("alert.mag"));
    assert!(faded.contains("fainter than before in ztfr"), "{faded}");
}
