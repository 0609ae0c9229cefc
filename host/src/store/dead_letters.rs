//! Dead letters: one a message that could not be read, or one a delivery that could not be made.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::StoreError;

const FILE: &str = "skysieve.redb";
const LETTERS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("dead_letters");
const VALUES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("dead_letter_values");
/// Keys are kept once by their hash: they are 27–73 kB and the same for millions of messages.
const KEYS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("dead_letter_keys");

/// The store of dead letters in the state directory.
///
/// The file is opened for each use: letters are rare, and a person can list them while skysieve
/// runs.
#[derive(Clone, Debug)]
pub struct DeadLetters {
    file: PathBuf,
    /// Of those in this process who want the file; other processes are waited for.
    turn: Arc<Mutex<()>>,
}

/// What could not be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The message's bytes are no alert.
    Undecodable,
    /// A filter failed on the alert, and is configured to keep such alerts.
    Fault,
    /// The mapping failed on an alert that had passed.
    Mapping,
    /// SkyPortal would not take it.
    Delivery,
}

/// One dead letter. Times are of the clock: this is for people, and goes nowhere else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// When it died, UTC, ISO 8601.
    pub at: String,
    pub kind: Kind,
    /// Where the message stands: topic, partition and offset, or the file.
    pub place: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_id: Option<i64>,
    /// `group/filter/route`; of a fault `group/filter`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// What went wrong, and what to do.
    pub reason: String,
    /// What SkyPortal was asked in vain, and what it said each time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// SHA-256 of the message's key.
    #[serde(default)]
    pub key_sha256: String,
}

/// One sending that failed. The time is the clock's: this is for people, and goes nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// UTC, ISO 8601.
    pub at: String,
    /// `POST /api/sources`
    pub call: String,
    /// How the answer was understood.
    pub class: String,
    /// SkyPortal's words, shortened, the token struck out.
    pub words: String,
}

/// The bytes of a message.
pub type KeyAndValue = (Vec<u8>, Vec<u8>);

impl DeadLetters {
    /// The store in a state directory, which is made if it is absent.
    ///
    /// # Errors
    /// Where the directory cannot be made or the file not opened.
    pub fn in_folder(folder: &Path) -> Result<Self, StoreError> {
        Ok(DeadLetters {
            file: super::file_in(folder, FILE)?,
            turn: Arc::default(),
        })
    }

    /// Whether the store's file can be opened for writing, or made. That the disk has room is known
    /// only when a letter is kept.
    ///
    /// # Errors
    /// Where it cannot.
    pub fn check_writable(&self) -> Result<(), StoreError> {
        super::check_writable(&self.file)
    }

    /// Keeps a letter with its message; on disk when this returns. Returns its number.
    ///
    /// # Errors
    /// Where the disk will not take it: the message must then not count as done.
    pub fn keep(&self, letter: &DeadLetter, key: &[u8], value: &[u8]) -> Result<u64, StoreError> {
        let digest = Sha256::digest(key);
        let mut letter = letter.clone();
        letter.key_sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let text = serde_json::to_vec(&letter).map_err(|source| StoreError::Damaged {
            path: self.file.clone(),
            id: 0,
            source,
        })?;
        let (_turn, database) = self.open()?;
        let write = || -> Result<u64, redb::Error> {
            let transaction = database.begin_write()?;
            let id = {
                let mut letters = transaction.open_table(LETTERS)?;
                let last = letters.last()?.map_or(0, |(id, _)| id.value());
                letters.insert(last + 1, text.as_slice())?;
                transaction.open_table(VALUES)?.insert(last + 1, value)?;
                let mut keys = transaction.open_table(KEYS)?;
                if keys.get(digest.as_slice())?.is_none() {
                    keys.insert(digest.as_slice(), key)?;
                }
                last + 1
            };
            transaction.commit()?;
            Ok(id)
        };
        write().map_err(|source| self.failed(source))
    }

