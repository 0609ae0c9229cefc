//! Super-objects: several objects that are one transient.

use serde_json::{Value, json};

use crate::call::Call;
use crate::checks;
use crate::envelope::{Answer, refused};
use crate::json as pyjson;
use crate::stamp::Stamp;
use crate::state::{Rows, SuperObj};

/// `POST /api/super_objs`: not idempotent.
pub fn post(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let name = checks::text(&body, "name")
        .ok_or_else(|| refused("Invalid/missing parameters: name: Field required"))?;
    let ids = body
        .get("obj_ids")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let obj_ids: Vec<String> = ids.iter().map(pyjson::plain).collect();
    if let Some(missing) = obj_ids.iter().find(|id| !rows.objs.contains_key(*id)) {
        return Err(refused(format!("Cannot find object with ID {missing}.")));
    }
    let id = rows.next_id("super_objs");
    rows.super_objs.insert(
        id,
        SuperObj {
            id,
            name,
            obj_ids,
            created_at: Stamp::now(),
        },
    );
    Ok(json!({"id": id}))
}
