//! Comments: the one resource that is truly idempotent.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::call::Call;
use crate::checks;
use crate::envelope::{Answer, Refusal, refused};
use crate::stamp::Stamp;
use crate::state::{Comment, Rows, Shown};

/// `GET /api/sources/{obj}/comments`.
pub fn list(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let all = rows.comments_of(call.param(0));
    let visible = all
        .iter()
        .filter(|comment| rows.shares_a_group(call.caller, &comment.group_ids));
    let shown = visible.map(|comment| {
        let mut shown = comment.shown();
        let groups = comment
            .group_ids
            .iter()
            .filter_map(|id| rows.groups.get(id));
        shown["groups"] = groups.map(Shown::shown).collect();
        shown["author"] = rows
            .users
            .get(&comment.author_id)
            .map_or(Value::Null, Shown::shown);
        shown
    });
    Ok(shown.collect())
}

/// `POST /api/sources/{obj}/comments`: the same text, groups and author give the same comment.
pub fn post(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let obj_id = call.param(0).to_owned();
    let prefix = format!("Error posting comment for sources {obj_id}: ");
    let wrapped = |refusal: Refusal| refusal.after(&prefix);
    let text = checks::text(&body, "text");
    let text =
        text.ok_or_else(|| wrapped(refused("'NoneType' object has no attribute 'replace'")))?;
    if !rows.objs.contains_key(&obj_id) {
        return Err(wrapped(refused(format!(
            "Could not find any accessible sources with ID {obj_id}."
        ))));
    }
    let group_ids = match body.get("group_ids").filter(|given| !given.is_null()) {
        Some(given) => checks::existing_groups(rows, given).map_err(wrapped)?,
        None => BTreeSet::from([rows.sitewide_group()]),
    };
    let author_id = call.caller.user_id;
    let same = |comment: &&&Comment| {
        comment.text == text && comment.group_ids == group_ids && comment.author_id == author_id
    };
    if let Some(comment) = rows.comments_of(&obj_id).iter().find(same) {
        return Ok(json!({"comment_id": comment.id, "message": "Same comment already exists."}));
    }
    let id = rows.next_id("comments");
    rows.comments.insert(
        id,
        Comment {
            id,
            obj_id,
            text,
            author_id,
            group_ids,
            created_at: Stamp::now(),
        },
    );
    Ok(json!({"comment_id": id}))
}
