use super::SnCandidates;
use skysieve_sdk::test::{Alert, Outcome, evaluate};

fn supernova() -> Alert {
    Alert::new()
        .with("candidate.drb", 0.9)
        .with("candidate.classtar", 0.8)
        .with("candidate.ndethist", 2)
        .with("candidate.jd", 2461100.5)
        .with("candidate.jdstarthist", 2461095.5)
        .with("snn_snia_vs_nonia", 0.7)
        .with("snn_sn_vs_all", 0.2)
        .with("cdsxmatch", "Galaxy")
        .with("roid", 0)
}

fn judge(alert: Alert) -> Outcome {
    evaluate::<SnCandidates>(&alert)
}

#[test]
fn a_supernova_passes_on_the_main_route() {
    let outcome = judge(supernova());
    assert_eq!(outcome.failed_cut(), None);
    assert_eq!(outcome.routes(), ["main"]);
    assert_eq!(outcome.f64("age"), 5.0);
    assert_eq!(outcome.f64("sn_score"), 0.7);
}

#[test]
fn each_cut_rejects_what_fails_it_alone() {
    let failing = [
        ("real-bogus", supernova().with("candidate.drb", 0.5)),
        ("star-galaxy", supernova().with("candidate.classtar", 0.4)),
        ("seen-before", supernova().with("candidate.ndethist", 1)),
        ("supernova-like", supernova().with("snn_snia_vs_nonia", 0.5)),
        (
            "young",
            supernova().with("candidate.jdstarthist", 2461010.49),
        ),
        ("not-solar-system", supernova().with("roid", 3)),
        ("extragalactic-host", supernova().with("cdsxmatch", "Star")),
    ];
    for (cut, alert) in failing {
        assert_eq!(judge(alert).failed_cut(), Some(cut));
    }
}

#[test]
fn boundaries_are_those_of_fink() {
    assert!(judge(supernova().with("candidate.jdstarthist", 2461010.5)).passed());
    assert!(judge(supernova().with("roid", 2)).passed());
    assert!(judge(supernova().with("cdsxmatch", "Fail 504")).passed());
    assert_eq!(
        judge(supernova().with("cdsxmatch", "Fail 503")).failed_cut(),
        Some("extragalactic-host")
    );
}

#[test]
fn either_score_is_enough() {
    let by_type = supernova()
        .with("snn_snia_vs_nonia", 0.1)
        .with("snn_sn_vs_all", 0.51);
    assert!(judge(by_type).passed());
    assert!(judge(supernova().null("snn_sn_vs_all")).passed());
}

#[test]
fn nulls_fail_their_cut_as_in_fink() {
    let nulls = [
        ("candidate.drb", Some("real-bogus")),
        ("candidate.classtar", Some("star-galaxy")),
        ("candidate.ndethist", Some("seen-before")),
        ("snn_snia_vs_nonia", Some("supernova-like")),
        ("candidate.jd", Some("young")),
        ("candidate.jdstarthist", Some("young")),
        ("cdsxmatch", Some("extragalactic-host")),
        ("roid", None),
    ];
    for (path, cut) in nulls {
        assert_eq!(judge(supernova().null(path)).failed_cut(), cut, "{path}");
    }
    assert_eq!(
        judge(supernova().with("candidate.drb", f64::NAN)).failed_cut(),
        Some("real-bogus")
    );
}

#[test]
fn parameters_move_the_cuts() {
    let strict = supernova().param("min_drb", 0.95);
    assert_eq!(judge(strict).failed_cut(), Some("real-bogus"));
    let once = supernova()
        .with("candidate.ndethist", 1)
        .param("min_detections", 1);
    assert!(judge(once).passed());
}

#[test]
fn the_manifest_is_what_the_host_reads() {
    use skysieve_sdk::module::Filter;
    let json = skysieve_sdk::test::manifest_json(&SnCandidates::MANIFEST);
    for part in [
        r#"{"abi":1,"name":"ztf-sn-candidates","version":""#,
        r#""surveys":["ztf"]"#,
        r#""fields":[{"path":"candidate.drb","type":"f64"},"#,
        r#"{"path":"cdsxmatch","type":"str"}"#,
        r#"{"name":"min_detections","type":"i64","default":2,"min":1,"max":1000,"doc":"#,
        r#"{"name":"age","type":"f64","unit":"d","doc":"#,
        r#"{"name":"supernova-like","value":"sn_score","param":"min_sn"}"#,
        r#"{"name":"real-bogus","value":"candidate.drb","param":"min_drb"}"#,
        r#""routes":["main"]}"#,
    ] {
        assert!(json.contains(part), "{part} is not in {json}");
    }
}
