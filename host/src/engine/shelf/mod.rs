//! The modules of one directory, as they stand: what runs, what does not and why, what happened.
//!
//! In: versions that were loaded, what judges learn of them, and a person's commands. Out: for each
//! file the version that shall run, and its [`FileStatus`]. What survives a restart is in the
//! [`Ledger`]. Never here: a decision whether a version is good; a disk in the way of a judge.

mod event;
mod ledger;
mod place;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, SystemTime};

pub use event::{Event, What};
pub use ledger::Ledger;
use ledger::Page;
use place::Place;
pub use place::{Bar, BarKind, CommandError, Duty, FileStatus, RefusedFile, RunningFile};

use super::hash::Hash;
use super::load::Module;
use super::watch::News;

/// Shared between the thread that loads and the workers that judge.
///
/// A worker compares [`Shelf::generation`] with the one it last saw (one relaxed load) and asks
/// for its module again only when it differs.
#[derive(Debug, Default)]
pub struct Shelf {
    generation: AtomicU64,
    files: RwLock<BTreeMap<String, Place>>,
    ledger: Option<Mutex<Ledger>>,
    /// Does what a judge must not wait for.
    loader: OnceLock<Sender<News>>,
}

impl Shelf {
    pub(super) fn new(ledger: Option<Ledger>) -> Self {
        Shelf {
            ledger: ledger.map(Mutex::new),
            ..Shelf::default()
        }
    }

    pub(super) fn employ(&self, loader: Sender<News>) {
        // Once, by the one watch that made the shelf.
        let _ = self.loader.set(loader);
    }

    /// Grows by one whenever another version, or a version on other terms, shall run.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// The version of a file that shall run now.
    pub fn get(&self, file: &str) -> Option<Module> {
        self.running(file).map(|running| running.module)
    }

    /// The same, with the terms on which it runs.
    pub fn running(&self, file: &str) -> Option<RunningFile> {
        self.read().get(file)?.running.clone()
    }

    /// All files ever seen, by name.
    pub fn status(&self) -> Vec<FileStatus> {
        let files = self.read();
        files
            .iter()
            .map(|(file, place)| place.status(file))
            .collect()
    }

    /// What happened to a file, the oldest first; none if it was never seen.
    pub fn history(&self, file: &str) -> Option<Vec<Event>> {
        let files = self.read();
        Some(files.get(file)?.history.iter().cloned().collect())
    }

    // What judges say.

    /// The version faults too often: the last good one takes over, or nothing does. It may try
    /// again after `rest`, longer each time. Returns what judges from now on.
    pub fn quarantine(
        &self,
        file: &str,
        hash: Hash,
        reason: &str,
        rest: Duration,
    ) -> Option<RunningFile> {
        let changed = self.change(file, |place| place.quarantine(hash, reason, rest));
        if changed? {
            self.turn();
            self.ask(News::Save);
        }
        self.running(file)
    }

    /// The version did well for so long that its probation is over.
    pub fn acquit(&self, file: &str, hash: Hash) {
        if self.change(file, |place| place.acquit(hash)) == Some(true) {
            self.turn();
            self.ask(News::Save);
        }
    }

    /// A judge begins to use this version; `from` is the first alert that it judges with it.
    pub fn took_over(&self, file: &str, hash: Hash, judge: &str, from: &str) {
        self.change(file, |place| place.took_over(hash, judge, from));
        self.ask(News::Save);
    }

    // What a person says. It is on disk when the call returns.

    /// Keeps the running version, or the one that `wanted` begins the hash of, whatever the file
    /// becomes.
    ///
    /// # Errors
    /// Where there is no such file or version.
    pub fn pin(&self, file: &str, wanted: Option<&str>) -> Result<FileStatus, CommandError> {
        self.command(file, |place| place.pin(wanted))
    }

    /// Takes the running version out of service and puts the one before it back, or the one that
    /// `wanted` begins the hash of. What was taken out is not taken again until the file changes.
    ///
    /// # Errors
    /// Where there is no such file or version.
    pub fn roll_back(
        &self,
        file: &str,
        wanted: Option<&str>,
        reason: &str,
    ) -> Result<FileStatus, CommandError> {
        self.command(file, |place| place.roll_back(wanted, reason))
    }

    /// Ends pins, quarantines and rollbacks: what the file holds shall run, on probation where it
    /// was in quarantine.
    ///
    /// # Errors
    /// Where there is no such file.
    pub fn release(&self, file: &str) -> Result<FileStatus, CommandError> {
        let status = self.command(file, |place| {
            place.release();
            Ok(())
        });
        self.ask(News::Changed(vec![file.to_owned()]));
        status
    }

