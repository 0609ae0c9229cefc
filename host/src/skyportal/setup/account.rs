//! Who we are in SkyPortal, and what our token may do.

use std::collections::HashSet;

use serde::Deserialize;

use super::SetUpProblem;
use crate::skyportal::Portal;
use crate::skyportal::retry::Failure;
use crate::skyportal::transport::Request;

/// The one right that implies all others.
const ADMIN: &str = "System admin";
/// How our own token reads in an answer, once it is struck out.
const OUR_TOKEN: &str = "***";

/// The token's user, and the token's rights (fewer than the user's).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Account {
    pub id: i64,
    pub username: String,
    rights: HashSet<String>,
    /// Streams that the user was given.
    pub streams: HashSet<i64>,
}

impl Account {
    pub fn has(&self, acl: &str) -> bool {
        self.rights.contains(acl) || self.is_admin()
    }

    pub fn is_admin(&self) -> bool {
        self.rights.contains(ADMIN)
    }

    pub fn require(&self, acl: &'static str) -> Result<(), SetUpProblem> {
        if self.has(acl) {
            return Ok(());
        }
        Err(SetUpProblem::Right {
            username: self.username.clone(),
            acl,
        })
    }

    /// Without these an alert is delivered all the same, less one kind of row.
    pub fn warn_of_missing_rights(&self) {
        for (acl, rows) in [
            ("Classify", "classifications"),
            ("Annotate", "annotations"),
            ("Comment", "comments"),
        ] {
            if !self.has(acl) {
                tracing::warn!(
                    username = %self.username,
                    "the SkyPortal token lacks `{acl}`: no {rows} are posted; somebody with `Manage users` can give it that right"
                );
            }
        }
    }
}

#[derive(Deserialize)]
struct Profile {
    id: i64,
    username: String,
    #[serde(default)]
    permissions: Vec<String>,
    #[serde(default)]
    tokens: Vec<Token>,
    #[serde(default)]
    streams: Vec<Stream>,
}

#[derive(Deserialize)]
struct Token {
    id: String,
    #[serde(default)]
    acls: Vec<String>,
}

#[derive(Deserialize)]
struct Stream {
    id: i64,
}

pub(super) async fn read(portal: &Portal) -> Result<Account, Failure> {
    let profile: Profile = portal.ask(&Request::get("/api/internal/profile")).await?;
    Ok(account(profile))
}

/// [`read`] without patience: the first answer counts.
pub(super) async fn look(portal: &Portal) -> Result<Account, Failure> {
    let request = Request::get("/api/internal/profile");
    Ok(account(portal.ask_once(&request).await?))
}

fn account(profile: Profile) -> Account {
    let ours = profile
        .tokens
        .into_iter()
        .find(|token| token.id == OUR_TOKEN);
    let rights = ours.map_or(profile.permissions, |token| token.acls);
    Account {
        id: profile.id,
        username: profile.username,
        rights: rights.into_iter().collect(),
        streams: profile.streams.iter().map(|stream| stream.id).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_rights_are_those_of_our_token_not_of_its_user() {
        let profile = json!({
            "id": 14, "username": "bot", "permissions": ["System admin"],
            "tokens": [{"id": "another", "acls": ["Comment"]}, {"id": "***", "acls": ["Upload data"]}],
            "streams": [{"id": 13, "name": "s"}],
        });
        let account = account(serde_json::from_value(profile).unwrap());
        assert!(account.has("Upload data"));
        assert!(!account.has("Comment") && !account.is_admin());
        assert!(account.streams.contains(&13));
        let text = account.require("Classify").unwrap_err().to_string();
        assert!(
            text.contains("`Classify`") && text.contains("`bot`"),
            "{text}"
        );
    }
}
