use skysieve_sdk::test::{Alert, deliver};

use super::LeanMapping;

fn delivered(alert: Alert) -> Option<String> {
    deliver::<LeanMapping>(&alert)
}

#[test]
fn the_whole_delivery() {
    let alert = Alert::new().with("alert.classification", "SN candidate");
    let expected = concat!(
        r#"{"photometry":"alert","classifications":[{"class":"SN candidate"}],"#,
        r#""annotations":{},"values":false}"#
    );
    assert_eq!(delivered(alert).as_deref(), Some(expected));
}

#[test]
fn no_class_is_no_classification() {
    for alert in [
        Alert::new(),
        Alert::new().with("alert.classification", "Unknown"),
    ] {
        let json = delivered(alert).unwrap();
        assert!(json.contains(r#""classifications":[]"#), "{json}");
    }
}
