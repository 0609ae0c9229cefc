//! The stream, by name; photometry is posted to it.
//!
//! A stream that we make may be joined by anybody (`auto_join`): Fink's data are public, and only so
//! can a group's members see it without an operator's help.

use serde::Deserialize;
use serde_json::json;

use super::{Account, SetUpProblem};
use crate::skyportal::Portal;
use crate::skyportal::answer::Class;
use crate::skyportal::retry::{Failure, Made, read};
use crate::skyportal::transport::Request;

#[derive(Deserialize)]
struct Stream {
    id: i64,
    name: String,
}

#[derive(Deserialize)]
struct MadeStream {
    id: i64,
}

pub(super) async fn find_or_make(
    portal: &Portal,
    account: &Account,
    name: &str,
) -> Result<i64, SetUpProblem> {
    let id = match find(portal, name).await? {
        Some(id) => id,
        None if account.is_admin() => make(portal, name).await?,
        None => return Err(problem(account, name)),
    };
    if !account.streams.contains(&id) {
        join(portal, account, id).await?;
    }
    Ok(id)
}

/// Who must make it.
pub(super) fn problem(account: &Account, name: &str) -> SetUpProblem {
    SetUpProblem::Stream {
        stream: name.to_owned(),
        username: account.username.clone(),
        user_id: account.id,
    }
}

/// Among those that the token can see; the list cannot be searched on the server's side.
pub(super) async fn find(portal: &Portal, name: &str) -> Result<Option<i64>, Failure> {
    let all: Vec<Stream> = portal.ask(&Request::get("/api/streams")).await?;
    let named = all.iter().filter(|stream| stream.name == name);
    Ok(named.map(|stream| stream.id).min())
}

async fn make(portal: &Portal, name: &str) -> Result<i64, Failure> {
    let request = Request::post_once("/api/streams", json!({"name": name, "auto_join": true}));
    match portal.make_once(&request, || find(portal, name)).await? {
        Made::Now(data) => Ok(read::<MadeStream>(&request, data)?.id),
        Made::Before(id) => Ok(id),
    }
}

/// A stream that is visible can be posted to; belonging to it makes that last if its `auto_join` is
/// taken away, so a refusal is no failure.
async fn join(portal: &Portal, account: &Account, id: i64) -> Result<(), Failure> {
    let path = format!("/api/streams/{id}/users");
    let request = Request::post(path, json!({"user_id": account.id}));
    match portal.call(&request).await {
        Ok(_) => Ok(()),
        Err(failure) if failure.class == Class::Exists => Ok(()),
        Err(failure)
            if matches!(
                failure.class,
                Class::ConfigurationChanged | Class::Permanent | Class::Credentials
            ) =>
        {
            tracing::info!(stream_id = id, words = %failure.words, "the stream is visible but could not be joined");
            Ok(())
        }
        Err(failure) => Err(failure),
    }
}
