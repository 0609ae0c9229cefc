//! Annotations: one per object and origin, over all users and groups.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::checks::{self, Kind};
use crate::envelope::{Answer, Refusal, refused};
use crate::json as pyjson;
use crate::sql;
use crate::stamp::Stamp;
use crate::state::{Annotation, Rows, Shown};

/// `GET /api/sources/{obj}/annotations`.
pub fn list(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let mut all = rows.annotations_of(call.param(0));
    all.retain(|annotation| rows.shares_a_group(call.caller, &annotation.group_ids));
    all.sort_by_key(|annotation| annotation.id);
    let shown = all.iter().map(|annotation| {
        let mut shown = annotation.shown();
        let groups = annotation
            .group_ids
            .iter()
            .filter_map(|id| rows.groups.get(id));
        shown["groups"] = groups.map(Shown::shown).collect();
        shown
    });
    Ok(shown.collect())
}

/// `POST /api/sources/{obj}/annotations`.
pub fn post(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let obj_id = call.param(0).to_owned();
    checks::schema(
        &body,
        &[("origin", Kind::Text, true), ("data", Kind::Dict, true)],
        false,
    )?;
    let origin = checks::text(&body, "origin").unwrap_or_default();
    if !origin.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
        return Err(refused(
            "Invalid/missing parameters: origin: String should match pattern '^\\w+'",
        ));
    }
    if !rows.objs.contains_key(&obj_id) {
        return Err(Refusal::with(404, format!("Obj {obj_id} not found")));
    }
    let group_ids = match groups_of(rows, &body)? {
        Some(group_ids) => group_ids,
        None => rows.accessible_groups(call.caller),
    };
    let data = storable(body.get("data"))?;
    let id = rows.next_id("annotations");
    if rows
        .index
        .annotations
        .contains_key(&(obj_id.clone(), origin.clone()))
    {
        let values = format!("{obj_id}, {origin}");
        let message = sql::unique_violation(
            "annotations_obj_id_origin_key",
            "obj_id, origin",
            &values,
            "annotations",
        );
        return Err(refused(format!("Annotation already exists: {message}")));
    }
    let (author_id, now) = (call.caller.user_id, Stamp::now());
    rows.add_annotation(Annotation {
        id,
        obj_id,
        origin,
        data,
        author_id,
        group_ids,
        created_at: now,
        modified: now,
    });
    Ok(json!({"annotation_id": id}))
}

fn groups_of(rows: &Rows, body: &Map<String, Value>) -> Result<Option<BTreeSet<i64>>, Refusal> {
    let given = body.get("group_ids").filter(|given| !given.is_null());
    given
        .map(|given| checks::existing_groups(rows, given))
        .transpose()
}

/// What the JSON column takes.
fn storable(data: Option<&Value>) -> Result<Value, Refusal> {
    let data = data.cloned().unwrap_or(Value::Null);
    if pyjson::any(&data, &|value| {
        value.is_string() && pyjson::number(value).is_some()
    }) {
        return Err(sql::nan_in_json());
    }
    if pyjson::any(&data, &|value| {
        value.as_str().is_some_and(|text| text.contains('\0'))
    }) {
        return Err(sql::nul_in_json());
    }
    Ok(data)
}

/// Row-level security hides what is not the author's own.
fn own(rows: &Rows, call: &Call<'_>) -> Result<i64, Refusal> {
    let found = rows
        .annotations
        .get(&call.id(1))
        .filter(|annotation| annotation.obj_id == call.param(0));
    let mine = found
        .filter(|annotation| call.caller.is_admin() || annotation.author_id == call.caller.user_id);
    let hidden = || Refusal::with(403, "Could not find any accessible annotations.");
    mine.map(|annotation| annotation.id).ok_or_else(hidden)
}

/// `PUT /api/sources/{obj}/annotations/{id}`: `data` replaces.
pub fn put(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let id = own(rows, call)?;
    checks::schema(
        &body,
        &[("origin", Kind::Text, false), ("data", Kind::Dict, false)],
        false,
    )?;
    let group_ids = groups_of(rows, &body)?;
    let data = body
        .get("data")
        .map(|data| storable(Some(data)))
        .transpose()?;
    let origin = checks::text(&body, "origin");
    if let Some(mut annotation) = rows.annotations.remove(&id) {
        rows.index
            .annotations
            .remove(&(annotation.obj_id.clone(), annotation.origin.clone()));
        annotation.data = data.unwrap_or(annotation.data);
        annotation.origin = origin.unwrap_or(annotation.origin);
        annotation.group_ids = group_ids.unwrap_or(annotation.group_ids);
        annotation.modified = Stamp::now();
        rows.add_annotation(annotation);
    }
    Ok(json!({}))
}

/// `DELETE /api/sources/{obj}/annotations/{id}`.
pub fn delete(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let id = own(rows, call)?;
    if let Some(gone) = rows.annotations.remove(&id) {
        rows.index.annotations.remove(&(gone.obj_id, gone.origin));
    }
    Ok(json!({}))
}
