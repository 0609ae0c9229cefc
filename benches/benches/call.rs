//! One verdict: the record written, the filter called, the instance reset; and what the limits cost.
//!
//! The module is the project's own `ztf-sn-candidates`, built by `cargo xtask guests`.

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use skysieve::alert::{Extras, Plan, Row, Survey, WriterSchema};
use skysieve::engine::{CallLimits, Engine, EngineSettings, Fields, Guest, Input};
use skysieve::simulate::{Alert, Kind};

fn call(criterion: &mut Criterion) {
    let file = harness::guests::folder().join("ztf_sn_candidates.wasm");
    let bytes = std::fs::read(&file).expect("built by `cargo xtask guests`");
    let engine = Engine::new(EngineSettings::default()).expect("an engine");
    let module = engine
        .load("ztf_sn_candidates.wasm", &bytes)
        .expect("our own module");
    let params = module.manifest().bind(&BTreeMap::new()).expect("defaults");
    let mut guest = Guest::new(&module, params, CallLimits::FILTER).expect("an instance");

    let mut group = criterion.benchmark_group("call");
    let fields = &module.manifest().fields;
    for (name, kind) in [("rejected", Kind::Artefact), ("passed", Kind::Supernova)] {
        let message = Alert::typical(Survey::Ztf, kind, 3).message();
        let schema = WriterSchema::parse(&message.key).expect("a simulated key");
        let plan = Plan::compile(&schema, fields, Extras::default());
        let mut row = Row::default();
        plan.read(&message.value, None, &mut row)
            .expect("a simulated packet");
        let slots: Vec<Option<usize>> = (0..fields.len()).map(Some).collect();
        let input = Input {
            fields: Fields {
                row: &row,
                slots: &slots,
            },
            late: None,
            explain: false,
        };
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let verdict = guest.filter(black_box(&input)).expect("a verdict");
                guest.settle().expect("a reset");
                verdict
            });
        });
    }
    group.finish();
}

criterion_group!(benches, call);
criterion_main!(benches);
