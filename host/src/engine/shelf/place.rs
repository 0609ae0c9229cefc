//! One file's versions, and every way in which one follows another.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::super::hash::Hash;
use super::super::load::Module;
use super::Known;
use super::event::{Event, What};

/// Earlier versions that stay at hand.
const MAX_PREVIOUS: usize = 3;
/// However often it faulted, and whatever is configured: ten years are for ever.
const LONGEST_REST: Duration = Duration::from_secs(10 * 365 * 86_400);
/// Events that are remembered of each file.
const MAX_EVENTS: usize = 200;

/// The version of a file that runs.
#[derive(Clone, Debug)]
pub struct RunningFile {
    pub module: Module,
    pub since: SystemTime,
    pub duty: Duty,
}

/// On which terms a version stands where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duty {
    Judges,
    /// It was in quarantine: one fault takes it back there.
    Probation,
    /// It judges nothing, for this reason, and no other version is there to do so.
    Quarantined(String),
}

/// The version of a file that was refused.
#[derive(Clone, Debug)]
pub struct RefusedFile {
    /// `None` where not even its bytes could be read.
    pub hash: Option<Hash>,
    pub at: SystemTime,
    pub reason: String,
}

/// Why a version may not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    pub kind: BarKind,
    #[serde(with = "seconds")]
    pub at: SystemTime,
    pub reason: String,
    /// Of a quarantine: when it may try again; never if none.
    #[serde(default, with = "seconds::option")]
    pub until: Option<SystemTime>,
    /// How often it was in quarantine.
    pub times: u32,
    /// It is out, to show that it does better.
    pub on_probation: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BarKind {
    Quarantine,
    Rollback,
}

/// What a person wants to know of a file.
#[derive(Clone, Debug)]
pub struct FileStatus {
    pub file: String,
    pub running: Option<RunningFile>,
    pub pinned: bool,
    /// What the file holds and a pin holds back.
    pub waiting: Option<Module>,
    pub refused: Option<RefusedFile>,
    /// Good versions that can be rolled back to, the newest last.
    pub previous: Vec<Module>,
    /// Versions that may not run, or on probation only.
    pub barred: Vec<(Hash, Bar)>,
    /// The file is gone from the directory; what runs is its last good version.
    pub deleted: bool,
}

/// Why a person's command was not followed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    #[error("there is no module file `{0}`")]
    NoFile(String),
    #[error("no version of the file runs: put a good one into the directory")]
    NothingRuns,
    #[error("there is no earlier version at hand")]
    NoEarlier,
    #[error(
        "there is no version `{wanted}` at hand, nor one whose hash begins so; there are {there}"
    )]
    NoVersion { wanted: String, there: String },
}

/// How a file stood at the end of another watch.
#[derive(Debug)]
pub(super) struct Left {
    pub running: Option<Hash>,
    pub pinned: bool,
    pub barred: BTreeMap<Hash, Bar>,
}

/// Everything about one file.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub running: Option<RunningFile>,
    pub previous: Vec<Module>,
    pub pinned: bool,
    pub waiting: Option<Module>,
    pub refused: Option<RefusedFile>,
    pub barred: BTreeMap<Hash, Bar>,
    pub deleted: bool,
    pub history: VecDeque<Event>,
}

impl Place {
    pub fn status(&self, file: &str) -> FileStatus {
        FileStatus {
            file: file.to_owned(),
            running: self.running.clone(),
            pinned: self.pinned,
            waiting: self.waiting.clone(),
            refused: self.refused.clone(),
            previous: self.previous.clone(),
            barred: self.barred.iter().map(|(h, b)| (*h, b.clone())).collect(),
            deleted: self.deleted,
        }
    }

    pub fn knows(&self, hash: Hash) -> Known {
        let is = |module: &Module| module.hash() == hash;
        let running = self.running.as_ref().is_some_and(|r| is(&r.module));
        if self.is_barred(hash) {
            Known::Bad
        } else if running || self.waiting.as_ref().is_some_and(is) {
            Known::Good
        } else if self.refused.as_ref().and_then(|r| r.hash) == Some(hash) {
            Known::Bad
        } else {
            Known::No
        }
    }