    /// Drops a letter with its message; gone from the disk when this returns. The key stays while
    /// other letters may have the same. Whether it was there.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub fn drop_letter(&self, id: u64) -> Result<bool, StoreError> {
        let (_turn, database) = self.open()?;
        let write = || -> Result<bool, redb::Error> {
            let transaction = database.begin_write()?;
            let there = transaction.open_table(LETTERS)?.remove(id)?.is_some();
            transaction.open_table(VALUES)?.remove(id)?;
            // The last letter takes the keys with it.
            if transaction.open_table(LETTERS)?.is_empty()? {
                transaction.delete_table(KEYS)?;
            }
            transaction.commit()?;
            Ok(there)
        };
        write().map_err(|source| self.failed(source))
    }

    /// All letters, the oldest first.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn list(&self) -> Result<Vec<(u64, DeadLetter)>, StoreError> {
        let (_turn, database) = self.open()?;
        let read = || -> Result<Vec<(u64, Vec<u8>)>, redb::Error> {
            let transaction = database.begin_read()?;
            let letters = match transaction.open_table(LETTERS) {
                Ok(letters) => letters,
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                Err(error) => return Err(error.into()),
            };
            let mut all = Vec::with_capacity(letters.len()? as usize);
            for entry in letters.iter()? {
                let (id, text) = entry?;
                all.push((id.value(), text.value().to_vec()));
            }
            Ok(all)
        };
        let entries = read().map_err(|source| self.failed(source))?;
        let parse = |(id, text): (u64, Vec<u8>)| {
            let letter = serde_json::from_slice(&text).map_err(|source| StoreError::Damaged {
                path: self.file.clone(),
                id,
                source,
            })?;
            Ok((id, letter))
        };
        entries.into_iter().map(parse).collect()
    }

    /// The key and value of a letter's message.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn message(&self, id: u64, letter: &DeadLetter) -> Result<Option<KeyAndValue>, StoreError> {
        let (_turn, database) = self.open()?;
        let digest: Vec<u8> = (0..letter.key_sha256.len() / 2)
            .filter_map(|i| u8::from_str_radix(letter.key_sha256.get(2 * i..2 * i + 2)?, 16).ok())
            .collect();
        let read = || -> Result<Option<KeyAndValue>, redb::Error> {
            let transaction = database.begin_read()?;
            let value = transaction
                .open_table(VALUES)?
                .get(id)?
                .map(|v| v.value().to_vec());
            let key = transaction
                .open_table(KEYS)?
                .get(digest.as_slice())?
                .map(|k| k.value().to_vec());
            Ok(key.zip(value))
        };
        read().map_err(|source| self.failed(source))
    }

    /// The file, for as long as it is our turn.
    pub(super) fn open(&self) -> Result<(MutexGuard<'_, ()>, Database), StoreError> {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        Ok((turn, super::open(&self.file)?))
    }

    pub(super) fn failed(&self, source: redb::Error) -> StoreError {
        super::failed(&self.file, source)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn letter(reason: &str) -> DeadLetter {
        DeadLetter {
            at: "2026-11-22T03:00:00Z".to_owned(),
            kind: Kind::Delivery,
            place: "fink_kn_candidates_ztf partition 4 offset 17".to_owned(),
            topic: Some("fink_kn_candidates_ztf".to_owned()),
            object_id: Some("ZTF26aalyvfn".to_owned()),
            alert_id: Some(3_367_317_671_315_010_038),
            route: Some("kilonovae/fast-transient/main".to_owned()),
            reason: reason.to_owned(),
            attempts: Vec::new(),
            key_sha256: String::new(),
        }
    }

    #[test]
    fn what_is_kept_can_be_read_again_by_another_handle() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let store = DeadLetters::in_folder(&state).unwrap();
        assert!(store.list().unwrap().is_empty());
        assert_eq!(store.keep(&letter("one"), b"key", b"value 1").unwrap(), 1);
        assert_eq!(store.keep(&letter("two"), b"key", b"value 2").unwrap(), 2);

        let again = DeadLetters::in_folder(&state).unwrap();
        let letters = again.list().unwrap();
        let reasons: Vec<&str> = letters.iter().map(|(_, l)| l.reason.as_str()).collect();
        assert_eq!(reasons, ["one", "two"]);
        let (id, second) = &letters[1];
        let message = again.message(*id, second).unwrap();
        assert_eq!(message, Some((b"key".to_vec(), b"value 2".to_vec())));
    }

    #[test]
    fn a_dropped_letter_is_gone_and_its_number_is_not_given_again_while_others_stand() {
        let folder = tempfile::tempdir().unwrap();
        let store = DeadLetters::in_folder(folder.path()).unwrap();
        for reason in ["one", "two"] {
            store.keep(&letter(reason), b"key", b"value").unwrap();
        }
        assert!(store.drop_letter(1).unwrap());
        assert!(!store.drop_letter(1).unwrap());
        let left = store.list().unwrap();
        assert_eq!(left.len(), 1);
        let (id, second) = &left[0];
        assert!(store.message(*id, second).unwrap().is_some());
        assert_eq!(store.keep(&letter("three"), b"key", b"v").unwrap(), 3);
    }

    #[test]
    fn nobody_else_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        DeadLetters::in_folder(&state).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&state.join(FILE)), 0o600);
        assert_eq!(mode(&state), 0o700);
    }
}
