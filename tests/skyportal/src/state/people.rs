//! Who: users, tokens, groups, streams and filters.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Shown;
use crate::stamp::Stamp;

/// A person or a bot.
#[derive(Clone, Debug)]
pub struct User {
    pub id: i64,
    pub username: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub roles: Vec<String>,
    /// The group that holds this user alone.
    pub single_user_group: i64,
    pub created_at: Stamp,
}

impl User {
    pub(crate) fn is_super_admin(&self) -> bool {
        self.roles.iter().any(|role| role == "Super admin")
    }
}

/// A secret and what it permits.
#[derive(Clone)]
pub struct Token {
    pub value: String,
    pub name: String,
    pub user_id: i64,
    pub acls: BTreeSet<String>,
    pub created_at: Stamp,
}

/// The secret stays out of every print.
impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token")
            .field("name", &self.name)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Debug)]
pub struct Group {
    pub id: i64,
    pub name: String,
    pub nickname: Option<String>,
    pub description: Option<String>,
    pub single_user_group: bool,
    pub auto_accept_requests: bool,
    pub created_at: Stamp,
    pub modified: Stamp,
}

/// A membership.
#[derive(Clone, Debug)]
pub struct GroupUser {
    pub id: i64,
    pub group_id: i64,
    pub user_id: i64,
    pub admin: bool,
    pub can_save: bool,
    pub can_share_photometry: bool,
    pub created_at: Stamp,
}

#[derive(Clone, Debug)]
pub struct Stream {
    pub id: i64,
    pub name: String,
    pub altdata: Value,
    pub auto_join: bool,
    pub created_at: Stamp,
}

#[derive(Clone, Debug)]
pub struct Filter {
    pub id: i64,
    pub name: String,
    pub stream_id: i64,
    pub group_id: i64,
    pub broker_id: Option<i64>,
    pub altdata: Value,
    pub autosave: bool,
    pub created_at: Stamp,
    pub modified: Stamp,
}

impl Shown for User {
    fn shown(&self) -> Value {
        json!({
            "id": self.id, "username": self.username, "first_name": self.first_name, "last_name": self.last_name,
            "bio": null, "affiliations": [], "contact_email": null, "contact_phone": null, "oauth_uid": null,
            "is_bot": false, "expiration_date": null,
            "created_at": self.created_at.to_string(), "modified": self.created_at.to_string(),
        })
    }
}

impl Shown for Group {
    fn shown(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "nickname": self.nickname, "description": self.description,
            "private": false, "auto_accept_requests": self.auto_accept_requests,
            "single_user_group": self.single_user_group,
            "created_at": self.created_at.to_string(), "modified": self.modified.to_string(),
        })
    }
}

impl Shown for Stream {
    fn shown(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "altdata": self.altdata, "auto_join": self.auto_join,
            "created_at": self.created_at.to_string(), "modified": self.created_at.to_string(),
        })
    }
}

impl Shown for Filter {
    fn shown(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "stream_id": self.stream_id, "group_id": self.group_id,
            "broker_id": self.broker_id, "altdata": self.altdata, "autosave": self.autosave,
            "created_at": self.created_at.to_string(), "modified": self.modified.to_string(),
        })
    }
}
