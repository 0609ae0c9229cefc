//! The candidate: shown for scanning, and what makes the object.
//!
//! SkyPortal knows one again by (object, filter, `passed_at`), so the same alert always makes the
//! same candidate, however often it is posted. One that was posted lately is not posted again: a
//! filter that reads several topics meets the same alert in each.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;

use super::Portal;
use super::answer::Class;
use super::meet;
use super::order::Order;
use super::retry::{Failure, read};
use super::setup::Ids;
use super::transport::Request;

#[derive(Deserialize)]
struct Candidates {
    ids: Vec<i64>,
}

/// The candidate of one route, unless it was posted before.
pub(super) async fn post(
    portal: &Portal,
    order: &Order,
    passed_at: &str,
    ids: &Ids,
) -> Result<Vec<i64>, Failure> {
    if let Some(posted) = posted(portal, order, passed_at, ids) {
        return Ok(posted);
    }
    send(portal, order, passed_at, &[ids.filter_id], ids).await
}

/// Those of all routes on which one alert passed, where there are several.
pub(super) async fn post_all(
    portal: &Portal,
    orders: &[&Order],
    passed_at: &str,
) -> Result<(), Failure> {
    let all = orders.iter().map(|order| (*order, order.destination.ids()));
    let missing: Vec<_> = all
        .filter(|(order, ids)| posted(portal, order, passed_at, ids).is_none())
        .collect();
    let filter_ids: BTreeSet<i64> = missing.iter().map(|(_, ids)| ids.filter_id).collect();
    let Some((order, ids)) = missing.first().filter(|_| filter_ids.len() > 1) else {
        return Ok(());
    };
    meet::meet(portal, order, ids).await?;
    let filter_ids = Vec::from_iter(filter_ids);
    send(portal, order, passed_at, &filter_ids, ids).await?;
    Ok(())
}

fn posted(portal: &Portal, order: &Order, passed_at: &str, ids: &Ids) -> Option<Vec<i64>> {
    let mut memory = portal.memory();
    let known = memory.of(&order.object_id);
    known
        .candidate(ids.filter_id, passed_at)
        .map(<[i64]>::to_vec)
}

async fn send(
    portal: &Portal,
    order: &Order,
    passed_at: &str,
    filter_ids: &[i64],
    ids: &Ids,
) -> Result<Vec<i64>, Failure> {
    let (ra, dec) = portal.position(order);
    let body = json!({
        "id": order.object_id,
        "ra": ra,
        "dec": dec,
        "filter_ids": filter_ids,
        "passed_at": passed_at,
        "passing_alert_id": order.alert_id,
    });
    let request = Request::post("/api/candidates", body)
        .of_group(ids.group_id)
        .urgent();
    let data = match portal.call(&request).await {
        // Before its rewrite of 2026 SkyPortal refused a repeat.
        Err(failure) if failure.class == Class::Exists => return Ok(Vec::new()),
        data => data?,
    };
    let made: Candidates = read(&request, data)?;
    // Filters that are gone or not ours are dropped without a word.
    if made.ids.len() != filter_ids.len() {
        let words = format!(
            "{} candidates for {} filters",
            made.ids.len(),
            filter_ids.len()
        );
        return Err(Failure::new(&request, Class::ConfigurationChanged, &words));
    }
    let expected = {
        let mut memory = portal.memory();
        let known = memory.of(&order.object_id);
        known.expects_candidates(passed_at, &made.ids)
    };
    if !expected {
        meet::doubt(portal, order, ids).await?;
    }
    let mut memory = portal.memory();
    let known = memory.of(&order.object_id);
    for filter_id in filter_ids {
        known.add_candidate(*filter_id, passed_at, &made.ids);
    }
    Ok(made.ids)
}
