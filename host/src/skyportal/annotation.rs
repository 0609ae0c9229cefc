//! The annotation: one for each (object, group, filter), kept up to date.
//!
//! SkyPortal keeps (object, origin) unique across all users, so the origin carries the group's and
//! the filter's names; of an existing one the author replaces the data.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Portal;
use super::answer::Class;
use super::memory::KnownAnnotation;
use super::order::Order;
use super::retry::{Failure, read};
use super::setup::{Destination, Ids};
use super::transport::Request;

#[derive(Deserialize)]
struct Annotation {
    id: i64,
    origin: String,
    author_id: i64,
}

#[derive(Deserialize)]
struct MadeAnnotation {
    annotation_id: i64,
}

/// What is to be done about an annotation, by what we remember.
enum Step {
    Nothing,
    Post,
    Put(i64),
}

/// Whether one was posted or changed now.
pub(super) async fn upsert(portal: &Portal, order: &Order, ids: &Ids) -> Result<bool, Failure> {
    if order.annotations.is_empty() || !ids.site.account.has("Annotate") {
        return Ok(false);
    }
    let origin = origin(order.destination.destination());
    let data = clean(&order.annotations);
    let id = match next(portal, order, &origin, &data) {
        Step::Nothing => return Ok(false),
        Step::Put(id) => put(portal, order, ids, (&origin, id), &data).await?,
        Step::Post => post(portal, order, ids, &origin, &data).await?,
    };
    let known = KnownAnnotation {
        id,
        data,
        mjd: order.mjd,
    };
    let mut memory = portal.memory();
    memory
        .of(&order.object_id)
        .annotations
        .insert(origin, known);
    Ok(true)
}

/// An older alert does not overwrite what a newer one said.
fn next(portal: &Portal, order: &Order, origin: &str, data: &Map<String, Value>) -> Step {
    match portal.memory().of(&order.object_id).annotations.get(origin) {
        None => Step::Post,
        Some(known) if known.mjd > order.mjd || known.data == *data => Step::Nothing,
        Some(known) => Step::Put(known.id),
    }
}

async fn post(
    portal: &Portal,
    order: &Order,
    ids: &Ids,
    origin: &str,
    data: &Map<String, Value>,
) -> Result<i64, Failure> {
    let body = json!({"origin": origin, "data": data, "group_ids": [ids.group_id]});
    let request = Request::post(path(order), body);
    match portal.call(&request).await {
        Ok(answer) => Ok(read::<MadeAnnotation>(&request, answer)?.annotation_id),
        Err(failure) if failure.class == Class::Exists => {
            let id = ours(portal, order, ids, origin, failure).await?;
            put(portal, order, ids, (origin, id), data).await
        }
        Err(failure) => Err(failure),
    }
}

async fn ours(
    portal: &Portal,
    order: &Order,
    ids: &Ids,
    origin: &str,
    exists: Failure,
) -> Result<i64, Failure> {
    let all: Vec<Annotation> = portal.ask(&Request::get(path(order))).await?;
    let author = ids.site.account.id;
    all.iter()
        .find(|one| one.origin == origin && one.author_id == author)
        .map(|one| one.id)
        .ok_or_else(|| {
            let words = format!("another user holds the annotation of origin `{origin}`");
            Failure::new(exists.call, Class::Permanent, &words)
        })
}

async fn put(
    portal: &Portal,
    order: &Order,
    ids: &Ids,
    (origin, id): (&str, i64),
    data: &Map<String, Value>,
) -> Result<i64, Failure> {
    let body = json!({"origin": origin, "data": data, "group_ids": [ids.group_id]});
    portal
        .call(&Request::put(format!("{}/{id}", path(order)), body))
        .await?;
    Ok(id)
}

fn path(order: &Order) -> String {
    format!("/api/sources/{}/annotations", order.object_id)
}

/// `<group>:<filter>`, led by a letter, digit or underscore, as SkyPortal asks.
fn origin(destination: &Destination) -> String {
    let origin = format!("{}:{}", destination.group, destination.filter);
    if origin.starts_with(|first: char| first.is_alphanumeric() || first == '_') {
        origin
    } else {
        format!("_{origin}")
    }
}

/// PostgreSQL holds any character but NUL.
pub(super) fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

fn clean(map: &Map<String, Value>) -> Map<String, Value> {
    map.iter()
        .map(|(key, value)| (without_nul(key), cleaned(value)))
        .collect()
}

fn cleaned(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(without_nul(text)),
        Value::Array(list) => list.iter().map(cleaned).collect(),
        Value::Object(map) => Value::Object(clean(map)),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_begin_as_skyportal_asks() {
        let origin = |group: &str| {
            origin(&Destination {
                group: group.to_owned(),
                stream: String::new(),
                filter: "early sn".to_owned(),
                surveys: Default::default(),
            })
        };
        assert_eq!(origin("Fink SN"), "Fink SN:early sn");
        assert_eq!(origin("(SN) team"), "_(SN) team:early sn");
        assert_eq!(origin("Équipe"), "Équipe:early sn");
    }

    #[test]
    fn nul_is_taken_out_everywhere() {
        let dirty = json!({"a\0": ["x\0y", {"b": "\0"}], "n": 1});
        let clean = clean(dirty.as_object().unwrap());
        assert_eq!(
            Value::Object(clean),
            json!({"a": ["xy", {"b": ""}], "n": 1})
        );
    }
}
