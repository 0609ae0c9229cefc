//! The source: the object saved to a group for good.
//!
//! Posted once for each (object, group), never again: a second post would undo a human's unsave
//! and set off whatever the group has tied to new sources.

use std::fmt;

use serde::Deserialize;
use serde_json::json;

use super::Portal;
use super::answer::Class;
use super::order::Order;
use super::retry::{Failure, Made, read};
use super::setup::Ids;
use super::transport::Request;
use crate::config::Save;

/// What became of the wish to save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceOutcome {
    /// The alert is to be a candidate only.
    NotAsked,
    Saved,
    /// It was saved before.
    SavedBefore,
    /// Somebody unsaved it; that stands.
    Unsaved,
}

impl fmt::Display for SourceOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SourceOutcome::NotAsked => "not asked",
            SourceOutcome::Saved => "saved",
            SourceOutcome::SavedBefore => "saved before",
            SourceOutcome::Unsaved => "unsaved by somebody, left so",
        })
    }
}

#[derive(Deserialize)]
struct Group {
    id: i64,
}

#[derive(Deserialize)]
struct Posted {
    #[serde(default)]
    saved_to_groups: Vec<i64>,
}

/// What SkyPortal has of an (object, group).
enum Standing {
    Never,
    Saved,
    Unsaved,
}

pub(super) async fn save(
    portal: &Portal,
    order: &Order,
    ids: &Ids,
) -> Result<SourceOutcome, Failure> {
    if order.save != Save::Source {
        return Ok(SourceOutcome::NotAsked);
    }
    let group_id = ids.group_id;
    if portal
        .memory()
        .of(&order.object_id)
        .saved
        .contains(&group_id)
    {
        return Ok(SourceOutcome::SavedBefore);
    }
    let outcome = match standing(portal, &order.object_id, group_id).await? {
        Standing::Saved => SourceOutcome::SavedBefore,
        Standing::Unsaved => SourceOutcome::Unsaved,
        Standing::Never => post(portal, order, group_id).await?,
    };
    portal.memory().of(&order.object_id).saved.insert(group_id);
    Ok(outcome)
}

/// HEAD tells whether any of our groups ever saved the object; the list has those that hold it now.
/// In none of them: it was unsaved. In others only: that is what HEAD saw, so not in ours yet.
async fn standing(portal: &Portal, object_id: &str, group_id: i64) -> Result<Standing, Failure> {
    let head = Request::head(format!("/api/sources/{object_id}"));
    match portal.call(&head).await {
        Err(failure) if failure.class == Class::Absent => return Ok(Standing::Never),
        other => other?,
    };
    let holders = holders(portal, object_id).await?;
    Ok(if holders.contains(&group_id) {
        Standing::Saved
    } else if holders.is_empty() {
        Standing::Unsaved
    } else {
        Standing::Never
    })
}

async fn holders(portal: &Portal, object_id: &str) -> Result<Vec<i64>, Failure> {
    let request = Request::get(format!("/api/sources/{object_id}/groups"));
    let groups: Vec<Group> = portal.ask(&request).await?;
    Ok(groups.into_iter().map(|group| group.id).collect())
}

async fn post(portal: &Portal, order: &Order, group_id: i64) -> Result<SourceOutcome, Failure> {
    let (ra, dec) = portal.position(order);
    let body = json!({
        "id": order.object_id,
        "ra": ra,
        "dec": dec,
        "group_ids": [group_id],
        "refresh_source": false,
    });
    let request = Request::post_once("/api/sources", body);
    let look = || async {
        let holders = holders(portal, &order.object_id).await?;
        Ok(holders.contains(&group_id).then_some(()))
    };
    let Made::Now(data) = portal.make_once(&request, look).await? else {
        return Ok(SourceOutcome::Saved);
    };
    let posted: Posted = read(&request, data)?;
    if !posted.saved_to_groups.contains(&group_id) {
        let words = format!(
            "saved to the groups {:?}, not to {group_id}",
            posted.saved_to_groups
        );
        return Err(Failure::new(&request, Class::ConfigurationChanged, &words));
    }
    Ok(SourceOutcome::Saved)
}
