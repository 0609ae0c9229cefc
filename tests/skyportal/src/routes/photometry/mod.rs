//! Photometry. In: one JSON object whose fields are scalars or equally long lists. Out: points in µJy, all of them or
//! none. `schema` decides on magnitudes or fluxes, `table` makes rows of the fields, `standard` makes points of the
//! rows, `read` shows them again. Never here: a change of a value that is already stored (an admin's overwrite apart).

mod altdata;
mod read;
mod schema;
mod standard;
mod table;

use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value, json};

pub use read::get;

use crate::call::Call;
use crate::checks;
use crate::envelope::{Answer, Refusal, refused};
use crate::json as pyjson;
use crate::state::{Point, PointKey, Rows};

const MOST_ROWS: usize = 10_000;

/// `PUT /api/photometry`: inserts what is new; what is there keeps its values and gains groups and streams.
pub fn put(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let ignore_flux = call.flag("duplicate_ignore_flux");
    if ignore_flux && !call.caller.user_is_admin {
        return Err(refused(
            "Ignoring flux/fluxerr when checking for duplicates is reserved to super admin users only",
        ));
    }
    let points = points_of(rows, call, "put")?;
    refuse_repeats(&points)?;
    let ids = points.into_iter().map(|point| {
        let existing = if ignore_flux {
            same_epoch(rows, &point)
        } else {
            rows.index.points.get(&point.key()).copied()
        };
        match existing {
            Some(id) => {
                if ignore_flux && call.flag("overwrite_flux") {
                    overwrite(rows, id, &point);
                }
                share(rows, id, &point);
                id
            }
            None => insert(rows, point),
        }
    });
    Ok(json!({"ids": ids.collect::<Vec<i64>>()}))
}

/// `POST /api/photometry`: one known row and nothing is stored.
pub fn post(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let points = points_of(rows, call, "post")?;
    let known: Vec<String> = points
        .iter()
        .filter(|point| rows.index.points.contains_key(&point.key()))
        .map(repr_key)
        .collect();
    if !known.is_empty() {
        return Err(traceback(
            "post",
            &format!(
                "marshmallow.exceptions.ValidationError: The following photometry already exists in the database \
                 (deduplication keys: obj_id, instrument_id, origin, mjd, fluxerr, flux): [{}]",
                known.join(", ")
            ),
        ));
    }
    refuse_repeats(&points)?;
    let ids: Vec<i64> = points
        .into_iter()
        .map(|point| insert(rows, point))
        .collect();
    Ok(json!({"ids": ids, "upload_id": crate::setup::secret(&format!("upload {ids:?}"))}))
}

fn points_of(rows: &mut Rows, call: &Call<'_>, verb: &str) -> Result<Vec<Point>, Refusal> {
    let body = call.json()?;
    let count = table::length(&body);
    if count > MOST_ROWS {
        return Err(refused(format!(
            "Maximum number of photometry rows to post exceeded: {count} > {MOST_ROWS}. Please break up the data into \
             smaller sets and try again"
        )));
    }
    let group_ids = groups_of(rows, call, &body)?;
    let stream_ids = streams_of(rows, call, &body)?;
    let space = schema::space_of(&body)?;
    let drafts = table::drafts(&body, space)?;
    let owner = standard::Owner {
        user_id: call.caller.user_id,
        group_ids,
        stream_ids,
    };
    standard::points(rows, &drafts, space, &owner, verb)
}

/// Any existing group will do; the owner's own is always added.
fn groups_of(
    rows: &Rows,
    call: &Call<'_>,
    body: &Map<String, Value>,
) -> Result<BTreeSet<i64>, Refusal> {
    let mut ids = match body.get("group_ids") {
        None | Some(Value::Null) => BTreeSet::new(),
        Some(Value::String(all)) if all == "all" => BTreeSet::from([rows.sitewide_group()]),
        Some(given) => ids_of(given, "group_ids")?,
    };
    let known: BTreeSet<i64> = ids
        .iter()
        .copied()
        .filter(|id| rows.groups.contains_key(id))
        .collect();
    refuse_unknown("group", &ids, &known)?;
    ids.insert(rows.users[&call.caller.user_id].single_user_group);
    Ok(ids)
}

