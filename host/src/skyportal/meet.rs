//! The first sight of an object, and the doubt whether SkyPortal still has what we remember.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use super::Portal;
use super::classification;
use super::order::Order;
use super::photometry;
use super::retry::Failure;
use super::setup::Ids;
use super::transport::Request;

#[derive(Deserialize)]
struct Exists {
    source_exists: bool,
}

/// Asks whether SkyPortal has the object, the first time that we see it and once a day. Of one that
/// it does not have there are no rows to look for; of one that it has they are looked at. One that was
/// deleted for want of a save is sent whole again.
pub(super) async fn meet(portal: &Portal, order: &Order, ids: &Ids) -> Result<(), Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default().as_secs();
    let (met, asked_at) = {
        let mut memory = portal.memory();
        let known = memory.of(&order.object_id);
        (known.met, known.asked_at)
    };
    // A clock that was set back makes it ask, too.
    let sure_for = portal.patience().sure_for.as_secs();
    if met && now.checked_sub(asked_at).is_some_and(|age| age < sure_for) {
        return Ok(());
    }
    let request = Request::get(format!("/api/source_exists/{}", order.object_id));
    let answer: Exists = portal.ask(&request).await?;
    if met && !answer.source_exists {
        tracing::info!(object = %order.object_id, "SkyPortal has deleted the object: it is sent whole again");
        portal.memory().forget(&order.object_id);
    }
    if answer.source_exists && !met {
        photometry::learn(portal, order, ids).await?;
        classification::learn(portal, order, ids).await?;
    }
    let mut memory = portal.memory();
    let known = memory.of(&order.object_id);
    known.met = true;
    known.asked_at = now;
    if !answer.source_exists {
        known.classifications.get_or_insert_default();
        known.listed = Some(Instant::now());
        known.there.get_or_insert_default();
    }
    Ok(())
}

/// A candidate came back with an id that is not above all others of its object: it was posted
/// before, or SkyPortal was restored from a back-up. Then it has fewer points than we sent, and
/// nothing that we remember of any object counts.
pub(super) async fn doubt(portal: &Portal, order: &Order, ids: &Ids) -> Result<(), Failure> {
    let sent = portal.memory().of(&order.object_id).sent_to(ids.group_id);
    if sent == 0 {
        return Ok(());
    }
    let there = photometry::read(portal, order, ids).await?;
    let seen = there
        .iter()
        .filter(|point| point.groups.contains(&ids.group_id));
    let seen = seen.count();
    if seen >= sent {
        return Ok(());
    }
    tracing::warn!(
        object = %order.object_id,
        sent,
        seen,
        "SkyPortal has fewer points than were sent: it seems to be restored from a back-up, and is asked for everything again"
    );
    let notes = portal.memory().distrust();
    let cleared = match notes {
        Some(notes) => notes.clear().await,
        None => Ok(()),
    };
    match cleared {
        Ok(()) => portal.memory().trust(),
        Err(error) => {
            tracing::error!(
                "the notes about SkyPortal cannot be dropped, and are not used: {error}"
            );
        }
    }
    meet(portal, order, ids).await
}
