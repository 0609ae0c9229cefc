//! Fields to rows: scalars are repeated, lists must be of one length.

use serde_json::{Map, Value};

use super::altdata;
use super::schema::Space;
use crate::envelope::{Refusal, refused};
use crate::json;

/// One row, its numbers read, not yet in µJy.
#[derive(Clone, Debug)]
pub struct Draft {
    pub obj_id: String,
    pub instrument_id: i64,
    pub filter: String,
    pub magsys: String,
    pub origin: String,
    pub altdata: Value,
    /// The numeric fields, `None` for null and NaN.
    numbers: Vec<(&'static str, Option<f64>)>,
    /// As the server prints the row in its messages.
    pub packet: String,
}

impl Draft {
    pub fn number(&self, field: &str) -> Option<f64> {
        self.numbers
            .iter()
            .find(|(name, _)| *name == field)
            .and_then(|(_, number)| *number)
    }
}

const COMMON_NUMBERS: [&str; 5] = ["mjd", "ra", "dec", "ra_unc", "dec_unc"];

/// The number of rows that the longest list asks for.
pub fn length(body: &Map<String, Value>) -> usize {
    columns(body)
        .filter_map(|(_, value)| value.as_array())
        .map(Vec::len)
        .max()
        .unwrap_or(1)
}

/// The fields that have a value per row.
fn columns(body: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    let per_request = ["group_ids", "stream_ids", "extinction_corrected"];
    body.iter()
        .filter(move |(field, _)| !per_request.contains(&field.as_str()))
}

/// The rows of a body that fits a space.
///
/// # Errors
/// 400, or 500 for an `altdata` of the wrong length, in the words of the server.
pub fn drafts(body: &Map<String, Value>, space: Space) -> Result<Vec<Draft>, Refusal> {
    let count = length(body);
    check_lengths(body, count)?;
    let altdata = altdata::rows(body.get("altdata"), count)?;
    let obj_ids = obj_ids(body.get("obj_id"), count);
    let fields: Vec<&'static str> = COMMON_NUMBERS
        .iter()
        .chain(space.fields())
        .copied()
        .collect();
    let mut columns = Vec::new();
    for field in fields {
        columns.push((field, numbers(body.get(field), field, count)?));
    }
    let mut drafts = Vec::with_capacity(count);
    for (row, (altdata, obj_id)) in altdata.into_iter().zip(obj_ids).enumerate() {
        let text = |field: &str| {
            cell(body.get(field), row)
                .map(json::plain)
                .unwrap_or_else(|| "None".into())
        };
        let mut draft = Draft {
            obj_id: json::plain(&obj_id),
            instrument_id: text("instrument_id").parse().unwrap_or_default(),
            filter: text("filter").to_lowercase(),
            magsys: text("magsys").to_lowercase(),
            origin: text("origin"),
            altdata,
            numbers: columns
                .iter()
                .map(|(field, column)| (*field, column[row]))
                .collect(),
            packet: String::new(),
        };
        draft.packet = packet(body, &draft, row, space, &obj_id);
        check(&draft, space)?;
        drafts.push(draft);
    }
    Ok(drafts)
}

fn check_lengths(body: &Map<String, Value>, count: usize) -> Result<(), Refusal> {
    let coerce = |error: &str| {
        refused(format!(
            "Unable to coerce passed JSON to a series of packets. Error was: \"{error}\""
        ))
    };
    for (_, value) in columns(body) {
        match value.as_array().map(Vec::len) {
            Some(0) => {
                return Err(coerce(
                    "Length of values (0) does not match length of index (1)",
                ));
            }
            Some(length) if length != count => {
                return Err(coerce("All arrays must be of the same length"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn cell(column: Option<&Value>, row: usize) -> Option<&Value> {
    let value = match column? {
        Value::Array(items) => items.get(row)?,
        scalar => scalar,
    };
    (!value.is_null() && !json::is_nan(value)).then_some(value)
}

fn numbers(
    column: Option<&Value>,
    field: &'static str,
    count: usize,
) -> Result<Vec<Option<f64>>, Refusal> {
    let not_numeric = || refused(format!("Some values in the {field} field are not numeric."));
    let rows = (0..count).map(|row| match cell(column, row) {
        None => Ok(None),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => Err(not_numeric()),
        Some(value) => match json::number(value).or_else(|| value.as_str()?.trim().parse().ok()) {
            Some(number) => Ok(Some(number).filter(|number| !number.is_nan())),
            None => Err(not_numeric()),
        },
    });
    rows.collect()
}

/// A column of ids that all look like numbers becomes numbers: `0012` is then `12` and `12E3` is `12000.0`.
fn obj_ids(column: Option<&Value>, count: usize) -> Vec<Value> {
    let ids: Vec<Value> = (0..count)
        .map(|row| cell(column, row).cloned().unwrap_or(Value::Null))
        .collect();
    let texts: Vec<String> = ids.iter().map(json::plain).collect();
    if let Ok(integers) = texts
        .iter()
        .map(|text| text.parse::<i64>())
        .collect::<Result<Vec<_>, _>>()
    {
        return integers.into_iter().map(Value::from).collect();
    }
    let looks_numeric = |text: &String| {
        text.bytes()
            .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b))
    };
    if texts.iter().all(looks_numeric)
        && let Ok(floats) = texts
            .iter()
            .map(|text| text.parse::<f64>())
            .collect::<Result<Vec<_>, _>>()
    {
        return floats.into_iter().map(json::from_f64).collect();
    }
    ids
}

fn packet(
    body: &Map<String, Value>,
    draft: &Draft,
    row: usize,
    space: Space,
    obj_id: &Value,
) -> String {
    let shown = |field: &str| cell(body.get(field), row).map_or("None".into(), json::repr);
    let number = |field: &str| match (field, draft.number(field)) {
        ("limiting_mag_nsigma", None) => "3.0".into(),
        (_, Some(_)) => shown(field),
        (_, None) => "None".into(),
    };
    let mut entries = vec![
        format!("'mjd': {}", number("mjd")),
        format!("'filter': {}", shown("filter")),
        format!("'obj_id': {}", json::repr(obj_id)),
        format!("'instrument_id': {}", draft.instrument_id),
        format!("'assignment_id': {}", shown("assignment_id")),
    ];
    entries.extend(
        ["ra", "dec", "ra_unc", "dec_unc"].map(|field| format!("'{field}': {}", number(field))),
    );
    entries.push(format!("'origin': {}", shown("origin")));
    entries.push(format!("'altdata': {}", json::repr(&draft.altdata)));
    entries.push(format!("'magsys': {}", shown("magsys")));
    let own = space.fields().iter().filter(|field| **field != "ref_zp");
    entries.extend(own.map(|field| format!("'{field}': {}", number(field))));
    format!("{{{}}}", entries.join(", "))
}

fn check(draft: &Draft, space: Space) -> Result<(), Refusal> {
    let bad = |reason: &str| {
        Err(refused(format!(
            "Error parsing packet \"{}\": {reason}",
            draft.packet
        )))
    };
    if draft.number("mjd").is_none() {
        return bad("missing required field mjd.");
    }
    if space == Space::Mag && draft.number("mag").is_some() != draft.number("magerr").is_some() {
        return bad("mag and magerr must both be null, or both be not null.");
    }
    match draft
        .numbers
        .iter()
        .find(|(_, number)| number.is_some_and(f64::is_infinite))
    {
        Some((field, _)) => bad(&format!("field {field} must be finite.")),
        None => Ok(()),
    }
}
