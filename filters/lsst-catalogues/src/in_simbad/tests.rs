use skysieve_sdk::test::{Alert, evaluate};

use super::InSimbad;

#[test]
fn a_type_passes_and_a_failure_of_the_catalogue_does_not() {
    let with = |otype: &str| Alert::new().with("xm.simbad_otype", otype);
    for otype in ["QSO", "G", "", "Fail 503", "unknown"] {
        assert!(evaluate::<InSimbad>(&with(otype)).passed(), "{otype}");
    }
    for none in [
        Alert::new(),
        with("Unknown"),
        with("Fail"),
        with("Fail 504"),
    ] {
        let outcome = evaluate::<InSimbad>(&none);
        assert_eq!(outcome.failed_cut(), Some("in-simbad"));
    }
}
