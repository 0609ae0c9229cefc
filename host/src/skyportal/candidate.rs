//! The candidate: shown for scanning, and what makes the object.
//!
//! SkyPortal knows one again by (object, filter, `passed_at`), so the same alert always makes the
//! same candidate, however often it is posted. One that was posted lately is not posted again: a
//! filter that reads several topics meets the same alert in each.

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

pub(super) async fn post(
    portal: &Portal,
    order: &Order,
    passed_at: &str,
    ids: &Ids,
) -> Result<Vec<i64>, Failure> {
    let posted = portal
        .memory()
        .of(&order.object_id)
        .candidate(ids.filter_id, passed_at)
        .map(<[i64]>::to_vec);
    if let Some(posted) = posted {
        return Ok(posted);
    }
    let filter_ids = [ids.filter_id];
    let (ra, dec) = portal.position(order);
    let body = json!({
        "id": order.object_id,
        "ra": ra,
        "dec": dec,
        "filter_ids": filter_ids,
        "passed_at": passed_at,
        "passing_alert_id": order.alert_id,
    });
    let request = Request::post("/api/candidates", body);
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
    let all_new = {
        let mut memory = portal.memory();
        made.ids.iter().all(|id| memory.is_new_candidate(*id))
    };
    if !all_new {
        meet::doubt(portal, order, ids).await?;
    }
    let mut memory = portal.memory();
    let known = memory.of(&order.object_id);
    known.add_candidate(ids.filter_id, passed_at, &made.ids);
    Ok(made.ids)
}
