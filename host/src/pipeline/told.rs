//! How the modules stand, in the words in which it is told.

use crate::engine::{Bar, BarKind, Duty, Event, FileStatus, Hash, Module, RunningFile};
use crate::telemetry::{
    BarredModule, ModuleEvent, ModuleFile, ModuleVersion, RefusedModule, RunningModule, iso,
};

/// `used`: a filter of the configuration names the file.
pub(super) fn file(group: &str, file: FileStatus, used: bool) -> ModuleFile {
    ModuleFile {
        group: group.to_owned(),
        file: file.file,
        running: file.running.map(running),
        pinned: file.pinned,
        waiting: file.waiting.as_ref().map(version),
        refused: file.refused.map(|refused| RefusedModule {
            hash: refused.hash.map(|hash| hash.to_string()),
            at: iso(refused.at),
            reason: refused.reason,
        }),
        barred: file.barred.into_iter().map(barred).collect(),
        previous: file.previous.iter().map(version).collect(),
        deleted: file.deleted,
        unused: !used,
    }
}

fn running(running: RunningFile) -> RunningModule {
    let manifest = running.module.manifest();
    let duty = match running.duty {
        Duty::Judges => "judges",
        Duty::Probation => "on probation",
        Duty::Quarantined(_) => "in quarantine",
    };
    RunningModule {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        hash: running.module.hash().to_string(),
        since: iso(running.since),
        duty: duty.to_owned(),
    }
}

fn version(module: &Module) -> ModuleVersion {
    ModuleVersion {
        version: module.manifest().version.clone(),
        hash: module.hash().to_string(),
    }
}

fn barred((hash, bar): (Hash, Bar)) -> BarredModule {
    let kind = match bar.kind {
        BarKind::Quarantine => "quarantine",
        BarKind::Rollback => "rollback",
    };
    BarredModule {
        hash: hash.to_string(),
        kind: kind.to_owned(),
        at: iso(bar.at),
        until: bar.until.map(iso),
        on_probation: bar.on_probation,
        reason: bar.reason,
    }
}

pub(super) fn event(group: &str, file: &str, event: Event) -> ModuleEvent {
    ModuleEvent {
        group: group.to_owned(),
        file: file.to_owned(),
        at: iso(event.at),
        what: event.what.to_string(),
        version: event.version,
        hash: event.hash.map(|hash| hash.to_string()),
        detail: event.detail,
    }
}
