//! Candidates: an object that passed a filter at a time.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{objects, source_views};
use crate::call::Call;
use crate::envelope::{Answer, Refusal, refused};
use crate::json as pyjson;
use crate::sql;
use crate::stamp::Stamp;
use crate::state::{Candidate, Rows, Shown};

/// What a POST may carry besides the object's own fields; `group_ids` is not among them.
const OWN: [&str; 3] = ["filter_ids", "passed_at", "passing_alert_id"];

/// `POST /api/candidates`: idempotent on (object, filter, passed_at) and on nothing else.
pub fn post(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let obj_id =
        objects::id_of(&body).ok_or_else(|| refused("Missing required parameter: `id`."))?;
    let is_new = !rows.objs.contains_key(&obj_id);
    if is_new {
        objects::given(&body, "ra").ok_or_else(|| refused("RA must not be null for a new Obj"))?;
        objects::given(&body, "dec")
            .ok_or_else(|| refused("Dec must not be null for a new Obj"))?;
    }
    let passed_at = passed_at_of(&body)?;
    let filter_ids = filters_of(rows, call, &body)?;
    if is_new {
        objects::check(&body, &OWN)?;
    }
    let passing_alert_id = alert_id_of(&body)?;
    if is_new {
        objects::create(rows, &obj_id, &body);
    } else {
        objects::touch(rows, &obj_id, &body);
    }
    let mut ids = Vec::new();
    for filter_id in filter_ids {
        // A repeat spends an id too, as an insert that meets a conflict does.
        let id = rows.next_id("candidates");
        if let Some(existing) = rows
            .index
            .candidates
            .get(&(obj_id.clone(), filter_id, passed_at))
        {
            ids.push(*existing);
            continue;
        }
        let (uploader_id, created_at) = (call.caller.user_id, Stamp::now());
        let obj_id = obj_id.clone();
        rows.add_candidate(Candidate {
            id,
            obj_id,
            filter_id,
            passed_at,
            passing_alert_id,
            uploader_id,
            created_at,
        });
        ids.push(id);
    }
    Ok(json!({"ids": ids}))
}

fn passed_at_of(body: &Map<String, Value>) -> Result<Stamp, Refusal> {
    let given = objects::given(body, "passed_at")
        .ok_or_else(|| refused("Missing required parameter: `passed_at`."))?;
    Stamp::parse(given).map_err(|message| refused(format!("Invalid passedAt value: {message}")))
}

/// Filters that do not exist or cannot be read are dropped in silence as long as one is left.
///
/// They come in the order in which the database has them, a changed filter last: not in the order of the request.
fn filters_of(
    rows: &Rows,
    call: &Call<'_>,
    body: &Map<String, Value>,
) -> Result<Vec<i64>, Refusal> {
    let given = objects::given(body, "filter_ids")
        .ok_or_else(|| refused("Missing required filter_ids parameter."))?;
    let items = given.as_array().ok_or_else(|| {
        let message =
            "IN expression list, SELECT construct, or bound parameter object expected, got";
        Refusal::with(500, format!("{message} {}.", pyjson::repr(given)))
    })?;
    if !items.iter().all(Value::is_i64) {
        return Err(Refusal::with(
            500,
            "(psycopg.errors.UndefinedFunction) operator does not exist: integer = character varying\nLINE 11: WHERE \
             filters.id IN ($3::VARCHAR)",
        ));
    }
    let asked: BTreeSet<i64> = items.iter().filter_map(Value::as_i64).collect();
    let found = asked.iter().filter_map(|id| rows.filters.get(id));
    let mut readable: Vec<_> = found
        .filter(|filter| rows.can_read_filter(call.caller, filter))
        .collect();
    if readable.is_empty() {
        return Err(refused("At least one valid filter ID must be provided."));
    }
    readable.sort_by_key(|filter| (filter.modified, filter.id));
    Ok(readable.iter().map(|filter| filter.id).collect())
}

fn alert_id_of(body: &Map<String, Value>) -> Result<Option<i64>, Refusal> {
    match body.get("passing_alert_id") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(id), _) => Ok(Some(id)),
            (None, Some(float)) if number.is_f64() && float.abs() < 9.2e18 => {
                Ok(Some(float.round_ties_even() as i64))
            }
            _ => Err(sql::bigint_out_of_range()),
        },
        Some(given) => {
            let text = pyjson::plain(given);
            text.trim()
                .parse()
                .map(Some)
                .map_err(|_| sql::invalid_bigint(&text))
        }
    }
}

fn readable<'a>(rows: &'a Rows, call: &Call<'_>, obj_id: &str) -> Vec<&'a Candidate> {
    let mut candidates = rows.candidates_of(obj_id);
    candidates.retain(|candidate| is_readable(rows, call, candidate));
    candidates
}

fn is_readable(rows: &Rows, call: &Call<'_>, candidate: &Candidate) -> bool {
    rows.filters
        .get(&candidate.filter_id)
        .is_some_and(|filter| rows.can_read_filter(call.caller, filter))
}