    /// What the place of the same file came to while this one was prepared. The pin holds where it is
    /// to the version that runs here.
    pub fn inherit(&mut self, left: Left) {
        let Left {
            running,
            pinned,
            barred,
        } = left;
        let runs = self.running.as_ref().map(|here| here.module.hash());
        self.pinned |= pinned && running.is_some() && running == runs;
        self.barred.extend(barred);
        let here = self.running.as_ref().map(|here| here.module.clone());
        if let Some(module) = here
            && self.is_barred(module.hash())
            && !matches!(
                &self.running,
                Some(RunningFile {
                    duty: Duty::Quarantined(_),
                    ..
                })
            )
        {
            let reason = self.barred[&module.hash()].reason.clone();
            self.step_down(&module, &reason);
        }
    }

    pub fn is_barred(&self, hash: Hash) -> bool {
        self.barred.get(&hash).is_some_and(|bar| !bar.on_probation)
    }

    /// A good version stands in the file.
    pub fn publish(&mut self, module: Module) {
        self.refused = None;
        self.deleted = false;
        if self.pinned {
            self.note(
                What::HeldBack,
                &module,
                "the file is pinned to another version",
            );
            self.waiting = Some(module);
            return;
        }
        self.note(What::Loaded, &module, "");
        self.install(module);
    }

    /// Puts a version in its place; the one before stays at hand if it may run.
    fn install(&mut self, module: Module) {
        let hash = module.hash();
        self.previous.retain(|earlier| earlier.hash() != hash);
        let duty = match self.barred.get(&hash) {
            Some(bar) if bar.on_probation => {
                self.note(What::Probation, &module, "one fault ends it");
                Duty::Probation
            }
            _ => Duty::Judges,
        };
        let before = self.running.replace(RunningFile {
            module,
            since: SystemTime::now(),
            duty,
        });
        let before = before
            .filter(|before| before.module.hash() != hash && !self.is_barred(before.module.hash()));
        self.previous.extend(before.map(|running| running.module));
        if self.previous.len() > MAX_PREVIOUS {
            self.previous.remove(0);
        }
    }

    /// The file holds this version, which runs or waits already.
    pub fn confirm(&mut self, hash: Hash) {
        self.refused = None;
        self.deleted = false;
        let runs = |running: &RunningFile| running.module.hash() == hash;
        if self.running.as_ref().is_some_and(runs) {
            // What waited was taken back by its team.
            self.waiting = None;
        }
    }

    pub fn refuse(&mut self, hash: Option<Hash>, reason: String) {
        self.deleted = false;
        let again = self
            .refused
            .as_ref()
            .is_some_and(|refused| refused.hash == hash && refused.reason == reason);
        if !again {
            self.event(What::Refused, hash, String::new(), reason.clone());
        }
        self.refused = Some(RefusedFile {
            hash,
            at: SystemTime::now(),
            reason,
        });
    }

    pub fn delete(&mut self) -> bool {
        let news = !std::mem::replace(&mut self.deleted, true);
        if news {
            let hash = self.running.as_ref().map(|running| running.module.hash());
            self.event(
                What::Deleted,
                hash,
                String::new(),
                "what ran runs on".to_owned(),
            );
        }
        news
    }

    /// Returns whether anything changed: another judge may have said so before.
    pub fn quarantine(&mut self, hash: Hash, reason: &str, rest: Duration) -> bool {
        let Some(running) = self.running.as_ref().filter(|r| r.module.hash() == hash) else {
            return false;
        };
        if matches!(running.duty, Duty::Quarantined(_)) {
            return false;
        }
        let module = running.module.clone();
        let times = self.barred.get(&hash).map_or(0, |bar| bar.times) + 1;
        let now = SystemTime::now();
        let rest = rest.saturating_mul(2_u32.saturating_pow((times - 1).min(16)));
        let rest = rest.min(LONGEST_REST);
        let bar = Bar {
            kind: BarKind::Quarantine,
            at: now,
            reason: reason.to_owned(),
            until: (!rest.is_zero()).then(|| now + rest),
            times,
            on_probation: false,
        };
        self.barred.insert(hash, bar);
        self.note(What::Quarantined, &module, reason);
        self.pinned = false;
        match self.waiting.take() {
            Some(waiting) => {
                self.note(
                    What::Loaded,
                    &waiting,
                    "the pinned version is in quarantine",
                );
                self.install(waiting);
            }
            None => self.step_down(&module, reason),
        }
        true
    }

