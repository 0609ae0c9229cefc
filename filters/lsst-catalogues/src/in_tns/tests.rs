use skysieve_sdk::test::{Alert, evaluate};

use super::InTns;

#[test]
fn a_name_passes() {
    for name in ["AT 2026abc", "", "Unknown"] {
        let alert = Alert::new().with("xm.tns_fullname", name);
        assert!(evaluate::<InTns>(&alert).passed(), "{name}");
    }
    let outcome = evaluate::<InTns>(&Alert::new());
    assert_eq!(outcome.failed_cut(), Some("in-tns"));
}
