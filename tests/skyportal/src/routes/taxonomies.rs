//! Taxonomies: the classes that a classification may name.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::checks::{self, Kind};
use crate::envelope::{Answer, Refusal, refused};
use crate::stamp::Stamp;
use crate::state::{Rows, Shown, Taxonomy};

/// `GET /api/taxonomy`: every version that one of my groups can see.
pub fn list(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let visible = rows
        .taxonomies
        .values()
        .filter(|taxonomy| rows.shares_a_group(call.caller, &taxonomy.group_ids));
    let shown = visible.map(|taxonomy| {
        let mut shown = taxonomy.shown();
        let groups = taxonomy
            .group_ids
            .iter()
            .filter_map(|id| rows.groups.get(id));
        shown["groups"] = groups.map(Shown::shown).collect();
        shown
    });
    Ok(shown.collect())
}

/// `GET /api/taxonomy/{id}`.
pub fn get(rows: &mut Rows, call: &Call<'_>) -> Answer {
    Ok(visible(rows, call)?.shown())
}

fn visible<'a>(rows: &'a Rows, call: &Call<'_>) -> Result<&'a Taxonomy, Refusal> {
    let found = rows.taxonomies.get(&call.id(0));
    let visible = found.filter(|taxonomy| rows.shares_a_group(call.caller, &taxonomy.group_ids));
    visible.ok_or_else(|| refused("Taxonomy does not exist or is not available to user."))
}

/// `POST /api/taxonomy`.
pub fn post(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let fields = [
        ("name", Kind::Text, true),
        ("version", Kind::Text, true),
        ("hierarchy", Kind::Any, false),
        ("hierarchy_file", Kind::Text, false),
        ("group_ids", Kind::Any, false),
        ("provenance", Kind::Text, false),
        ("isLatest", Kind::Bool, false),
    ];
    checks::schema(&body, &fields, true)?;
    let (name, version) = (
        checks::text(&body, "name").unwrap_or_default(),
        checks::text(&body, "version").unwrap_or_default(),
    );
    refuse_repeat(rows, call, &name, &version)?;
    let hierarchy = body
        .get("hierarchy")
        .filter(|hierarchy| !hierarchy.is_null());
    let hierarchy = hierarchy.ok_or_else(|| refused("A JSON of the taxonomy must be given"))?;
    if !is_hierarchy(hierarchy) {
        return Err(refused("Hierarchy does not validate against the schema."));
    }
    let group_ids = groups_of(rows, call, &body)?;
    let is_latest = checks::truthy(body.get("isLatest"), true);
    let now = Stamp::now();
    if is_latest {
        let older = rows
            .taxonomies
            .values_mut()
            .filter(|taxonomy| taxonomy.name == name && taxonomy.is_latest);
        older.for_each(|taxonomy| (taxonomy.is_latest, taxonomy.modified) = (false, now));
    }
    let (id, provenance) = (
        rows.next_id("taxonomies"),
        checks::text(&body, "provenance"),
    );
    let hierarchy = hierarchy.clone();
    let taxonomy = Taxonomy {
        id,
        name,
        version,
        hierarchy,
        provenance,
        is_latest,
        group_ids,
        created_at: now,
        modified: now,
    };
    rows.taxonomies.insert(id, taxonomy);
    Ok(json!({"taxonomy_id": id}))
}

/// Only versions that the token can see are compared.
fn refuse_repeat(rows: &Rows, call: &Call<'_>, name: &str, version: &str) -> Result<(), Refusal> {
    let same = |taxonomy: &&Taxonomy| taxonomy.name == name && taxonomy.version == version;
    let mut repeats = rows.taxonomies.values().filter(same);
    if repeats.any(|taxonomy| rows.shares_a_group(call.caller, &taxonomy.group_ids)) {
        return Err(refused(
            "That version/name combination is already present. If you really want to replace this then delete the \
             appropriate entry.",
        ));
    }
    Ok(())
}

/// Groups that the token cannot reach are dropped in silence; none left is an error.
fn groups_of(
    rows: &Rows,
    call: &Call<'_>,
    body: &Map<String, Value>,
) -> Result<BTreeSet<i64>, Refusal> {
    let accessible = rows.accessible_groups(call.caller);
    let ids: BTreeSet<i64> = match body.get("group_ids") {
        Some(Value::Array(ids)) => ids
            .iter()
            .filter_map(checks::integer)
            .filter(|id| accessible.contains(id))
            .collect(),
        _ => BTreeSet::from([rows.sitewide_group()]),
    };
    if ids.is_empty() {
        return Err(refused(
            "Invalid group IDs field ([]): You must provide one or more valid group IDs.",
        ));
    }
    Ok(ids)
}

/// A node has a `class`, perhaps `subclasses`, and nothing that the schema does not name.
fn is_hierarchy(node: &Value) -> bool {
    let Some(node) = node.as_object() else {
        return false;
    };
    node.get("class").is_some_and(Value::is_string)
        && node.iter().all(|(key, value)| match key.as_str() {
            "class" => true,
            "subclasses" => value
                .as_array()
                .is_some_and(|nodes| nodes.iter().all(is_hierarchy)),
            "other names" => value
                .as_array()
                .is_some_and(|names| are_unique_strings(names)),
            "tags" | "links" | "comments" => true,
            _ => false,
        })
}

fn are_unique_strings(names: &[Value]) -> bool {
    let unique: BTreeSet<&str> = names.iter().filter_map(Value::as_str).collect();
    unique.len() == names.len()
}

impl Taxonomy {
    /// Every `class` of the tree; other names do not count.
    pub fn classes(&self) -> BTreeSet<&str> {
        let mut classes = BTreeSet::new();
        let mut nodes = vec![&self.hierarchy];
        while let Some(node) = nodes.pop() {
            classes.extend(node.get("class").and_then(Value::as_str));
            nodes.extend(
                node.get("subclasses")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten(),
            );
        }
        classes
    }
}

/// `DELETE /api/taxonomy/{id}`: only one that nothing was classified with.
pub fn delete(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let id = visible(rows, call)?.id;
    if rows
        .classifications
        .values()
        .any(|classification| classification.taxonomy_id == id)
    {
        return Err(refused(
            "Taxonomy is in use by classifications and cannot be deleted.",
        ));
    }
    rows.taxonomies.remove(&id);
    Ok(json!({}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hierarchy_has_no_unknown_keys_and_no_repeated_names() {
        assert!(is_hierarchy(
            &json!({"class": "a", "subclasses": [{"class": "b", "other names": ["c", "d"]}]})
        ));
        assert!(!is_hierarchy(&json!({"klass": "a"})));
        assert!(!is_hierarchy(&json!({"class": "a", "colour": "red"})));
        assert!(!is_hierarchy(
            &json!({"class": "a", "subclasses": [{"class": 1}]})
        ));
        assert!(!is_hierarchy(
            &json!({"class": "a", "other names": ["b", "b"]})
        ));
    }
}
