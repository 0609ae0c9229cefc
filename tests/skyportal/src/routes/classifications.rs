//! Classifications: never de-duplicated.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::checks;
use crate::envelope::{Answer, Refusal, refused};
use crate::json as pyjson;
use crate::stamp::Stamp;
use crate::state::{Classification, Edit, Rows, Shown, Vote};

/// `POST /api/classification`, one or `{"classifications": [...]}`; a bulk keeps what came before a failure.
pub fn post(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let wrapped = |refusal: Refusal| refusal.after("Error posting classification: ");
    let Some(bulk) = body.get("classifications").and_then(Value::as_array) else {
        return Ok(json!({"classification_id": add(rows, call, &body).map_err(wrapped)?}));
    };
    let mut ids = Vec::new();
    for one in bulk {
        let one = one
            .as_object()
            .ok_or_else(|| wrapped(refused("'classification'")))?;
        ids.push(add(rows, call, one).map_err(wrapped)?);
    }
    Ok(json!({"classification_ids": ids}))
}

fn add(rows: &mut Rows, call: &Call<'_>, body: &Map<String, Value>) -> Result<i64, Refusal> {
    let required = |field: &str| body.get(field).ok_or_else(|| refused(format!("'{field}'")));
    let obj_id = pyjson::plain(required("obj_id")?);
    if !rows.objs.contains_key(&obj_id) {
        return Err(refused(format!("Cannot find object with ID {obj_id}.")));
    }
    let ml = ml_of(body)?;
    let taxonomy_id = checks::integer(required("taxonomy_id")?).unwrap_or_default();
    let class = pyjson::plain(required("classification")?);
    check_class(rows, call, taxonomy_id, &class)?;
    let probability = probability_of(body)?;
    let group_ids = match body.get("group_ids").filter(|given| !given.is_null()) {
        Some(given) => checks::existing_groups(rows, given)?,
        None => BTreeSet::from([rows.sitewide_group()]),
    };
    let now = Stamp::now();
    let votes = match checks::truthy(body.get("vote"), true) {
        true => vec![Vote {
            id: rows.next_id("votes"),
            voter_id: call.caller.user_id,
            created_at: now,
        }],
        false => Vec::new(),
    };
    let id = rows.next_id("classifications");
    rows.add_classification(Classification {
        id,
        obj_id,
        taxonomy_id,
        classification: class,
        probability,
        ml,
        origin: checks::text(body, "origin"),
        author_id: call.caller.user_id,
        author_name: call.caller.username.clone(),
        group_ids,
        votes,
        edits: Vec::new(),
        created_at: now,
        modified: now,
    });
    Ok(id)
}

fn ml_of(body: &Map<String, Value>) -> Result<bool, Refusal> {
    match body.get("ml") {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(ml)) => Ok(*ml),
        Some(given) => match pyjson::plain(given).as_str() {
            "True" | "t" | "true" => Ok(true),
            "False" | "f" | "false" => Ok(false),
            other => Err(refused(format!(
                "If provided, ml must be one of True, False, 'True', 'False', 't', 'f', 'true', 'false' (got {other})"
            ))),
        },
    }
}

/// Only a `class` of the taxonomy counts, not one of its other names.
fn check_class(rows: &Rows, call: &Call<'_>, taxonomy_id: i64, class: &str) -> Result<(), Refusal> {
    let taxonomy = rows.taxonomies.get(&taxonomy_id);
    let taxonomy =
        taxonomy.filter(|taxonomy| rows.shares_a_group(call.caller, &taxonomy.group_ids));
    let taxonomy = taxonomy
        .ok_or_else(|| refused(format!("Cannot find a taxonomy with ID: {taxonomy_id}.")))?;
    if taxonomy.classes().contains(class) {
        return Ok(());
    }
    // The closing parenthesis is missing in the original too.
    Err(refused(format!(
        "That classification ({class}) is not in the allowed classes for the chosen taxonomy (id={taxonomy_id}"
    )))
}

fn probability_of(body: &Map<String, Value>) -> Result<Option<f64>, Refusal> {
    let Some(given) = body.get("probability").filter(|given| !given.is_null()) else {
        return Ok(None);
    };
    let Some(number) = pyjson::number(given) else {
        return Err(refused(
            "'<' not supported between instances of 'str' and 'int'",
        ));
    };
    if !number.is_nan() && !(0.0..=1.0).contains(&number) {
        let shown = pyjson::repr(given);
        return Err(refused(format!(
            "That probability ({shown}) is outside the allowable range (0-1)."
        )));
    }
    Ok(Some(number).filter(|number| !number.is_nan()))
}

fn visible<'a>(rows: &'a Rows, call: &Call<'_>) -> Result<&'a Classification, Refusal> {
    let found = rows.classifications.get(&call.id(0));
    let found = found.filter(|row| rows.shares_a_group(call.caller, &row.group_ids));
    found.ok_or_else(|| {
        refused(format!(
            "Cannot find a classification with ID: {}.",
            call.param(0)
        ))
    })
}

/// `GET /api/classification/{id}`.
pub fn get(rows: &mut Rows, call: &Call<'_>) -> Answer {
    Ok(visible(rows, call)?.shown())
}

