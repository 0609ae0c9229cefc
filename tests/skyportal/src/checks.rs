//! How the server words its complaints about fields.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::envelope::{Refusal, refused};
use crate::json;
use crate::state::Rows;

/// What a field must be, for the routes that are checked by a strict schema.
#[derive(Clone, Copy)]
pub enum Kind {
    Text,
    Integer,
    Bool,
    Dict,
    Any,
}

/// Checks a body against a strict schema: `(name, kind, required)`. Null passes for what is not required.
///
/// # Errors
/// 400 `Invalid/missing parameters: ...`, all complaints in one message.
pub fn schema(
    body: &Map<String, Value>,
    fields: &[(&str, Kind, bool)],
    extra_is_an_error: bool,
) -> Result<(), Refusal> {
    let mut complaints: Vec<String> = fields
        .iter()
        .filter_map(|(name, kind, required)| complaint(body.get(*name), name, *kind, *required))
        .collect();
    if extra_is_an_error {
        let extra = body
            .keys()
            .filter(|name| !fields.iter().any(|(field, ..)| field == name));
        complaints.extend(extra.map(|name| format!("{name}: Extra inputs are not permitted")));
    }
    if complaints.is_empty() {
        return Ok(());
    }
    Err(refused(format!(
        "Invalid/missing parameters: {}",
        complaints.join("; ")
    )))
}

fn complaint(value: Option<&Value>, name: &str, kind: Kind, required: bool) -> Option<String> {
    let Some(value) = value else {
        return required.then(|| format!("{name}: Field required"));
    };
    if value.is_null() && !required {
        return None;
    }
    let (fits, wanted) = match kind {
        Kind::Text => (value.is_string(), "string"),
        Kind::Integer => (integer(value).is_some(), "integer"),
        Kind::Bool => (value.is_boolean(), "boolean"),
        Kind::Dict => (value.is_object(), "dictionary"),
        Kind::Any => (true, ""),
    };
    (!fits).then(|| format!("{name}: Input should be a valid {wanted}"))
}

/// An integer, or a string of one.
pub fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            number
                .as_f64()
                .filter(|n| n.fract() == 0.0)
                .map(|n| n as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A text field, `None` when absent or null.
pub fn text(body: &Map<String, Value>, name: &str) -> Option<String> {
    body.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// A value that counts as true: `true`, or one of the strings that Python scripts send.
pub fn truthy(value: Option<&Value>, default: bool) -> bool {
    match value {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => matches!(text.as_str(), "true" | "True" | "t" | "1"),
        _ => default,
    }
}

/// `group_ids` of annotations, classifications and comments: no membership is asked for, existence is.
///
/// # Errors
/// 400, quoting the ids.
pub fn existing_groups(rows: &Rows, given: &Value) -> Result<BTreeSet<i64>, Refusal> {
    let missing = || {
        refused(format!(
            "Cannot find one or more groups with IDs: {}.",
            json::repr(given)
        ))
    };
    let items = given.as_array().ok_or_else(missing)?;
    let ids: Option<BTreeSet<i64>> = items.iter().map(integer).collect();
    ids.filter(|ids| ids.iter().all(|id| rows.groups.contains_key(id)))
        .ok_or_else(missing)
}

/// A Python set of integers.
pub fn repr_set(ids: &BTreeSet<i64>) -> String {
    if ids.is_empty() {
        return "set()".into();
    }
    format!(
        "{{{}}}",
        ids.iter()
            .map(i64::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    )
}

/// The strict check of an object's fields that a creation goes through, as its message words it.
pub fn field_errors(errors: &[(String, String)]) -> String {
    let entries: Vec<String> = errors
        .iter()
        .map(|(field, error)| format!("'{field}': ['{error}']"))
        .collect();
    format!("{{{}}}", entries.join(", "))
}
