//! Real packets, field by field against an independent decoder.

mod blocks;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use harness::reference;
use skysieve::alert::decode::{RawPlan, Shape};
use skysieve::alert::{Extras, Field, FieldType, Plan, Row, Scalar, WriterSchema};

/// Every path of a schema that a module may ask for, with its type.
fn every_path(shape: &Shape, prefix: &str, in_array: bool, paths: &mut Vec<(String, FieldType)>) {
    let scalar = |scalar, plain| {
        if in_array {
            FieldType::List(scalar)
        } else {
            plain
        }
    };
    let leaf = match shape.not_null() {
        Shape::Bool => scalar(Scalar::Bool, FieldType::Bool),
        Shape::Integer => scalar(Scalar::I64, FieldType::I64),
        Shape::Float | Shape::Double => scalar(Scalar::F64, FieldType::F64),
        Shape::Str | Shape::Enum(_) => scalar(Scalar::Str, FieldType::Str),
        Shape::Bytes if !in_array => FieldType::Bytes,
        Shape::Record(fields) => {
            for (name, field) in fields.iter() {
                let dot = if prefix.is_empty() { "" } else { "." };
                every_path(field, &format!("{prefix}{dot}{name}"), in_array, paths);
            }
            return;
        }
        Shape::Array(item) if !in_array => {
            let brackets = if matches!(item.not_null(), Shape::Record(_)) {
                "[]"
            } else {
                ""
            };
            every_path(item, &format!("{prefix}{brackets}"), true, paths);
            return;
        }
        Shape::Map(value) if !in_array => {
            for key in ["lum_dist", "m0", "r", "g"] {
                every_path(value, &format!("{prefix}.{key}"), in_array, paths);
            }
            return;
        }
        _ => return,
    };
    paths.push((prefix.to_owned(), leaf));
}

