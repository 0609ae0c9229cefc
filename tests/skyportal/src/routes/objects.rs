//! Making an object, which both a source and a candidate do.

use serde_json::{Map, Value};

use crate::checks;
use crate::envelope::{Refusal, refused};
use crate::healpix;
use crate::json;
use crate::stamp::Stamp;
use crate::state::{Obj, Rows};

/// The optional fields that a creation may carry.
const FIELDS: [&str; 29] = [
    "origin",
    "alias",
    "score",
    "transient",
    "varstar",
    "is_roid",
    "altdata",
    "ra_err",
    "dec_err",
    "ra_dis",
    "dec_dis",
    "redshift",
    "redshift_error",
    "redshift_origin",
    "redshift_history",
    "mpc_name",
    "tns_name",
    "tns_info",
    "t0",
    "offset",
    "dist_nearest_source",
    "mag_nearest_source",
    "e_mag_nearest_source",
    "detect_photometry_count",
    "host_id",
    "summary",
    "summary_history",
    "internal_key",
    "healpix",
];

/// The id of a body, whether string or integer.
pub fn id_of(body: &Map<String, Value>) -> Option<String> {
    match body.get("id")? {
        Value::Null => None,
        id => Some(json::plain(id)),
    }
}

/// A position in a body: absent and null are the same.
pub fn given<'a>(body: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    body.get(field).filter(|value| !value.is_null())
}

/// Checks the fields of a new object: `ignored` are the caller's own.
///
/// # Errors
/// 400 `Invalid/missing parameters: {...}`.
pub fn check(body: &Map<String, Value>, ignored: &[&str]) -> Result<(), Refusal> {
    let mut errors = Vec::new();
    for (field, value) in body {
        let own = ["id", "ra", "dec"].contains(&field.as_str()) || FIELDS.contains(&field.as_str());
        if !own && !ignored.contains(&field.as_str()) {
            errors.push((field.clone(), "Unknown field.".to_owned()));
        } else if ["ra", "dec", "score"].contains(&field.as_str())
            && let Some(error) = not_a_number(value)
        {
            errors.push((field.clone(), error.to_owned()));
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(refused(format!(
        "Invalid/missing parameters: {}",
        checks::field_errors(&errors)
    )))
}

fn not_a_number(value: &Value) -> Option<&'static str> {
    match (json::number(value), value) {
        (Some(number), _) if number.is_finite() => None,
        (Some(_), _) => Some("Special numeric values (nan or infinity) are not permitted."),
        (None, Value::Null) => None,
        (None, Value::String(text)) if text.trim().parse::<f64>().is_ok() => None,
        _ => Some("Not a valid number."),
    }
}

/// Adds the object. The body has been checked.
pub fn create(rows: &mut Rows, id: &str, body: &Map<String, Value>) {
    let position = |field: &str| body.get(field).and_then(number_or_text).unwrap_or_default();
    let (ra, dec) = (position("ra"), position("dec"));
    let extra = body
        .iter()
        .filter(|(field, value)| FIELDS.contains(&field.as_str()) && !value.is_null());
    let now = Stamp::now();
    let obj = Obj {
        id: id.to_owned(),
        ra,
        dec,
        healpix: healpix::index(ra, dec),
        extra: extra
            .map(|(field, value)| (field.clone(), value.clone()))
            .collect(),
        created_at: now,
        modified: now,
    };
    rows.objs.insert(id.to_owned(), obj);
}

fn number_or_text(value: &Value) -> Option<f64> {
    json::number(value).or_else(|| value.as_str()?.trim().parse().ok())
}

/// A repeat changes nothing but the index of the position.
pub fn touch(rows: &mut Rows, id: &str, body: &Map<String, Value>) {
    let position = |field: &str| body.get(field).and_then(json::number);
    if let (Some(ra), Some(dec), Some(obj)) =
        (position("ra"), position("dec"), rows.objs.get_mut(id))
    {
        obj.healpix = healpix::index(ra, dec);
        obj.modified = Stamp::now();
    }
}