    fn command(
        &self,
        file: &str,
        act: impl FnOnce(&mut Place) -> Result<(), CommandError>,
    ) -> Result<FileStatus, CommandError> {
        let done = self.change(file, |place| act(place).map(|()| place.status(file)));
        let status = done.ok_or_else(|| CommandError::NoFile(file.to_owned()))??;
        self.turn();
        self.save();
        Ok(status)
    }

    // What the thread that loads says.

    /// The bytes are kept for the next start as long as the version may be needed.
    pub(super) fn publish(&self, file: &str, module: Module, bytes: &[u8]) {
        self.with_ledger(|ledger| ledger.keep(module.hash(), bytes));
        let mut files = self.write();
        files.entry(file.to_owned()).or_default().publish(module);
        drop(files);
        self.turn();
        self.save();
    }

    /// The file holds what runs, or waits, already.
    pub(super) fn confirm(&self, file: &str, hash: Hash) {
        self.change(file, |place| place.confirm(hash));
    }

    pub(super) fn refuse(&self, file: &str, hash: Option<Hash>, reason: String) {
        let mut files = self.write();
        let place = files.entry(file.to_owned()).or_default();
        place.refuse(hash, reason);
        drop(files);
        self.save();
    }

    /// Returns whether this is news.
    pub(super) fn delete(&self, file: &str) -> bool {
        self.change(file, Place::delete) == Some(true)
    }

    /// What the file's bytes are, if they are known.
    pub(super) fn knows(&self, file: &str, hash: Hash) -> Known {
        let files = self.read();
        files.get(file).map_or(Known::No, |place| place.knows(hash))
    }

    /// Lets every version whose rest is over try again; the files to be looked at.
    pub(super) fn end_rests(&self, now: SystemTime) -> Vec<String> {
        let mut files = self.write();
        let rested = files
            .iter_mut()
            .filter_map(|(file, place)| place.end_rest(now).then(|| file.clone()));
        let rested: Vec<String> = rested.collect();
        drop(files);
        if !rested.is_empty() {
            self.turn();
            self.save();
        }
        rested
    }

    /// Puts back what the ledger has, with versions that `load` makes of their bytes.
    pub(super) fn restore(&self, load: impl Fn(&str, &[u8]) -> Option<Module>) {
        let Some(restored) = self.with_ledger(|ledger| ledger.restore(load)) else {
            return;
        };
        self.write().extend(restored);
        self.turn();
    }

    /// The watch before is gone: this shelf writes the ledger from now on. What an operator or a judge
    /// did there in the meantime holds here, too.
    pub fn rule(&self) {
        let left = self.with_ledger(|ledger| ledger.rule().then(|| ledger.left()));
        let Some(left) = left.flatten() else {
            return;
        };
        let mut files = self.write();
        for (file, left) in left {
            if let Some(place) = files.get_mut(&file) {
                place.inherit(left);
            }
        }
        drop(files);
        self.turn();
        self.save();
    }

    /// Whether a version of a file must not run.
    pub fn is_barred(&self, file: &str, hash: Hash) -> bool {
        let files = self.read();
        files.get(file).is_some_and(|place| place.is_barred(hash))
    }

    /// Writes down how things stand. What cannot be written is told, and stands all the same.
    pub(super) fn save(&self) {
        self.with_ledger(|ledger| {
            // No judge waits for the disk.
            let page = Page::of(&self.read());
            ledger.write(&page);
        });
    }

    fn with_ledger<T>(&self, act: impl FnOnce(&mut Ledger) -> T) -> Option<T> {
        let ledger = self.ledger.as_ref()?;
        let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
        Some(act(&mut ledger))
    }

    fn ask(&self, errand: News) {
        if let Some(loader) = self.loader.get() {
            // It is gone only when everything ends.
            let _ = loader.send(errand);
        }
    }

    fn change<T>(&self, file: &str, act: impl FnOnce(&mut Place) -> T) -> Option<T> {
        self.write().get_mut(file).map(act)
    }

    // After the change is visible, so that whoever sees the number sees the change: the lock that
    // a worker takes next orders the two.
    fn turn(&self) {
        self.generation.fetch_add(1, Ordering::Release);
    }

    // A panic while the lock was held cannot leave a half-made entry that matters: no change of a
    // place can panic.
    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Place>> {
        self.files.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Place>> {
        self.files.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    No,
    /// They run, or wait behind a pin.
    Good,
    /// They were refused, or taken out of service.
    Bad,
}
