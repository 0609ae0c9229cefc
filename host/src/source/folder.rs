//! Messages saved as [`Files`](super::Files) reads them.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::files::KEY_FILE;
use super::{Message, Place};

/// `<folder>/<topic>/key.json` and `<folder>/<topic>/<partition>_<offset>.bin`. Where the schema changes
/// under way, what comes with the next one goes to `<folder>/schema-2/<topic>`, and so on.
pub struct Folder {
    root: PathBuf,
    topic: String,
    /// Each key and its folder, as they came.
    keys: Vec<(Bytes, PathBuf)>,
    saved: u64,
}

/// Why a message cannot be saved.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("`{0}` exists already, and nothing in it was touched: choose another folder")]
    Exists(PathBuf),
    #[error("cannot write `{path}`: {source}")]
    Unwritable {
        path: PathBuf,
        source: std::io::Error,
    },
}

impl Folder {
    /// Takes a folder that holds nothing of the topic yet.
    ///
    /// # Errors
    /// Where it does.
    pub fn new(root: &Path, topic: &str) -> Result<Self, FolderError> {
        let first = root.join(topic);
        if first.exists() {
            return Err(FolderError::Exists(first));
        }
        Ok(Folder {
            root: root.to_owned(),
            topic: topic.to_owned(),
            keys: Vec::new(),
            saved: 0,
        })
    }

    /// Saves a message.
    ///
    /// # Errors
    /// Where a file cannot be written, or a folder of a new schema is there already.
    pub fn save(&mut self, message: &Message) -> Result<(), FolderError> {
        let folder = self.folder_of(&message.key)?;
        self.saved += 1;
        let name = match &message.place {
            Place::Kafka {
                partition, offset, ..
            } => format!("{partition}_{offset}.bin"),
            Place::File { .. } => format!("{}.bin", self.saved),
        };
        write(&folder.join(name), &message.value)
    }

    fn folder_of(&mut self, key: &Bytes) -> Result<PathBuf, FolderError> {
        if let Some((_, folder)) = self.keys.iter().find(|(known, _)| known == key) {
            return Ok(folder.clone());
        }
        let folder = match self.keys.len() {
            0 => self.root.join(&self.topic),
            known => {
                let schema = self.root.join(format!("schema-{}", known + 1));
                schema.join(&self.topic)
            }
        };
        if folder.exists() {
            return Err(FolderError::Exists(folder));
        }
        let made = std::fs::create_dir_all(&folder);
        made.map_err(|source| unwritable(&folder, source))?;
        // Messages that are framed for a schema registry have no key.
        if !key.is_empty() {
            write(&folder.join(KEY_FILE), key)?;
        }
        self.keys.push((key.clone(), folder.clone()));
        Ok(folder)
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    std::fs::write(path, bytes).map_err(|source| unwritable(path, source))
}

fn unwritable(path: &Path, source: std::io::Error) -> FolderError {
    FolderError::Unwritable {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Files;

    fn message(key: &'static [u8], offset: i64) -> Message {
        Message {
            place: Place::Kafka {
                topic: "fink_t_ztf".into(),
                partition: 3,
                offset,
            },
            key: Bytes::from_static(key),
            value: Bytes::from(vec![2, 4, u8::try_from(offset).unwrap()]),
            timestamp_ms: None,
        }
    }

    #[test]
    fn what_is_saved_is_read_again_with_its_key_and_topic() {
        let root = tempfile::tempdir().unwrap();
        let mut folder = Folder::new(root.path(), "fink_t_ztf").unwrap();
        let messages = [message(b"{1}", 7), message(b"{2}", 8), message(b"{1}", 9)];
        for message in &messages {
            folder.save(message).unwrap();
        }
        let read: Vec<Message> = Files::open(&[root.path().to_owned()], None)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let mut pairs: Vec<_> = read.iter().map(|m| (&m.key[..], &m.value[..])).collect();
        pairs.sort();
        let mut expected: Vec<_> = messages
            .iter()
            .map(|m| (&m.key[..], &m.value[..]))
            .collect();
        expected.sort();
        assert_eq!(pairs, expected);
        assert!(read.iter().all(|m| m.place.topic() == Some("fink_t_ztf")));

        assert!(matches!(
            Folder::new(root.path(), "fink_t_ztf"),
            Err(FolderError::Exists(_))
        ));
    }
}
