//! `altdata`, which passes through a data frame and suffers there.

use serde_json::{Map, Value, json};

use crate::envelope::{Refusal, refused};

/// One value per row: a list of objects is kept, an object is spread over the rows.
pub fn rows(given: Option<&Value>, count: usize) -> Result<Vec<Value>, Refusal> {
    match given {
        None | Some(Value::Null) => Ok(vec![Value::Null; count]),
        Some(Value::Array(items)) => items.iter().map(one).collect(),
        Some(Value::Object(map)) => spread(map, count),
        Some(_) => Err(Refusal::with(
            500,
            "altdata must be a dict or a list of dicts",
        )),
    }
}

/// Null entries are lost, a null instead of an object is an error.
fn one(item: &Value) -> Result<Value, Refusal> {
    let Value::Object(map) = item else {
        return Err(Refusal::with(
            500,
            "'NoneType' object has no attribute 'items'",
        ));
    };
    Ok(map
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect())
}

fn spread(map: &Map<String, Value>, count: usize) -> Result<Vec<Value>, Refusal> {
    let mut rows = vec![Map::new(); count];
    for (key, value) in map {
        let cells = cells(key, value, count)?;
        for (row, cell) in rows.iter_mut().zip(cells) {
            row.insert(key.clone(), cell);
        }
    }
    Ok(rows.into_iter().map(Value::Object).collect())
}

fn cells(key: &str, value: &Value, count: usize) -> Result<Vec<Value>, Refusal> {
    match value {
        Value::Array(items) if items.len() != count => Err(Refusal::with(
            500,
            format!("{key} in altdata incorrect length"),
        )),
        // A column of numbers with a hole becomes floats with NaN, which the JSON column refuses.
        Value::Array(items)
            if items.iter().any(Value::is_null) && items.iter().any(Value::is_number) =>
        {
            Err(refused(
                "Traceback (most recent call last):\nsqlalchemy.exc.DataError: (psycopg.errors.InvalidTextRepresentation) \
                 invalid input syntax for type json\nDETAIL:  Token \"NaN\" is invalid.\n",
            ))
        }
        Value::Array(items) => Ok(items.clone()),
        // A nested object is taken for a column with an index: its keys are lost.
        Value::Object(inner) => {
            let values: Vec<Value> = inner.values().cloned().collect();
            Ok((0..count)
                .map(|row| {
                    values
                        .get(row)
                        .or(values.first())
                        .cloned()
                        .unwrap_or(json!(null))
                })
                .collect())
        }
        scalar => Ok(vec![scalar.clone(); count]),
    }
}
