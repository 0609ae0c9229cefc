//! A FITS image, gzipped or not.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use skysieve::alert::{Extras, Field, FieldType, Plan, Row, Scalar, Survey, WriterSchema};
use skysieve::simulate::{Alert, Kind, Schema, Value};

static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let schema = WriterSchema::parse(&Schema::of(Survey::Lsst).key()).expect("its own schema");
    let pixels = Field {
        path: "alert.cutout.science.pixels".to_owned(),
        ty: FieldType::List(Scalar::F64),
        optional: false,
        survey: None,
        late: false,
    };
    Plan::compile(&schema, &[pixels], Extras::default())
});
static ALERT: LazyLock<Alert> = LazyLock::new(|| Alert::typical(Survey::Lsst, Kind::Supernova, 1));

fuzz_target!(|bytes: &[u8]| {
    let stamp = Value::Bytes(bytes.to_vec().into());
    let alert = ALERT.clone().with("cutoutScience", stamp).expect("a stamp");
    let value = alert.message().value;
    PLAN.read(&value, None, &mut Row::default()).expect("an alert");
});
