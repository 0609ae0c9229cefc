//! Alerts from files: raw wire messages with their key beside them, and object containers.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use apache_avro::Reader;
use apache_avro::writer::datum::GenericDatumWriter;

use super::{Message, Place};

/// The first bytes of an Avro object container.
const CONTAINER: &[u8] = b"Obj\x01";

/// Beside wire messages: the bytes of their common key.
const KEY_FILE: &str = "key.json";

/// The messages of files and whole folders, in the order of their names.
///
/// A file that gives no message gives an error that names it, and the next one goes on.
pub struct Files {
    paths: VecDeque<PathBuf>,
    topic: Option<Arc<str>>,
    ready: VecDeque<Result<Message, FileError>>,
}

/// Why a file gives no message, or no further one.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "`{folder}` holds no alert: expected `.avro` object containers, or `.bin` wire messages beside a `{KEY_FILE}`"
    )]
    Empty { folder: PathBuf },
    #[error(
        "`{path}` is a wire message without its key: put the key's bytes beside it as `{KEY_FILE}`"
    )]
    NoKey { path: PathBuf },
    #[error(
        "`{path}` is framed for a schema registry (schema id {id}); that schema is not at hand"
    )]
    Framed { path: PathBuf, id: u32 },
    #[error("`{path}` is neither an Avro object container nor a `.bin` wire message")]
    Unknown { path: PathBuf },
    #[error("`{path}`, record {record}: the object container is damaged: {reason}")]
    Damaged {
        path: PathBuf,
        record: usize,
        reason: String,
    },
}

impl Files {
    /// Looks the paths up; folders are searched whole. `topic` is what the alerts' topic is taken
    /// to be; without it, a folder named like one of Fink's topics says so itself.
    ///
    /// # Errors
    /// Where a path does not exist, or a folder holds nothing that could be an alert.
    pub fn open(paths: &[PathBuf], topic: Option<&str>) -> Result<Self, FileError> {
        let mut found = VecDeque::new();
        for path in paths {
            if path.is_dir() {
                let before = found.len();
                search(path, &mut found)?;
                if found.len() == before {
                    let folder = path.clone();
                    return Err(FileError::Empty { folder });
                }
            } else {
                std::fs::metadata(path).map_err(|source| unreadable(path, source))?;
                found.push_back(path.clone());
            }
        }
        Ok(Files {
            paths: found,
            topic: topic.map(Arc::from),
            ready: VecDeque::new(),
        })
    }

    /// How many files are left to open.
    pub fn files_left(&self) -> usize {
        self.paths.len()
    }
}

impl Iterator for Files {
    type Item = Result<Message, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() {
            let path = self.paths.pop_front()?;
            let topic = self.topic.clone().or_else(|| topic_of(&path));
            self.ready = read(&path, topic);
        }
        self.ready.pop_front()
    }
}

fn unreadable(path: &Path, source: std::io::Error) -> FileError {
    FileError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

fn search(folder: &Path, found: &mut VecDeque<PathBuf>) -> Result<(), FileError> {
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut paths: Vec<PathBuf> = entries
        .map_err(|source| unreadable(folder, source))?
        .into_iter()
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            search(&path, found)?;
        } else if path.extension().is_some_and(|e| e == "avro" || e == "bin") {
            found.push_back(path);
        }
    }
    Ok(())
}

/// `simulate` and `tap` write a folder for each topic.
fn topic_of(path: &Path) -> Option<Arc<str>> {
    let folder = path.parent()?.file_name()?.to_str()?;
    folder.starts_with("fink_").then(|| folder.into())
}

fn read(path: &Path, topic: Option<Arc<str>>) -> VecDeque<Result<Message, FileError>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(source) => return VecDeque::from([Err(unreadable(path, source))]),
    };
    if bytes.starts_with(CONTAINER) {
        return container(path, &bytes, topic);
    }
    VecDeque::from([wire(path, bytes, topic)])
}

fn wire(path: &Path, bytes: Vec<u8>, topic: Option<Arc<str>>) -> Result<Message, FileError> {
    let path_buf = || path.to_owned();
    if path.extension().is_some_and(|e| e == "bin") {
        let key = std::fs::read(path.with_file_name(KEY_FILE))
            .map_err(|_| FileError::NoKey { path: path_buf() })?;
        let place = place(path, 0, topic);
        let (key, value) = (key.into(), bytes.into());
        return Ok(Message {
            place,
            key,
            value,
            timestamp_ms: None,
        });
    }
    match bytes.first_chunk::<5>() {
        Some([0, id @ ..]) => Err(FileError::Framed {
            path: path_buf(),
            id: u32::from_be_bytes(*id),
        }),
        _ => Err(FileError::Unknown { path: path_buf() }),
    }
}

/// The records of a container, each as the wire message that it would have been.
fn container(
    path: &Path,
    bytes: &[u8],
    topic: Option<Arc<str>>,
) -> VecDeque<Result<Message, FileError>> {
    let damaged = |record: usize, reason: String| FileError::Damaged {
        path: path.to_owned(),
        record,
        reason,
    };
    let reader = match Reader::new(bytes) {
        Ok(reader) => reader,
        Err(error) => return VecDeque::from([Err(damaged(0, error.to_string()))]),
    };
    let schema = reader.writer_schema().clone();
    let key = serde_json::to_vec(&schema).unwrap_or_default();
    let writer = match GenericDatumWriter::builder(&schema).build() {
        Ok(writer) => writer,
        Err(error) => return VecDeque::from([Err(damaged(0, error.to_string()))]),
    };
    let mut messages = VecDeque::new();
    for (record, value) in reader.enumerate() {
        let value = value.and_then(|value| writer.write_value_to_vec(value));
        let failed = value.is_err();
        messages.push_back(match value {
            Ok(value) => Ok(Message {
                place: place(path, record, topic.clone()),
                key: key.clone().into(),
                value: value.into(),
                timestamp_ms: None,
            }),
            Err(error) => Err(damaged(record, error.to_string())),
        });
        if failed {
            break;
        }
    }
    if messages.is_empty() {
        messages.push_back(Err(damaged(0, "it holds no record".to_owned())));
    }
    messages
}

fn place(path: &Path, record: usize, topic: Option<Arc<str>>) -> Place {
    Place::File {
        path: Arc::new(path.to_owned()),
        record,
        topic,
    }
}
