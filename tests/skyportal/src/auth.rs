//! Whose call it is.

use std::collections::BTreeSet;

use crate::envelope::{Refusal, malformed_credentials, unauthorized};
use crate::state::Rows;

/// The token behind a call. `Debug` is not derived: the secret is printed by nobody.
#[derive(Clone)]
pub struct Caller {
    pub user_id: i64,
    pub username: String,
    pub token: String,
    pub acls: BTreeSet<String>,
    /// The user's role, not the token's list: some paths of the server look at the one, some at the other.
    pub user_is_admin: bool,
}

impl Caller {
    /// Behind a call that needs no token.
    pub fn nobody() -> Caller {
        let nothing = String::new;
        Caller {
            user_id: 0,
            username: nothing(),
            token: nothing(),
            acls: BTreeSet::new(),
            user_is_admin: false,
        }
    }

    /// Reads `Authorization: token <value>`; the scheme is lower-case and case-sensitive.
    ///
    /// # Errors
    /// 401, with a hint for a missing or garbled header and without for an unknown token.
    pub fn of(rows: &Rows, header: Option<&str>) -> Result<Caller, Refusal> {
        let value = header
            .and_then(|header| header.strip_prefix("token "))
            .ok_or_else(malformed_credentials)?;
        let token = rows.tokens.get(value.trim()).ok_or_else(unauthorized)?;
        let user = rows.users.get(&token.user_id).ok_or_else(unauthorized)?;
        Ok(Caller {
            user_id: user.id,
            username: user.username.clone(),
            token: token.value.clone(),
            acls: token.acls.clone(),
            user_is_admin: user.is_super_admin(),
        })
    }

    /// `System admin` implies everything.
    pub fn may(&self, acl: &str) -> bool {
        self.is_admin() || self.acls.contains(acl)
    }

    /// By the token's own list.
    pub fn is_admin(&self) -> bool {
        self.acls.contains("System admin")
    }
}
