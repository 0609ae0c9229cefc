//! Bytes from the network, damaged at random: no panic, no allocation on their word, and no other
//! answer than an independent decoder's.
#![forbid(unsafe_code)]

use apache_avro::Schema as AvroSchema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use bytes::Bytes;
use harness::counting;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use skysieve::alert::decode::{RawPlan, Shape};
use skysieve::alert::{
    Extras, Field, FieldType, Plan, Row, Scalar, SchemaCache, Survey, WriterSchema, alert_fields,
    columns,
};
use skysieve::simulate::{Cutouts, History, Message, SimulateConfig, Simulator};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// Of each survey.
const MUTATIONS: usize = 100_000;

/// A column takes eight bytes for each item, twice while it is finished, and a growing list has
/// room for as many again; an item has a byte at least.
const MULTIPLE: usize = 48;
const CONSTANT: usize = 64 << 10;

/// Small packets, so that many can be read: the shapes are the same.
fn messages(survey: Survey) -> Vec<Message> {
    let config = SimulateConfig {
        objects: 8,
        history: History::Points(6),
        cutouts: Cutouts::Small,
        ..SimulateConfig::new(survey, 5)
    };
    Simulator::new(config).skip(60).take(16).collect()
}

/// Changes bytes as networks, disks and enemies do.
fn mutate(bytes: &mut Vec<u8>, dice: &mut StdRng) {
    for _ in 0..dice.random_range(1..4) {
        if bytes.is_empty() {
            return;
        }
        let at = dice.random_range(0..bytes.len());
        match dice.random_range(0..6) {
            0 => bytes[at] ^= 1 << dice.random_range(0..8),
            1 => bytes[at] = dice.random(),
            2 => bytes.truncate(at),
            3 => {
                let more: Vec<u8> = (0..dice.random_range(1..12))
                    .map(|_| dice.random())
                    .collect();
                bytes.splice(at..at, more);
            }
            4 => {
                let until = (at + dice.random_range(1..40)).min(bytes.len());
                bytes.drain(at..until);
            }
            // A length of some 2^60, positive or negative.
            _ => {
                let last: u8 = dice.random_range(0x0e..0x12);
                let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, last];
                let until = (at + dice.random_range(0..3)).min(bytes.len());
                bytes.splice(at..until, huge);
            }
        }
    }
}

/// What is a map in the two surveys' packets.
const MAPS: [&str; 3] = ["mangrove.", "blazar_stats.", "lc_features."];

/// Every path of the schema; of maps, two keys that the packets have.
fn every_path(schema: &WriterSchema) -> Vec<(String, FieldType)> {
    let mut paths = Vec::new();
    for column in columns(schema.shape()) {
        let Some(ty) = column.ty else { continue };
        if column.path.contains("<key>") {
            paths.push((column.path.replace("<key>", "mean"), ty));
            paths.push((column.path.replace("<key>", "r"), ty));
        } else {
            paths.push((column.path, ty));
        }
    }
    paths
}

fn plain(value: &Value) -> Option<&Value> {
    match value {
        Value::Union(_, inner) => plain(inner),
        Value::Null => None,
        other => Some(other),
    }
}

/// What the other decoder has at a path that leads through no map.
fn look_up<'v>(value: &'v Value, path: &str) -> Vec<Option<&'v Value>> {
    let mut here = vec![Some(value)];
    for part in path.split('.') {
        let name = part.trim_end_matches("[]");
        here = here
            .into_iter()
            .map(|value| match value.and_then(plain)? {
                Value::Record(fields) => fields.iter().find(|(n, _)| n == name).map(|(_, v)| v),
                _ => None,
            })
            .collect();
        if part.ends_with("[]") {
            here = match here.first().copied().flatten().and_then(plain) {
                Some(Value::Array(items)) => items.iter().map(Some).collect(),
                _ => Vec::new(),
            };
        }
    }
    here.into_iter()
        .map(|value| value.and_then(plain))
        .collect()
}

fn word(value: Option<&Value>, ty: FieldType) -> u64 {
    match value {
        Some(Value::Int(value)) => i64::from(*value) as u64,
        Some(Value::Long(value)) => *value as u64,
        Some(Value::Float(value)) => f64::from(*value).to_bits(),
        Some(Value::Double(value)) => value.to_bits(),
        Some(Value::Boolean(value)) => u64::from(*value),
        None => ty.null_word(),
        other => panic!("{other:?}"),
    }
}

