//! The two envelopes that every answer of the application comes in.

use serde_json::{Value, json};

/// The version that we stand in for.
pub const VERSION: &str = "1.4.0";

/// What a route answers: the `data` of a success (always 200), or a refusal.
pub type Answer = Result<Value, Refusal>;

/// A failure: status and `message`.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub status: u16,
    pub message: String,
}

impl Refusal {
    /// With a status of its own.
    pub fn with(status: u16, message: impl Into<String>) -> Refusal {
        Refusal {
            status,
            message: message.into(),
        }
    }

    /// The same message behind a prefix, as handlers wrap the messages of what they call.
    pub fn after(self, prefix: &str) -> Refusal {
        Refusal {
            message: format!("{prefix}{}", self.message),
            ..self
        }
    }
}

/// 400, the status of nearly every failure.
pub fn refused(message: impl Into<String>) -> Refusal {
    Refusal::with(400, message)
}

/// Unknown token and missing permission look alike.
pub fn unauthorized() -> Refusal {
    Refusal::with(401, "HTTP 401: Unauthorized")
}

/// 401 for a missing or garbled Authorization header.
pub fn malformed_credentials() -> Refusal {
    let hint = "Credentials malformed; expected form \"Authorization: token abc123\"";
    Refusal::with(401, format!("HTTP 401: Unauthorized ({hint})"))
}

/// 405 in JSON, as the application itself says it.
pub fn wrong_verb() -> Refusal {
    Refusal::with(405, "HTTP 405: Method Not Allowed")
}

/// Row-level security refused a row. The message quotes the token itself.
pub fn not_permitted(token: &str, operation: &str) -> Refusal {
    refused(format!(
        "Insufficient permissions for operation \"Token {token} {operation}\"."
    ))
}

/// The status and the text of an answer.
pub fn seal(answer: &Answer) -> (u16, String) {
    let (status, envelope) = match answer {
        Ok(data) => (
            200,
            json!({"status": "success", "data": data, "version": VERSION}),
        ),
        Err(refusal) => (
            refusal.status,
            json!({"status": "error", "message": refusal.message, "data": {}, "version": VERSION}),
        ),
    };
    (status, envelope.to_string())
}