    /// The running version goes; the last good one takes over, if there is one.
    fn step_down(&mut self, module: &Module, reason: &str) {
        self.refused = Some(RefusedFile {
            hash: Some(module.hash()),
            at: SystemTime::now(),
            reason: reason.to_owned(),
        });
        let earlier = self
            .previous
            .iter()
            .rposition(|earlier| !self.is_barred(earlier.hash()));
        match earlier {
            Some(earlier) => {
                let earlier = self.previous.remove(earlier);
                self.install(earlier);
            }
            None => {
                if let Some(running) = &mut self.running {
                    running.duty = Duty::Quarantined(reason.to_owned());
                }
            }
        }
    }

    pub fn acquit(&mut self, hash: Hash) -> bool {
        let Some(running) = self.running.as_mut().filter(|r| r.module.hash() == hash) else {
            return false;
        };
        if running.duty != Duty::Probation {
            return false;
        }
        running.duty = Duty::Judges;
        let module = running.module.clone();
        self.barred.remove(&hash);
        self.note(What::Acquitted, &module, "its probation is over");
        true
    }

    pub fn took_over(&mut self, hash: Hash, judge: &str, from: &str) {
        let versions = self.running.iter().map(|r| &r.module).chain(&self.previous);
        let module = versions.into_iter().find(|m| m.hash() == hash);
        let version = module.map_or(String::new(), |m| m.manifest().version.clone());
        // It is news only where the judge used another version before: not after each restart.
        let mut news = self.history.iter().rev();
        let last = news.find(|e| e.what == What::TookOver && e.detail.starts_with(judge));
        if last.is_some_and(|last| last.hash == Some(hash)) {
            return;
        }
        let detail = format!("{judge}, from {from} on");
        self.event(What::TookOver, Some(hash), version, detail);
    }

    pub fn pin(&mut self, wanted: Option<&str>) -> Result<(), CommandError> {
        if let Some(wanted) = wanted {
            let module = self.find(wanted)?;
            self.take_up(module);
        }
        let running = self.running.as_ref().ok_or(CommandError::NothingRuns)?;
        let module = running.module.clone();
        self.pinned = true;
        self.note(What::Pinned, &module, "");
        Ok(())
    }

    pub fn roll_back(&mut self, wanted: Option<&str>, reason: &str) -> Result<(), CommandError> {
        let running = self.running.as_ref().ok_or(CommandError::NothingRuns)?;
        let bad = running.module.clone();
        let good = match wanted {
            Some(wanted) => self.find(wanted)?,
            None => {
                let may = |module: &&Module| !self.is_barred(module.hash());
                let earlier = self.previous.iter().rev().find(may);
                earlier.cloned().ok_or(CommandError::NoEarlier)?
            }
        };
        if good.hash() == bad.hash() {
            return Err(CommandError::NoEarlier);
        }
        let bar = Bar {
            kind: BarKind::Rollback,
            at: SystemTime::now(),
            reason: reason.to_owned(),
            until: None,
            times: self.barred.get(&bad.hash()).map_or(0, |bar| bar.times),
            on_probation: false,
        };
        self.barred.insert(bad.hash(), bar);
        self.note(What::RolledBack, &bad, reason);
        self.refused = Some(RefusedFile {
            hash: Some(bad.hash()),
            at: SystemTime::now(),
            reason: reason.to_owned(),
        });
        // A pin goes over to the version that was asked for.
        self.take_up(good);
        Ok(())
    }

