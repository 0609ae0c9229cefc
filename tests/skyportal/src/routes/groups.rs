//! Groups and their members and streams.

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::checks;
use crate::envelope::{Answer, Refusal, refused};
use crate::sql;
use crate::stamp::Stamp;
use crate::state::{Group, GroupUser, Rows, Shown};

/// `GET /api/groups`, all three lists, or with `?name=` the groups of that exact name.
pub fn list(rows: &mut Rows, call: &Call<'_>) -> Answer {
    if let Some(name) = call.query("name") {
        return Ok(rows
            .groups
            .values()
            .filter(|group| group.name == name)
            .map(Shown::shown)
            .collect());
    }
    let mine = rows.groups_of(call.caller.user_id);
    let accessible = rows.accessible_groups(call.caller);
    let public = |group: &&Group| !group.single_user_group;
    let user_groups = rows
        .groups
        .values()
        .filter(|group| mine.contains(&group.id));
    let user_accessible = rows
        .groups
        .values()
        .filter(|group| accessible.contains(&group.id))
        .filter(public);
    Ok(json!({
        "user_groups": user_groups.map(|group| with_streams(rows, group)).collect::<Vec<_>>(),
        "user_accessible_groups": user_accessible.map(|group| with_streams(rows, group)).collect::<Vec<_>>(),
        "all_groups": rows.groups.values().filter(public).map(|group| with_streams(rows, group)).collect::<Vec<_>>(),
    }))
}

fn with_streams(rows: &Rows, group: &Group) -> Value {
    let mut shown = group.shown();
    if !group.single_user_group {
        shown["streams"] = streams_of(rows, group.id);
    }
    shown
}

fn streams_of(rows: &Rows, group_id: i64) -> Value {
    let ids = rows
        .group_streams
        .iter()
        .filter(|(group, _)| *group == group_id)
        .map(|(_, stream)| stream);
    ids.filter_map(|id| rows.streams.get(id))
        .map(Shown::shown)
        .collect()
}

/// `GET /api/groups/{id}`: anybody may see any group.
pub fn get(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let missing = || refused(format!("Cannot find Group with id {}", call.param(0)));
    let group = rows.groups.get(&call.id(0)).ok_or_else(missing)?;
    let members: Vec<&GroupUser> = rows
        .group_users
        .values()
        .filter(|member| member.group_id == group.id)
        .collect();
    let mut shown = group.shown();
    shown["streams"] = streams_of(rows, group.id);
    shown["filters"] = rows
        .filters
        .values()
        .filter(|f| f.group_id == group.id)
        .map(Shown::shown)
        .collect();
    shown["group_users"] = members
        .iter()
        .map(|member| shown_membership(rows, member))
        .collect();
    shown["users"] = members
        .iter()
        .map(|member| shown_member(rows, member))
        .collect();
    Ok(shown)
}

fn shown_membership(rows: &Rows, member: &GroupUser) -> Value {
    json!({
        "id": member.id, "group_id": member.group_id, "user_id": member.user_id, "admin": member.admin,
        "can_save": member.can_save, "can_share_photometry": member.can_share_photometry,
        "user": rows.users.get(&member.user_id).map(Shown::shown),
        "created_at": member.created_at.to_string(), "modified": member.created_at.to_string(),
    })
}

fn shown_member(rows: &Rows, member: &GroupUser) -> Value {
    let user = rows.users.get(&member.user_id);
    json!({
        "id": member.user_id, "username": user.map(|user| &user.username),
        "first_name": user.and_then(|user| user.first_name.as_ref()),
        "last_name": user.and_then(|user| user.last_name.as_ref()),
        "contact_email": null, "contact_phone": null, "oauth_uid": null, "admin": member.admin,
        "can_save": member.can_save, "can_share_photometry": member.can_share_photometry,
    })
}

/// `POST /api/groups`. The token's own user is not a member unless `group_admins` names it.
pub fn post(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let name = name_of(&body)?;
    let admins = admins_of(&body)?;
    if rows.group_named(&name).is_some() {
        return Err(refused(format!(
            "Group with name {name} already exists. Please select a new one."
        )));
    }
    let nickname = checks::text(&body, "nickname").filter(|nickname| !nickname.is_empty());
    let id = rows.next_id("groups");
    if let Some(nickname) = &nickname
        && rows
            .groups
            .values()
            .any(|group| group.nickname.as_ref() == Some(nickname))
    {
        return Err(Refusal::with(
            500,
            sql::unique_violation("ix_groups_nickname", "nickname", nickname, "groups"),
        ));
    }
    let now = Stamp::now();
    let group = Group {
        id,
        name,
        nickname,
        description: checks::text(&body, "description"),
        single_user_group: false,
        auto_accept_requests: checks::truthy(body.get("auto_accept_requests"), false),
        created_at: now,
        modified: now,
    };
    rows.groups.insert(id, group);
    for admin in admins
        .into_iter()
        .filter(|admin| rows.users.contains_key(admin))
        .collect::<Vec<_>>()
    {
        rows.join(id, admin, true);
    }
    Ok(json!({"id": id}))
}

