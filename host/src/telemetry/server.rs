//! `/metrics`, `/healthz`, `/readyz` and `/status` over HTTP.
//!
//! Nothing can be changed here, and no secret is served; who may connect is decided by the address
//! that it listens on, loopback unless told otherwise.

use std::net::SocketAddr;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::metrics::CONTENT_TYPE;
use super::state::Telemetry;

/// A server that runs until this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot listen on `{address}` for metrics and health: {source}; another process may have the port (`telemetry.listen` chooses another, 0 any free one)"
)]
pub struct ServerError {
    address: SocketAddr,
    source: std::io::Error,
}

impl Server {
    /// Listens from now on; port 0 takes a free one.
    ///
    /// # Errors
    /// Where the address is not ours or is taken.
    pub async fn start(address: SocketAddr, telemetry: Telemetry) -> Result<Server, ServerError> {
        let failed = |source| ServerError { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router(telemetry)).await {
                tracing::error!("the server of metrics and health ended: {error}");
            }
        });
        tracing::info!(%address, "metrics and health are served");
        Ok(Server { address, task })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn router(telemetry: Telemetry) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/status", get(status))
        .with_state(telemetry)
}

async fn index() -> &'static str {
    concat!(
        "skysieve ",
        env!("CARGO_PKG_VERSION"),
        "\n/metrics  Prometheus\n/healthz  the process runs\n/readyz   it does its work, or why not\n/status   accounts and modules, JSON\n"
    )
}

async fn metrics(State(telemetry): State<Telemetry>) -> Response {
    match telemetry.metrics() {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn ready(State(telemetry): State<Telemetry>) -> (StatusCode, String) {
    let hindrances = telemetry.hindrances();
    if hindrances.is_empty() {
        let refused = telemetry.configuration().refused.clone();
        let note = refused.map_or(String::new(), |refused| {
            format!(
                "configuration: the changed file is refused: {}\n",
                refused.reason
            )
        });
        (StatusCode::OK, format!("ready\n{note}"))
    } else {
        let text = format!("{}\n", hindrances.join("\n"));
        (StatusCode::SERVICE_UNAVAILABLE, text)
    }
}

async fn status(State(telemetry): State<Telemetry>) -> Json<serde_json::Value> {
    Json(telemetry.status())
}
