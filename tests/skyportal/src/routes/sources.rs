//! Saving objects to groups.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::objects;
use crate::call::Call;
use crate::checks;
use crate::envelope::{Answer, Refusal, refused};
use crate::json as pyjson;
use crate::stamp::Stamp;
use crate::state::{Rows, Source};

/// What a POST may carry besides the object's own fields.
const OWN: [&str; 4] = [
    "group_ids",
    "refresh_source",
    "ignore_if_in_group_ids",
    "saver_per_group_id",
];

/// `POST /api/sources`: makes the object if need be and saves it, again if somebody unsaved it.
pub fn post(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    save(rows, call, &body).map_err(|refusal| refusal.after("Failed to post source: "))
}

fn save(rows: &mut Rows, call: &Call<'_>, body: &Map<String, Value>) -> Answer {
    let id = objects::id_of(body).ok_or_else(|| refused("'id'"))?;
    check_id(&id)?;
    let is_new = !rows.objs.contains_key(&id);
    if is_new && (objects::given(body, "ra").is_none() || objects::given(body, "dec").is_none()) {
        return Err(refused("RA/Declination must not be null for a new Obj"));
    }
    let group_ids = groups_of(rows, call, body)?;
    if is_new {
        objects::check(body, &OWN)?;
        if body["ra"].is_string() || body["dec"].is_string() {
            return Err(refused(
                "'CompositeUnit' object has no attribute 'to_value'",
            ));
        }
        objects::create(rows, &id, body);
    } else {
        objects::touch(rows, &id, body);
    }
    let saved = save_to(rows, call, &id, &group_ids, body);
    Ok(json!({"id": id, "saved_to_groups": saved}))
}

fn check_id(id: &str) -> Result<(), Refusal> {
    if id.contains(' ') {
        return Err(refused("No spaces allowed in source ID"));
    }
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"_-;:+.".contains(&byte);
    if id.is_empty() || !id.bytes().all(sound) {
        return Err(refused(
            "Only letters, numbers, underscores, semicolons, colons, +, -, and periods are allowed in source ID",
        ));
    }
    Ok(())
}

/// The groups asked for, or all groups of the token's user, the public and the single-user one included.
fn groups_of(rows: &Rows, call: &Call<'_>, body: &Map<String, Value>) -> Result<Vec<i64>, Refusal> {
    let Some(given) = objects::given(body, "group_ids") else {
        return Ok(rows.groups_of(call.caller.user_id).into_iter().collect());
    };
    let invalid = || {
        refused(
            "Invalid group_ids field. Please specify at least one valid group ID that you belong to.",
        )
    };
    let items = given
        .as_array()
        .filter(|items| !items.is_empty())
        .ok_or_else(invalid)?;
    let ids: Vec<i64> = items
        .iter()
        .map(checks::integer)
        .collect::<Option<_>>()
        .ok_or_else(invalid)?;
    for id in &ids {
        let member = rows.membership(*id, call.caller.user_id);
        let admin = call.caller.is_admin() && rows.groups.contains_key(id);
        if member.is_none() && !admin {
            return Err(refused(format!(
                "Cannot find group_id {id}. Please remove and try again."
            )));
        }
        if !admin && member.is_some_and(|member| !member.can_save) {
            return Err(refused(format!(
                "User does not have power to save to group with ID {id}."
            )));
        }
    }
    Ok(ids)
}

fn save_to(
    rows: &mut Rows,
    call: &Call<'_>,
    obj: &str,
    groups: &[i64],
    body: &Map<String, Value>,
) -> Vec<i64> {
    let mut saved = Vec::new();
    for group_id in groups {
        if is_ignored(rows, obj, *group_id, body) {
            continue;
        }
        let (saved_by, saved_at) = (call.caller.user_id, Stamp::now());
        let fresh = Source {
            obj_id: obj.to_owned(),
            group_id: *group_id,
            active: true,
            saved_by,
            saved_at,
        };
        let source = rows
            .sources
            .entry((obj.to_owned(), *group_id))
            .or_insert_with(|| fresh.clone());
        if !source.active {
            *source = fresh;
        }
        saved.push(*group_id);
    }
    saved
}

/// `ignore_if_in_group_ids: {"7": [8]}`: not to group 7 when it is an active source of group 8.
fn is_ignored(rows: &Rows, obj: &str, group_id: i64, body: &Map<String, Value>) -> bool {
    let listed = body
        .get("ignore_if_in_group_ids")
        .and_then(|map| map.get(group_id.to_string()));
    let Some(listed) = listed.and_then(Value::as_array) else {
        return false;
    };
    let mut others = listed.iter().filter_map(checks::integer);
    others.any(|other| {
        rows.sources
            .get(&(obj.to_owned(), other))
            .is_some_and(|source| source.active)
    })
}

/// `PATCH /api/sources/{obj}`: merges the fields.
pub fn patch(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let id = call.param(0);
    if !rows.objs.contains_key(id) {
        return Err(refused(format!("Source with ID {id} not found")));
    }
    objects::check(&body, &OWN)?;
    let moves = objects::given(&body, "ra").is_some() || objects::given(&body, "dec").is_some();
    if moves && !rows.candidates_of(id).is_empty() {
        return Err(refused(
            "Cannot change the position of an object that has candidates.",
        ));
    }
    if let Some(obj) = rows.objs.get_mut(id) {
        obj.ra = body.get("ra").and_then(pyjson::number).unwrap_or(obj.ra);
        obj.dec = body.get("dec").and_then(pyjson::number).unwrap_or(obj.dec);
        let own = BTreeSet::from(["id", "ra", "dec", "group_ids", "refresh_source"]);
        let changed = body
            .into_iter()
            .filter(|(field, _)| !own.contains(field.as_str()));
        obj.extra.extend(changed);
        obj.modified = Stamp::now();
    }
    Ok(json!({}))
}

/// `DELETE /api/sources/{obj}` with a `group_id`: what a person's click on "unsave" does.
pub fn unsave(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let group_id = body.get("group_id").and_then(checks::integer);
    let group_id = group_id.ok_or_else(|| refused("Missing required parameter: group_id"))?;
    let source = rows.sources.get_mut(&(call.param(0).to_owned(), group_id));
    let source = source.ok_or_else(|| refused("Cannot find source to unsave"))?;
    source.active = false;
    Ok(json!({}))
}
