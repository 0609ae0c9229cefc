//! What must survive the process: dead letters, and what is known to stand in SkyPortal.
//!
//! In: an alert that could not be delivered, or a message that could not be read, with the reason;
//! notes about objects. Out: the same, for people, for a replay, for the next process.
//! Every write is on disk when the call returns.
//! Never here: a secret; a file that others may read; what a note means.

mod dead_letters;
mod floods;
mod look;
mod notes;
mod samples;

use std::fs::OpenOptions;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use redb::{Database, DatabaseError};

pub use dead_letters::{Attempt, DeadLetter, DeadLetters, KeyAndValue, Kind};
pub use floods::Range;
pub use look::look;
pub use notes::Notes;
pub use samples::Samples;

/// Another process holds the file for the moment of a write or a look.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of a file that are kept at hand.
const CACHE: usize = 16 << 20;

/// Why the store could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot use the state directory `{path}`: {source}")]
    Folder {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "the store `{path}` is in use by another process: each skysieve needs a state directory of its own"
    )]
    InUse { path: PathBuf },
    #[error("the store `{path}` failed: {source}")]
    Database {
        path: PathBuf,
        source: Arc<redb::Error>,
    },
    #[error("nobody writes to the store `{path}` any more")]
    Gone { path: PathBuf },
    #[error("the dead letter {id} in `{path}` is damaged: {source}")]
    Damaged {
        path: PathBuf,
        id: u64,
        source: serde_json::Error,
    },
}

/// A file of this name that nobody else may read, in a folder that nobody else may enter; both are
/// made if they are absent.
fn file_in(folder: &Path, name: &str) -> Result<PathBuf, StoreError> {
    let failed = |source| StoreError::Folder {
        path: folder.to_owned(),
        source,
    };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(failed)?;
    let file = folder.join(name);
    check_writable(&file)?;
    Ok(file)
}

/// Whether the file can be opened for writing, or made.
fn check_writable(file: &Path) -> Result<(), StoreError> {
    let opened = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(file);
    opened.map(drop).map_err(|source| StoreError::Folder {
        path: file.to_owned(),
        source,
    })
}

fn open(file: &Path) -> Result<Database, StoreError> {
    let until = Instant::now() + PATIENCE;
    loop {
        let opened = Database::builder().set_cache_size(CACHE).create(file);
        match opened {
            Ok(database) => return Ok(database),
            Err(DatabaseError::DatabaseAlreadyOpen) if Instant::now() < until => {
                sleep(Duration::from_millis(20));
            }
            Err(DatabaseError::DatabaseAlreadyOpen) => {
                return Err(StoreError::InUse {
                    path: file.to_owned(),
                });
            }
            Err(error) => return Err(failed(file, error.into())),
        }
    }
}

fn failed(file: &Path, source: redb::Error) -> StoreError {
    StoreError::Database {
        path: file.to_owned(),
        source: Arc::new(source),
    }
}
