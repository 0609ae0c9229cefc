//! What an answer of SkyPortal means.
//!
//! Neither the status nor the text alone tells: nearly every failure is a 400, many are a 500, and
//! an outage looks like a client's error (405 with a page of HTML, since the stand-by server knows
//! GET only). So the decision stands here, in one table, and nowhere else.

use serde_json::Value;

use super::transport::{Method, Reply};

/// What a failed call means for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// SkyPortal is down, restarting or busy: wait, then send the same again.
    Transient,
    /// What we wanted to make is there already.
    Exists,
    /// Somebody made the same object at the same moment: send the same again, at once.
    Race,
    /// The token is unknown, expired, or lacks a right.
    Credentials,
    /// A group, stream, filter, instrument or taxonomy that set-up found is no longer there.
    ConfigurationChanged,
    /// SkyPortal does not know the object, or a row of it, any more: begin with the candidate again.
    ObjectMissing,
    /// Asked whether it is there, SkyPortal said no.
    Absent,
    /// SkyPortal will never take this.
    Permanent,
    /// An error inside SkyPortal that we cannot tell from bad data.
    Unknown500,
    /// SkyPortal said yes in a form that we do not know.
    Misunderstood,
    /// We were told to stop.
    Cancelled,
}

impl Class {
    pub fn name(self) -> &'static str {
        match self {
            Class::Transient => "transient",
            Class::Exists => "exists",
            Class::Race => "race",
            Class::Credentials => "credentials",
            Class::ConfigurationChanged => "configuration changed",
            Class::ObjectMissing => "object missing",
            Class::Absent => "absent",
            Class::Permanent => "permanent",
            Class::Unknown500 => "unknown server error",
            Class::Misunderstood => "not understood",
            Class::Cancelled => "cancelled",
        }
    }

    /// What somebody who reads the log should do.
    pub fn advice(self) -> &'static str {
        match self {
            Class::Transient => "nothing: it is repeated until SkyPortal is back",
            Class::Exists | Class::Race => "deliver again",
            Class::Credentials => {
                "check the token and its rights in SkyPortal: delivery is tried again every half minute"
            }
            Class::ConfigurationChanged => {
                "check that the group, stream, filter, instrument and taxonomy still exist and that the token's user belongs to the group, then deliver again"
            }
            Class::ObjectMissing | Class::Absent => "deliver again: the candidate makes the object",
            Class::Permanent => "correct what the mapping sends, then deliver again",
            Class::Unknown500 => "look at SkyPortal's own log, then deliver again",
            Class::Misunderstood => {
                "check that `skyportal.url` is a SkyPortal of version 1.4 or so, then deliver again"
            }
            Class::Cancelled => "deliver again after the restart",
        }
    }
}

/// A reply, read.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Its `data`.
    Success(Value),
    /// Its class and the server's own words.
    Refused(Class, String),
}

/// Reads a reply.
pub fn classify(method: Method, reply: &Reply) -> Answer {
    if method == Method::Head {
        return head(reply.status);
    }
    let Ok(body) = serde_json::from_str::<Value>(&reply.body) else {
        return not_json(reply);
    };
    if (200..300).contains(&reply.status) {
        return success(body, &reply.body);
    }
    let message = body["message"]
        .as_str()
        .map_or_else(|| reply.body.clone(), str::to_owned);
    Answer::Refused(class(reply.status, &message), message)
}

/// HEAD has no body to go by.
fn head(status: u16) -> Answer {
    let class = match status {
        200..300 => return Answer::Success(Value::Null),
        404 => Class::Absent,
        401 | 403 => Class::Credentials,
        400 => Class::Permanent,
        500 => Class::Unknown500,
        _ => Class::Transient,
    };
    Answer::Refused(class, format!("HTTP {status}"))
}

/// Only nginx and the stand-by server speak anything but JSON.
fn not_json(reply: &Reply) -> Answer {
    match reply.status {
        413 => Answer::Refused(
            Class::Permanent,
            "HTTP 413: the request is too large".to_owned(),
        ),
        status @ 300..400 => Answer::Refused(
            Class::Transient,
            format!(
                "HTTP {status}: a redirect; `skyportal.url` should be the address that it leads to"
            ),
        ),
        status => Answer::Refused(Class::Transient, format!("HTTP {status}: {}", reply.body)),
    }
}

fn success(mut body: Value, text: &str) -> Answer {
    if body["status"] == "success" {
        Answer::Success(body["data"].take())
    } else {
        Answer::Refused(Class::Misunderstood, text.to_owned())
    }
}

fn class(status: u16, message: &str) -> Class {
    match status {
        429 | 502..=504 => Class::Transient,
        401 => Class::Credentials,
        403 if message.contains("User account expired") => Class::Credentials,
        403 if message.contains("Could not find any accessible annotations") => {
            Class::ObjectMissing
        }
        403 => Class::Permanent,
        404 if message.contains("not found") => Class::ObjectMissing,
        500 => first_of(INTERNAL_ERRORS, message).unwrap_or(Class::Unknown500),
        400 => first_of(BAD_REQUESTS, message).unwrap_or(Class::Permanent),
        501.. => Class::Unknown500,
        _ => Class::Permanent,
    }
}

fn first_of(table: &[(&str, Class)], message: &str) -> Option<Class> {
    table
        .iter()
        .find(|(words, _)| message.contains(words))
        .map(|(_, class)| *class)
}

/// In this order: the words of one line may contain those of a later one.
const BAD_REQUESTS: &[(&str, Class)] = &[
    ("objs_pkey", Class::Race),
    ("already exists but is not accessible", Class::Permanent),
    ("already exists", Class::Exists),
    ("already associated", Class::Exists),
    ("already has access", Class::Exists),
    ("already a member", Class::Exists),
    ("already present", Class::Exists),
    ("candidates_main_index", Class::Exists),
    ("Insufficient permissions", Class::ConfigurationChanged),
    ("At least one valid filter ID", Class::ConfigurationChanged),
    ("Invalid group IDs", Class::ConfigurationChanged),
    (
        "Invalid group_ids field. Please specify",
        Class::ConfigurationChanged,
    ),
    ("Cannot find group_id", Class::ConfigurationChanged),
    (
        "Cannot find one or more groups",
        Class::ConfigurationChanged,
    ),
    (
        "User does not have power to save to group",
        Class::ConfigurationChanged,
    ),
    ("Invalid stream IDs", Class::ConfigurationChanged),
    ("Invalid instrument ID", Class::ConfigurationChanged),
    ("Cannot find a taxonomy", Class::ConfigurationChanged),
    ("Invalid object ID", Class::ObjectMissing),
    ("Cannot find object", Class::ObjectMissing),
    // A row that we remember is gone: what else do we remember wrongly?
    ("Cannot find a classification with ID", Class::ObjectMissing),
];

const INTERNAL_ERRORS: &[(&str, Class)] = &[
    ("ix_groups_name\"", Class::Exists),
    ("streams_name_key", Class::Exists),
    ("objs_pkey", Class::Race),
    ("ForeignKeyViolation", Class::ConfigurationChanged),
    ("InvalidTextRepresentation", Class::Permanent),
    ("out of range", Class::Permanent),
    ("UntranslatableCharacter", Class::Permanent),
    ("UndefinedFunction", Class::Permanent),
    ("ix_groups_nickname", Class::Permanent),
    ("JSON decode", Class::Permanent),
    ("posted data is of type application/json", Class::Permanent),
    ("codec can't decode", Class::Permanent),
    ("in altdata incorrect length", Class::Permanent),
];

#[cfg(test)]
mod tests;
