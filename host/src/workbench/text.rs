//! Values in words: short, and never more than a line.

use crate::alert::{FieldType, Row, Scalar};
use crate::engine::Value;

/// Items of a list that are shown at its beginning.
const SHOWN_ITEMS: usize = 4;
const SHOWN_CHARACTERS: usize = 60;

/// A field's value as the module saw it.
pub(super) fn field(row: &Row, place: usize, ty: FieldType) -> String {
    if !row.is_present(place) {
        return "null".to_owned();
    }
    let shown = match ty {
        FieldType::F64 => row.f64(place).map(number),
        FieldType::I64 => row.i64(place).map(|value| value.to_string()),
        FieldType::Bool => row.bool(place).map(|value| value.to_string()),
        FieldType::Str => row.str(place).map(quoted),
        FieldType::Bytes => row
            .bytes(place)
            .map(|bytes| format!("{} bytes", bytes.len())),
        FieldType::List(Scalar::F64) => row.f64_list(place).map(|items| list(items.map(number))),
        FieldType::List(Scalar::I64) => row
            .i64_list(place)
            .map(|items| list(items.map(|item| integer(item).unwrap_or_else(null)))),
        FieldType::List(Scalar::Bool) => row.list(place).map(|items| {
            list(items.map(|item| match item {
                0 => "false".to_owned(),
                1 => "true".to_owned(),
                _ => null(),
            }))
        }),
        FieldType::List(Scalar::Str) => row
            .str_list(place)
            .map(|items| list(items.map(|item| item.map_or_else(null, quoted)))),
    };
    shown.unwrap_or_else(null)
}

/// A filter's value.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Null => null(),
        Value::Bool(value) => value.to_string(),
        Value::I64(value) => value.to_string(),
        Value::F64(value) => number(*value),
        Value::Str(text) => quoted(text),
    }
}

fn null() -> String {
    "null".to_owned()
}

/// Null items of a list have the least number.
fn integer(value: i64) -> Option<String> {
    (value != i64::MIN).then(|| value.to_string())
}

fn number(value: f64) -> String {
    if value.is_nan() {
        "null".to_owned()
    } else {
        value.to_string()
    }
}

fn quoted(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

fn list(items: impl ExactSizeIterator<Item = String>) -> String {
    let len = items.len();
    let first: Vec<String> = items.take(SHOWN_ITEMS).collect();
    let more = if len > first.len() { ", …" } else { "" };
    let items = if len == 1 { "item" } else { "items" };
    format!("{len} {items} [{}{more}]", first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_words() {
        let types = [
            FieldType::F64,
            FieldType::Str,
            FieldType::List(Scalar::F64),
            FieldType::List(Scalar::Str),
            FieldType::List(Scalar::I64),
            FieldType::Bytes,
            FieldType::Bool,
        ];
        let mut row = Row::default();
        row.reset(types);
        row.set_f64(0, 0.5);
        row.set_str(1, "Unknown");
        row.set_f64_list(2, [1.0, f64::NAN, 3.0, 4.0, 5.0]);
        row.set_str_list(3, [Some("g"), None]);
        row.set_i64_list(4, [i64::MIN]);
        row.set_bytes(5, &[1, 2, 3]);
        let shown: Vec<String> = (0..types.len()).map(|i| field(&row, i, types[i])).collect();
        assert_eq!(
            shown,
            [
                "0.5",
                "`Unknown`",
                "5 items [1, null, 3, 4, …]",
                "2 items [`g`, null]",
                "1 item [null]",
                "3 bytes",
                "null"
            ]
        );
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let text = quoted(&"é".repeat(100));
        assert_eq!(text.chars().count(), SHOWN_CHARACTERS + 3);
    }
}
