//! The shape of a survey's packets, and the Avro schema text that Fink sends as a message's key.

use std::sync::{Arc, LazyLock};

use serde::Serialize;

use super::{lsst_fields, ztf_fields};
use crate::alert::Survey;

/// The type of a field. Every value may be null, except a record, whose fields are null instead.
#[derive(Clone, Debug)]
pub enum Type {
    Boolean,
    Int,
    Long,
    Float,
    Double,
    String,
    Bytes,
    Record(Arc<Record>),
    /// A list of records, each of which may be null.
    List(Box<Type>),
    /// From a text to a value that may be null.
    Map(Box<Type>),
}

impl Type {
    /// As an error says it.
    pub fn name(&self) -> &'static str {
        match self {
            Type::Boolean => "boolean",
            Type::Int => "int",
            Type::Long => "long",
            Type::Float => "float",
            Type::Double => "double",
            Type::String => "string",
            Type::Bytes => "bytes",
            Type::Record(_) => "record",
            Type::List(_) => "list of records",
            Type::Map(_) => "map",
        }
    }
}

/// A named type.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    pub ty: Type,
}

/// Fields in the order in which they are written.
#[derive(Clone, Debug)]
pub struct Record {
    pub name: String,
    pub fields: Vec<Field>,
}

impl Record {
    /// The place of a field.
    pub fn position(&self, field: &str) -> Option<usize> {
        self.fields.iter().position(|known| known.name == field)
    }
}

/// Names of fields of one type that follow each other, separated by blanks.
pub type Run = (Type, &'static str);

/// The name of the record that a field of the packet holds.
pub fn nested_name(field: &str) -> String {
    format!("topLevelRecord.{field}")
}

/// A record of plain values.
pub fn record(name: String, runs: &[Run]) -> Arc<Record> {
    let mut fields = Vec::new();
    push(&mut fields, runs);
    Arc::new(Record { name, fields })
}

/// Adds plain fields.
pub fn push(fields: &mut Vec<Field>, runs: &[Run]) {
    for (ty, names) in runs {
        fields.extend(names.split_whitespace().map(|name| Field {
            name: name.to_owned(),
            ty: ty.clone(),
        }));
    }
}

/// A field that is a record of its own.
pub fn nested(field: &str, runs: &[Run]) -> Field {
    Field {
        name: field.to_owned(),
        ty: Type::Record(record(nested_name(field), runs)),
    }
}

/// A field that is a list of records.
pub fn list(field: &str, runs: &[Run]) -> Field {
    Field {
        name: field.to_owned(),
        ty: Type::List(Box::new(Type::Record(record(nested_name(field), runs)))),
    }
}

/// A survey's packets.
#[derive(Debug)]
pub struct Schema {
    pub survey: Survey,
    pub record: Arc<Record>,
    key: bytes::Bytes,
}

impl Schema {
    /// The newest schema of a survey that Fink distributes (broker 4.1).
    pub fn of(survey: Survey) -> &'static Schema {
        static ZTF: LazyLock<Schema> =
            LazyLock::new(|| Schema::new(Survey::Ztf, ztf_fields::packet()));
        static LSST: LazyLock<Schema> =
            LazyLock::new(|| Schema::new(Survey::Lsst, lsst_fields::packet()));
        match survey {
            Survey::Ztf => &ZTF,
            Survey::Lsst => &LSST,
        }
    }

    fn new(survey: Survey, fields: Vec<Field>) -> Schema {
        let record = Record {
            name: nested_name("value"),
            fields,
        };
        let key = bytes::Bytes::from(json(&record));
        Schema {
            survey,
            record: Arc::new(record),
            key,
        }
    }

    /// The message's key: the whole Avro schema as JSON text, indented by two blanks.
    pub fn key(&self) -> bytes::Bytes {
        self.key.clone()
    }
}

fn json(record: &Record) -> String {
    serde_json::to_string_pretty(&avro_record(record))
        .expect("a tree of texts without maps can always be written as JSON")
}

