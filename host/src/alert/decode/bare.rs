//! The text of a schema, reduced to what the layout of a datum needs.
//!
//! A key comes from the network like everything else. Defaults, aliases and attributes say nothing
//! about the layout, and a schema library does work for them that a hostile text can make endless
//! (a default of a type that doubles with every name): they are dropped before it sees them.

use serde_json::{Map, Value};

use super::shape::SchemaError;

/// Fink's longest key has 73 kB.
const MAX_BYTES: usize = 1 << 20;

/// Nesting of types. The JSON parser has a bound of its own, for what is dropped here.
const MAX_DEPTH: usize = 64;

/// Each item of an array may say a symbol again with one byte.
const MAX_SYMBOL: usize = 64;

/// Parses the text and keeps types, names, fields, items, values, symbols and sizes.
pub(super) fn bare(text: &str) -> Result<Value, SchemaError> {
    if text.len() > MAX_BYTES {
        return Err(SchemaError::TooLong {
            bytes: text.len(),
            most: MAX_BYTES,
        });
    }
    let value: Value =
        serde_json::from_str(text).map_err(|error| SchemaError::NotAvro(error.to_string()))?;
    schema(&value, 0)
}

fn schema(value: &Value, depth: usize) -> Result<Value, SchemaError> {
    if depth > MAX_DEPTH {
        return Err(SchemaError::TooDeep);
    }
    match value {
        Value::String(name) => Ok(Value::String(name.clone())),
        Value::Array(branches) => {
            let branches = branches.iter().map(|branch| schema(branch, depth + 1));
            branches.collect::<Result<_, _>>().map(Value::Array)
        }
        Value::Object(object) => complex(object, depth),
        _ => Err(not_avro(
            "a type is neither a name nor a list nor an object",
        )),
    }
}

fn complex(object: &Map<String, Value>, depth: usize) -> Result<Value, SchemaError> {
    let ty = object
        .get("type")
        .ok_or_else(|| not_avro("an object has no `type`"))?;
    let below = |key: &'static str| {
        let value = object.get(key).ok_or_else(|| lacks(ty, key))?;
        Ok((key, schema(value, depth + 1)?))
    };
    let (key, value) = match ty.as_str() {
        Some("record" | "error") => ("fields", fields(ty, object, depth)?),
        Some("enum") => ("symbols", symbols(ty, object)?),
        Some("fixed") => {
            let size = object.get("size").filter(|size| size.is_u64());
            ("size", size.ok_or_else(|| lacks(ty, "size"))?.clone())
        }
        Some("array") => below("items")?,
        Some("map") => below("values")?,
        // A name, or a type in another pair of braces.
        _ => return schema(ty, depth + 1),
    };
    let mut kept = Map::new();
    for name in ["type", "name", "namespace"] {
        if let Some(value) = object.get(name) {
            kept.insert(name.to_owned(), value.clone());
        }
    }
    kept.insert(key.to_owned(), value);
    Ok(Value::Object(kept))
}

fn fields(ty: &Value, record: &Map<String, Value>, depth: usize) -> Result<Value, SchemaError> {
    let fields = record.get("fields").and_then(Value::as_array);
    let fields = fields.ok_or_else(|| lacks(ty, "fields"))?.iter();
    let bare = fields.map(|field| {
        let part = |key| field.get(key).ok_or_else(|| lacks(ty, "fields"));
        let mut kept = Map::new();
        kept.insert("name".to_owned(), part("name")?.clone());
        kept.insert("type".to_owned(), schema(part("type")?, depth + 1)?);
        Ok(Value::Object(kept))
    });
    bare.collect::<Result<_, _>>().map(Value::Array)
}

fn symbols(ty: &Value, object: &Map<String, Value>) -> Result<Value, SchemaError> {
    let symbols = object.get("symbols").filter(|symbols| symbols.is_array());
    let symbols = symbols.ok_or_else(|| lacks(ty, "symbols"))?;
    let lengths = symbols.as_array().into_iter().flatten();
    if lengths
        .filter_map(Value::as_str)
        .any(|symbol| symbol.len() > MAX_SYMBOL)
    {
        return Err(not_avro("a symbol is longer than any name"));
    }
    Ok(symbols.clone())
}

fn lacks(ty: &Value, key: &str) -> SchemaError {
    let ty = ty.as_str().unwrap_or_default();
    SchemaError::NotAvro(format!(
        "the `{key}` of a type `{ty}` are not what they should be"
    ))
}

fn not_avro(what: &str) -> SchemaError {
    SchemaError::NotAvro(what.to_owned())
}
