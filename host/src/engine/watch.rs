//! Watches a directory of modules, loads what changes, and publishes what is good.
//!
//! The directory is watched, not the files: editors and deployments rename. A slow look at times
//! and sizes beside it serves file systems that announce nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::hash::Hash;
use super::load::{MAX_MODULE_BYTES, Module, Refusal};
use super::runtime::{Engine, WORKER_STACK};
use super::shelf::{Known, Ledger, Shelf};

/// A last look at a module before it is published: does it fit the configuration? The text of the
/// refusal is shown to the team.
pub type Check = dyn Fn(&str, &Module) -> Result<(), String> + Send;

/// Why a directory cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error("cannot read the module directory `{}`: {source}", .directory.display())]
    Directory {
        directory: PathBuf,
        source: io::Error,
    },
    #[error("cannot start the thread that loads modules: {0}")]
    Thread(#[source] io::Error),
}

/// How fast changes are followed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// A file must have been left alone for this long …
    pub quiet: Duration,
    /// … but nobody waits longer than this for a directory that is never quiet.
    pub patience: Duration,
    /// Between looks at times and sizes.
    pub poll: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            quiet: Duration::from_millis(200),
            patience: Duration::from_secs(2),
            poll: Duration::from_secs(3),
        }
    }
}

/// Follows a directory until it is dropped.
pub struct Watch {
    shelf: Arc<Shelf>,
    news: Sender<News>,
    thread: Option<JoinHandle<()>>,
    // Ends its own thread when dropped.
    _watcher: Option<RecommendedWatcher>,
}

/// What the thread that loads hears.
#[derive(Debug)]
pub(super) enum News {
    /// These files may have changed, or shall be looked at as if they had.
    Changed(Vec<String>),
    /// How the modules stand is to be written down.
    Save,
    Stop,
}

impl Watch {
    /// Loads what the ledger remembers and every `*.wasm` of the directory, then follows its
    /// changes on a thread of its own. Files that are refused now do not prevent the start: ask
    /// [`Shelf::status`].
    ///
    /// # Errors
    /// Where the directory cannot be read or no thread can be started.
    pub fn start(
        engine: &Engine,
        directory: &Path,
        ledger: Option<Ledger>,
        check: impl Fn(&str, &Module) -> Result<(), String> + Send + 'static,
    ) -> Result<Self, WatchError> {
        let pace = Pace::default();
        Self::start_at(pace, true, engine, directory, ledger, Box::new(check))
    }

    pub(super) fn start_at(
        pace: Pace,
        announced: bool,
        engine: &Engine,
        directory: &Path,
        ledger: Option<Ledger>,
        check: Box<Check>,
    ) -> Result<Self, WatchError> {
        let shelf = Arc::new(Shelf::new(ledger));
        let (news, inbox) = mpsc::channel();
        shelf.employ(news.clone());
        // Before the first look, so that no change falls between the two.
        let watcher = announced
            .then(|| announce(directory, news.clone()))
            .flatten();
        let mut scan = Scan {
            engine: engine.clone(),
            directory: directory.to_owned(),
            shelf: Arc::clone(&shelf),
            check,
            seen: BTreeMap::new(),
            readable: true,
        };
        scan.restore();
        scan.look(&BTreeSet::new())
            .map_err(|source| WatchError::Directory {
                directory: directory.to_owned(),
                source,
            })?;
        let thread = thread::Builder::new()
            .name("module-loader".into())
            .stack_size(WORKER_STACK)
            .spawn(move || follow(&mut scan, pace, &inbox))
            .map_err(WatchError::Thread)?;
        Ok(Watch {
            shelf,
            news,
            thread: Some(thread),
            _watcher: watcher,
        })
    }

    /// The modules as they stand, now and later.
    pub fn shelf(&self) -> &Arc<Shelf> {
        &self.shelf
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // If it is gone already there is nothing to stop.
        let _ = self.news.send(News::Stop);
        if let Some(thread) = self.thread.take() {
            // A panic there was reported there, and a drop has nobody to tell.
            let _ = thread.join();
        }
    }
}

/// Asks the system to announce changes; without it, the slow look has to do.
fn announce(directory: &Path, news: Sender<News>) -> Option<RecommendedWatcher> {
    let handler = move |event: notify::Result<Event>| {
        let names = match event {
            Ok(event) if matters(&event) => event
                .paths
                .iter()
                .filter_map(|path| module_name(path))
                .collect(),
            Ok(_) | Err(_) => return,
        };
        // The receiver is gone only when nobody follows any more.
        let _ = news.send(News::Changed(names));
    };
    let watch = || {
        let mut watcher = notify::recommended_watcher(handler)?;
        watcher.watch(directory, RecursiveMode::NonRecursive)?;
        Ok::<_, notify::Error>(watcher)
    };
    watch()
        .inspect_err(|error| {
            tracing::warn!(
                directory = %directory.display(),
                "changes of modules are not announced ({error}); they are looked for every few seconds instead"
            );
        })
        .ok()
}

/// Our own reading is announced too, and must not wake us.
fn matters(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        _ => event.need_rescan() || event.paths.iter().any(|path| module_name(path).is_some()),
    }
}

/// The file's name if it is a module's; hidden files are some editor's.
fn module_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    (name.ends_with(".wasm") && !name.starts_with('.')).then(|| name.to_owned())
}

