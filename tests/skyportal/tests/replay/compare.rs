//! Two answers, side by side.

use serde_json::Value;

use crate::ids::{Ids, kind_of_field, kind_of_path};
use crate::recording::Recording;

/// Fields whose values are of the moment.
const OF_THE_MOMENT: [&str; 11] = [
    "created_at",
    "modified",
    "saved_at",
    "internal_key",
    "upload_id",
    "queryID",
    "gravatar_url",
    "healpix",
    "token_id",
    "public_url",
    "file_uri",
];

/// Compares everything.
///
/// # Errors
/// Where they first differ and how.
pub fn compare(
    recording: &Recording,
    theirs: &Value,
    ours: &Value,
    ids: &mut Ids,
) -> Result<(), String> {
    if theirs["status"] == "error" && theirs.get("version").is_some() {
        let (theirs, ours) = (message(theirs), message(ours));
        return if theirs == ours {
            Ok(())
        } else {
            Err(format!("message `{ours}` instead of `{theirs}`"))
        };
    }
    let mut pair = Pair {
        ids,
        kind: kind_of_path(&recording.path),
    };
    pair.values("", "", theirs, ours)
}

/// A message without ids, statements and all but the last line of a traceback.
fn message(body: &Value) -> String {
    let text = body["message"].as_str().unwrap_or_default();
    let text = match text.strip_prefix("Traceback") {
        Some(trace) => trace
            .trim()
            .lines()
            .rfind(|line| !line.starts_with(' '))
            .unwrap_or_default(),
        None => text,
    };
    let text = [
        "\n[SQL",
        "\nCONTEXT",
        "\nHINT",
        "\n(Background",
        " Allowed filters are",
        "\nDETAIL:  Token",
        "\n    ",
    ]
    .iter()
    .fold(text, |text, mark| {
        text.split(mark).next().unwrap_or_default()
    });
    let text = field_order(text);
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' if out.ends_with('#') => {}
            '0'..='9' => out.push('#'),
            c => out.push(c),
        }
    }
    out
}

/// The order of fields in a Python set changes from call to call.
fn field_order(text: &str) -> String {
    let mut out = String::new();
    for part in text.split_inclusive(['{', '}']) {
        match part.strip_suffix('}') {
            Some(inner) if inner.contains("': [") => {
                let mut entries: Vec<&str> = inner
                    .split("], ")
                    .map(|entry| entry.trim_end_matches(']'))
                    .collect();
                entries.sort_unstable();
                out += &entries.join("], ");
                out.push('}');
            }
            _ => out += part,
        }
    }
    out
}

struct Pair<'a> {
    ids: &'a mut Ids,
    kind: &'static str,
}

impl Pair<'_> {
    fn values(
        &mut self,
        place: &str,
        field: &str,
        theirs: &Value,
        ours: &Value,
    ) -> Result<(), String> {
        match (theirs, ours) {
            (Value::Object(left), Value::Object(right)) => {
                let missing: Vec<&String> = left
                    .keys()
                    .filter(|key| !right.contains_key(*key))
                    .collect();
                let extra: Vec<&String> = right
                    .keys()
                    .filter(|key| !left.contains_key(*key))
                    .collect();
                if !missing.is_empty() || !extra.is_empty() {
                    return Err(format!("{place}: missing {missing:?}, extra {extra:?}"));
                }
                left.iter().try_for_each(|(key, value)| {
                    self.values(&format!("{place}.{key}"), key, value, &right[key])
                })
            }
            (Value::Array(left), Value::Array(right)) => self.lists(place, field, left, right),
            _ => self.scalars(place, field, theirs, ours),
        }
    }

    fn lists(
        &mut self,
        place: &str,
        field: &str,
        theirs: &[Value],
        ours: &[Value],
    ) -> Result<(), String> {
        if theirs.len() != ours.len() {
            return Err(format!(
                "{place}: {} entries instead of {}",
                ours.len(),
                theirs.len()
            ));
        }
        let (mut theirs, mut ours) = (theirs.to_vec(), ours.to_vec());
        let outer = self.kind;
        self.kind = match field {
            "groups" | "saved_groups" => "groups",
            "streams" => "streams",
            "filters" => "filters",
            "users" => "user",
            "annotations" => "annotations",
            "classifications" => "classification",
            "votes" | "edits" | "group_users" => "nothing",
            _ => outer,
        };
        // The database gives rows in no particular order, and sets of ids neither.
        if theirs.iter().all(|row| row.get("id").is_some()) {
            theirs.sort_by_key(|row| row["id"].as_i64());
            ours.sort_by_key(|row| row["id"].as_i64());
        }
        let unordered_ids = field == "saved_to_groups";
        let result = theirs
            .iter()
            .zip(&ours)
            .enumerate()
            .try_for_each(|(n, (left, right))| match unordered_ids {
                true => Ok(()),
                false => self.values(&format!("{place}[{n}]"), field, left, right),
            });
        self.kind = outer;
        result
    }

    fn scalars(
        &mut self,
        place: &str,
        field: &str,
        theirs: &Value,
        ours: &Value,
    ) -> Result<(), String> {
        let kind = match field {
            "id" | "ids" => Some(self.kind),
            _ => kind_of_field(field),
        };
        if let (Some(kind), Some(left), Some(right)) = (kind, theirs.as_i64(), ours.as_i64()) {
            return match kind {
                "nothing" | "thumbnail" | "telescope" | "instrument" => Ok(()),
                kind => self
                    .ids
                    .agree(kind, left, right)
                    .map_err(|error| format!("{place}: {error}")),
            };
        }
        let same = match (theirs, ours) {
            (Value::Number(left), Value::Number(right)) => {
                let (left, right) = (left.as_f64().unwrap_or(0.0), right.as_f64().unwrap_or(0.0));
                OF_THE_MOMENT.contains(&field)
                    || (left - right).abs() <= 1e-5 * left.abs().max(1e-3)
            }
            (Value::String(left), Value::String(right)) => {
                OF_THE_MOMENT.contains(&field) || left == right
            }
            _ => theirs == ours,
        };
        if same {
            Ok(())
        } else {
            Err(format!("{place}: {ours} instead of {theirs}"))
        }
    }
}