fn compare(row: &Row, paths: &[(String, FieldType)], theirs: &Value) {
    for (number, (path, ty)) in paths.iter().enumerate() {
        // A damaged map may have a key twice, of which either may be taken.
        if MAPS.iter().any(|map| path.starts_with(map)) {
            continue;
        }
        let values = look_up(theirs, path);
        match ty {
            FieldType::Str => {
                let theirs = values[0].map(|value| match value {
                    Value::String(text) => text.as_str(),
                    other => panic!("{path}: {other:?}"),
                });
                assert_eq!(row.str(number), theirs, "{path}");
            }
            FieldType::Bytes => {
                let theirs = values[0].map(|value| match value {
                    Value::Bytes(bytes) => bytes.as_slice(),
                    other => panic!("{path}: {other:?}"),
                });
                assert_eq!(row.bytes(number), theirs, "{path}");
            }
            FieldType::List(Scalar::Str) => {
                let theirs: Vec<_> = values
                    .iter()
                    .map(|value| match value {
                        Some(Value::String(text)) => Some(text.as_str()),
                        None => None,
                        other => panic!("{path}: {other:?}"),
                    })
                    .collect();
                assert_eq!(
                    row.str_list(number)
                        .into_iter()
                        .flatten()
                        .collect::<Vec<_>>(),
                    theirs,
                    "{path}"
                );
            }
            FieldType::List(scalar) => {
                let element = match scalar {
                    Scalar::Bool => FieldType::Bool,
                    Scalar::I64 => FieldType::I64,
                    _ => FieldType::F64,
                };
                let theirs: Vec<u64> = values.iter().map(|v| word(*v, element)).collect();
                assert_eq!(
                    row.list(number).into_iter().flatten().collect::<Vec<_>>(),
                    theirs,
                    "{path}"
                );
            }
            scalar => assert_eq!(row.word(number), word(values[0], *scalar), "{path}"),
        }
    }
}

#[test]
fn damaged_packets_neither_panic_nor_allocate_nor_lie() {
    for survey in [Survey::Ztf, Survey::Lsst] {
        let messages = messages(survey);
        let key = std::str::from_utf8(&messages[0].key).unwrap();
        let schema = WriterSchema::parse(key.as_bytes()).unwrap();
        let avro = AvroSchema::parse_str(key).unwrap();
        let reader = GenericDatumReader::builder(&avro).build().unwrap();
        let paths = every_path(&schema);
        let asked = paths.iter().map(|(path, ty)| (path.as_str(), *ty));
        let plan = RawPlan::compile(schema.shape(), asked);

        let mut dice = StdRng::seed_from_u64(7);
        let (mut read, mut compared) = (0, 0);
        for number in 0..MUTATIONS {
            let mut bytes = messages[number % messages.len()].value.to_vec();
            mutate(&mut bytes, &mut dice);
            let mut row = Row::default();
            let (ours, peak) = counting::peak(|| plan.read(&bytes, &mut row));
            let bound = MULTIPLE * bytes.len() + CONSTANT;
            assert!(
                peak <= bound,
                "{peak} bytes for a packet of {}",
                bytes.len()
            );
            if ours.is_err() {
                continue;
            }
            assert!(schema.extent().fits(&bytes));
            read += 1;
            // The other decoder takes its time.
            if compared < 600 {
                let mut rest = bytes.as_slice();
                let Ok(theirs) = reader.read_value(&mut rest) else {
                    continue;
                };
                if rest.is_empty() {
                    compare(&row, &paths, &theirs);
                    compared += 1;
                }
            }
        }
        assert!(read > MUTATIONS / 100, "{survey}: only {read} were read");
        assert!(compared > 200, "{survey}: only {compared} were compared");
    }
}

#[test]
fn damaged_alerts_are_judged_or_refused() {
    for survey in [Survey::Ztf, Survey::Lsst] {
        let messages = messages(survey);
        let schema = WriterSchema::parse(&messages[0].key).unwrap();
        let fields: Vec<Field> = alert_fields()
            .map(|(path, ty)| Field {
                path,
                ty,
                optional: true,
                survey: None,
                late: false,
            })
            .collect();
        let plan = Plan::compile(&schema, &fields, Extras { light_curve: true });
        let mut dice = StdRng::seed_from_u64(8);
        let mut row = Row::default();
        let mut alerts = 0;
        for number in 0..MUTATIONS / 10 {
            let mut bytes = messages[number % messages.len()].value.to_vec();
            mutate(&mut bytes, &mut dice);
            if let Ok(head) = plan.read(&bytes, Some("fink_sn_candidates_ztf"), &mut row) {
                plan.light_curve(&row, &head);
                alerts += 1;
            }
        }
        assert!(alerts > 0);
    }
}