fn streams_of(
    rows: &Rows,
    call: &Call<'_>,
    body: &Map<String, Value>,
) -> Result<BTreeSet<i64>, Refusal> {
    let ids = match body.get("stream_ids") {
        None | Some(Value::Null) => return Ok(BTreeSet::new()),
        Some(given) => ids_of(given, "stream_ids")?,
    };
    let readable =
        |id: &i64| rows.streams.contains_key(id) && rows.can_read_stream(call.caller, *id);
    let known: BTreeSet<i64> = ids.iter().copied().filter(readable).collect();
    refuse_unknown("stream", &ids, &known)?;
    Ok(ids)
}

fn ids_of(given: &Value, field: &str) -> Result<BTreeSet<i64>, Refusal> {
    let ids = given
        .as_array()
        .and_then(|items| items.iter().map(checks::integer).collect::<Option<_>>());
    ids.ok_or_else(|| {
        refused(format!(
            "Invalid format for {field} parameter. Must be a list of integers."
        ))
    })
}

fn refuse_unknown(what: &str, asked: &BTreeSet<i64>, known: &BTreeSet<i64>) -> Result<(), Refusal> {
    let unknown: BTreeSet<i64> = asked.difference(known).copied().collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let (unknown, known) = (checks::repr_set(&unknown), checks::repr_set(known));
    Err(refused(format!(
        "Invalid {what} IDs: {unknown}. Available {what} IDs: {known}"
    )))
}

/// The database refuses to touch a row twice in one statement.
fn refuse_repeats(points: &[Point]) -> Result<(), Refusal> {
    let keys: HashSet<PointKey> = points.iter().map(Point::key).collect();
    if keys.len() == points.len() {
        return Ok(());
    }
    Err(traceback(
        "put",
        "sqlalchemy.exc.ProgrammingError: (psycopg.errors.CardinalityViolation) ON CONFLICT DO UPDATE command cannot \
         affect row a second time\nHINT:  Ensure that no rows proposed for insertion within the same command have \
         duplicate constrained values.",
    ))
}

fn insert(rows: &mut Rows, mut point: Point) -> i64 {
    point.id = rows.next_id("photometry");
    let id = point.id;
    rows.add_point(point);
    id
}

fn share(rows: &mut Rows, id: i64, point: &Point) {
    if let Some(existing) = rows.photometry.get_mut(&id) {
        existing.group_ids.extend(&point.group_ids);
        existing.stream_ids.extend(&point.stream_ids);
    }
}

fn same_epoch(rows: &Rows, point: &Point) -> Option<i64> {
    let same = |other: &&&Point| {
        other.instrument_id == point.instrument_id
            && other.origin == point.origin
            && other.mjd == point.mjd
    };
    rows.photometry_of(&point.obj_id)
        .iter()
        .find(same)
        .map(|existing| existing.id)
}

fn overwrite(rows: &mut Rows, id: i64, point: &Point) {
    if let Some(existing) = rows.photometry.get_mut(&id) {
        rows.index.points.remove(&existing.key());
        (existing.flux, existing.fluxerr) = (point.flux, point.fluxerr);
        rows.index.points.insert(existing.key(), id);
    }
}

fn repr_key(point: &Point) -> String {
    format!(
        "('{}', {}, '{}', {}, {}, {})",
        point.obj_id,
        point.instrument_id,
        point.origin,
        pyjson::repr_f64(point.mjd),
        pyjson::repr_f64(point.fluxerr),
        point.flux.map_or("'__nan__'".into(), pyjson::repr_f64)
    )
}

/// A Python traceback as a message: the last line is the reason.
fn traceback(verb: &str, reason: &str) -> Refusal {
    refused(format!(
        "Traceback (most recent call last):\n  File \"skyportal/skyportal/handlers/api/photometry.py\", in {verb}\n    \
         ids, upload_id = await insert_new_photometry_data(\n{reason}\n"
    ))
}

/// `GET /api/photometry/origins`.
pub fn origins(_: &mut Rows, _: &Call<'_>) -> Answer {
    Err(refused("This feature is deprecated"))
}

/// `POST /api/photometry/{id}/annotations`: not kept here, so no point is ever accessible.
pub fn annotate(_: &mut Rows, call: &Call<'_>) -> Answer {
    Err(Refusal::with(
        403,
        format!("Could not access photometry {}.", call.param(0)),
    ))
}
