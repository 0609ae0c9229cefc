//! Every raw field that a schema lets one ask for.

use super::decode::Shape;
use super::{FieldType, Scalar};

/// A path of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// As a manifest spells it; `<key>` stands for the key of a map, which the schema does not say.
    pub path: String,
    /// What a module may ask for; none where the contract has no type for it.
    pub ty: Option<FieldType>,
    /// Avro's name of the type.
    pub avro: &'static str,
}

/// The paths of a schema, in its order.
pub fn columns(shape: &Shape) -> Vec<Column> {
    let mut found = Vec::new();
    walk(shape, String::new(), false, &mut found);
    found
}

fn walk(shape: &Shape, path: String, in_array: bool, found: &mut Vec<Column>) {
    match shape.not_null() {
        Shape::Record(fields) => {
            for (name, field) in fields.iter() {
                let path = match path.as_str() {
                    "" => name.clone(),
                    path => format!("{path}.{name}"),
                };
                walk(field, path, in_array, found);
            }
        }
        Shape::Map(value) => walk(value, format!("{path}.<key>"), in_array, found),
        Shape::Array(item) if !in_array => {
            let brackets = match item.not_null() {
                Shape::Record(_) | Shape::Map(_) => "[]",
                _ => "",
            };
            walk(item, format!("{path}{brackets}"), true, found);
        }
        scalar => found.push(Column {
            ty: field_type(scalar, in_array),
            avro: scalar.name(),
            path,
        }),
    }
}

fn field_type(shape: &Shape, in_array: bool) -> Option<FieldType> {
    let (plain, element) = match shape {
        Shape::Bool => (FieldType::Bool, Scalar::Bool),
        Shape::Integer => (FieldType::I64, Scalar::I64),
        Shape::Float | Shape::Double => (FieldType::F64, Scalar::F64),
        Shape::Str | Shape::Enum(_) => (FieldType::Str, Scalar::Str),
        Shape::Bytes | Shape::Fixed(_) if !in_array => return Some(FieldType::Bytes),
        _ => return None,
    };
    Some(if in_array {
        FieldType::List(element)
    } else {
        plain
    })
}

#[cfg(test)]
mod tests {
    use super::super::decode::RawPlan;
    use super::super::{Survey, WriterSchema};
    use super::*;
    use crate::simulate::Schema;

    #[test]
    fn every_listed_path_can_be_asked_for() {
        for survey in [Survey::Ztf, Survey::Lsst] {
            let schema = WriterSchema::parse(&Schema::of(survey).key()).unwrap();
            let listed = columns(schema.shape());
            assert!(listed.len() > 150, "{survey}: {}", listed.len());
            let asked: Vec<_> = listed
                .iter()
                .map(|column| {
                    let ty = column.ty.unwrap_or_else(|| panic!("{}", column.path));
                    (column.path.replace("<key>", "r"), ty)
                })
                .collect();
            let plan =
                RawPlan::compile(schema.shape(), asked.iter().map(|(p, t)| (p.as_str(), *t)));
            for (number, (path, ty)) in asked.iter().enumerate() {
                assert_eq!(plan.misfit(number), None, "{path} as {ty}");
            }
        }
    }

    #[test]
    fn lists_maps_and_what_has_no_type() {
        let shape = Shape::parse(
            r#"{"type":"record","name":"a","fields":[
            {"name":"plain","type":["float","null"]},
            {"name":"rows","type":{"type":"array","items":["null",{"type":"record","name":"r","fields":[
                {"name":"id","type":"long"},{"name":"stamp","type":"bytes"}]}]}},
            {"name":"tags","type":{"type":"array","items":"string"}},
            {"name":"any","type":{"type":"map","values":["double","null"]}},
            {"name":"either","type":["int","string"]}]}"#,
        )
        .unwrap();
        let listed: Vec<_> = columns(&shape)
            .into_iter()
            .map(|column| match column.ty {
                Some(ty) => format!("{} {ty}", column.path),
                None => format!("{} ({})", column.path, column.avro),
            })
            .collect();
        assert_eq!(
            listed,
            [
                "plain f64",
                "rows[].id list<i64>",
                "rows[].stamp (bytes)",
                "tags list<str>",
                "any.<key> f64",
                "either (union)"
            ]
        );
    }
}
