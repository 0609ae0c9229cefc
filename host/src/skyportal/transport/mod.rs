//! The way out: a request goes in, SkyPortal's raw reply comes out.
//!
//! In: a [`Request`], complete but unsigned. Out: a [`Reply`], whatever its status, with our token
//! already struck out; or a [`NoReply`] that says whether the request may have been carried out.
//! Never here: a retry, an opinion about an answer, the token in anything that leaves.

mod dry;
mod http;
mod pace;

use std::fmt;
use std::time::Duration;

use serde_json::Value;

pub(crate) use dry::Dry;
pub use dry::Sink;
pub use http::ConnectError;
pub(crate) use http::Http;
pub(crate) use pace::Turn;

/// The verbs that we use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Delete,
}

impl Method {
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        }
    }
}

/// One call, as it goes out.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub method: Method,
    /// `/api/…`, without the query.
    pub path: String,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<Value>,
    /// A second execution would make a second row: never send it twice blindly.
    pub once: bool,
    /// Before others that wait for their turn.
    pub urgent: bool,
    /// The group that it is for: groups take turns.
    pub group_id: i64,
}

impl Request {
    pub fn get(path: impl Into<String>) -> Self {
        Request::new(Method::Get, path, None)
    }

    pub fn head(path: impl Into<String>) -> Self {
        Request::new(Method::Head, path, None)
    }

    /// A POST that may be repeated as it is.
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Request::new(Method::Post, path, Some(body))
    }

    /// A POST that makes a new row each time it is carried out.
    pub fn post_once(path: impl Into<String>, body: Value) -> Self {
        Request {
            once: true,
            ..Request::post(path, body)
        }
    }

    pub fn put(path: impl Into<String>, body: Value) -> Self {
        Request::new(Method::Put, path, Some(body))
    }

    pub fn delete(path: impl Into<String>) -> Self {
        Request::new(Method::Delete, path, None)
    }

    #[must_use]
    pub fn of_group(mut self, group_id: i64) -> Self {
        self.group_id = group_id;
        self
    }

    #[must_use]
    pub fn urgent(mut self) -> Self {
        self.urgent = true;
        self
    }

    #[must_use]
    pub fn with_query(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.query.push((key, value.into()));
        self
    }

    fn new(method: Method, path: impl Into<String>, body: Option<Value>) -> Self {
        Request {
            method,
            path: path.into(),
            query: Vec::new(),
            body,
            once: false,
            urgent: false,
            group_id: 0,
        }
    }
}

/// `POST /api/sources`: enough to name the call in a log.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.name(), self.path)?;
        for (n, (key, value)) in self.query.iter().enumerate() {
            write!(f, "{}{key}={value}", if n == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub status: u16,
    /// The body as text, the token struck out.
    pub body: String,
    /// How long the server asked us to wait.
    pub retry_after: Option<Duration>,
}

/// Nothing came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoReply {
    /// The request had left when the connection broke or the time was up.
    pub may_have_run: bool,
    /// Why, the token struck out.
    pub reason: String,
}

/// The real SkyPortal, or none at all.
pub(crate) enum Transport {
    Http(Box<Http>),
    Dry(Dry),
}

impl Transport {
    /// Waits until the request may be sent; it may be under way as long as the turn is held.
    pub async fn turn(&self, request: &Request) -> Option<Turn<'_>> {
        match self {
            Transport::Http(http) => Some(http.turn(request).await),
            Transport::Dry(_) => None,
        }
    }

    pub async fn send(&self, request: &Request) -> Result<Reply, NoReply> {
        match self {
            Transport::Http(http) => http.send(request).await,
            Transport::Dry(dry) => Ok(dry.answer(request)),
        }
    }

    /// The text without our token.
    pub fn redact(&self, text: &str) -> String {
        match self {
            Transport::Http(http) => http.redact(text),
            Transport::Dry(_) => text.to_owned(),
        }
    }
}