/// An object container of one datum.
fn container(message: &Message) -> Vec<u8> {
    let text = std::str::from_utf8(&message.key).unwrap();
    let schema = AvroSchema::parse_str(text).unwrap();
    let reader = GenericDatumReader::builder(&schema).build().unwrap();
    let value = reader.read_value(&mut message.value.as_ref()).unwrap();
    let mut writer = apache_avro::Writer::new(&schema, Vec::new()).unwrap();
    writer.append_value(value).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn damaged_containers_are_refused_within_bounds() {
    let message = &messages(Survey::Ztf)[0];
    let whole = container(message);
    let mut cache = SchemaCache::default();
    let opened = cache.open(&Bytes::new(), &whole.clone().into()).unwrap();
    // The other library writes maps in an order of its own.
    assert_eq!(opened.datum.len(), message.value.len());
    // Half of the damage in the header's first bytes and the last block, half anywhere.
    let mut dice = StdRng::seed_from_u64(9);
    for number in 0..1_000 {
        let mut bytes = whole.clone();
        if number % 2 == 0 {
            let at = bytes.len() - message.value.len() - 24;
            let mut tail = bytes.split_off(at);
            mutate(&mut tail, &mut dice);
            bytes.extend(tail);
        } else {
            mutate(&mut bytes, &mut dice);
        }
        let value = Bytes::from(bytes);
        let (_, peak) =
            counting::peak(|| SchemaCache::default().open(&Bytes::new(), &value).map(drop));
        assert!(
            peak <= 256 * value.len() + CONSTANT,
            "{peak} for {}",
            value.len()
        );
    }
}

#[test]
fn damaged_schemas_are_refused_within_bounds() {
    let key = &messages(Survey::Ztf)[0].key;
    let mut dice = StdRng::seed_from_u64(10);
    for _ in 0..1_000 {
        let mut bytes = key.to_vec();
        mutate(&mut bytes, &mut dice);
        let (_, peak) = counting::peak(|| WriterSchema::parse(&bytes).map(drop));
        assert!(
            peak <= 256 * bytes.len() + CONSTANT,
            "{peak} for {}",
            bytes.len()
        );
    }
}

/// What a schema's parser could be made to do without end.
#[test]
fn schemas_made_to_harm_are_refused() {
    let record = |fields: &str| format!(r#"{{"type":"record","name":"top","fields":[{fields}]}}"#);
    let deep = |open: &str, close: &str, levels: usize| {
        let ty = format!("{}\"int\"{}", open.repeat(levels), close.repeat(levels));
        record(&format!(r#"{{"name":"x","type":{ty}}}"#))
    };
    // Each record has two of the one before, and a default makes a library build the value.
    let doubling: String = (1..40)
        .map(|i| {
            let below = i - 1;
            let field = |name| format!(r#"{{"name":"{name}","type":"r{below}","default":{{}}}}"#);
            let fields = [field("a"), field("b")].join(",");
            format!(r#",{{"name":"f{i}","type":{{"type":"record","name":"r{i}","fields":[{fields}]}},"default":{{}}}}"#)
        })
        .collect();
    let doubling = record(&format!(
        r#"{{"name":"f0","type":{{"type":"record","name":"r0","fields":[{{"name":"x","type":"int","default":1}}]}}}}{doubling}"#
    ));
    let symbols = "s".repeat(100_000);
    let cases = [
        deep("[", "]", 100_000),
        deep(r#"{"type":"array","items":"#, "}", 100),
        deep(r#"{"type":"#, "}", 100),
        doubling,
        record(r#"{"name":"x","type":{"type":"array","items":"null"}}"#),
        record(
            r#"{"name":"x","type":{"type":"array","items":{"type":"fixed","name":"f","size":0}}}"#,
        ),
        record(r#"{"name":"x","type":{"type":"record"}}"#),
        record(&format!(
            r#"{{"name":"x","type":{{"type":"enum","name":"e","symbols":["{symbols}"]}}}}"#
        )),
        format!("{}{}", " ".repeat(2 << 20), record("")),
    ];
    for text in cases {
        let shown: String = text.trim_start().chars().take(120).collect();
        let (parsed, peak) = counting::peak(|| Shape::parse(&text).map(drop));
        assert!(parsed.is_err(), "{shown}");
        assert!(peak <= 64 * text.len() + (16 << 20), "{peak}: {shown}");
    }
}

#[test]
fn the_largest_sizes_do_not_overflow() {
    let size = u64::MAX;
    let text = format!(
        r#"{{"type":"record","name":"top","fields":[
        {{"name":"a","type":{{"type":"fixed","name":"f","size":{size}}}}},
        {{"name":"b","type":"f"}},{{"name":"c","type":{{"type":"array","items":"f"}}}},
        {{"name":"d","type":{{"type":"map","values":["f"]}}}}]}}"#
    );
    let shape = Shape::parse(&text).unwrap();
    let plan = RawPlan::compile(&shape, [("a", FieldType::Bytes)]);
    assert!(plan.read(&[0; 64], &mut Row::default()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_message_is_opened_or_refused(
        key in prop_oneof![
            Just(Vec::new()),
            Just(b"2.7_3.10.1".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..40),
        ],
        head in prop_oneof![Just(&b"Obj\x01"[..]), Just(&b"\0\0\0\x03\xe8"[..]), Just(&b""[..])],
        tail in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let value = Bytes::from([head, &tail].concat());
        let key = Bytes::from(key);
        let (opened, peak) = counting::peak(|| {
            SchemaCache::default().open(&key, &value).map(drop)
        });
        prop_assert!(opened.is_err());
        prop_assert!(peak <= CONSTANT, "{}", peak);
    }
}
