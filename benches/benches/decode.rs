//! Reading a packet for nothing, for ten numbers, for its history; the bare skip and apache-avro beside
//! it. And the schema of a message: recognised, or parsed.

use std::hint::black_box;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use benches::{BareSkip, Packets, ThreadClock, both, criterion, light_curve, lists, ten_numbers};
use bytes::Bytes;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use skysieve::alert::{Extras, Field, Plan, Row, SchemaCache, WriterSchema};

fn decode(criterion: &mut Criterion<ThreadClock>) {
    for packets in both() {
        let mut group = criterion.benchmark_group(format!("decode, {}", packets.name));
        group.throughput(Throughput::Bytes(packets.mean_bytes()));
        let skip = BareSkip::new(&packets.key);
        each(&mut group, "bare skip", &packets, |value| {
            skip.measure(value)
        });
        let schema = WriterSchema::parse(&packets.key).expect("a schema");
        for (name, fields) in [
            ("nothing", Vec::new()),
            ("ten numbers", ten_numbers(packets.survey)),
            ("history as it stands", lists(packets.survey)),
            ("standard light curve", light_curve()),
        ] {
            read(&mut group, name, &packets, &schema, &fields);
        }
        apache_avro(&mut group, &packets);
        group.finish();
    }
}

/// Runs over the packets again and again.
fn each<T>(
    group: &mut BenchmarkGroup<'_, ThreadClock>,
    name: &str,
    packets: &Packets,
    mut read: impl FnMut(&Bytes) -> T,
) {
    let mut next = packets.values.iter().cycle();
    group.bench_function(name, |bencher| {
        bencher.iter(|| read(black_box(next.next().expect("it cycles"))));
    });
}

fn read(
    group: &mut BenchmarkGroup<'_, ThreadClock>,
    name: &str,
    packets: &Packets,
    schema: &WriterSchema,
    fields: &[Field],
) {
    let plan = Plan::compile(schema, fields, Extras::default());
    let mut row = Row::default();
    each(group, name, packets, |value| {
        plan.read(value, None, &mut row).expect("an alert").alert_id
    });
}

fn apache_avro(group: &mut BenchmarkGroup<'_, ThreadClock>, packets: &Packets) {
    let text = std::str::from_utf8(&packets.key).expect("a key is text");
    let schema = Schema::parse_str(text).expect("a schema");
    let reader = GenericDatumReader::builder(&schema)
        .build()
        .expect("a reader");
    each(group, "apache-avro to a value", packets, |value| {
        reader.read_value(&mut value.as_ref()).expect("an alert")
    });
}

fn key(criterion: &mut Criterion<ThreadClock>) {
    for packets in both() {
        let mut group = criterion.benchmark_group(format!("key, {}", packets.name));
        group.throughput(Throughput::Bytes(packets.key.len() as u64));
        let value = &packets.values[0];
        let mut cache = SchemaCache::default();
        group.bench_function("same memory", |bencher| {
            bencher.iter(|| cache.open(black_box(&packets.key), value).is_ok());
        });
        let copy = Bytes::copy_from_slice(&packets.key);
        group.bench_function("compared", |bencher| {
            bencher.iter(|| cache.open(black_box(&copy), value).is_ok());
        });
        group.bench_function("parsed", |bencher| {
            bencher.iter(|| WriterSchema::parse(black_box(&packets.key)).is_ok());
        });
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = criterion();
    targets = decode, key
}
criterion_main!(benches);