/// What the other decoder says at a path: one value, or a column of them.
fn look_up<'v>(value: &'v Value, path: &str) -> Vec<Option<&'v Value>> {
    let mut here = vec![Some(value)];
    for part in path.split('.') {
        let name = part.trim_end_matches("[]");
        here = here
            .into_iter()
            .map(|value| match value.and_then(plain)? {
                Value::Record(fields) => fields.iter().find(|(n, _)| n == name).map(|(_, v)| v),
                Value::Map(entries) => entries.get(name),
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

fn plain(value: &Value) -> Option<&Value> {
    match value {
        Value::Union(_, inner) => plain(inner),
        Value::Null => None,
        other => Some(other),
    }
}

fn word(value: Option<&Value>, ty: Scalar) -> u64 {
    match (value, ty) {
        (Some(Value::Int(v)), _) => i64::from(*v) as u64,
        (Some(Value::Long(v)), _) => *v as u64,
        (Some(Value::Float(v)), _) => f64::from(*v).to_bits(),
        (Some(Value::Double(v)), _) => v.to_bits(),
        (Some(Value::Boolean(v)), _) => u64::from(*v),
        (None, Scalar::F64) => FieldType::F64.null_word(),
        (None, Scalar::I64) => FieldType::I64.null_word(),
        (None, Scalar::Bool) => FieldType::Bool.null_word(),
        other => panic!("{other:?}"),
    }
}

fn text(value: &Value) -> &str {
    match value {
        Value::String(text) | Value::Enum(_, text) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_field_of_every_real_packet_reads_as_apache_avro_reads_it() {
    let Some(shared) = reference::shared("every_field_of_every_real_packet") else {
        return;
    };
    let mut compared = 0;
    for message in reference::messages(&shared).unwrap() {
        let key = std::str::from_utf8(&message.key).unwrap();
        let avro = Schema::parse_str(key).unwrap();
        let reader = GenericDatumReader::builder(&avro).build().unwrap();
        let expected = reader.read_value(&mut message.value.as_slice()).unwrap();

        let shape = Shape::from_avro(&avro).unwrap();
        let mut paths = Vec::new();
        every_path(&shape, "", false, &mut paths);
        let plan = RawPlan::compile(&shape, paths.iter().map(|(p, t)| (p.as_str(), *t)));
        let mut row = Row::default();
        plan.read(&message.value, &mut row)
            .unwrap_or_else(|e| panic!("{:?}: {e}", message.path));

        for (field, (path, ty)) in paths.iter().enumerate() {
            assert_eq!(plan.misfit(field), None, "{path}");
            let values = look_up(&expected, path);
            let context = format!("{} of {}", path, message.path.display());
            match ty {
                FieldType::List(Scalar::Str) => {
                    let ours = row.str_list(field).into_iter().flatten();
                    let theirs = values.iter().map(|v| v.map(text));
                    assert!(ours.eq(theirs), "{context}");
                }
                FieldType::List(scalar) => {
                    let theirs: Vec<u64> = if path.contains("[]") {
                        values.iter().map(|v| word(*v, *scalar)).collect()
                    } else {
                        match values[0] {
                            Some(Value::Array(items)) => {
                                items.iter().map(|v| word(plain(v), *scalar)).collect()
                            }
                            _ => Vec::new(),
                        }
                    };
                    assert_eq!(
                        row.list(field).into_iter().flatten().collect::<Vec<_>>(),
                        theirs,
                        "{context}"
                    );
                }
                FieldType::Str => assert_eq!(row.str(field), values[0].map(text), "{context}"),
                FieldType::Bytes => {
                    let theirs = values[0].map(|v| match v {
                        Value::Bytes(bytes) => bytes.as_slice(),
                        other => panic!("{other:?}"),
                    });
                    assert_eq!(row.bytes(field), theirs, "{context}");
                }
                FieldType::Bool => {
                    assert_eq!(row.word(field), word(values[0], Scalar::Bool), "{context}")
                }
                FieldType::I64 => {
                    assert_eq!(row.word(field), word(values[0], Scalar::I64), "{context}")
                }
                FieldType::F64 => {
                    let theirs = word(values[0], Scalar::F64);
                    assert_eq!(row.is_present(field), values[0].is_some(), "{context}");
                    assert_eq!(row.word(field), theirs, "{context}");
                }
            }
            compared += 1;
        }
    }
    assert!(compared > 20_000, "only {compared} values were compared");
}

#[test]
fn every_real_packet_is_an_alert_with_its_light_curve() {
    let Some(shared) = reference::shared("every_real_packet_is_an_alert") else {
        return;
    };
    let field = |path: &str, ty: &str| Field {
        path: path.to_owned(),
        ty: ty.parse().unwrap(),
        optional: false,
        survey: None,
        late: false,
    };
    let fields = [
        field("alert.object_id", "str"),
        field("alert.mjd", "f64"),
        field("alert.lightcurve.mjd", "list<f64>"),
        field("alert.lightcurve.kind", "list<i64>"),
        field("alert.cutout.science.pixels", "list<f64>"),
        field("alert.cutout.science.width", "i64"),
    ];
    for message in reference::messages(&shared).unwrap() {
        let schema = WriterSchema::parse(&message.key).unwrap();
        let plan = Plan::compile(&schema, &fields, Default::default());
        let mut row = Row::default();
        let head = plan.read(&message.value, None, &mut row).unwrap();
        let name = message.path.display();
        assert_eq!(row.str(0), Some(head.object_id.as_str()));
        assert!(
            name.to_string().contains(&head.alert_id.to_string()),
            "{name}: {head:?}"
        );
        assert!((50_000.0..70_000.0).contains(&head.mjd()), "{name}");
        let times: Vec<f64> = row.f64_list(2).unwrap().collect();
        assert!(times.is_sorted(), "{name}");
        assert_eq!(times.last(), Some(&head.mjd()), "{name}");
        assert_eq!(row.i64_list(3).unwrap().last(), Some(0), "{name}");
        let pixels = row
            .list(4)
            .unwrap_or_else(|| panic!("{name} has no readable stamp"));
        let width = row.i64(5).unwrap() as usize;
        assert!(
            width >= 30 && pixels.len().is_multiple_of(width),
            "{name}: {width}"
        );
    }
}

#[test]
fn the_class_of_every_real_ztf_alert_is_finks_own() {
    let Some(shared) = reference::shared("the_class_of_every_real_ztf_alert") else {
        return;
    };
    let devset = shared.join("fink/devset");
    let table = std::fs::read_to_string(devset.join("expected_classification.csv")).unwrap();
    let field = Field {
        path: "alert.classification".to_owned(),
        ty: FieldType::Str,
        optional: false,
        survey: None,
        late: false,
    };
    let mut compared = 0;
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let (file, class) = (devset.join(columns[2]), columns[5]);
        let key = std::fs::read(file.parent().unwrap().join("key.json")).unwrap();
        let schema = WriterSchema::parse(&key).unwrap();
        let plan = Plan::compile(&schema, std::slice::from_ref(&field), Default::default());
        let mut row = Row::default();
        plan.read(&std::fs::read(&file).unwrap(), None, &mut row)
            .unwrap();
        if let Some(missing) = class.strip_prefix("na:missing ") {
            let misfit = plan.misfit(0).map(ToString::to_string).unwrap_or_default();
            assert!(misfit.contains(missing), "{}: {misfit}", file.display());
            continue;
        }
        assert_eq!(row.str(0), Some(class), "{}", file.display());
        compared += 1;
    }
    assert!(compared >= 50, "only {compared} classes were compared");
}

#[test]
fn a_measurement_has_the_same_bits_in_every_packet_that_carries_it() {
    let Some(shared) = reference::shared("a_measurement_has_the_same_bits") else {
        return;
    };
    let mut seen = std::collections::HashMap::new();
    let mut repeats = 0;
    for message in reference::messages(&shared).unwrap() {
        // The ids of this set went through a float and collide: two detections of one exposure.
        if message.dataset == "ztf_2025_slsn_reprocessed2021" {
            continue;
        }
        let schema = WriterSchema::parse(&message.key).unwrap();
        let plan = Plan::compile(&schema, &[], Extras { light_curve: true });
        let mut row = Row::default();
        let head = plan.read(&message.value, None, &mut row).unwrap();
        for point in plan.light_curve(&row, &head).points {
            // Limits have no id, and two quadrants may give two at the same instant.
            if point.survey_id.is_none() {
                continue;
            }
            let bits = (
                point.mjd.to_bits(),
                point.flux.to_bits(),
                point.flux_err.to_bits(),
            );
            let object = head.object_id.clone();
            let key = (
                object,
                point.kind,
                point.passband,
                point.mjd.to_bits(),
                point.survey_id,
            );
            let earlier = seen.insert(key, bits);
            if let Some(earlier) = earlier {
                assert_eq!(earlier, bits, "{point:?} of {}", message.path.display());
                repeats += 1;
            }
        }
    }
    assert!(repeats > 1_000, "only {repeats} measurements came twice");
}
