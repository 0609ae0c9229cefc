//! One recorded call.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// The run that was recorded: its rows carry this in their names, earlier rows do not.
pub const RUN: &str = "063207";

pub struct Recording {
    pub n: i64,
    pub label: String,
    pub caller: String,
    pub method: String,
    pub path: String,
    pub query: Option<Map<String, Value>>,
    pub request: Option<Value>,
    pub raw: Option<String>,
    pub status: u16,
    pub is_json: bool,
    pub text: Option<String>,
    response: Option<Value>,
}

impl Recording {
    fn read(line: &str) -> Recording {
        let value: Value = serde_json::from_str(line).expect("a recording is JSON");
        let text = |field: &str| value[field].as_str().map(str::to_owned);
        let content_type = value["response_headers"]["Content-Type"]
            .as_str()
            .unwrap_or_default();
        Recording {
            n: value["n"].as_i64().expect("a number"),
            label: text("label").expect("a label"),
            caller: text("as").expect("a caller"),
            method: text("method").expect("a verb"),
            path: text("path").expect("a path"),
            query: value["query"].as_object().cloned(),
            request: value.get("request_body").cloned(),
            raw: text("request_raw"),
            status: u16::try_from(value["status"].as_i64().unwrap_or(0)).unwrap_or(0),
            is_json: content_type.starts_with("application/json")
                || text("response_text").is_some_and(|text| text.starts_with('{')),
            text: text("response_text"),
            response: value.get("response_body").cloned(),
        }
    }

    /// The answer as JSON, if it was recorded whole.
    pub fn body(&self) -> Option<Value> {
        match (&self.response, &self.text) {
            (Some(body), _) => Some(body.clone()),
            (None, Some(text)) => serde_json::from_str(text).ok(),
            (None, None) => None,
        }
    }

    /// True when the recording kept only the beginning of the answer.
    pub fn is_cut(&self) -> bool {
        self.text
            .as_ref()
            .is_some_and(|text| text.ends_with(" chars>"))
    }
}

/// All recordings in the order in which they were sent, or `None` when there are none on this machine.
pub fn load() -> Option<Vec<Recording>> {
    let text = std::fs::read_to_string(folder()?.join("skyportal/recordings.jsonl")).ok()?;
    let mut recordings: Vec<Recording> = text.lines().map(Recording::read).collect();
    recordings.sort_by_key(|recording| recording.n);
    Some(recordings)
}

fn folder() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("SKYSIEVE_SHARED") {
        return Some(folder.into());
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .map(|above| above.join("shared"))
        .find(|shared| shared.join("fink/devset").is_dir())
}
