//! What a mapping reads: the alert's fields, and what the filter decided.

use crate::alert::{Field, FieldType, Row};
use crate::engine::{Manifest, Value, ValueType};

/// The prefix of what the filter decided.
const PREFIX: &str = "filter.";

/// Where one field of a mapping comes from.
#[derive(Clone, Debug)]
pub(super) enum MappingField {
    /// From the packet.
    Alert(Field),
    Name,
    Version,
    Route,
    /// By its place among the filter's values.
    Value(usize, FieldType),
    /// An optional value that this filter does not write.
    Absent(FieldType),
}

impl MappingField {
    pub fn ty(&self) -> FieldType {
        match self {
            MappingField::Alert(field) => field.ty,
            MappingField::Name | MappingField::Version | MappingField::Route => FieldType::Str,
            MappingField::Value(_, ty) | MappingField::Absent(ty) => *ty,
        }
    }
}

/// What each field of the mapping is, given the filter that it follows.
///
/// # Errors
/// Where it wants something of the filter that the filter does not give.
pub(super) fn fields(filter: &Manifest, mapping: &Manifest) -> Result<Vec<MappingField>, String> {
    let fields = mapping.map_fields.iter();
    fields.map(|field| source_of(filter, field)).collect()
}

fn source_of(filter: &Manifest, field: &Field) -> Result<MappingField, String> {
    let Some(name) = field.path.strip_prefix(PREFIX) else {
        return Ok(MappingField::Alert(field.clone()));
    };
    let found = match name {
        "name" => MappingField::Name,
        "version" => MappingField::Version,
        "route" => MappingField::Route,
        _ => match name.strip_prefix("values.") {
            Some(value) => return value_of(filter, field, value),
            None => {
                return Err(format!(
                    "`{}` is nothing that a filter decides: there are `filter.name`, `filter.version`, `filter.route` and `filter.values.<name>`",
                    field.path
                ));
            }
        },
    };
    if field.ty == FieldType::Str {
        Ok(found)
    } else {
        Err(format!("`{}` is a str, not `{}`", field.path, field.ty))
    }
}

fn value_of(filter: &Manifest, field: &Field, name: &str) -> Result<MappingField, String> {
    let place = filter.values.iter().position(|spec| spec.name == name);
    let Some(place) = place else {
        return if field.optional {
            Ok(MappingField::Absent(field.ty))
        } else {
            Err(format!(
                "it reads `{}`, and the filter `{}` writes no such value",
                field.path, filter.name
            ))
        };
    };
    let ty = match filter.values[place].ty {
        ValueType::Bool => FieldType::Bool,
        ValueType::I64 => FieldType::I64,
        ValueType::F64 => FieldType::F64,
        ValueType::Str => FieldType::Str,
    };
    if ty == field.ty {
        Ok(MappingField::Value(place, ty))
    } else {
        Err(format!("`{}` is a `{ty}`, not `{}`", field.path, field.ty))
    }
}

/// What the filter decided about one alert on one route.
pub(super) struct Decision<'a> {
    pub filter: &'a Manifest,
    pub route: &'a str,
    pub values: &'a [(String, Value)],
}

/// Lays out the row that a mapping reads, in the order of its fields. `places` says where the
/// packet's fields stand in `packet`.
pub(super) fn fill(
    row: &mut Row,
    fields: &[MappingField],
    places: &[Option<usize>],
    packet: &Row,
    decision: &Decision<'_>,
) {
    row.reset(fields.iter().map(MappingField::ty));
    for (i, field) in fields.iter().enumerate() {
        match field {
            MappingField::Alert(field) => {
                if let Some(place) = places[i] {
                    row.copy_from(i, packet, place, field.ty);
                }
            }
            MappingField::Name => row.set_str(i, &decision.filter.name),
            MappingField::Version => row.set_str(i, &decision.filter.version),
            MappingField::Route => row.set_str(i, decision.route),
            MappingField::Value(place, _) => match &decision.values[*place].1 {
                Value::Null => {}
                Value::Bool(value) => row.set_bool(i, *value),
                Value::I64(value) => row.set_i64(i, *value),
                Value::F64(value) => row.set_f64(i, *value),
                Value::Str(value) => row.set_str(i, value),
            },
            MappingField::Absent(_) => {}
        }
    }
}
