//! The groups' module files, as they are told: on the status page, in metrics, on the command line.

use serde::{Deserialize, Serialize};

/// A file of a group's module directory. Times are UTC, ISO 8601.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModuleFile {
    pub group: String,
    pub file: String,
    pub running: Option<RunningModule>,
    /// Whatever the file becomes, what runs runs on.
    pub pinned: bool,
    /// What the file holds, where a pin holds it back.
    pub waiting: Option<ModuleVersion>,
    /// The version that was refused after the one that runs, or taken out of service.
    pub refused: Option<RefusedModule>,
    /// Versions that may not run, or on probation only.
    pub barred: Vec<BarredModule>,
    /// Good versions that can be rolled back to, the newest last.
    pub previous: Vec<ModuleVersion>,
    /// The file is gone; what runs is its last good version.
    pub deleted: bool,
    /// No filter of the group's configuration names it.
    pub unused: bool,
}

/// The version of a module that runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunningModule {
    pub name: String,
    pub version: String,
    pub hash: String,
    pub since: String,
    /// `judges`, `on probation`, or `in quarantine`: then nothing judges in its place.
    pub duty: String,
}

/// A version that is at hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModuleVersion {
    pub version: String,
    pub hash: String,
}

/// A version that was refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RefusedModule {
    pub hash: Option<String>,
    pub at: String,
    pub reason: String,
}

/// A version that was taken out of service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BarredModule {
    pub hash: String,
    /// `quarantine` or `rollback`.
    pub kind: String,
    pub at: String,
    /// When it is tried again by itself.
    pub until: Option<String>,
    pub on_probation: bool,
    pub reason: String,
}

/// What happened to a file's versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModuleEvent {
    pub group: String,
    pub file: String,
    pub at: String,
    pub what: String,
    pub version: String,
    pub hash: Option<String>,
    pub detail: String,
}

impl ModuleFile {
    /// Whether a version of it is in quarantine.
    pub fn is_quarantined(&self) -> bool {
        let mut barred = self.barred.iter();
        barred.any(|bar| bar.kind == "quarantine" && !bar.on_probation)
    }
}
