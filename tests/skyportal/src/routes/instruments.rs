//! Telescopes and instruments.

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::checks;
use crate::envelope::{Answer, Refusal, not_permitted, refused};
use crate::stamp::Stamp;
use crate::state::{Instrument, Rows, Shown, Telescope};

/// `GET /api/telescope?name=`.
pub fn get_telescopes(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let wanted =
        |telescope: &&Telescope| call.query("name").is_none_or(|name| telescope.name == name);
    let shown = rows.telescopes.values().filter(wanted).map(|telescope| {
        let mut shown = telescope.shown();
        let instruments = rows
            .instruments
            .values()
            .filter(|i| i.telescope_id == telescope.id);
        shown["instruments"] = instruments
            .map(|instrument| with_extent(instrument.shown()))
            .collect();
        shown
    });
    Ok(shown.collect())
}

fn with_extent(mut instrument: Value) -> Value {
    instrument["number_of_fields"] = json!(0);
    instrument["region_summary"] = json!("");
    instrument["log_exists"] = json!(false);
    instrument
}

/// `POST /api/telescope`: anybody may.
pub fn post_telescope(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let name = checks::text(&body, "name").ok_or_else(|| {
        refused("Invalid/missing parameters: {'name': ['Missing data for required field.']}")
    })?;
    let number = |field: &str| body.get(field).and_then(Value::as_f64);
    let telescope = Telescope {
        id: rows.next_id("telescopes"),
        name,
        nickname: checks::text(&body, "nickname").unwrap_or_default(),
        lon: number("lon"),
        lat: number("lat"),
        elevation: number("elevation"),
        diameter: number("diameter").unwrap_or_default(),
        created_at: Stamp::now(),
    };
    let id = telescope.id;
    rows.telescopes.insert(id, telescope);
    Ok(json!({"id": id}))
}

/// `GET /api/instrument?name=`: exact and case-sensitive.
pub fn list(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let wanted = |instrument: &&Instrument| {
        call.query("name")
            .is_none_or(|name| instrument.name == name)
    };
    Ok(rows
        .instruments
        .values()
        .filter(wanted)
        .map(|instrument| shown(rows, instrument))
        .collect())
}

/// `GET /api/instrument/{id}`.
pub fn get(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let found = rows.instruments.get(&call.id(0));
    let instrument =
        found.ok_or_else(|| refused(format!("No instrument with ID: {}", call.param(0))))?;
    Ok(shown(rows, instrument))
}

fn shown(rows: &Rows, instrument: &Instrument) -> Value {
    let mut shown = with_extent(instrument.shown());
    shown["telescope"] = rows
        .telescopes
        .get(&instrument.telescope_id)
        .map_or(Value::Null, Shown::shown);
    shown
}

/// `POST /api/instrument`: no permission is asked for, but row-level security refuses whoever is no admin.
pub fn post(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let instrument = read(rows, &body)?;
    if !call.caller.is_admin() {
        return Err(not_permitted(
            &call.caller.token,
            &format!("create Instrument {{{}}}", instrument.id),
        ));
    }
    let id = instrument.id;
    rows.instruments.insert(id, instrument);
    Ok(json!({"id": id}))
}

fn read(rows: &mut Rows, body: &Map<String, Value>) -> Result<Instrument, Refusal> {
    let required = |field: &str| {
        let missing = format!(
            "Invalid/missing parameters: {{'{field}': ['Missing data for required field.']}}"
        );
        checks::text(body, field).ok_or_else(|| refused(missing))
    };
    let (name, kind) = (required("name")?, required("type")?);
    let telescope_id = body
        .get("telescope_id")
        .and_then(checks::integer)
        .unwrap_or_default();
    if !rows.telescopes.contains_key(&telescope_id) {
        return Err(refused(format!("No telescope with ID: {telescope_id}")));
    }
    if rows
        .instruments
        .values()
        .any(|i| i.name == name && i.telescope_id == telescope_id)
    {
        return Err(refused(format!(
            "Instrument with name {name} already exists for telescope {telescope_id}"
        )));
    }
    let filters = body
        .get("filters")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    Ok(Instrument {
        id: rows.next_id("instruments"),
        name,
        kind,
        band: checks::text(body, "band").unwrap_or_default(),
        filters: filters
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        telescope_id,
        created_at: Stamp::now(),
    })
}
