//! The filter, by its name, group and stream.
//!
//! SkyPortal does not keep two filters of one name apart, so of several the one with the lowest id
//! is ours, and whoever comes second at the same moment takes its own away again.

use serde::Deserialize;
use serde_json::json;

use crate::skyportal::Portal;
use crate::skyportal::retry::{Failure, Made, read};
use crate::skyportal::transport::Request;

/// What tells one filter from another.
pub(super) struct Key<'a> {
    pub name: &'a str,
    pub group_id: i64,
    pub stream_id: i64,
}

#[derive(Deserialize)]
struct Filter {
    id: i64,
    name: String,
    group_id: i64,
    stream_id: Option<i64>,
}

#[derive(Deserialize)]
struct MadeFilter {
    id: i64,
}

/// The filter's id.
#[derive(Clone, Copy)]
pub(super) enum Found {
    There(i64),
    /// A moment ago. Somebody else's may be on its way, with a lower id: SkyPortal's servers are
    /// several, so whoever made one looks again with [`settle_on_one`] after a moment.
    Made(i64),
}

impl Found {
    pub fn id(self) -> i64 {
        match self {
            Found::There(id) | Found::Made(id) => id,
        }
    }
}

pub(super) async fn find_or_make(portal: &Portal, key: &Key<'_>) -> Result<Found, Failure> {
    if let Some(id) = find(portal, key).await? {
        return Ok(Found::There(id));
    }
    let body = json!({"name": key.name, "stream_id": key.stream_id, "group_id": key.group_id});
    let request = Request::post_once("/api/filters", body);
    match portal.make_once(&request, || find(portal, key)).await? {
        Made::Before(id) => Ok(Found::There(id)),
        Made::Now(data) => {
            let ours = read::<MadeFilter>(&request, data)?.id;
            settle_on_one(portal, key, ours).await.map(Found::Made)
        }
    }
}

/// The server lists a filter once for every member of its group.
pub(super) async fn find(portal: &Portal, key: &Key<'_>) -> Result<Option<i64>, Failure> {
    let all: Vec<Filter> = portal.ask(&Request::get("/api/filters")).await?;
    let same = all.iter().filter(|filter| {
        filter.name == key.name
            && filter.group_id == key.group_id
            && filter.stream_id == Some(key.stream_id)
    });
    Ok(same.map(|filter| filter.id).min())
}

/// Ours, or the one that came before it; ours is removed then.
pub(super) async fn settle_on_one(
    portal: &Portal,
    key: &Key<'_>,
    ours: i64,
) -> Result<i64, Failure> {
    let first = match find(portal, key).await? {
        Some(id) if id < ours => id,
        _ => return Ok(ours),
    };
    if let Err(failure) = portal
        .call(&Request::delete(format!("/api/filters/{ours}")))
        .await
    {
        tracing::warn!(
            filter = key.name,
            filter_id = ours,
            words = %failure.words,
            "a second filter of the same name, made at the same moment, could not be removed and stays unused: a member of its group with `Upload data` can once DELETE /api/filters/{ours}"
        );
    }
    Ok(first)
}
