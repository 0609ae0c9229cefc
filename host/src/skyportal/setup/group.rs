//! The group, by its exact name, with ourselves in it.

use serde::Deserialize;
use serde_json::json;

use super::{Account, SetUpProblem};
use crate::skyportal::Portal;
use crate::skyportal::answer::Class;
use crate::skyportal::retry::{Failure, Made, read};
use crate::skyportal::transport::Request;

#[derive(Deserialize)]
struct Group {
    id: i64,
    name: String,
}

#[derive(Deserialize)]
struct MadeGroup {
    id: i64,
}

#[derive(Deserialize)]
struct Members {
    users: Vec<Member>,
}

#[derive(Deserialize)]
pub(super) struct Member {
    id: i64,
    pub can_save: Option<bool>,
}

pub(super) async fn find_or_make(
    portal: &Portal,
    account: &Account,
    name: &str,
) -> Result<i64, SetUpProblem> {
    let id = match find(portal, name).await? {
        Some(id) => id,
        None => make(portal, account, name).await?,
    };
    belong(portal, account, id, name).await?;
    Ok(id)
}

pub(super) async fn find(portal: &Portal, name: &str) -> Result<Option<i64>, Failure> {
    let request = Request::get("/api/groups").with_query("name", name);
    let all: Vec<Group> = portal.ask(&request).await?;
    let named = all.iter().filter(|group| group.name == name);
    Ok(named.map(|group| group.id).min())
}

/// A group made with a token is empty, and so of no use to it, unless it names its own user.
async fn make(portal: &Portal, account: &Account, name: &str) -> Result<i64, Failure> {
    let body = json!({"name": name, "group_admins": [account.id]});
    let request = Request::post_once("/api/groups", body);
    match portal.make_once(&request, || find(portal, name)).await? {
        Made::Now(data) => Ok(read::<MadeGroup>(&request, data)?.id),
        Made::Before(id) => Ok(id),
    }
}

async fn belong(
    portal: &Portal,
    account: &Account,
    id: i64,
    name: &str,
) -> Result<(), SetUpProblem> {
    match member(portal, account, id).await? {
        Some(member) => {
            if member.can_save == Some(false) {
                tracing::warn!(
                    group = name,
                    username = %account.username,
                    "the token's user may not save to the group: sources cannot be posted until an admin of the group allows it"
                );
            }
            Ok(())
        }
        None if account.is_admin() => Ok(join(portal, account, id).await?),
        None => Err(problem(account, id, name)),
    }
}

/// Ourselves as a member of the group, if we are one.
pub(super) async fn member(
    portal: &Portal,
    account: &Account,
    id: i64,
) -> Result<Option<Member>, Failure> {
    let request = Request::get(format!("/api/groups/{id}"));
    let members: Members = portal.ask(&request).await?;
    let mut users = members.users.into_iter();
    Ok(users.find(|user| user.id == account.id))
}

/// Who must let us in.
pub(super) fn problem(account: &Account, id: i64, name: &str) -> SetUpProblem {
    SetUpProblem::Member {
        group: name.to_owned(),
        group_id: id,
        username: account.username.clone(),
        user_id: account.id,
    }
}

async fn join(portal: &Portal, account: &Account, id: i64) -> Result<(), Failure> {
    let body = json!({"userID": account.id, "admin": false, "canSave": true});
    match portal
        .call(&Request::post(format!("/api/groups/{id}/users"), body))
        .await
    {
        Err(failure) if failure.class != Class::Exists => Err(failure),
        _ => Ok(()),
    }
}
