use skysieve_sdk::test::{Alert, evaluate};

use super::IsSolarSystem;

#[test]
fn only_the_truth_passes() {
    let known = Alert::new().with("pred.is_sso", true);
    assert!(evaluate::<IsSolarSystem>(&known).passed());
    for other in [known.clone().with("pred.is_sso", false), Alert::new()] {
        let outcome = evaluate::<IsSolarSystem>(&other);
        assert_eq!(outcome.failed_cut(), Some("solar-system"));
    }
}