fn name_of(body: &Map<String, Value>) -> Result<String, Refusal> {
    let name = checks::text(body, "name").filter(|name| !name.trim().is_empty());
    name.ok_or_else(|| refused("Missing required parameter: `name`"))
}

fn admins_of(body: &Map<String, Value>) -> Result<Vec<i64>, Refusal> {
    let unreadable = || refused("Invalid group_admins field; unable to parse all items to int");
    match body.get("group_admins") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(ids)) => ids
            .iter()
            .map(checks::integer)
            .collect::<Option<_>>()
            .ok_or_else(unreadable),
        Some(_) => Err(unreadable()),
    }
}

impl Rows {
    /// Makes a user a member of a group.
    pub(crate) fn join(&mut self, group_id: i64, user_id: i64, admin: bool) {
        let id = self.next_id("group_users");
        let created_at = Stamp::now();
        let member = GroupUser {
            id,
            group_id,
            user_id,
            admin,
            can_save: true,
            can_share_photometry: false,
            created_at,
        };
        self.group_users.insert(id, member);
    }
}

fn administered(rows: &Rows, call: &Call<'_>) -> Result<i64, Refusal> {
    let id = call.id(0);
    let allowed = rows.groups.contains_key(&id) && rows.is_group_admin(call.caller, id);
    allowed
        .then_some(id)
        .ok_or_else(|| refused(format!("Group with ID {id} not accessible")))
}

/// `PUT /api/groups/{id}`.
pub fn put(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let id = administered(rows, call)?;
    let name = name_of(&body)?;
    if rows
        .groups
        .values()
        .any(|group| group.name == name && group.id != id)
    {
        return Err(Refusal::with(
            500,
            sql::unique_violation("ix_groups_name", "name", &name, "groups"),
        ));
    }
    if let Some(group) = rows.groups.get_mut(&id) {
        group.name = name;
        group.description = checks::text(&body, "description").or(group.description.take());
        group.nickname = checks::text(&body, "nickname").or(group.nickname.take());
        group.modified = Stamp::now();
    }
    Ok(json!({}))
}

/// `POST /api/groups/{id}/users`.
pub fn post_user(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let group_id = administered(rows, call)?;
    let given = body.get("userID").cloned().unwrap_or(Value::Null);
    let user_id = checks::integer(&given).filter(|id| rows.users.contains_key(id));
    let user_id =
        user_id.ok_or_else(|| refused("Invalid userID parameter: unable to parse to integer"))?;
    let admin = match body.get("admin") {
        Some(Value::Bool(admin)) => *admin,
        _ => return Err(refused("Missing required parameter: admin")),
    };
    if rows.membership(group_id, user_id).is_some() {
        return Err(refused(format!(
            "User {user_id} is already a member of group {group_id}."
        )));
    }
    let lacking = rows
        .group_streams
        .iter()
        .filter(|(group, _)| *group == group_id)
        .map(|(_, stream)| *stream);
    if let Some(stream_id) = lacking
        .into_iter()
        .find(|stream| !rows.has_stream(user_id, *stream))
    {
        let username = &rows.users[&user_id].username;
        return Err(Refusal::with(
            403,
            format!(
                "User with ID {user_id} ({username}) does not have stream access with ID {stream_id}. Please contact a \
                 super-admin to grant access."
            ),
        ));
    }
    rows.join(group_id, user_id, admin);
    Ok(json!({"group_id": group_id, "user_id": user_id, "admin": admin}))
}

/// `POST /api/groups/{id}/streams`: every member must have the stream already.
pub fn post_stream(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let given = body.get("stream_id").cloned().unwrap_or(Value::Null);
    let Some(stream_id) = checks::integer(&given) else {
        return Err(refused(format!(
            "Invalid stream_id: {}",
            crate::json::plain(&given)
        )));
    };
    let group_id = administered(rows, call)?;
    if rows.group_streams.contains(&(group_id, stream_id)) {
        return Err(refused(
            "Specified stream is already associated with this group.",
        ));
    }
    let mut members = rows
        .group_users
        .values()
        .filter(|member| member.group_id == group_id);
    if !rows.streams.contains_key(&stream_id)
        || members.any(|member| !rows.has_stream(member.user_id, stream_id))
    {
        return Err(Refusal::with(
            403,
            format!("Not all users have stream access with ID {stream_id}"),
        ));
    }
    rows.group_streams.insert((group_id, stream_id));
    Ok(json!({"group_id": group_id, "stream_id": stream_id}))
}
