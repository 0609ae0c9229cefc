//! Health, profile, users and tokens.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::call::Call;
use crate::checks;
use crate::envelope::{Answer, VERSION, refused};
use crate::setup::{self, Seed};
use crate::stamp::Stamp;
use crate::state::{Rows, Shown, Token};

/// `GET /api/sysinfo`: the only route that asks for no token.
pub fn sysinfo(_: &mut Rows, _: &Call<'_>) -> Answer {
    Ok(json!({}))
}

/// `GET /api/config`, the few flags that a client can use.
pub fn config(_: &mut Rows, _: &Call<'_>) -> Answer {
    Ok(json!({
        "slackPreamble": "https://hooks.slack.com/", "invitationsEnabled": false, "photometryDisplayEndpoint": null,
        "cosmology": "FlatLambdaCDM(name=\"Planck18\")", "version": VERSION,
    }))
}

/// `GET /api/internal/profile`: the user, and all of its tokens with their secrets.
pub fn profile(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let user = &rows.users[&call.caller.user_id];
    let permissions = setup::permissions_of(&user.roles);
    let tokens: Vec<Value> = rows
        .tokens
        .values()
        .filter(|token| token.user_id == user.id)
        .map(shown_token)
        .collect();
    let streams = rows
        .streams
        .values()
        .filter(|stream| rows.has_stream(user.id, stream.id));
    let mut shown = user.shown();
    shown["roles"] = json!(user.roles);
    shown["permissions"] = json!(permissions);
    shown["acls"] = json!([]);
    shown["tokens"] = json!(tokens);
    shown["gravatar_url"] = json!("https://secure.gravatar.com/avatar/0?d=blank");
    shown["preferences"] = json!({});
    shown["groupAdmissionRequests"] = json!([]);
    shown["streams"] = streams.map(Shown::shown).collect();
    shown["is_anonymous"] = json!(false);
    Ok(shown)
}

fn shown_token(token: &Token) -> Value {
    json!({"id": token.value, "name": token.name, "acls": token.acls, "created_at": token.created_at.to_string()})
}

/// `POST /api/user`.
pub fn post_user(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let username = checks::text(&body, "username")
        .ok_or_else(|| refused("Missing required parameter: `username`"))?;
    if rows.user_named(&username).is_some() {
        return Err(refused(format!(
            "User with username {username} already exists."
        )));
    }
    let roles = match body.get("roles").and_then(Value::as_array) {
        Some(roles) => roles
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        None => vec!["Full user".to_owned()],
    };
    let names = (
        checks::text(&body, "first_name"),
        checks::text(&body, "last_name"),
    );
    Ok(json!({"id": Seed(rows).user(&username, names, roles)}))
}

/// `POST /api/internal/tokens`.
pub fn post_token(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let name =
        checks::text(&body, "name").ok_or_else(|| refused("Missing required parameter: `name`"))?;
    let acls: BTreeSet<String> = match body.get("acls").and_then(Value::as_array) {
        Some(acls) => acls
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        None => BTreeSet::new(),
    };
    let caller = &rows.users[&call.caller.user_id];
    let held = setup::permissions_of(&caller.roles);
    if !caller.is_super_admin() && !acls.iter().all(|acl| held.contains(&acl.as_str())) {
        return Err(refused(
            "User has attempted to grant token ACLs they do not have access to. Please try again.",
        ));
    }
    let user_id = match body.get("user_id").and_then(checks::integer) {
        Some(other) if call.caller.is_admin() && rows.users.contains_key(&other) => other,
        _ => call.caller.user_id,
    };
    let has_one = rows.tokens.values().any(|token| token.user_id == user_id);
    if has_one && !rows.users[&user_id].is_super_admin() {
        return Err(refused(
            "You have reached the maximum number of tokens allowed for your account type.",
        ));
    }
    let value = setup::secret(&format!("{name} of {user_id}"));
    let token = Token {
        value: value.clone(),
        name,
        user_id,
        acls,
        created_at: Stamp::now(),
    };
    rows.tokens.insert(value.clone(), token);
    Ok(json!({"token_id": value}))
}
