//! The HTTP transport: signs, paces, sends, and strikes the token out of what comes back.

use std::error::Error;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use super::pace::{Pace, Turn};
use super::{Method, NoReply, Reply, Request};
use crate::config::{Secret, SkyPortal};

/// Shorter than nginx keeps an idle connection (75 s), so that it is we who close it.
const IDLE: Duration = Duration::from_secs(45);
const CONNECT: Duration = Duration::from_secs(10);
const TOO_MANY: u16 = 429;

/// Why there cannot be a connection with this configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("`skyportal.url` is `{url}`, which is no `http(s)://host[:port]`: {reason}")]
    Url { url: String, reason: String },
    #[error(
        "the SkyPortal token holds characters that no HTTP header can carry: check where it is read from"
    )]
    Token,
    #[error("`skyportal.{key}` is {value}: it must be a number above zero")]
    Pace { key: &'static str, value: f64 },
    #[error("cannot set up HTTPS: {0}")]
    Client(#[source] reqwest::Error),
}

pub(crate) struct Http {
    client: Client,
    /// Without a slash at its end.
    base: String,
    token: Secret,
    pace: Pace,
}

impl Http {
    pub fn new(config: &SkyPortal, token: Secret) -> Result<Self, ConnectError> {
        let timeout = positive("timeout_seconds", config.timeout_seconds)?;
        let client = Client::builder()
            .default_headers(signature(&token)?)
            .user_agent(concat!("skysieve/", env!("CARGO_PKG_VERSION")))
            // A redirected POST would arrive as a GET without its body.
            .redirect(Policy::none())
            .timeout(Duration::from_secs_f64(timeout))
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .build()
            .map_err(ConnectError::Client)?;
        Ok(Http {
            client,
            base: base(&config.url)?,
            token,
            pace: pace(config)?,
        })
    }

    pub fn redact(&self, text: &str) -> String {
        self.token.redact(text)
    }

    pub async fn send(&self, request: &Request) -> Result<Reply, NoReply> {
        let sent = Instant::now();
        let reply = self.exchange(request).await;
        if let Ok(reply) = &reply {
            self.pace.learn(reply.status == TOO_MANY, sent);
        }
        match &reply {
            Ok(reply) => tracing::debug!(call = %request, status = reply.status, "answered"),
            Err(error) => tracing::debug!(call = %request, reason = %error.reason, "no answer"),
        }
        reply
    }

    /// Waits for this token's turn to send a request.
    pub async fn turn(&self, request: &Request) -> Turn<'_> {
        self.pace.turn(request.urgent, request.group_id).await
    }

    async fn exchange(&self, request: &Request) -> Result<Reply, NoReply> {
        let answer = self
            .prepare(request)?
            .send()
            .await
            .map_err(|error| self.no_reply(&error, !error.is_connect()))?;
        let status = answer.status().as_u16();
        let retry_after = retry_after(answer.headers());
        let body = match answer.text().await {
            Ok(text) => self.token.redact(&text),
            Err(error) => return Err(self.no_reply(&error, true)),
        };
        Ok(Reply {
            status,
            body,
            retry_after,
        })
    }

    fn prepare(&self, request: &Request) -> Result<reqwest::RequestBuilder, NoReply> {
        let unsendable = |reason: String| NoReply {
            may_have_run: false,
            reason,
        };
        let mut url = Url::parse(&format!("{}{}", self.base, request.path))
            .map_err(|error| unsendable(format!("`{}` is no address: {error}", request.path)))?;
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let builder = self.client.request(verb(request.method), url);
        let Some(body) = &request.body else {
            return Ok(builder);
        };
        let text = serde_json::to_vec(body).map_err(|error| unsendable(error.to_string()))?;
        Ok(builder
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(text))
    }

    fn no_reply(&self, error: &reqwest::Error, may_have_run: bool) -> NoReply {
        let mut reason = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            reason.push_str(": ");
            reason.push_str(&inner.to_string());
            cause = inner.source();
        }
        NoReply {
            may_have_run,
            reason: self.token.redact(&reason),
        }
    }
}

fn verb(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Head => reqwest::Method::HEAD,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    }
}

/// `Authorization: token <uuid>`; SkyPortal knows the word in lower case only.
fn signature(token: &Secret) -> Result<HeaderMap, ConnectError> {
    let mut value = HeaderValue::from_str(&format!("token {}", token.reveal()))
        .map_err(|_| ConnectError::Token)?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
}

fn base(text: &str) -> Result<String, ConnectError> {
    let wrong = |reason: &str| ConnectError::Url {
        url: text.to_owned(),
        reason: reason.to_owned(),
    };
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong("expected the scheme `http` or `https` and a host"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("expected nothing behind the path"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// A rate of 0 is none at all, for an address that SkyPortal does not limit.
fn pace(config: &SkyPortal) -> Result<Pace, ConnectError> {
    let rate = match config.requests_per_second {
        0.0 => None,
        rate => Some(positive("requests_per_second", rate)?),
    };
    let burst = NonZeroU32::new(config.burst).ok_or(ConnectError::Pace {
        key: "burst",
        value: 0.0,
    })?;
    Ok(Pace::new(rate, burst))
}

/// A number that can stand as seconds, or as one over them.
fn positive(key: &'static str, value: f64) -> Result<f64, ConnectError> {
    if (1e-6..=1e9).contains(&value) {
        Ok(value)
    } else {
        Err(ConnectError::Pace { key, value })
    }
}

/// `Retry-After` in its form of seconds; its form of a date is not worth a clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    seconds.parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_checked() {
        assert_eq!(base("https://sp.org/").unwrap(), "https://sp.org");
        assert_eq!(base("http://h:5000/sky/").unwrap(), "http://h:5000/sky");
        for wrong in ["sp.org", "ftp://sp.org", "https://sp.org/?a=b", ""] {
            assert!(base(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_token_with_a_line_break_is_refused_without_being_shown() {
        let error = signature(&Secret::new("abc\ndef")).unwrap_err().to_string();
        assert!(!error.contains("abc"), "{error}");
    }

    #[test]
    fn retry_after_is_read_in_seconds() {
        let headers = |text: &'static str| {
            HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))])
        };
        assert_eq!(retry_after(&headers("7")), Some(Duration::from_secs(7)));
        assert_eq!(retry_after(&headers("Wed, 21 Oct 2026 07:28:00 GMT")), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