/// `HEAD /api/candidates/{obj}`.
pub fn head(rows: &mut Rows, call: &Call<'_>) -> Answer {
    if readable(rows, call, call.param(0)).is_empty() {
        return Err(Refusal::with(404, "Candidate not found"));
    }
    Ok(json!({}))
}

/// `GET /api/candidates/{obj}`.
pub fn get(rows: &mut Rows, call: &Call<'_>) -> Answer {
    if readable(rows, call, call.param(0)).is_empty() {
        return Err(refused("Invalid ID"));
    }
    Ok(shown(rows, call, call.param(0)))
}

fn shown(rows: &Rows, call: &Call<'_>, obj_id: &str) -> Value {
    let Some(obj) = rows.objs.get(obj_id) else {
        return Value::Null;
    };
    let saved: Vec<Value> = rows
        .sources_of(obj_id)
        .iter()
        .filter(|source| {
            source.active && rows.shares_a_group(call.caller, &BTreeSet::from([source.group_id]))
        })
        .filter_map(|source| rows.groups.get(&source.group_id).map(Shown::shown))
        .collect();
    let mut shown = obj.shown();
    shown["photstats"] = json!([]);
    shown["associated_objs"] = json!([]);
    shown["thumbnails"] = rows
        .thumbnails_of(obj_id)
        .iter()
        .map(|thumbnail| thumbnail.shown())
        .collect();
    shown["annotations"] = source_views::annotations(rows, call, obj_id);
    shown["classifications"] = source_views::classifications(rows, call, obj_id);
    shown["is_source"] = json!(saved.len());
    shown["saved_groups"] = saved.into();
    shown["last_detected_at"] = Value::Null;
    shown
}

/// `GET /api/candidates?groupIDs=`: the scanning page's query, one entry an object.
pub fn list(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let groups = numbers(call.query("groupIDs"));
    let wanted = |candidate: &&Candidate| {
        let filter = rows.filters.get(&candidate.filter_id);
        is_readable(rows, call, candidate)
            && (groups.is_empty() || filter.is_some_and(|filter| groups.contains(&filter.group_id)))
    };
    let objs: BTreeSet<&str> = rows
        .candidates
        .values()
        .filter(wanted)
        .map(|c| c.obj_id.as_str())
        .collect();
    let (size, page) = (
        call.query_number("numPerPage", 25).min(500),
        call.query_number("pageNumber", 1).max(1),
    );
    let candidates: Vec<Value> = objs
        .iter()
        .skip((page - 1) * size)
        .take(size)
        .map(|obj_id| shown(rows, call, obj_id))
        .collect();
    Ok(json!({
        "queryID": crate::setup::secret("query"), "pageNumber": page, "numPerPage": size,
        "totalMatches": objs.len(), "candidates": candidates,
    }))
}

fn numbers(list: Option<&str>) -> Vec<i64> {
    list.unwrap_or("")
        .split(',')
        .filter_map(|id| id.trim().parse().ok())
        .collect()
}

/// `GET /api/candidates_filter?filterIDs=&startDate=&endDate=`: the raw rows, by time.
pub fn of_filters(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let filters = numbers(call.query("filterIDs"));
    let date = |name: &str| {
        call.query(name)
            .map(|text| Stamp::parse(&json!(text)))
            .transpose()
            .map_err(refused)
    };
    let (from, until) = (date("startDate")?, date("endDate")?);
    let wanted = |candidate: &&Candidate| {
        is_readable(rows, call, candidate)
            && (filters.is_empty() || filters.contains(&candidate.filter_id))
            && from.is_none_or(|from| candidate.passed_at >= from)
            && until.is_none_or(|until| candidate.passed_at <= until)
    };
    let mut found: Vec<&Candidate> = rows.candidates.values().filter(wanted).collect();
    found.sort_by_key(|candidate| (candidate.passed_at, candidate.id));
    let (size, page) = (
        call.query_number("numPerPage", 25).min(500),
        call.query_number("pageNumber", 1).max(1),
    );
    let candidates: Vec<Value> = found
        .iter()
        .skip((page - 1) * size)
        .take(size)
        .map(|row| row.shown())
        .collect();
    Ok(json!({"candidates": candidates, "totalMatches": found.len()}))
}

/// `DELETE /api/candidates/{obj}/{filter}`.
pub fn delete(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let (obj_id, filter_id) = (call.param(0).to_owned(), call.id(1));
    let doomed: Vec<i64> = readable(rows, call, &obj_id)
        .iter()
        .filter(|candidate| candidate.filter_id == filter_id)
        .map(|candidate| candidate.id)
        .collect();
    if doomed.is_empty() {
        return Err(refused("Invalid (obj_id, filter_id) pair."));
    }
    for id in doomed {
        if let Some(gone) = rows.candidates.remove(&id) {
            rows.index
                .candidates
                .remove(&(gone.obj_id, gone.filter_id, gone.passed_at));
        }
    }
    Ok(json!({}))
}
