//! Filters: the names under which candidates pass.

use serde_json::{Value, json};

use crate::call::Call;
use crate::checks::{self, Kind};
use crate::envelope::{Answer, Refusal, not_permitted, refused};
use crate::sql;
use crate::stamp::Stamp;
use crate::state::{Filter, Rows, Shown};

/// `GET /api/filters`. The server's join repeats each filter once per stream that the user can read.
pub fn list(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let copies = if call.caller.is_admin() {
        1
    } else {
        rows.streams
            .values()
            .filter(|stream| rows.can_read_stream(call.caller, stream.id))
            .count()
    };
    let readable = rows
        .filters
        .values()
        .filter(|filter| rows.can_read_filter(call.caller, filter));
    Ok(readable
        .flat_map(|filter| std::iter::repeat_n(filter.shown(), copies))
        .collect())
}

/// `GET /api/filters/{id}`.
pub fn get(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let filter = readable(rows, call)?;
    let mut shown = filter.shown();
    shown["stream"] = rows
        .streams
        .get(&filter.stream_id)
        .map_or(Value::Null, Shown::shown);
    Ok(shown)
}

fn readable<'a>(rows: &'a Rows, call: &Call<'_>) -> Result<&'a Filter, Refusal> {
    let found = rows
        .filters
        .get(&call.id(0))
        .filter(|filter| rows.can_read_filter(call.caller, filter));
    found.ok_or_else(|| refused(format!("Cannot find a filter with ID: {}.", call.param(0))))
}

/// `POST /api/filters`: posting twice makes two filters.
pub fn post(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let fields = [
        ("name", Kind::Text, true),
        ("stream_id", Kind::Integer, true),
        ("group_id", Kind::Integer, true),
        ("broker_id", Kind::Integer, false),
        ("altdata", Kind::Dict, false),
    ];
    checks::schema(&body, &fields, true)?;
    let integer = |field: &str| body.get(field).and_then(checks::integer);
    let now = Stamp::now();
    let filter = Filter {
        id: rows.next_id("filters"),
        name: checks::text(&body, "name").unwrap_or_default(),
        stream_id: integer("stream_id").unwrap_or_default(),
        group_id: integer("group_id").unwrap_or_default(),
        broker_id: integer("broker_id"),
        altdata: body.get("altdata").cloned().unwrap_or(Value::Null),
        autosave: false,
        created_at: now,
        modified: now,
    };
    if !rows.streams.contains_key(&filter.stream_id) {
        return Err(sql::foreign_key_violation(
            "filters",
            "stream_id",
            filter.stream_id,
            "streams",
        ));
    }
    if !rows.groups.contains_key(&filter.group_id) {
        return Err(sql::foreign_key_violation(
            "filters",
            "group_id",
            filter.group_id,
            "groups",
        ));
    }
    if !rows.can_read_filter(call.caller, &filter) {
        return Err(not_permitted(
            &call.caller.token,
            &format!("create Filter {{{}}}", filter.id),
        ));
    }
    let id = filter.id;
    rows.filters.insert(id, filter);
    Ok(json!({"id": id}))
}

/// `PATCH /api/filters/{id}`.
pub fn patch(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let group_id = readable(rows, call)?.group_id;
    if body.contains_key("group_id") || body.contains_key("stream_id") {
        return Err(refused("Cannot update group_id or stream_id."));
    }
    if !rows.is_group_admin(call.caller, group_id) {
        return Err(Refusal::with(403, "Insufficient permissions."));
    }
    let fields = [
        ("name", Kind::Text, false),
        ("altdata", Kind::Dict, false),
        ("autosave", Kind::Bool, false),
    ];
    checks::schema(&body, &fields, true)?;
    if let Some(filter) = rows.filters.get_mut(&call.id(0)) {
        filter.name = checks::text(&body, "name").unwrap_or_else(|| filter.name.clone());
        filter.autosave = checks::truthy(body.get("autosave"), filter.autosave);
        if let Some(altdata) = body.get("altdata") {
            filter.altdata = altdata.clone();
        }
        filter.modified = Stamp::now();
    }
    Ok(json!({}))
}

/// `DELETE /api/filters/{id}`: its candidates go with it.
pub fn delete(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let (id, group_id) = (call.id(0), readable(rows, call)?.group_id);
    if !rows.is_group_admin(call.caller, group_id) {
        return Err(not_permitted(
            &call.caller.token,
            &format!("delete Filter {{{id}}}"),
        ));
    }
    rows.filters.remove(&id);
    rows.candidates
        .retain(|_, candidate| candidate.filter_id != id);
    rows.index
        .candidates
        .retain(|(_, filter, _), _| *filter != id);
    Ok(json!({}))
}
