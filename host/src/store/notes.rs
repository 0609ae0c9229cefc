//! Notes by name that outlive the process: for what is dear to find out again, and may be forgotten.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};
use tokio::sync::oneshot;

use super::{StoreError, failed, open};

const FILE: &str = "memory.redb";
/// A note and when it was written last, counted in writes.
const NOTES: TableDefinition<'_, &str, (u64, &[u8])> = TableDefinition::new("notes");
const AGES: TableDefinition<'_, u64, &str> = TableDefinition::new("ages");

/// Of 1–10 kB each; the one written longest ago is forgotten first.
const MOST: u64 = 50_000;

/// Notes in the state directory. A clone is another handle to the same ones.
///
/// The file belongs to one process at a time.
#[derive(Clone, Debug)]
pub struct Notes {
    file: PathBuf,
    database: Arc<Database>,
    /// To the thread that writes: whatever has gathered goes to disk at once.
    writer: Sender<Task>,
}

struct Task {
    what: What,
    done: oneshot::Sender<Result<(), Arc<redb::Error>>>,
}

enum What {
    Keep(String, Vec<u8>),
    Clear,
}

impl Notes {
    /// The notes in a state directory, which is made if it is absent.
    ///
    /// # Errors
    /// Where the directory cannot be made or the file not opened, by another process for instance.
    pub fn in_folder(folder: &Path) -> Result<Self, StoreError> {
        let file = super::file_in(folder, FILE)?;
        let database = Arc::new(open(&file)?);
        let (writer, tasks) = channel();
        let of_writer = database.clone();
        std::thread::spawn(move || write(&of_writer, &tasks));
        Ok(Notes {
            file,
            database,
            writer,
        })
    }

    /// The note of this name, if there is one.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let read = || -> Result<Option<Vec<u8>>, redb::Error> {
            let transaction = self.database.begin_read()?;
            let notes = match transaction.open_table(NOTES) {
                Ok(notes) => notes,
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            Ok(notes.get(name)?.map(|note| note.value().1.to_vec()))
        };
        read().map_err(|source| failed(&self.file, source))
    }

    /// Keeps a note in the place of an older one of this name; on disk when this returns.
    ///
    /// # Errors
    /// Where the disk does not take it. The older note stands then.
    pub async fn keep(&self, name: &str, text: Vec<u8>) -> Result<(), StoreError> {
        self.ask(What::Keep(name.to_owned(), text)).await
    }

    /// Forgets them all; on disk when this returns.
    ///
    /// # Errors
    /// Where the disk does not take it.
    pub async fn clear(&self) -> Result<(), StoreError> {
        self.ask(What::Clear).await
    }

    async fn ask(&self, what: What) -> Result<(), StoreError> {
        let (done, outcome) = oneshot::channel();
        let gone = || StoreError::Gone {
            path: self.file.clone(),
        };
        self.writer.send(Task { what, done }).map_err(|_| gone())?;
        let outcome = outcome.await.map_err(|_| gone())?;
        outcome.map_err(|source| StoreError::Database {
            path: self.file.clone(),
            source,
        })
    }
}

/// Until the last handle is gone.
fn write(database: &Database, tasks: &Receiver<Task>) {
    while let Ok(first) = tasks.recv() {
        let gathered: Vec<Task> = std::iter::once(first).chain(tasks.try_iter()).collect();
        let outcome = write_all(database, &gathered).map_err(Arc::new);
        for task in gathered {
            // Who asked may have been told to stop meanwhile.
            let _ = task.done.send(outcome.clone());
        }
    }
}

fn write_all(database: &Database, tasks: &[Task]) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    for task in tasks {
        match &task.what {
            What::Keep(name, text) => {
                let mut notes = transaction.open_table(NOTES)?;
                let mut ages = transaction.open_table(AGES)?;
                let now = ages.last()?.map_or(0, |(age, _)| age.value()) + 1;
                if let Some(older) = notes.insert(name.as_str(), (now, text.as_slice()))? {
                    ages.remove(older.value().0)?;
                }
                ages.insert(now, name.as_str())?;
                if notes.len()? > MOST
                    && let Some((_, oldest)) = ages.pop_first()?
                {
                    notes.remove(oldest.value())?;
                }
            }
            What::Clear => {
                transaction.delete_table(NOTES)?;
                transaction.delete_table(AGES)?;
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_note_outlives_its_handle_and_gives_way_to_a_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        let notes = Notes::in_folder(folder.path()).unwrap();
        assert_eq!(notes.read("a").unwrap(), None);
        for text in ["one", "two"] {
            notes.keep("a", text.as_bytes().to_vec()).await.unwrap();
        }
        notes.keep("b", b"three".to_vec()).await.unwrap();
        drop(notes);

        let notes = Notes::in_folder(folder.path()).unwrap();
        assert_eq!(notes.read("a").unwrap(), Some(b"two".to_vec()));
        assert_eq!(notes.read("b").unwrap(), Some(b"three".to_vec()));
        notes.clear().await.unwrap();
        assert_eq!(notes.read("a").unwrap(), None);
        notes.keep("a", b"four".to_vec()).await.unwrap();
        assert_eq!(notes.read("a").unwrap(), Some(b"four".to_vec()));
    }
}
