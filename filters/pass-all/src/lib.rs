//! Passes every alert: for a team whose cut is Fink's own, made before the alert got its topic.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![forbid(unsafe_code)]

use skysieve_sdk::prelude::*;

filter! {
    pub struct PassAll;
    name: "pass-all",
    description: "Passes everything: the topic is the cut",
    surveys: ["ztf", "lsst"],
    routes: ["main"],
    decide: decide,
    fields Alert<'a> {
        detections: Option<i64> = "alert.detections";
    }
    cuts {}
}

fn decide(_: &Alert, _: &(), _: &mut ()) -> Decision {
    pass!()
}

#[cfg(test)]
mod tests {
    use skysieve_sdk::test::{Alert, evaluate};

    use super::PassAll;

    #[test]
    fn everything_passes() {
        for alert in [Alert::new(), Alert::new().with("alert.detections", 1)] {
            let outcome = evaluate::<PassAll>(&alert);
            assert!(outcome.passed());
            assert_eq!(outcome.routes(), ["main"]);
        }
    }
}
