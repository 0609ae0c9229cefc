use skysieve_sdk::test::{Alert, deliver};

use super::ZtfMapping;

fn kilonova() -> Alert {
    Alert::new()
        .with("alert.mjd", 61002.5)
        .with("alert.first_mjd", 61000.0)
        .with("alert.detections", 3)
        .with("alert.classification", "Kilonova candidate")
        .with("candidate.drb", 0.875)
        .with("rf_kn_vs_nonkn", 0.625)
        .with("roid", 0)
        .with("cdsxmatch", "Galaxy")
        .with("DR3Name", "nan")
        .with("vsx", "Unknown")
        .with("tns", "")
}

fn delivered(alert: Alert) -> String {
    deliver::<ZtfMapping>(&alert).expect("this mapping always delivers")
}

#[test]
fn the_whole_delivery() {
    assert_eq!(
        delivered(kilonova()),
        concat!(
            r#"{"photometry":"standard","#,
            r#""classifications":[{"class":"Kilonova candidate","probability":0.625}],"#,
            r#""annotations":{"detections":3,"days_since_first":2.5,"drb":0.875,"classtar":null,"#,
            r#""snn_snia_vs_nonia":null,"snn_sn_vs_all":null,"rf_snia_vs_nonia":null,"#,
            r#""rf_kn_vs_nonkn":0.625,"mulens":null,"roid":0,"cdsxmatch":"Galaxy","#,
            r#""DR3Name":null,"vsx":null,"tns":null},"values":true}"#
        )
    );
}

#[test]
fn each_label_has_its_own_score_or_none() {
    let scored = |class: &str| {
        delivered(
            kilonova()
                .with("alert.classification", class)
                .with("snn_snia_vs_nonia", 0.25)
                .with("snn_sn_vs_all", 0.75)
                .with("rf_snia_vs_nonia", 0.5)
                .with("mulens", -1.0),
        )
    };
    for (class, probability) in [
        ("SN candidate", r#","probability":0.75"#),
        ("Early SN Ia candidate", r#","probability":0.5"#),
        // A score that is no probability.
        ("Microlensing candidate", ""),
        ("Solar System MPC", ""),
    ] {
        let expected = format!(r#"[{{"class":"{class}"{probability}}}]"#);
        assert!(scored(class).contains(&expected), "{}", scored(class));
    }
    assert!(scored("Unknown").contains(r#""classifications":[]"#));
}

#[test]
fn an_operator_may_want_candidates_only() {
    let lesser = delivered(kilonova().param("candidate_only", true));
    assert!(lesser.contains(r#""save":"candidate""#), "{lesser}");
}
