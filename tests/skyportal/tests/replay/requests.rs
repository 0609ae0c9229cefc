//! What to send for a recording.

use std::collections::HashMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::ids::Ids;
use crate::recording::Recording;

pub fn authorization(recording: &Recording, tokens: &HashMap<String, String>) -> Option<String> {
    match (recording.caller.as_str(), recording.label.as_str()) {
        ("none", _) => None,
        (_, "auth.bearer-scheme") => Some(format!("Bearer {}", tokens["admin"])),
        (_, "auth.lowercase-Token-scheme") => Some(format!("Token {}", tokens["admin"])),
        (caller, _) => Some(format!(
            "token {}",
            tokens.get(caller).map_or("unknown", String::as_str)
        )),
    }
}

pub fn body(recording: &Recording, ids: &Ids) -> Vec<u8> {
    match recording.label.as_str() {
        "y.gzip-request-body" => return vec![0x1f, 0x8b, 8, 0],
        "limit.body-101MB" => return vec![b' '; 101 * 1024 * 1024],
        _ => {}
    }
    if let Some(raw) = &recording.raw {
        return raw_body(raw, ids).into_bytes();
    }
    match &recording.request {
        None => Vec::new(),
        Some(request) if request.get("_truncated").is_some() => {
            ids.body(&rebuilt(recording)).to_string().into_bytes()
        }
        Some(request) => ids.body(request).to_string().into_bytes(),
    }
}

/// Raw bodies hold what JSON cannot (NaN); their ids are replaced in a copy that can be parsed.
fn raw_body(raw: &str, ids: &Ids) -> String {
    let quoted = raw
        .replace("NaN", "\"@NaN\"")
        .replace("Infinity", "\"@Infinity\"");
    match serde_json::from_str::<Value>(&quoted) {
        Ok(body) => ids
            .body(&body)
            .to_string()
            .replace("\"@NaN\"", "NaN")
            .replace("\"@Infinity\"", "Infinity"),
        Err(_) => raw.to_owned(),
    }
}

/// Bodies that were too long to be recorded whole.
fn rebuilt(recording: &Recording) -> Value {
    match recording.label.as_str() {
        "phot.put.max+1-rows" => rows("ZTF26aa063207a", 61_000.0, 0.0001, 10_001),
        "phot.put.1000-rows" => rows("ZTF26aa063207b", 60_000.0, 0.1, 1000),
        "thumb.create.sub-rgb-nosurvey" => {
            json!({"obj_id": "ZTF26aa063207a", "data": png(63, 63, 2), "ttype": "sub"})
        }
        "thumb.create.too-big" => {
            json!({"obj_id": "ZTF26aa063207a", "data": png(501, 501, 0), "ttype": "new", "survey": "ZTF"})
        }
        other => panic!("`{other}` was cut in the recording and is not rebuilt here"),
    }
}

fn rows(obj_id: &str, first: f64, step: f64, count: u32) -> Value {
    let mjd: Vec<f64> = (0..count).map(|n| first + step * f64::from(n)).collect();
    json!({
        "obj_id": obj_id, "instrument_id": 1, "magsys": "ab", "ra": 217.3812, "dec": 32.5521, "group_ids": [43],
        "stream_ids": [13], "mjd": mjd, "filter": "ztfg", "mag": 18.5, "magerr": 0.1, "limiting_mag": 20.5,
    })
}

/// As much of a PNG as anybody looks at.
fn png(width: u32, height: u32, colour: u8) -> String {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend([8, colour, 0, 0, 0]);
    BASE64_STANDARD.encode(bytes)
}
