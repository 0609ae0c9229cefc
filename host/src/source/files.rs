//! Alerts from files: raw messages with their key beside them, and object containers.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::{Message, Place};
use crate::alert::decode::{Container, ContainerError, Extent, MAGIC, SchemaError, Shape};
use crate::alert::framed_number;

/// Beside wire messages: the bytes of their common key.
pub(super) const KEY_FILE: &str = "key.json";

/// The messages of files and whole folders, in the order of their names.
///
/// A file that gives no message gives an error that names it, and the next one goes on.
pub struct Files {
    paths: VecDeque<PathBuf>,
    topic: Option<Arc<str>>,
    ready: VecDeque<Result<Message, FileError>>,
    /// Files that follow each other have the same schema.
    newest: Option<(Bytes, Extent)>,
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
        "`{path}` is neither an Avro object container, nor framed for a schema registry, nor a `.bin` wire message"
    )]
    Unknown { path: PathBuf },
    #[error("`{path}`: {error}")]
    Container {
        path: PathBuf,
        error: ContainerError,
    },
    #[error("`{path}`, the schema in the object container: {error}")]
    Schema { path: PathBuf, error: SchemaError },
}

impl Files {
    /// Messages that were read before.
    pub fn of(messages: impl IntoIterator<Item = Message>) -> Self {
        Files {
            paths: VecDeque::new(),
            topic: None,
            ready: messages.into_iter().map(Ok).collect(),
            newest: None,
        }
    }

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
            newest: None,
        })
    }

    /// How many files are left to open.
    pub fn files_left(&self) -> usize {
        self.paths.len()
    }

    fn read(&mut self, path: &Path, topic: Option<Arc<str>>) {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => Bytes::from(bytes),
            Err(source) => return self.ready.push_back(Err(unreadable(path, source))),
        };
        if bytes.starts_with(MAGIC) {
            if let Err(error) = self.container(path, &bytes, topic) {
                self.ready.push_back(Err(error));
            }
        } else {
            self.ready.push_back(wire(path, bytes, topic));
        }
    }

    /// The data of a container, each as the wire message that it would have been, up to the first
    /// that is damaged.
    fn container(
        &mut self,
        path: &Path,
        bytes: &Bytes,
        topic: Option<Arc<str>>,
    ) -> Result<(), FileError> {
        let failed = |error| FileError::Container {
            path: path.to_owned(),
            error,
        };
        let container = Container::open(bytes).map_err(failed)?;
        let schema = container.schema().clone();
        let extent = match self.newest.take() {
            Some((known, extent)) if known == schema => extent,
            _ => extent(path, &schema)?,
        };
        let (_, extent) = self.newest.insert((schema.clone(), extent));
        let mut data = container.data(extent).enumerate().peekable();
        if data.peek().is_none() {
            return Err(failed(ContainerError::Empty));
        }
        for (record, value) in data {
            self.ready.push_back(Ok(Message {
                place: place(path, record, topic.clone()),
                key: schema.clone(),
                value: value.map_err(failed)?,
                timestamp_ms: None,
            }));
        }
        Ok(())
    }
}

fn extent(path: &Path, schema: &Bytes) -> Result<Extent, FileError> {
    let text = String::from_utf8_lossy(schema);
    let shape = Shape::parse(&text).map_err(|error| FileError::Schema {
        path: path.to_owned(),
        error,
    })?;
    Ok(Extent::of(&shape))
}

impl Iterator for Files {
    type Item = Result<Message, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() {
            let path = self.paths.pop_front()?;
            let topic = self.topic.clone().or_else(|| topic_of(&path));
            self.read(&path, topic);
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

/// A message as it came over the wire. The key lies beside it; a framed value has none.
fn wire(path: &Path, value: Bytes, topic: Option<Arc<str>>) -> Result<Message, FileError> {
    let path_buf = || path.to_owned();
    let framed = framed_number(&value).is_some();
    let is_bin = path.extension().is_some_and(|ending| ending == "bin");
    let key = match std::fs::read(path.with_file_name(KEY_FILE)) {
        Ok(key) if is_bin => Bytes::from(key),
        _ if framed => Bytes::new(),
        _ if is_bin => return Err(FileError::NoKey { path: path_buf() }),
        _ => return Err(FileError::Unknown { path: path_buf() }),
    };
    let place = place(path, 0, topic);
    Ok(Message {
        place,
        key,
        value,
        timestamp_ms: None,
    })
}

fn place(path: &Path, record: usize, topic: Option<Arc<str>>) -> Place {
    Place::File {
        path: Arc::new(path.to_owned()),
        record,
        topic,
    }
}