    /// A person wants this version: no bar holds it.
    fn take_up(&mut self, module: Module) {
        self.barred.remove(&module.hash());
        if self
            .waiting
            .as_ref()
            .is_some_and(|w| w.hash() == module.hash())
        {
            self.waiting = None;
        }
        if self.running.as_ref().is_none_or(|r| {
            r.module.hash() != module.hash() || matches!(r.duty, Duty::Quarantined(_))
        }) {
            self.note(What::Loaded, &module, "by command");
            self.install(module);
        }
    }

    pub fn release(&mut self) {
        let hash = self.running.as_ref().map(|running| running.module.hash());
        self.event(What::Released, hash, String::new(), String::new());
        self.pinned = false;
        self.refused = None;
        self.barred.retain(|_, bar| bar.kind == BarKind::Quarantine);
        self.barred
            .values_mut()
            .for_each(|bar| bar.on_probation = true);
        if let Some(waiting) = self.waiting.take() {
            self.note(What::Loaded, &waiting, "");
            self.install(waiting);
        }
        self.give_a_chance();
    }

    /// Returns whether a version may try again now.
    pub fn end_rest(&mut self, now: SystemTime) -> bool {
        let mut rested = false;
        for bar in self.barred.values_mut() {
            if !bar.on_probation && bar.until.is_some_and(|until| until <= now) {
                bar.on_probation = true;
                rested = true;
            }
        }
        if rested {
            self.refused = None;
            self.give_a_chance();
        }
        rested
    }

    /// Where the only version there is was in quarantine, it judges again.
    fn give_a_chance(&mut self) {
        let Some(running) = &mut self.running else {
            return;
        };
        let may = self.barred.get(&running.module.hash());
        if matches!(running.duty, Duty::Quarantined(_)) && may.is_none_or(|bar| bar.on_probation) {
            running.duty = Duty::Probation;
            let module = running.module.clone();
            self.note(What::Probation, &module, "one fault ends it");
        }
    }

    fn find(&self, wanted: &str) -> Result<Module, CommandError> {
        let running = self.running.iter().map(|running| &running.module);
        let all: Vec<&Module> = running.chain(&self.previous).chain(&self.waiting).collect();
        let is = |module: &&&Module| {
            let begins = !wanted.is_empty() && module.hash().full().starts_with(wanted);
            begins || module.manifest().version == wanted
        };
        let found = all.iter().find(is);
        found.map(|module| Module::clone(module)).ok_or_else(|| {
            let there: Vec<String> = all
                .iter()
                .map(|m| format!("{} ({})", m.manifest().version, m.hash()))
                .collect();
            CommandError::NoVersion {
                wanted: wanted.to_owned(),
                there: there.join(", "),
            }
        })
    }

    fn note(&mut self, what: What, module: &Module, detail: &str) {
        let version = module.manifest().version.clone();
        self.event(what, Some(module.hash()), version, detail.to_owned());
    }

    fn event(&mut self, what: What, hash: Option<Hash>, version: String, detail: String) {
        if self.history.len() == MAX_EVENTS {
            self.history.pop_front();
        }
        self.history.push_back(Event {
            at: SystemTime::now(),
            what,
            hash,
            version,
            detail,
        });
    }
}

/// Times on disk: whole seconds since 1970.
pub(super) mod seconds {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(time: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        to.serialize_u64(since.as_secs())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SystemTime, D::Error> {
        let seconds = u64::deserialize(from)?;
        let time = UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        time.ok_or_else(|| D::Error::custom("a time that no calendar has"))
    }

    /// The same where there may be none.
    pub mod option {
        use serde::de::Error as _;

        use super::{Deserialize, Deserializer, Duration, Serializer, SystemTime, UNIX_EPOCH};

        pub fn serialize<S: Serializer>(
            time: &Option<SystemTime>,
            to: S,
        ) -> Result<S::Ok, S::Error> {
            match time {
                Some(time) => super::serialize(time, to),
                None => to.serialize_none(),
            }
        }

        pub fn deserialize<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<SystemTime>, D::Error> {
            let Some(seconds) = Option::<u64>::deserialize(from)? else {
                return Ok(None);
            };
            let time = UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
            let known = time.ok_or_else(|| D::Error::custom("a time that no calendar has"))?;
            Ok(Some(known))
        }
    }
}
