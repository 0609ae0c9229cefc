//! Reading sources.

use serde_json::{Value, json};

use super::classifications::with_history;
use crate::call::Call;
use crate::envelope::{Answer, Refusal};
use crate::healpix;
use crate::state::{Obj, Rows, Shown, Source};

/// `HEAD /api/sources/{obj}`: 200 when it was saved to one of my groups, active or not.
pub fn head(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let sources = rows.sources_of(call.param(0));
    let mine = |source: &&Source| {
        rows.membership(source.group_id, call.caller.user_id)
            .is_some()
    };
    if (call.caller.user_is_admin && !sources.is_empty()) || sources.iter().any(mine) {
        return Ok(json!({}));
    }
    Err(not_found())
}

fn not_found() -> Refusal {
    Refusal::with(404, "Source not found")
}

/// `GET /api/sources/{obj}`.
pub fn get(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let obj = rows.objs.get(call.param(0)).ok_or_else(not_found)?;
    let mut shown = full(rows, call, obj);
    if call.flag("includeThumbnails") {
        shown["thumbnails"] = newest_thumbnails(rows, &obj.id);
    }
    if call.flag("includePhotometryExists") {
        shown["photometry_exists"] = json!(!rows.photometry_of(&obj.id).is_empty());
    }
    Ok(shown)
}

fn full(rows: &Rows, call: &Call<'_>, obj: &Obj) -> Value {
    let mut shown = obj.shown();
    for empty in [
        "followup_requests",
        "duplicates",
        "assignments",
        "tags",
        "associated_objs",
    ] {
        shown[empty] = json!([]);
    }
    for absent in ["galaxies", "ebv"] {
        shown[absent] = Value::Null;
    }
    shown["annotations"] = annotations(rows, call, &obj.id);
    shown["classifications"] = classifications(rows, call, &obj.id);
    shown["groups"] = saves(rows, call, &obj.id);
    shown
}

pub(super) fn annotations(rows: &Rows, call: &Call<'_>, obj_id: &str) -> Value {
    let visible = rows.annotations_of(obj_id);
    let visible = visible
        .iter()
        .filter(|annotation| rows.shares_a_group(call.caller, &annotation.group_ids));
    let shown = visible.map(|annotation| {
        let mut shown = annotation.shown();
        shown["author"] = rows
            .users
            .get(&annotation.author_id)
            .map_or(Value::Null, Shown::shown);
        shown
    });
    shown.collect()
}

pub(super) fn classifications(rows: &Rows, call: &Call<'_>, obj_id: &str) -> Value {
    let all = rows.classifications_of(obj_id);
    let visible = all
        .iter()
        .filter(|row| rows.shares_a_group(call.caller, &row.group_ids));
    let shown = visible.map(|row| {
        let mut shown = with_history(row);
        let groups = row.group_ids.iter().filter_map(|id| rows.groups.get(id));
        shown["groups"] = groups.map(Shown::shown).collect();
        shown
    });
    shown.collect()
}

fn saves(rows: &Rows, call: &Call<'_>, obj_id: &str) -> Value {
    let accessible = rows.accessible_groups(call.caller);
    let sources = rows.sources_of(obj_id);
    let visible = sources
        .iter()
        .filter(|source| source.active && accessible.contains(&source.group_id));
    let shown = visible.filter_map(|source| {
        let mut shown = rows.groups.get(&source.group_id)?.shown();
        shown["active"] = json!(source.active);
        shown["requested"] = json!(false);
        shown["saved_at"] = json!(source.saved_at.to_string());
        shown["saved_by"] = rows
            .users
            .get(&source.saved_by)
            .map_or(Value::Null, Shown::shown);
        Some(shown)
    });
    shown.collect()
}

/// Only the newest of each kind is shown.
fn newest_thumbnails(rows: &Rows, obj_id: &str) -> Value {
    let all = rows.thumbnails_of(obj_id);
    let newest = all.iter().filter(|one| {
        !all.iter()
            .any(|other| other.kind == one.kind && other.id > one.id)
    });
    newest.map(|thumbnail| thumbnail.shown()).collect()
}

/// `GET /api/sources/{obj}/groups`: the groups where it is an active source.
pub fn groups(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let accessible = rows.accessible_groups(call.caller);
    let sources = rows.sources_of(call.param(0));
    let active = sources
        .iter()
        .filter(|source| source.active && accessible.contains(&source.group_id));
    Ok(active
        .filter_map(|source| rows.groups.get(&source.group_id))
        .map(Shown::shown)
        .collect())
}

/// `GET /api/source_exists/{obj}`: whether the object exists at all.
pub fn exists(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let id = call.param(0);
    Ok(if rows.objs.contains_key(id) {
        json!({"source_exists": true, "message": format!("A source with the name {id} already exists.")})
    } else {
        json!({"source_exists": false, "message": format!("No sources exist with the name {id}.")})
    })
}

/// `GET /api/source_exists?ra=&dec=&radius=`, all in degrees.
pub fn exists_at(rows: &mut Rows, call: &Call<'_>) -> Answer {
    // A zero counts as missing, as it does on the server.
    let degrees = |name: &str| {
        call.query(name)
            .and_then(|text| text.parse::<f64>().ok())
            .filter(|value| *value != 0.0)
    };
    let (Some(ra), Some(dec), Some(radius)) = (degrees("ra"), degrees("dec"), degrees("radius"))
    else {
        return Err(crate::envelope::refused(
            "Must provide either name or position",
        ));
    };
    let mut near = rows
        .objs
        .values()
        .filter(|obj| healpix::separation((obj.ra, obj.dec), (ra, dec)) <= radius);
    Ok(match near.next() {
        Some(obj) => json!({
            "source_exists": true,
            "message": format!("A source at that location already exists: {}.", obj.id),
        }),
        None => json!({"source_exists": false, "message": "No source with that position exists."}),
    })
}

/// `GET /api/sources?group_ids=&numPerPage=&pageNumber=`: active sources, the last saved first.
pub fn list(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let accessible = rows.accessible_groups(call.caller);
    let asked: Vec<i64> = call
        .query("group_ids")
        .unwrap_or("")
        .split(',')
        .filter_map(|id| id.trim().parse().ok())
        .collect();
    let wanted = |source: &&Source| {
        source.active
            && accessible.contains(&source.group_id)
            && (asked.is_empty() || asked.contains(&source.group_id))
    };
    let mut found: Vec<&Source> = rows.sources.values().filter(wanted).collect();
    found.sort_by(|a, b| b.saved_at.cmp(&a.saved_at).then(b.obj_id.cmp(&a.obj_id)));
    found.dedup_by(|a, b| a.obj_id == b.obj_id);
    let (size, page) = (
        call.query_number("numPerPage", 100).min(500),
        call.query_number("pageNumber", 1).max(1),
    );
    let shown = found
        .iter()
        .skip((page - 1) * size)
        .take(size)
        .filter_map(|source| rows.objs.get(&source.obj_id));
    let sources: Vec<Value> = shown.map(|obj| full(rows, call, obj)).collect();
    Ok(
        json!({"totalMatches": found.len(), "sources": sources, "pageNumber": page, "numPerPage": size}),
    )
}
