//! The socket: requests in, answers out, and the handle that tests hold.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::calls::{CallLog, LoggedCall};
use crate::envelope::{Refusal, seal};
use crate::front::{Buckets, Fault, Faults, Line, Lines, Only, RateLimit, error_page, outage};
use crate::routes::{self, Incoming};
use crate::setup::{self, Setup};
use crate::state::Rows;
use crate::{json, page};

/// nginx refuses more than this.
const LARGEST_BODY: usize = 100 * 1024 * 1024;
const JSON: &str = "application/json";
const HTML: &str = "text/html";

/// A stand-in SkyPortal on a socket of its own; it ends when this is dropped.
pub struct StandIn {
    shared: Arc<Shared>,
    address: SocketAddr,
    running: Option<Running>,
}

struct Running {
    stop: oneshot::Sender<()>,
    down: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

struct Shared {
    rows: Mutex<Rows>,
    faults: Mutex<Faults>,
    calls: Mutex<CallLog>,
    limit: Mutex<(Option<RateLimit>, Buckets)>,
    latency: Mutex<Duration>,
}

/// A test that panicked while it held a lock must not hide its own message behind another panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl StandIn {
    /// Starts a server on the loopback address.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub async fn start(setup: Setup) -> std::io::Result<StandIn> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, setup.port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            rows: Mutex::new(setup.rows()),
            faults: Mutex::default(),
            calls: Mutex::default(),
            limit: Mutex::new((setup.rate_limit, Buckets::default())),
            latency: Mutex::new(setup.latency),
        });
        let running = Some(run(listener, Arc::clone(&shared)));
        Ok(StandIn {
            shared,
            address,
            running,
        })
    }

    /// `http://127.0.0.1:<port>`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The token of a user of the setup.
    pub fn token(&self, username: &str) -> String {
        setup::secret(username)
    }

    /// The token that may do everything.
    pub fn admin_token(&self) -> String {
        self.token(setup::ADMIN)
    }

    /// The token that a bridge is given.
    pub fn bot_token(&self) -> String {
        self.token(setup::BOT)
    }

    /// A copy of all tables: for questions, and as a back-up for [`StandIn::restore`].
    pub fn rows(&self) -> Rows {
        lock(&self.shared.rows).clone()
    }

    /// A question to the tables without a copy.
    pub fn read<T>(&self, question: impl FnOnce(&Rows) -> T) -> T {
        question(&lock(&self.shared.rows))
    }

    /// Puts back what [`StandIn::rows`] gave: a server restored from yesterday's back-up.
    pub fn restore(&self, rows: Rows) {
        *lock(&self.shared.rows) = rows;
    }

    /// Every call so far (the last hundred thousand), the oldest first.
    pub fn calls(&self) -> Vec<LoggedCall> {
        lock(&self.shared.calls).all()
    }

    /// How many calls each route got, by `VERB template`, e.g. `PUT /api/photometry`.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        lock(&self.shared.calls).counts()
    }

    /// How many calls one route got: `count("POST /api/candidates")`.
    pub fn count(&self, route: &str) -> usize {
        self.counts().get(route).copied().unwrap_or(0)
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        *lock(&self.shared.calls) = CallLog::default();
    }

    /// The next `times` calls that fit meet the fault.
    pub fn fault_next(&self, only: Only, times: usize, fault: Fault) {
        lock(&self.shared.faults).next(only, times, fault);
    }

    /// Every call that fits meets the fault, until [`StandIn::clear_faults`].
    pub fn fault_always(&self, only: Only, fault: Fault) {
        lock(&self.shared.faults).always(only, fault);
    }

    /// A call that fits meets the fault with this chance (0 to 1); the same seed strikes the same calls.
    pub fn fault_sometimes(&self, only: Only, chance: f64, seed: u64, fault: Fault) {
        lock(&self.shared.faults).sometimes(only, chance, seed, fault);
    }

    /// All is well again.
    pub fn clear_faults(&self) {
        lock(&self.shared.faults).clear();
    }

    /// Switches nginx's rate limit on or off.
    pub fn set_rate_limit(&self, limit: Option<RateLimit>) {
        *lock(&self.shared.limit) = (limit, Buckets::default());
    }

    /// How long every call takes from now on.
    pub fn set_latency(&self, latency: Duration) {
        *lock(&self.shared.latency) = latency;
    }

    /// Stops listening and cuts every line: connections are refused. The tables stay.
    pub async fn go_down(&mut self) {
        if let Some(running) = self.running.take() {
            running.end().await;
        }
    }

    /// Listens again on the same port, with the tables as they were.
    ///
    /// # Errors
    /// When the port has been taken meanwhile.
    pub async fn come_up(&mut self) -> std::io::Result<()> {
        if self.running.is_none() {
            let listener = TcpListener::bind(self.address).await?;
            self.running = Some(run(listener, Arc::clone(&self.shared)));
        }
        Ok(())
    }

    /// Ends the server.
    pub async fn stop(mut self) {
        self.go_down().await;
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.down.store(true, Ordering::SeqCst);
            running.stop.send(()).ok();
            running.task.abort();
        }
    }
}