/// Avro's JSON form of a type, its keys in the order in which Fink's converter writes them.
#[derive(Serialize)]
#[serde(untagged)]
enum Avro<'a> {
    Plain(&'static str),
    Nullable((Box<Avro<'a>>, &'static str)),
    Array {
        r#type: &'static str,
        items: Box<Avro<'a>>,
    },
    Map {
        r#type: &'static str,
        values: Box<Avro<'a>>,
    },
    Record {
        r#type: &'static str,
        name: &'a str,
        fields: Vec<AvroField<'a>>,
    },
}

#[derive(Serialize)]
struct AvroField<'a> {
    name: &'a str,
    r#type: Avro<'a>,
}

fn avro_record(record: &Record) -> Avro<'_> {
    Avro::Record {
        r#type: "record",
        name: &record.name,
        fields: record
            .fields
            .iter()
            .map(|field| AvroField {
                name: &field.name,
                r#type: avro_field(&field.ty),
            })
            .collect(),
    }
}

/// A field of record type is never null; everything else may be, the value's branch first.
fn avro_field(ty: &Type) -> Avro<'_> {
    match ty {
        Type::Record(record) => avro_record(record),
        other => nullable(avro_type(other)),
    }
}

fn avro_type(ty: &Type) -> Avro<'_> {
    match ty {
        Type::Record(record) => avro_record(record),
        Type::List(items) => Avro::Array {
            r#type: "array",
            items: Box::new(nullable(avro_type(items))),
        },
        Type::Map(values) => Avro::Map {
            r#type: "map",
            values: Box::new(nullable(avro_type(values))),
        },
        plain => Avro::Plain(plain.name()),
    }
}

fn nullable(ty: Avro<'_>) -> Avro<'_> {
    Avro::Nullable((Box::new(ty), "null"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::test_support::shared;

    /// `name: type` of every field in order, records spelled out.
    fn flatten(json: &serde_json::Value, path: &str, into: &mut Vec<String>) {
        match json {
            serde_json::Value::String(name) => into.push(format!("{path}: {name}")),
            serde_json::Value::Array(branches) => {
                for (branch, ty) in branches.iter().enumerate() {
                    flatten(ty, &format!("{path}|{branch}"), into);
                }
            }
            serde_json::Value::Object(object) => {
                let kind = object["type"].as_str().unwrap();
                let name = object.get("name").and_then(|name| name.as_str());
                into.push(format!("{path}: {kind} {name:?}"));
                for part in ["items", "values"] {
                    if let Some(inner) = object.get(part) {
                        flatten(inner, &format!("{path}[{part}]"), into);
                    }
                }
                for field in object
                    .get("fields")
                    .and_then(|f| f.as_array())
                    .into_iter()
                    .flatten()
                {
                    let name = field["name"].as_str().unwrap();
                    flatten(&field["type"], &format!("{path}.{name}"), into);
                }
            }
            other => panic!("{path}: {other}"),
        }
    }

    fn compare(survey: Survey, real: &str) {
        let Some(path) = shared(real) else { return };
        let real = std::fs::read_to_string(path).unwrap();
        let ours = String::from_utf8(Schema::of(survey).key().to_vec()).unwrap();
        let (mut theirs_flat, mut ours_flat) = (Vec::new(), Vec::new());
        flatten(&serde_json::from_str(&real).unwrap(), "", &mut theirs_flat);
        flatten(&serde_json::from_str(&ours).unwrap(), "", &mut ours_flat);
        for (ours, theirs) in ours_flat.iter().zip(&theirs_flat) {
            assert_eq!(ours, theirs);
        }
        assert_eq!(ours_flat.len(), theirs_flat.len());
        assert_eq!(ours, real, "same fields, another text");
    }

    #[test]
    fn ztf_key_is_what_fink_sends() {
        compare(
            Survey::Ztf,
            "fink/devset/ztf_fink/wire/ztf_2026_datatransfer/key.json",
        );
    }

    #[test]
    fn lsst_key_is_what_fink_sends() {
        compare(
            Survey::Lsst,
            "fink/devset/lsst_fink/wire/lsst_20260310_tutorial/key.json",
        );
    }

    #[test]
    fn keys_are_valid_avro() {
        for survey in [Survey::Ztf, Survey::Lsst] {
            let key = Schema::of(survey).key();
            let text = std::str::from_utf8(&key).unwrap();
            apache_avro::Schema::parse_str(text).unwrap();
        }
    }
}
