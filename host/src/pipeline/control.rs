//! A running skysieve's ear for its operator: a socket in the private state directory.
//!
//! In: one line of JSON, a [`Request`]. Out: one line, an [`Answer`]; what was asked for is done, and
//! on disk, by then. Never here: anybody but our own user; a request that waits for an alert.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use super::modules::Modules;
use crate::telemetry::{ModuleEvent, ModuleFile};

const SOCKET: &str = "control.sock";
/// Bytes of a request.
const MAX_REQUEST: u64 = 64 * 1024;
/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(30);

/// What an operator may want. `module` is `group/file`, or the file alone where one group has it;
/// `version` a version that is at hand, or the first digits of its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    List,
    History {
        module: Option<String>,
    },
    Pin {
        module: String,
        version: Option<String>,
    },
    Rollback {
        module: String,
        version: Option<String>,
    },
    Release {
        module: String,
    },
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    Modules(Vec<ModuleFile>),
    History(Vec<ModuleEvent>),
    Refused(String),
}

/// Why nobody answered.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    #[error(
        "no skysieve runs with the state directory `{}`: {source}", .state.display()
    )]
    Nobody { state: PathBuf, source: io::Error },
    #[error("the running skysieve did not answer: {0}")]
    Silent(io::Error),
    #[error("the running skysieve is of another version: it answered `{0}`")]
    Strange(String),
}

/// Asks the skysieve that runs with this state directory. Blocks.
///
/// # Errors
/// Where none runs, or it does not answer.
pub fn ask(state: &Path, request: &Request) -> Result<Answer, ControlError> {
    let connected = BlockingStream::connect(state.join(SOCKET));
    let mut stream = connected.map_err(|source| ControlError::Nobody {
        state: state.to_owned(),
        source,
    })?;
    let mut answer = String::new();
    let mut converse = || {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let line = serde_json::to_string(request)?;
        stream.write_all(format!("{line}\n").as_bytes())?;
        BufReader::new(&stream).read_line(&mut answer)
    };
    converse().map_err(ControlError::Silent)?;
    serde_json::from_str(&answer).map_err(|_| ControlError::Strange(answer))
}

/// Listens until it is dropped.
#[derive(Debug)]
pub(super) struct Control {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl Control {
    /// Listens in the state directory. None, told in the log, where it cannot: nothing else needs it.
    pub fn start(
        state: &Path,
        modules: impl Fn() -> Arc<Modules> + Send + Sync + 'static,
    ) -> Option<Self> {
        let path = state.join(SOCKET);
        let listener = listen(&path)
            .inspect_err(|error| {
                tracing::error!(
                    socket = %path.display(),
                    "`skysieve modules` cannot reach this process: {error}"
                );
            })
            .ok()?;
        let modules = Arc::new(modules);
        let task = tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => {
                        let modules = modules.clone();
                        tokio::spawn(async move {
                            if let Err(error) = serve(stream, &*modules).await {
                                tracing::warn!(
                                    "a request of an operator was not answered: {error}"
                                );
                            }
                        });
                    }
                    // Out of files, most likely: not a thing to spin about.
                    Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
                }
            }
        });
        Some(Control { path, task })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
        // A socket that stays behind is taken over by the next start.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn listen(path: &Path) -> io::Result<UnixListener> {
    if BlockingStream::connect(path).is_ok() {
        return Err(io::Error::other(
            "another skysieve runs with the same state directory",
        ));
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn serve(
    mut stream: UnixStream,
    modules: &(impl Fn() -> Arc<Modules> + Send + Sync),
) -> io::Result<()> {
    let peer = stream.peer_cred()?.uid();
    if peer != 0 && peer != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other(format!("user {peer} is not ours")));
    }
    let (from, mut to) = stream.split();
    let mut line = String::new();
    let mut request = tokio::io::BufReader::new(from.take(MAX_REQUEST));
    tokio::time::timeout(PATIENCE, request.read_line(&mut line)).await??;
    let answer = match serde_json::from_str(&line) {
        // Commands write to the disk.
        Ok(request) => tokio::task::block_in_place(|| obey(&modules(), request)),
        Err(error) => Answer::Refused(format!("not understood: {error}")),
    };
    let mut text = serde_json::to_string(&answer)?;
    text.push('\n');
    to.write_all(text.as_bytes()).await
}

fn obey(modules: &Modules, request: Request) -> Answer {
    let done = match request {
        Request::List => return Answer::Modules(modules.status()),
        Request::History { module } => {
            return match modules.history(module.as_deref()) {
                Ok(events) => Answer::History(events),
                Err(why) => Answer::Refused(why),
            };
        }
        Request::Pin { module, version } => modules.command(&module, "pinned", |shelf, file| {
            shelf.pin(file, version.as_deref())
        }),
        Request::Rollback { module, version } => {
            modules.command(&module, "rolled back", |shelf, file| {
                shelf.roll_back(file, version.as_deref(), "rolled back by an operator")
            })
        }
        Request::Release { module } => {
            modules.command(&module, "released", |shelf, file| shelf.release(file))
        }
    };
    match done {
        Ok(file) => Answer::Modules(vec![file]),
        Err(why) => Answer::Refused(why),
    }
}