impl Running {
    async fn end(mut self) {
        self.stop.send(()).ok();
        // Lines at rest close at once; the rest are cut.
        if tokio::time::timeout(Duration::from_millis(100), &mut self.task)
            .await
            .is_err()
        {
            self.down.store(true, Ordering::SeqCst);
            self.task.abort();
        }
    }
}

fn run(listener: TcpListener, shared: Arc<Shared>) -> Running {
    let down = Arc::new(AtomicBool::new(false));
    let lines = Lines::new(listener, Arc::clone(&down));
    let app = Router::new()
        .fallback(serve)
        .with_state(shared)
        .into_make_service_with_connect_info::<Line>();
    let (stop, stopped) = oneshot::channel();
    let server = axum::serve(lines, app).with_graceful_shutdown(async {
        stopped.await.ok();
    });
    let task = tokio::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the stand-in server ended");
        }
    });
    Running { stop, down, task }
}

async fn serve(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let path = decoded(parts.uri.path());
    let query = query_of(parts.uri.query().unwrap_or(""));
    if !path.starts_with("/api/") {
        return page_answer(
            &shared,
            parts.method.as_str(),
            &path,
            &query,
            &parts.headers,
        );
    }
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return text(413, HTML, error_page(413));
    };
    let authorization = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let verb = parts.method.as_str();
    let incoming = Incoming {
        verb,
        path: &path,
        query: &query,
        authorization,
        body: &body,
    };
    front(&shared, &line, &incoming).await
}

/// What happened to a call.
struct Outcome {
    status: u16,
    content_type: &'static str,
    body: String,
    route: &'static str,
    executed: bool,
}

impl Outcome {
    fn unexecuted(status: u16, content_type: &'static str, body: String) -> Outcome {
        Outcome {
            status,
            content_type,
            body,
            route: "not reached",
            executed: false,
        }
    }
}

async fn front(shared: &Shared, line: &Line, incoming: &Incoming<'_>) -> Response {
    let at = SystemTime::now();
    let latency = *lock(&shared.latency);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let fault = lock(&shared.faults).meet(incoming.verb, incoming.path);
    let outcome = if within_limit(shared, incoming) {
        through(shared, incoming, fault.as_ref())
    } else {
        Outcome::unexecuted(429, HTML, error_page(429))
    };
    log(shared, at, incoming, &outcome, fault.as_ref());
    match fault {
        Some(Fault::Delay(long)) => tokio::time::sleep(long).await,
        Some(Fault::CloseAtOnce) => line.cut_after(0),
        // Past the headers, into the body.
        Some(Fault::ResetMidBody) => line.cut_after(120 + outcome.body.len() / 2),
        _ => {}
    }
    let body = if incoming.verb == "HEAD" {
        String::new()
    } else {
        outcome.body
    };
    text(outcome.status, outcome.content_type, body)
}

fn within_limit(shared: &Shared, incoming: &Incoming<'_>) -> bool {
    let mut limit = lock(&shared.limit);
    match (limit.0, incoming.authorization) {
        (Some(rate), Some(header)) => limit.1.admit(rate, header, Instant::now()),
        _ => true,
    }
}