fn follow(scan: &mut Scan, pace: Pace, inbox: &Receiver<News>) {
    let mut touched = BTreeSet::new();
    let mut due = Instant::now() + pace.poll;
    let mut latest = None;
    loop {
        match inbox.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(News::Changed(names)) => {
                touched.extend(names);
                let now = Instant::now();
                due = (now + pace.quiet).min(*latest.get_or_insert(now + pace.patience));
            }
            Ok(News::Save) => scan.shelf.save(),
            Err(RecvTimeoutError::Timeout) => {
                touched.extend(scan.shelf.end_rests(SystemTime::now()));
                // A directory that cannot be read is reported by the look itself.
                let _ = scan.look(&touched);
                touched.clear();
                latest = None;
                due = Instant::now() + pace.poll;
            }
            Ok(News::Stop) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// What a file looked like when it was last read.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    len: u64,
}

struct Scan {
    engine: Engine,
    directory: PathBuf,
    shelf: Arc<Shelf>,
    check: Box<Check>,
    seen: BTreeMap<String, Stamp>,
    readable: bool,
}

impl Scan {
    /// The last good versions, as the configuration of today wants them.
    fn restore(&self) {
        self.shelf.restore(|file, bytes| {
            let module = self.engine.load(file, bytes).map_err(|e| e.to_string());
            let checked = module.and_then(|m| (self.check)(file, &m).map(|()| m));
            let told = checked.inspect_err(|why| {
                tracing::warn!(file, "an earlier version is forgotten: {why}");
            });
            told.ok()
        });
    }

    /// Loads what changed since the last look, and what is named.
    fn look(&mut self, touched: &BTreeSet<String>) -> io::Result<()> {
        let files = self.list()?;
        for (name, stamp) in &files {
            let before = self.seen.insert(name.clone(), *stamp);
            if before != Some(*stamp) || touched.contains(name) {
                self.load(name);
            }
        }
        self.forget_deleted(&files);
        Ok(())
    }

    fn list(&mut self) -> io::Result<BTreeMap<String, Stamp>> {
        let files = list(&self.directory);
        if let Err(error) = &files
            && self.readable
        {
            tracing::warn!(
                directory = %self.directory.display(),
                "cannot read the module directory ({error}): what runs runs on"
            );
        }
        self.readable = files.is_ok();
        files
    }

    fn load(&mut self, file: &str) {
        let bytes = match read(&self.directory.join(file)) {
            Ok(bytes) => bytes,
            // It was renamed in the meantime: the next look finds it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.refuse(file, None, format!("cannot read the file: {error}")),
        };
        let hash = Hash::of(&bytes);
        match self.shelf.knows(file, hash) {
            Known::Good => return self.shelf.confirm(file, hash),
            Known::Bad => return,
            Known::No => {}
        }
        let module = match self.engine.load(file, &bytes) {
            Ok(module) => module,
            Err(error) => {
                let passes = matches!(&*error.refusal, Refusal::Compile(why) if why.may_pass());
                if passes {
                    // The next look tries again.
                    self.seen.remove(file);
                }
                let hash = (!passes).then_some(hash);
                return self.refuse(file, hash, error.refusal.to_string());
            }
        };
        match (self.check)(file, &module) {
            Ok(()) => self.publish(file, module, &bytes),
            Err(reason) => self.refuse(file, Some(hash), reason),
        }
    }

    fn publish(&self, file: &str, module: Module, bytes: &[u8]) {
        let manifest = module.manifest();
        let before = self.shelf.get(file);
        tracing::info!(
            file,
            module = manifest.name,
            version = manifest.version,
            hash = %module.hash(),
            before = before.map(|before| before.hash().to_string()),
            "module loaded"
        );
        self.shelf.publish(file, module, bytes);
    }

    fn refuse(&self, file: &str, hash: Option<Hash>, reason: String) {
        let running = self.shelf.get(file);
        tracing::error!(
            file,
            directory = %self.directory.display(),
            hash = hash.map(|hash| hash.to_string()),
            running = running.as_ref().map(|running| running.hash().to_string()),
            "module refused, {}: {reason}",
            match running {
                Some(_) => "what runs runs on",
                None => "and no version of it runs",
            }
        );
        self.shelf.refuse(file, hash, reason);
    }

    fn forget_deleted(&mut self, files: &BTreeMap<String, Stamp>) {
        self.seen.retain(|name, _| files.contains_key(name));
        let known = self.shelf.status().into_iter().map(|status| status.file);
        for name in known.filter(|name| !files.contains_key(name)) {
            if self.shelf.delete(&name) {
                tracing::warn!(
                    file = name,
                    directory = %self.directory.display(),
                    "the module's file is gone: its last good version runs on until the filter is taken out of the configuration"
                );
            }
        }
    }
}

fn list(directory: &Path) -> io::Result<BTreeMap<String, Stamp>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let Some(name) = module_name(&path) else {
            continue;
        };
        // Through links: deployments like to point at a version. What vanished is not there.
        let Ok(metadata) = fs::metadata(&path) else {
            continue;
        };
        if metadata.is_file() {
            let stamp = Stamp {
                modified: metadata.modified().ok(),
                len: metadata.len(),
            };
            files.insert(name, stamp);
        }
    }
    Ok(files)
}

/// Reads a file once, and no more of it than tells that it is too large.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = MAX_MODULE_BYTES as u64 + 1;
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}
