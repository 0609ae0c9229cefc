//! Ten numbers and six cuts: record written, filter called, memory freed, all limits on. What each
//! limit costs by itself, and what one might pick instead of WebAssembly.

use std::hint::black_box;

use benches::{ThreadClock, criterion, cuts};
use cel::{Context, Program};
use criterion::{Criterion, criterion_group, criterion_main};
use rhai::Scope;
use skysieve::engine::{Fields, Input};
use wasmtime::{Config, Engine, Instance, Module, Store, TypedFunc};

fn call(criterion: &mut Criterion<ThreadClock>) {
    let mut group = criterion.benchmark_group("call");
    group.bench_function("native Rust", |bencher| {
        bencher.iter(|| cuts::native(black_box(&cuts::NUMBERS)));
    });
    let (mut guest, row) = (cuts::guest(), cuts::row());
    let slots: Vec<Option<usize>> = (0..cuts::NUMBERS.len()).map(Some).collect();
    let fields = Fields {
        row: &row,
        slots: &slots,
    };
    let input = Input {
        fields,
        late: None,
        explain: false,
    };
    group.bench_function("skysieve, all limits", |bencher| {
        bencher.iter(|| guest.filter(black_box(&input)).expect("a verdict"));
    });
    cel(&mut |name, run| {
        group.bench_function(name, |bencher| bencher.iter(&mut *run));
    });
    rhai(&mut |name, run| {
        group.bench_function(name, |bencher| bencher.iter(&mut *run));
    });
    group.bench_function("JSON text alone", |bencher| bencher.iter(json));
    group.finish();
}

/// Hands a named piece of work to whoever measures it.
type Measure<'a> = dyn FnMut(&str, &mut dyn FnMut() -> bool) + 'a;

fn cel(measure: &mut Measure<'_>) {
    let program = Program::compile(&cuts::expression()).expect("an expression");
    measure("CEL", &mut || {
        let mut context = Context::default();
        for (name, number) in cuts::NAMES.iter().zip(cuts::NUMBERS) {
            context.add_variable_from_value(*name, number);
        }
        matches!(program.execute(&context), Ok(cel::Value::Bool(true)))
    });
}

fn rhai(measure: &mut Measure<'_>) {
    let engine = rhai::Engine::new();
    let ast = engine
        .compile_expression(cuts::expression())
        .expect("an expression");
    let mut scope = Scope::new();
    measure("Rhai", &mut || {
        scope.clear();
        for (name, number) in cuts::NAMES.iter().zip(cuts::NUMBERS) {
            scope.push(*name, number);
        }
        engine
            .eval_ast_with_scope::<bool>(&mut scope, &ast)
            .expect("a verdict")
    });
}

/// What a guest that takes JSON would be sent: before it is copied into the guest, and parsed there.
fn json() -> String {
    let pairs = cuts::NAMES.iter().zip(cuts::NUMBERS);
    let object: serde_json::Map<_, _> = pairs
        .map(|(name, number)| ((*name).to_owned(), number.into()))
        .collect();
    serde_json::Value::Object(object).to_string()
}

/// The same code under wasmtime alone: what its limits cost.
fn limits(criterion: &mut Criterion<ThreadClock>) {
    let mut group = criterion.benchmark_group("limits");
    for (name, fuel, epochs) in [
        ("none", false, false),
        ("fuel", true, false),
        ("epochs", false, true),
        ("fuel and epochs", true, true),
    ] {
        let (mut store, filter) = bare(fuel, epochs);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                if fuel {
                    store.set_fuel(10_000_000).expect("it counts fuel");
                }
                if epochs {
                    store.set_epoch_deadline(20);
                }
                filter
                    .call(&mut store, black_box(cuts::RECORD as u32))
                    .expect("a verdict")
            });
        });
    }
    group.finish();
}

fn bare(fuel: bool, epochs: bool) -> (Store<()>, TypedFunc<u32, u64>) {
    let mut config = Config::new();
    config.consume_fuel(fuel).epoch_interruption(epochs);
    let engine = Engine::new(&config).expect("an engine");
    let module = Module::new(&engine, cuts::module()).expect("a module");
    let mut store = Store::new(&engine, ());
    if fuel {
        store.set_fuel(10_000_000).expect("it counts fuel");
    }
    if epochs {
        store.set_epoch_deadline(20);
    }
    let instance = Instance::new(&mut store, &module, &[]).expect("an instance");
    let memory = instance.get_memory(&mut store, "memory").expect("a memory");
    for (field, number) in cuts::NUMBERS.iter().enumerate() {
        let at = cuts::RECORD + 8 * (3 + field);
        memory
            .write(&mut store, at, &number.to_le_bytes())
            .expect("room");
    }
    let filter = instance
        .get_typed_func(&mut store, "skysieve_filter")
        .expect("a filter");
    (store, filter)
}

criterion_group! {
    name = benches;
    config = criterion();
    targets = call, limits
}
criterion_main!(benches);
