//! Ids differ between the servers: what was which is learned from the answers.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

/// Recorded id to ours and back, for each kind of row.
#[derive(Default)]
pub struct Ids {
    ours: HashMap<(&'static str, i64), i64>,
    theirs: HashMap<(&'static str, i64), i64>,
}

/// The kind of row that a field of a request or answer points at.
pub fn kind_of_field(field: &str) -> Option<&'static str> {
    Some(match field {
        "group_id" | "group_ids" | "saved_to_groups" | "groupIDs" => "groups",
        "stream_id" | "stream_ids" => "streams",
        "filter_id" | "filter_ids" | "filterIDs" => "filters",
        "user_id" | "userID" | "group_admins" | "author_id" | "uploader_id" | "voter_id"
        | "editor_id" => "user",
        "taxonomy_id" => "taxonomy",
        "classification_id" | "classification_ids" => "classification",
        "annotation_id" => "annotations",
        "comment_id" => "comments",
        _ => return None,
    })
}

/// The kind of row that a route answers with.
pub fn kind_of_path(path: &str) -> &'static str {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["", "api", "groups", _, "users" | "streams"] => "nothing",
        ["", "api", "sources", _, "groups"] => "groups",
        ["", "api", "sources", _, kind, ..] => kind_named(kind),
        ["", "api", "internal", ..] => "user",
        ["", "api", kind, ..] => kind_named(kind),
        _ => "nothing",
    }
}

fn kind_named(name: &str) -> &'static str {
    let kinds = [
        "groups",
        "streams",
        "filters",
        "user",
        "taxonomy",
        "classification",
        "annotations",
        "comments",
        "candidates",
        "photometry",
        "thumbnail",
        "super_objs",
        "telescope",
        "instrument",
    ];
    match name {
        "classifications" => "classification",
        "candidates_filter" => "candidates",
        _ => kinds
            .into_iter()
            .find(|kind| *kind == name)
            .unwrap_or("nothing"),
    }
}

impl Ids {
    /// The same recorded id must always be the same id of ours, and no other's.
    pub fn agree(&mut self, kind: &'static str, theirs: i64, ours: i64) -> Result<(), String> {
        let known = self.ours.get(&(kind, theirs)).copied();
        let taken = self.theirs.get(&(kind, ours)).copied();
        if known.is_some_and(|known| known != ours) || taken.is_some_and(|taken| taken != theirs) {
            return Err(format!(
                "{kind} {theirs} is {ours}, but {theirs} was {known:?} and {ours} stood for {taken:?}"
            ));
        }
        self.ours.insert((kind, theirs), ours);
        self.theirs.insert((kind, ours), theirs);
        Ok(())
    }

    fn ours(&self, kind: &'static str, theirs: i64) -> i64 {
        self.ours.get(&(kind, theirs)).copied().unwrap_or(theirs)
    }

    /// The path with our ids.
    pub fn path(&self, path: &str) -> String {
        let mut before = "";
        let parts: Vec<String> = path
            .split('/')
            .map(|part| {
                let kind = kind_named(before);
                before = part;
                match part.parse::<i64>() {
                    Ok(id) if kind != "nothing" => self.ours(kind, id).to_string(),
                    _ => part.to_owned(),
                }
            })
            .collect();
        parts.join("/")
    }

    /// The query string with our ids, its question mark included.
    pub fn query(&self, query: &Map<String, Value>) -> String {
        let pair = |(name, value): (&String, &Value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            let id = kind_of_field(name)
                .and_then(|kind| Some(self.ours(kind, text.parse().ok()?).to_string()));
            format!("{name}={}", id.unwrap_or(text).replace(' ', "%20"))
        };
        format!("?{}", query.iter().map(pair).collect::<Vec<_>>().join("&"))
    }

    /// The body with our ids.
    pub fn body(&self, body: &Value) -> Value {
        match body {
            Value::Object(map) => map
                .iter()
                .map(|(field, value)| (field.clone(), self.field(field, value)))
                .collect(),
            Value::Array(items) => items.iter().map(|item| self.body(item)).collect(),
            other => other.clone(),
        }
    }

    fn field(&self, field: &str, value: &Value) -> Value {
        if field == "ignore_if_in_group_ids" {
            let map = value.as_object().into_iter().flatten();
            let entry = |(key, ids): (&String, &Value)| {
                let key = self
                    .ours("groups", key.parse().unwrap_or_default())
                    .to_string();
                (key, self.field("group_ids", ids))
            };
            return map.map(entry).collect();
        }
        match (kind_of_field(field), value) {
            (Some(_), Value::Array(items)) => {
                items.iter().map(|item| self.field(field, item)).collect()
            }
            (Some(kind), Value::Number(id)) => id
                .as_i64()
                .map_or(value.clone(), |id| json!(self.ours(kind, id))),
            (Some(kind), Value::String(text)) => match text.parse() {
                Ok(id) => json!(self.ours(kind, id).to_string()),
                Err(_) => value.clone(),
            },
            _ => self.body(value),
        }
    }
}
