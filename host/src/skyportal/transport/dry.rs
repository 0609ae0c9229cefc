//! No SkyPortal at all: every request is shown instead of sent, and answered as a new, empty
//! SkyPortal would answer it, so that a replay runs the very code that delivers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::{Method, Reply, Request};

/// Takes every request exactly as it would have gone out.
pub type Sink = Box<dyn Fn(&Request) + Send + Sync>;

/// The account that a new SkyPortal would have made for us.
const OURSELVES: i64 = 1;

/// All that either survey's instrument could have.
const FILTERS: [&str; 9] = [
    "ztfg", "ztfr", "ztfi", "lsstu", "lsstg", "lsstr", "lssti", "lsstz", "lssty",
];

/// What start-up makes, and looks for again when the next destination wants it too.
const REMEMBERED: [&str; 4] = ["groups", "streams", "filters", "taxonomy"];

pub(crate) struct Dry {
    sink: Sink,
    last_id: AtomicI64,
    /// By resource: what was posted, with its id.
    made: Mutex<BTreeMap<String, Vec<Value>>>,
}

impl Dry {
    pub fn new(sink: Sink) -> Self {
        Dry {
            sink,
            last_id: AtomicI64::new(0),
            made: Mutex::default(),
        }
    }

    pub fn answer(&self, request: &Request) -> Reply {
        (self.sink)(request);
        if request.method == Method::Head {
            return reply(404, String::new());
        }
        let data = match request.method {
            Method::Get => self
                .what_was_made(request)
                .unwrap_or_else(|| nothing_there(request)),
            Method::Post | Method::Put => self.done(request),
            Method::Head | Method::Delete => json!({}),
        };
        reply(200, json!({"status": "success", "data": data}).to_string())
    }

    fn done(&self, request: &Request) -> Value {
        let body = request.body.as_ref().unwrap_or(&Value::Null);
        let parts: Vec<&str> = request.path.split('/').skip(2).collect();
        match (request.method, parts.as_slice()) {
            (_, ["candidates"]) => json!({"ids": self.ids(rows(body, "filter_ids"))}),
            (_, ["photometry"]) => json!({"ids": self.ids(rows(body, "mjd"))}),
            (_, ["sources"]) => json!({"id": body["id"], "saved_to_groups": body["group_ids"]}),
            (Method::Put, _) => json!({}),
            (_, ["classification"]) => json!({"classification_id": self.id()}),
            (_, ["sources", _, "annotations"]) => json!({"annotation_id": self.id()}),
            (_, ["sources", _, "comments"]) => json!({"comment_id": self.id()}),
            (_, ["taxonomy"]) => json!({"taxonomy_id": self.remember("taxonomy", body)}),
            (_, [resource @ ("groups" | "streams" | "filters")]) => {
                json!({"id": self.remember(resource, body)})
            }
            _ => json!({}),
        }
    }

    fn remember(&self, resource: &str, body: &Value) -> i64 {
        let id = self.id();
        let mut row = body.clone();
        row["id"] = json!(id);
        if resource == "taxonomy" {
            row["isLatest"] = json!(true);
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.entry(resource.to_owned()).or_default().push(row);
        id
    }

    /// The rows of a whole resource, those of one name if the request asks for one.
    fn what_was_made(&self, request: &Request) -> Option<Value> {
        let resource = request.path.strip_prefix("/api/")?;
        if !REMEMBERED.contains(&resource) {
            return None;
        }
        let name = request.query.iter().find(|(key, _)| *key == "name");
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = made.get(resource).map(Vec::as_slice).unwrap_or_default();
        let fits = |row: &&Value| name.is_none_or(|(_, name)| row["name"] == json!(name));
        Some(rows.iter().filter(fits).cloned().collect())
    }

    fn id(&self) -> i64 {
        self.last_id.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn ids(&self, count: usize) -> Vec<i64> {
        (0..count).map(|_| self.id()).collect()
    }
}

fn rows(body: &Value, column: &str) -> usize {
    body[column].as_array().map_or(1, Vec::len)
}

/// What a new SkyPortal has: our account with every right, and the instruments that are asked for.
fn nothing_there(request: &Request) -> Value {
    let parts: Vec<&str> = request.path.split('/').skip(2).collect();
    match parts.as_slice() {
        ["internal", "profile"] => json!({
            "id": OURSELVES,
            "username": "nobody",
            "permissions": ["System admin"],
            "tokens": [{"id": "***", "acls": ["System admin"]}],
            "streams": [],
        }),
        ["source_exists", _] => json!({"source_exists": false}),
        ["groups", _] => json!({"users": [{"id": OURSELVES, "admin": true, "can_save": true}]}),
        ["instrument"] => instrument(request),
        _ => json!([]),
    }
}

fn instrument(request: &Request) -> Value {
    let Some((_, name)) = request.query.iter().find(|(key, _)| *key == "name") else {
        return json!([]);
    };
    json!([{"id": 1, "name": name, "filters": FILTERS}])
}

fn reply(status: u16, body: String) -> Reply {
    Reply {
        status,
        body,
        retry_after: None,
    }
}
