//! Each filter against its rule, written down a second time.

use filter_checks::{Nullable, agree};
use proptest::prelude::*;
use skysieve_sdk::module::Filter;
use skysieve_sdk::test::Alert;

use crate::first_pass_candidates::FirstPassCandidates;
use crate::sso_fink_candidates::SsoFinkCandidates;
use crate::sso_ztf_candidates::SsoZtfCandidates;

fn only<F: Filter>(wanted: i64) {
    let roid = prop_oneof![9 => (-1..=4_i64).prop_map(Some), 1 => Just(None)];
    agree::<F>(roid.prop_map(move |roid| (Alert::new().put("roid", roid), roid == Some(wanted))));
}

#[test]
fn each_takes_one_value_of_roid() {
    only::<FirstPassCandidates>(1);
    only::<SsoFinkCandidates>(2);
    only::<SsoZtfCandidates>(3);
}
