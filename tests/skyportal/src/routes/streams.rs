//! Streams and who has them.

use serde_json::{Value, json};

use crate::call::Call;
use crate::checks::{self, Kind};
use crate::envelope::{Answer, Refusal, refused};
use crate::sql;
use crate::stamp::Stamp;
use crate::state::{Rows, Shown, Stream};

/// `GET /api/streams`: those that the token can see; the query string is ignored.
pub fn list(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let visible = rows
        .streams
        .values()
        .filter(|stream| rows.can_read_stream(call.caller, stream.id));
    Ok(visible.map(Shown::shown).collect())
}

/// `POST /api/streams`.
pub fn post(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let fields = [
        ("name", Kind::Text, true),
        ("altdata", Kind::Dict, false),
        ("auto_join", Kind::Bool, false),
    ];
    checks::schema(&body, &fields, true)?;
    let name = checks::text(&body, "name").unwrap_or_default();
    let id = rows.next_id("streams");
    if rows.streams.values().any(|stream| stream.name == name) {
        return Err(Refusal::with(
            500,
            sql::unique_violation("streams_name_key", "name", &name, "streams"),
        ));
    }
    let stream = Stream {
        id,
        name,
        altdata: body.get("altdata").cloned().unwrap_or(Value::Null),
        auto_join: checks::truthy(body.get("auto_join"), false),
        created_at: Stamp::now(),
    };
    rows.streams.insert(id, stream);
    Ok(json!({"id": id}))
}

/// `POST /api/streams/{id}/users`: an admin grants, or a user joins an auto-join stream.
pub fn post_user(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    checks::schema(&body, &[("user_id", Kind::Integer, true)], false)?;
    let stream_id = call.id(0);
    let user_id = body
        .get("user_id")
        .and_then(checks::integer)
        .unwrap_or_default();
    let stream = rows.streams.get(&stream_id);
    let stream =
        stream.ok_or_else(|| refused(format!("Could not retrieve stream with ID {stream_id}.")))?;
    let joins = user_id == call.caller.user_id && stream.auto_join;
    if !call.caller.is_admin() && !joins {
        return Err(refused(
            "Insufficient permissions: only system admins can grant stream access to other users or to non-auto-join \
             streams.",
        ));
    }
    if !rows.users.contains_key(&user_id) {
        return Err(refused(format!(
            "Could not retrieve user with ID {user_id}."
        )));
    }
    if !rows.stream_users.insert((stream_id, user_id)) {
        return Err(refused("Specified user already has access to this stream."));
    }
    Ok(json!({"stream_id": stream_id, "user_id": user_id}))
}