/// `GET /api/classification?numPerPage=&pageNumber=`.
pub fn list(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let visible = rows
        .classifications
        .values()
        .filter(|row| rows.shares_a_group(call.caller, &row.group_ids));
    let found: Vec<Value> = visible.map(Shown::shown).collect();
    let (size, page) = (
        call.query_number("numPerPage", 100).min(500),
        call.query_number("pageNumber", 1).max(1),
    );
    let shown: Vec<&Value> = found.iter().skip((page - 1) * size).take(size).collect();
    Ok(json!({"classifications": shown, "totalMatches": found.len()}))
}

/// `GET /api/sources/{obj}/classifications`, with votes and edits.
pub fn of_source(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let all = rows.classifications_of(call.param(0));
    let visible = all
        .iter()
        .filter(|row| rows.shares_a_group(call.caller, &row.group_ids));
    Ok(visible.map(|row| with_history(row)).collect())
}

/// With votes and edits.
pub(super) fn with_history(row: &Classification) -> Value {
    let votes = row.votes.iter().map(|vote| {
        json!({
            "id": vote.id, "classification_id": row.id, "voter_id": vote.voter_id, "vote": 1,
            "created_at": vote.created_at.to_string(), "modified": vote.created_at.to_string(),
        })
    });
    let edits = row.edits.iter().map(|edit| {
        json!({
            "id": edit.id, "classification_id": row.id, "editor_id": edit.editor_id,
            "editor_name": edit.editor_name, "old_probability": edit.old_probability,
            "new_probability": edit.new_probability,
            "created_at": edit.created_at.to_string(), "modified": edit.created_at.to_string(),
        })
    });
    let mut shown = row.shown();
    shown["votes"] = votes.collect();
    shown["edits"] = edits.collect();
    shown
}

/// What a PUT may change.
const FIELDS: [&str; 12] = [
    "id",
    "obj_id",
    "classification",
    "taxonomy_id",
    "probability",
    "ml",
    "origin",
    "author_id",
    "author_name",
    "group_ids",
    "created_at",
    "modified",
];

/// `PUT /api/classification/{id}`: without `ml` it becomes false; the class is not looked up.
pub fn put(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let row = visible(rows, call)?;
    let is_mine = row.author_id == call.caller.user_id
        || row
            .group_ids
            .iter()
            .any(|id| rows.is_group_admin(call.caller, *id));
    if !is_mine {
        return Err(refused(format!(
            "Cannot find a classification with ID: {}.",
            call.param(0)
        )));
    }
    let unknown: Vec<(String, String)> = body
        .keys()
        .filter(|field| !FIELDS.contains(&field.as_str()))
        .map(|field| (field.clone(), "Unknown field.".to_owned()))
        .collect();
    if !unknown.is_empty() {
        return Err(refused(format!(
            "Invalid/missing parameters: {}",
            checks::field_errors(&unknown)
        )));
    }
    let group_ids = match body.get("group_ids").filter(|given| !given.is_null()) {
        Some(given) => Some(checks::existing_groups(rows, given)?),
        None => None,
    };
    let edit_id = rows.next_id("edits");
    if let Some(row) = rows.classifications.get_mut(&call.id(0)) {
        change(row, call, &body, edit_id);
        row.group_ids = group_ids.unwrap_or_else(|| row.group_ids.clone());
    }
    Ok(json!({}))
}

fn change(row: &mut Classification, call: &Call<'_>, body: &Map<String, Value>, edit_id: i64) {
    let now = Stamp::now();
    let old_probability = row.probability;
    if let Some(given) = body.get("probability") {
        row.probability = pyjson::number(given).filter(|number| !number.is_nan());
    }
    if row.probability != old_probability {
        row.edits.push(Edit {
            id: edit_id,
            editor_id: call.caller.user_id,
            editor_name: call.caller.username.clone(),
            old_probability,
            new_probability: row.probability,
            created_at: now,
        });
    }
    row.classification =
        checks::text(body, "classification").unwrap_or_else(|| row.classification.clone());
    row.origin = checks::text(body, "origin").or_else(|| row.origin.clone());
    row.author_name = checks::text(body, "author_name").unwrap_or_else(|| row.author_name.clone());
    row.taxonomy_id = body
        .get("taxonomy_id")
        .and_then(checks::integer)
        .unwrap_or(row.taxonomy_id);
    row.ml = checks::truthy(body.get("ml"), false);
    row.modified = now;
}

/// `DELETE /api/classification/{id}`: the author or a group admin.
pub fn delete(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let row = visible(rows, call)?;
    let (id, obj_id) = (row.id, row.obj_id.clone());
    let is_mine = row.author_id == call.caller.user_id
        || row
            .group_ids
            .iter()
            .any(|id| rows.is_group_admin(call.caller, *id));
    if !is_mine {
        return Err(refused(format!(
            "Cannot find a classification with ID: {id}."
        )));
    }
    rows.classifications.remove(&id);
    if let Some(ids) = rows.index.classifications_of.get_mut(&obj_id) {
        ids.retain(|other| *other != id);
    }
    Ok(json!({}))
}
