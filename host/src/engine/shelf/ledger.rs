//! What a shelf remembers across restarts: a small file, and the bytes of the versions it names.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::super::hash::Hash;
use super::super::load::Module;
use super::event::Event;
use super::place::{Bar, Duty, Left, Place, RefusedFile, RunningFile, seconds};

const FILE: &str = "ledger.json";
/// One that could not be read.
const ASIDE: &str = "ledger.unreadable.json";

/// The memory of one directory of modules, in a directory of its own that others may not read.
#[derive(Debug)]
pub struct Ledger {
    folder: PathBuf,
    /// While another watch of the same directory still rules: versions that are to be kept, and
    /// nothing is written.
    beside: Option<BTreeMap<Hash, Vec<u8>>>,
    /// What stood there could not be read: no bytes are forgotten, a person may need them.
    unread: bool,
}

/// The file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    files: BTreeMap<String, Line>,
}

impl Page {
    pub fn of(files: &BTreeMap<String, Place>) -> Self {
        let lines = files
            .iter()
            .map(|(file, place)| (file.clone(), line(place)));
        Page {
            files: lines.collect(),
        }
    }
}

/// What is written of one module file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    running: Option<Running>,
    previous: Vec<Hash>,
    waiting: Option<Hash>,
    pinned: bool,
    barred: BTreeMap<Hash, Bar>,
    history: VecDeque<Event>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Running {
    hash: Hash,
    #[serde(with = "seconds")]
    since: SystemTime,
    duty: Duty,
}

impl Ledger {
    /// The ledger in this directory, which is made if it is absent. None, told in the log, where
    /// it cannot be had: then nothing survives a restart.
    pub fn open(folder: &Path) -> Option<Self> {
        let mut builder = DirBuilder::new();
        let made = builder.recursive(true).mode(0o700).create(folder);
        if let Err(error) = made {
            tracing::error!(
                directory = %folder.display(),
                "modules' last good versions, pins and quarantines will not survive a restart: {error}"
            );
            return None;
        }
        Some(Ledger {
            folder: folder.to_owned(),
            beside: None,
            unread: false,
        })
    }

    /// The same, which writes nothing before it is told to rule: a configuration that may
    /// be refused, or take over from another, stands beside the one that rules.
    #[must_use]
    pub fn beside_another(mut self) -> Self {
        self.beside = Some(BTreeMap::new());
        self
    }

    /// From now on it is the one that writes. Returns whether it was not before.
    pub(super) fn rule(&mut self) -> bool {
        let Some(kept) = self.beside.take() else {
            return false;
        };
        if self.unread {
            self.put_aside();
        }
        for (hash, bytes) in kept {
            self.keep(hash, &bytes);
        }
        true
    }

    /// Keeps a version's bytes.
    pub(super) fn keep(&mut self, hash: Hash, bytes: &[u8]) {
        if let Some(kept) = &mut self.beside {
            kept.insert(hash, bytes.to_owned());
            return;
        }
        let path = self.bytes_of(hash);
        if !path.exists()
            && let Err(error) = replace(&path, bytes)
        {
            self.complain("a version's bytes are not kept", &error);
        }
    }

    /// Writes down how things stand, and forgets the bytes of versions that nobody needs.
    pub(super) fn write(&self, page: &Page) {
        if self.beside.is_some() {
            return;
        }
        let written = serde_json::to_vec(page)
            .map_err(io::Error::other)
            .and_then(|text| replace(&self.folder.join(FILE), &text))
            .and_then(|()| self.forget_all_but(page));
        if let Err(error) = written {
            self.complain("how the modules stand is not written down", &error);
        }
    }

