//! The comment; SkyPortal itself knows the same text by the same author again.

use serde_json::json;

use super::Portal;
use super::annotation::without_nul;
use super::order::Order;
use super::retry::Failure;
use super::setup::Ids;
use super::transport::Request;

/// Whether one was posted now.
pub(super) async fn post(portal: &Portal, order: &Order, ids: &Ids) -> Result<bool, Failure> {
    let Some(text) = order.comment.as_deref().map(without_nul) else {
        return Ok(false);
    };
    if text.trim().is_empty() || !ids.site.account.has("Comment") {
        return Ok(false);
    }
    let known = (ids.group_id, text);
    if portal
        .memory()
        .of(&order.object_id)
        .comments
        .contains(&known)
    {
        return Ok(false);
    }
    let path = format!("/api/sources/{}/comments", order.object_id);
    let body = json!({"text": known.1, "group_ids": [ids.group_id]});
    portal.call(&Request::post(path, body)).await?;
    portal.memory().of(&order.object_id).comments.insert(known);
    Ok(true)
}