fn through(shared: &Shared, incoming: &Incoming<'_>, fault: Option<&Fault>) -> Outcome {
    match fault {
        Some(Fault::CloseAtOnce) => return Outcome::unexecuted(0, JSON, String::new()),
        Some(Fault::Page(status)) => {
            return Outcome::unexecuted(*status, HTML, error_page(*status));
        }
        Some(Fault::Outage) => {
            let (status, content_type, body) = outage(incoming.verb);
            return Outcome::unexecuted(status, content_type, body);
        }
        Some(Fault::Refusal(status, message)) => {
            let (status, body) = seal(&Err(Refusal::with(*status, message.clone())));
            return Outcome::unexecuted(status, JSON, body);
        }
        _ => {}
    }
    let (answer, route) = routes::answer(&mut lock(&shared.rows), incoming);
    let (status, body) = seal(&answer);
    let mut outcome = Outcome {
        status,
        content_type: JSON,
        body,
        route,
        executed: true,
    };
    match fault {
        Some(Fault::ExecutedThen(status)) => {
            (outcome.status, outcome.content_type, outcome.body) =
                (*status, HTML, error_page(*status));
        }
        Some(Fault::Truncated) => {
            let mut half = outcome.body.len() / 2;
            while !outcome.body.is_char_boundary(half) {
                half -= 1;
            }
            outcome.body.truncate(half);
        }
        Some(Fault::WrongContentType) => outcome.content_type = HTML,
        _ => {}
    }
    outcome
}

fn log(
    shared: &Shared,
    at: SystemTime,
    incoming: &Incoming<'_>,
    outcome: &Outcome,
    fault: Option<&Fault>,
) {
    let body = std::str::from_utf8(incoming.body)
        .ok()
        .and_then(|text| json::parse(text).ok())
        .unwrap_or(Value::Null);
    lock(&shared.calls).add(LoggedCall {
        at,
        verb: incoming.verb.to_owned(),
        path: incoming.path.to_owned(),
        query: incoming.query.clone(),
        route: outcome.route.to_owned(),
        body,
        status: outcome.status,
        executed: outcome.executed,
        fault: fault.map(|fault| format!("{fault:?}")),
    });
}

fn text(status: u16, content_type: &'static str, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (
        status,
        [
            (header::CONTENT_TYPE, content_type),
            (header::SERVER, "nginx/1.22.1"),
        ],
        body,
    )
        .into_response()
}

fn page_answer(
    shared: &Shared,
    verb: &str,
    path: &str,
    query: &BTreeMap<String, String>,
    headers: &HeaderMap,
) -> Response {
    if verb != "GET" && verb != "HEAD" {
        return text(405, HTML, error_page(405));
    }
    let rows = lock(&shared.rows);
    if let Some(id) = path
        .strip_prefix("/page/thumbnail/")
        .and_then(|id| id.parse().ok())
        && let Some(thumbnail) = rows.thumbnails.get(&id)
    {
        let kind = [
            (header::CONTENT_TYPE, "image/png"),
            (header::CACHE_CONTROL, "max-age=3600"),
        ];
        return (kind, thumbnail.png.clone()).into_response();
    }
    let limit = query
        .get("limit")
        .and_then(|limit| limit.parse().ok())
        .unwrap_or(page::SHOWN);
    let html = match path {
        "/" => page::document(&rows, limit),
        "/page/cards" => page::cards(&rows, limit),
        _ => return text(404, HTML, error_page(404)),
    };
    drop(rows);
    let tag = format!("\"{:016x}\"", page::fingerprint(&html));
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes())
    {
        return (StatusCode::NOT_MODIFIED, Body::empty()).into_response();
    }
    let kind = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::ETAG, tag),
    ];
    (kind, html).into_response()
}

fn query_of(query: &str) -> BTreeMap<String, String> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                decoded(&name.replace('+', " ")),
                decoded(&value.replace('+', " ")),
            )
        })
        .collect()
}

/// Percent-decoding; what is not UTF-8 afterwards is replaced.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text
            .get(at + 1..at + 3)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