    fn forget_all_but(&self, page: &Page) -> io::Result<()> {
        if self.unread {
            return Ok(());
        }
        let needed: BTreeSet<PathBuf> = page
            .files
            .values()
            .flat_map(|line| {
                let running = line.running.as_ref().map(|running| running.hash);
                line.previous
                    .iter()
                    .copied()
                    .chain(running)
                    .chain(line.waiting)
            })
            .map(|hash| self.bytes_of(hash))
            .collect();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let bytes = path
                .extension()
                .is_some_and(|extension| extension == "wasm");
            if bytes && !needed.contains(&path) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Everything that was written down, with the versions that `load` makes of their bytes. What
    /// cannot be loaded any more is told and left out.
    pub(super) fn restore(
        &mut self,
        load: impl Fn(&str, &[u8]) -> Option<Module>,
    ) -> BTreeMap<String, Place> {
        let page = self.read().unwrap_or_else(|error| {
            self.complain(
                "what was written down cannot be read, and begins anew",
                &error,
            );
            self.unread = true;
            Page::default()
        });
        if self.unread && self.beside.is_none() {
            self.put_aside();
        }
        let files = page.files.into_iter();
        files
            .map(|(file, line)| {
                let version = |hash: Hash| load(&file, &self.bytes(hash)?);
                let place = place(line, version);
                (file, place)
            })
            .collect()
    }

    /// Keeps for a person what could not be read.
    fn put_aside(&self) {
        if let Err(error) = fs::rename(self.folder.join(FILE), self.folder.join(ASIDE)) {
            self.complain(&format!("`{FILE}` cannot be kept as `{ASIDE}`"), &error);
        }
    }

    fn read(&self) -> io::Result<Page> {
        match fs::read(self.folder.join(FILE)) {
            Ok(text) => Ok(serde_json::from_slice(&text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Page::default()),
            Err(error) => Err(error),
        }
    }

    /// How each file stands in it now; nothing where it cannot be read.
    pub(super) fn left(&self) -> Vec<(String, Left)> {
        let files = self.read().unwrap_or_default().files.into_iter();
        files
            .map(|(file, line)| {
                let left = Left {
                    running: line.running.map(|running| running.hash),
                    pinned: line.pinned,
                    barred: line.barred,
                };
                (file, left)
            })
            .collect()
    }

    fn bytes(&self, hash: Hash) -> Option<Vec<u8>> {
        match fs::read(self.bytes_of(hash)) {
            Ok(bytes) if Hash::of(&bytes) == hash => Some(bytes),
            Ok(_) => {
                self.complain(
                    &format!("the kept version {hash} is damaged"),
                    &"another hash",
                );
                None
            }
            Err(error) => {
                self.complain(&format!("the kept version {hash} cannot be read"), &error);
                None
            }
        }
    }

    fn bytes_of(&self, hash: Hash) -> PathBuf {
        self.folder.join(format!("{}.wasm", hash.full()))
    }

    fn complain(&self, what: &str, error: &dyn std::fmt::Display) {
        tracing::error!(directory = %self.folder.display(), "{what}: {error}");
    }
}

fn line(place: &Place) -> Line {
    Line {
        running: place.running.as_ref().map(|running| Running {
            hash: running.module.hash(),
            since: running.since,
            duty: running.duty.clone(),
        }),
        previous: place.previous.iter().map(Module::hash).collect(),
        waiting: place.waiting.as_ref().map(Module::hash),
        pinned: place.pinned,
        barred: place.barred.clone(),
        history: place.history.clone(),
    }
}

fn place(line: Line, version: impl Fn(Hash) -> Option<Module>) -> Place {
    let running = line.running.and_then(|running| {
        Some(RunningFile {
            module: version(running.hash)?,
            since: running.since,
            duty: running.duty,
        })
    });
    Place {
        // A pin to what is no longer there would hold back everything.
        pinned: line.pinned && running.is_some(),
        running,
        previous: line.previous.into_iter().filter_map(&version).collect(),
        waiting: line.waiting.and_then(&version),
        refused: line.barred.iter().rev().find_map(|(hash, bar)| {
            let refused = RefusedFile {
                hash: Some(*hash),
                at: bar.at,
                reason: bar.reason.clone(),
            };
            (!bar.on_probation).then_some(refused)
        }),
        barred: line.barred,
        deleted: false,
        history: line.history,
    }
}

/// Whole or not at all, and on disk when it returns.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("draft");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(draft, path)
}
