//! The walk through a datum: the first byte chooses the survey, the rest is the datum.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use skysieve::alert::decode::RawPlan;
use skysieve::alert::{Row, Survey, WriterSchema, columns};
use skysieve::simulate::Schema;

static PLANS: LazyLock<[(WriterSchema, RawPlan); 2]> = LazyLock::new(|| {
    [Survey::Ztf, Survey::Lsst].map(|survey| {
        let schema = WriterSchema::parse(&Schema::of(survey).key()).expect("its own schema");
        let columns = columns(schema.shape());
        let asked = columns.iter().filter_map(|c| Some((c.path.as_str(), c.ty?)));
        let plan = RawPlan::compile(schema.shape(), asked);
        (schema, plan)
    })
});

fuzz_target!(|bytes: &[u8]| {
    let Some((survey, datum)) = bytes.split_first() else {
        return;
    };
    let (schema, plan) = &PLANS[usize::from(survey & 1)];
    if plan.read(datum, &mut Row::default()).is_ok() {
        assert!(schema.extent().fits(datum));
    }
});
