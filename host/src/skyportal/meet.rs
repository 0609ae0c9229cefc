//! The first sight of an object, and the doubt whether SkyPortal still has what we remember.

use std::time::Instant;

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

/// Asks whether SkyPortal has the object, the first time that we see it. Of one that it does not
/// have there are no rows to look for; of one that it has they are looked at.
pub(super) async fn meet(portal: &Portal, order: &Order, ids: &Ids) -> Result<(), Failure> {
    if portal.memory().of(&order.object_id).met {
        return Ok(());
    }
    let request = Request::get(format!("/api/source_exists/{}", order.object_id));
    let answer: Exists = portal.ask(&request).await?;
    if answer.source_exists {
        photometry::learn(portal, order, ids).await?;
        classification::learn(portal, order, ids).await?;
    }
    let mut memory = portal.memory();
    let known = memory.of(&order.object_id);
    known.met = true;
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
    let notes = portal.memory().notes();
    if let Some(notes) = notes
        && let Err(error) = notes.clear().await
    {
        tracing::error!("what is remembered of SkyPortal cannot be dropped: {error}");
    }
    portal.memory().forget_all();
    meet(portal, order, ids).await
}
