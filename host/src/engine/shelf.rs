//! The modules of one directory, as they stand: what runs, what was refused and why.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::SystemTime;

use super::load::{Hash, Module};

/// Earlier versions that stay at hand for a rollback.
const MAX_PREVIOUS: usize = 3;

/// Shared between the thread that loads and the workers that judge.
///
/// A worker compares [`Shelf::generation`] with the one it last saw (one relaxed load) and asks
/// for its module again only when it differs.
#[derive(Debug, Default)]
pub struct Shelf {
    generation: AtomicU64,
    files: RwLock<BTreeMap<String, Place>>,
}

#[derive(Debug, Default)]
struct Place {
    running: Option<RunningFile>,
    previous: Vec<Module>,
    refused: Option<RefusedFile>,
    deleted: bool,
}

/// The version of a file that runs.
#[derive(Clone, Debug)]
pub struct RunningFile {
    pub module: Module,
    pub since: SystemTime,
}

/// The version of a file that was refused.
#[derive(Clone, Debug)]
pub struct RefusedFile {
    /// `None` where not even its bytes could be read.
    pub hash: Option<Hash>,
    pub at: SystemTime,
    pub reason: String,
}

/// What a person wants to know of a file.
#[derive(Clone, Debug)]
pub struct FileStatus {
    pub file: String,
    pub running: Option<RunningFile>,
    pub refused: Option<RefusedFile>,
    /// The file is gone from the directory; what runs is its last good version.
    pub deleted: bool,
}

impl Shelf {
    /// Grows by one whenever a module is exchanged.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// The version of a file that shall run now.
    pub fn get(&self, file: &str) -> Option<Module> {
        let files = self.read();
        let running = files.get(file)?.running.as_ref()?;
        Some(running.module.clone())
    }

    /// All files ever seen, by name.
    pub fn status(&self) -> Vec<FileStatus> {
        let files = self.read();
        let status = files.iter().map(|(file, place)| FileStatus {
            file: file.clone(),
            running: place.running.clone(),
            refused: place.refused.clone(),
            deleted: place.deleted,
        });
        status.collect()
    }

    /// Takes the running version out of service and puts the one before it back; `None` and no
    /// change if there is none. The refused version is not taken again until the file changes.
    pub fn roll_back(&self, file: &str, reason: &str) -> Option<Module> {
        let mut files = self.write();
        let place = files.get_mut(file)?;
        let module = place.previous.pop()?;
        let bad = place.running.replace(RunningFile {
            module: module.clone(),
            since: SystemTime::now(),
        });
        place.refused = bad.map(|bad| RefusedFile {
            hash: Some(bad.module.hash()),
            at: SystemTime::now(),
            reason: reason.to_owned(),
        });
        drop(files);
        self.turn();
        Some(module)
    }

    pub(super) fn publish(&self, file: &str, module: Module) {
        let mut files = self.write();
        let place = files.entry(file.to_owned()).or_default();
        let before = place.running.replace(RunningFile {
            module,
            since: SystemTime::now(),
        });
        place.previous.extend(before.map(|running| running.module));
        if place.previous.len() > MAX_PREVIOUS {
            place.previous.remove(0);
        }
        place.refused = None;
        place.deleted = false;
        drop(files);
        self.turn();
    }

    /// The file holds what runs already.
    pub(super) fn confirm(&self, file: &str) {
        if let Some(place) = self.write().get_mut(file) {
            place.refused = None;
            place.deleted = false;
        }
    }

    pub(super) fn refuse(&self, file: &str, hash: Option<Hash>, reason: String) {
        let mut files = self.write();
        let place = files.entry(file.to_owned()).or_default();
        place.deleted = false;
        place.refused = Some(RefusedFile {
            hash,
            at: SystemTime::now(),
            reason,
        });
    }

    /// Returns whether this is news.
    pub(super) fn delete(&self, file: &str) -> bool {
        let mut files = self.write();
        files
            .get_mut(file)
            .is_some_and(|place| !std::mem::replace(&mut place.deleted, true))
    }

    /// The hashes of the running and of the refused version.
    pub(super) fn hashes(&self, file: &str) -> (Option<Hash>, Option<Hash>) {
        let files = self.read();
        let Some(place) = files.get(file) else {
            return (None, None);
        };
        let running = place.running.as_ref().map(|running| running.module.hash());
        (
            running,
            place.refused.as_ref().and_then(|refused| refused.hash),
        )
    }

    // After the change is visible, so that whoever sees the number sees the change: the lock that
    // a worker takes next orders the two.
    fn turn(&self) {
        self.generation.fetch_add(1, Ordering::Release);
    }

    // A panic while the lock was held cannot leave a half-made entry: every change is one
    // assignment.
    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Place>> {
        self.files.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Place>> {
        self.files.write().unwrap_or_else(PoisonError::into_inner)
    }
}
