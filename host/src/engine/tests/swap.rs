//! Modules exchanged while they are in use.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;

use super::*;
use crate::engine::watch::Pace;
use crate::engine::{CommandError, Duty, FileStatus, Ledger, Module, Shelf, Verdict, Watch, What};

const FAST: Pace = Pace {
    quiet: Duration::from_millis(30),
    patience: Duration::from_millis(300),
    poll: Duration::from_millis(100),
};
const PATIENCE: Duration = Duration::from_secs(30);

/// A module that sends everything to one route.
fn version(number: &str, route: usize) -> Vec<u8> {
    let manifest = plain_with(json!({"version": number}));
    let bits = 1 << route;
    let filter =
        format!(r#"(func (export "skysieve_filter") (param i32) (result i64) (i64.const {bits}))"#);
    wat::parse_str(text(&manifest, &filter)).unwrap()
}

/// As an editor or `cp` and `mv` do it.
fn replace(directory: &Path, file: &str, bytes: &[u8]) {
    let draft = directory.join("draft.tmp");
    fs::write(&draft, bytes).unwrap();
    fs::rename(draft, directory.join(file)).unwrap();
}

fn watch(directory: &Path, announced: bool) -> Watch {
    Watch::start_at(
        FAST,
        announced,
        engine(),
        directory,
        None,
        Box::new(|_, _| Ok(())),
    )
    .unwrap()
}

#[track_caller]
fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(
            start.elapsed() < PATIENCE,
            "{what}: still not after {PATIENCE:?}"
        );
        thread::sleep(Duration::from_millis(5));
    }
}

fn running(shelf: &Shelf, file: &str) -> Option<String> {
    shelf
        .get(file)
        .map(|module| module.manifest().version.clone())
}

fn status(shelf: &Shelf, file: &str) -> FileStatus {
    shelf
        .status()
        .into_iter()
        .find(|status| status.file == file)
        .unwrap()
}

fn follows(announced: bool) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    fs::write(path.join("a.wasm"), version("1", 0)).unwrap();
    fs::write(path.join("readme.txt"), "not a module").unwrap();
    fs::write(path.join(".hidden.wasm"), "not a module").unwrap();
    let watch = watch(path, announced);
    let shelf = watch.shelf();
    assert_eq!(
        running(shelf, "a.wasm").as_deref(),
        Some("1"),
        "loaded before the start returns"
    );
    assert_eq!(shelf.status().len(), 1);
    let first = shelf.generation();

    replace(path, "a.wasm", &version("2", 1));
    wait("the second version", || {
        running(shelf, "a.wasm").as_deref() == Some("2")
    });
    assert!(shelf.generation() > first);

    let good = shelf.generation();
    replace(path, "a.wasm", b"\0asm rubbish");
    wait("the refusal", || status(shelf, "a.wasm").refused.is_some());
    assert_eq!(
        running(shelf, "a.wasm").as_deref(),
        Some("2"),
        "a bad file changes nothing"
    );
    assert_eq!(shelf.generation(), good);
    assert!(status(shelf, "a.wasm").refused.unwrap().hash.is_some());

    replace(path, "a.wasm", &version("2", 1));
    wait("the refusal to be lifted", || {
        status(shelf, "a.wasm").refused.is_none()
    });
    assert_eq!(
        shelf.generation(),
        good,
        "the same bytes are the same module"
    );

    fs::remove_file(path.join("a.wasm")).unwrap();
    wait("the deletion", || status(shelf, "a.wasm").deleted);
    assert_eq!(
        running(shelf, "a.wasm").as_deref(),
        Some("2"),
        "the last good version runs on"
    );

    replace(path, "a.wasm", &version("3", 0));
    replace(path, "b.wasm", &version("1", 0));
    wait("both", || {
        running(shelf, "a.wasm").as_deref() == Some("3") && shelf.get("b.wasm").is_some()
    });
    assert!(!status(shelf, "a.wasm").deleted);
}

#[test]
fn a_directory_is_followed() {
    follows(true);
}

#[test]
fn a_directory_that_announces_nothing_is_followed() {
    follows(false);
}

#[test]
fn a_module_that_does_not_fit_the_configuration_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.wasm"), version("1", 0)).unwrap();
    let check = |file: &str, module: &Module| match module.manifest().version.as_str() {
        "2" => Err(format!("`{file}` has no route `x`")),
        _ => Ok(()),
    };
    let watch = Watch::start_at(
        FAST,
        true,
        engine(),
        directory.path(),
        None,
        Box::new(check),
    )
    .unwrap();
    replace(directory.path(), "a.wasm", &version("2", 0));
    let shelf = watch.shelf();
    wait("the refusal", || status(shelf, "a.wasm").refused.is_some());
    assert_eq!(
        status(shelf, "a.wasm").refused.unwrap().reason,
        "`a.wasm` has no route `x`"
    );
    assert_eq!(running(shelf, "a.wasm").as_deref(), Some("1"));
}

#[test]
fn a_rollback_holds_until_the_file_changes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    fs::write(path.join("a.wasm"), version("1", 0)).unwrap();
    let watch = watch(path, true);
    let shelf = watch.shelf();
    let nothing = shelf.roll_back("a.wasm", None, "nothing before it");
    assert_eq!(nothing.unwrap_err(), CommandError::NoEarlier);
    replace(path, "a.wasm", &version("2", 0));
    wait("the second version", || {
        running(shelf, "a.wasm").as_deref() == Some("2")
    });
    let before = shelf.generation();
    shelf.roll_back("a.wasm", None, "it passes stars").unwrap();
    assert_eq!(running(shelf, "a.wasm").as_deref(), Some("1"));
    assert!(shelf.generation() > before);
    // Looked at again, it is still the version that was taken out.
    replace(path, "a.wasm", &version("2", 0));
    thread::sleep(4 * FAST.poll);
    assert_eq!(running(shelf, "a.wasm").as_deref(), Some("1"));
    assert_eq!(
        status(shelf, "a.wasm").refused.unwrap().reason,
        "it passes stars"
    );
    replace(path, "a.wasm", &version("3", 0));
    wait("the third version", || {
        running(shelf, "a.wasm").as_deref() == Some("3")
    });
}

/// Everything that a person sees of a file, without the times.
fn stands(shelf: &Shelf) -> (String, Duty, bool, Vec<String>) {
    let status = status(shelf, "a.wasm");
    let version = |module: &Module| module.manifest().version.clone();
    let running = status.running.unwrap();
    let previous = status.previous.iter().map(version).collect();
    (
        version(&running.module),
        running.duty,
        status.pinned,
        previous,
    )
}

#[test]
fn the_last_good_version_takes_over_from_one_in_quarantine() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    replace(path, "a.wasm", &version("1", 0));
    let watch = watch(path, true);
    let shelf = watch.shelf();
    let hash = |shelf: &Shelf| shelf.get("a.wasm").unwrap().hash();
    let rest = Duration::from_secs(3600);

    // With no other at hand, nothing judges; a second judge's word changes nothing.
    let first = hash(shelf);
    for _ in 0..2 {
        let left = shelf.quarantine("a.wasm", first, "3 faults", rest).unwrap();
        assert_eq!(left.duty, Duty::Quarantined("3 faults".to_owned()));
    }
    assert_eq!(status(shelf, "a.wasm").barred[0].1.times, 1);

    // Another file is another matter.
    replace(path, "a.wasm", &version("2", 0));
    wait("2", || running(shelf, "a.wasm").as_deref() == Some("2"));
    assert_eq!(stands(shelf), ("2".to_owned(), Duty::Judges, false, vec![]));
    replace(path, "a.wasm", &version("3", 0));
    wait("3", || running(shelf, "a.wasm").as_deref() == Some("3"));
    let third = hash(shelf);
    shelf.quarantine("a.wasm", third, "3 faults", rest).unwrap();
    assert_eq!(stands(shelf).0, "2");
    // A judge that still used it says so once more.
    shelf.quarantine("a.wasm", third, "late", rest);
    assert_eq!(stands(shelf).0, "2");

    // Its rest is over, twice as long the second time; then it does well.
    let later = SystemTime::now() + rest;
    assert!(shelf.end_rests(SystemTime::now()).is_empty());
    assert_eq!(shelf.end_rests(later), ["a.wasm"]);
    shelf.release("a.wasm").unwrap();
    wait("3 again", || stands(shelf).0 == "3");
    assert_eq!(stands(shelf).1, Duty::Probation);
    shelf.quarantine("a.wasm", third, "a fault", rest).unwrap();
    assert_eq!(stands(shelf).0, "2");
    assert!(shelf.end_rests(later).is_empty());
    let later = later + rest + Duration::from_secs(60);
    assert_eq!(shelf.end_rests(later), ["a.wasm"]);
    shelf.release("a.wasm").unwrap();
    wait("3 once more", || stands(shelf).0 == "3");
    shelf.acquit("a.wasm", third);
    assert_eq!(stands(shelf).1, Duty::Judges);
    assert!(
        status(shelf, "a.wasm")
            .barred
            .iter()
            .all(|(hash, _)| *hash != third)
    );
}

#[test]
fn how_the_modules_stand_survives_a_restart() {
    let (directory, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = directory.path();
    let start = || {
        let ledger = Ledger::open(&state.path().join("ledger"));
        assert!(ledger.is_some());
        let check = Box::new(|_: &str, _: &Module| Ok(()));
        Watch::start_at(FAST, true, engine(), path, ledger, check).unwrap()
    };
    replace(path, "a.wasm", &version("1", 0));
    let watch = start();
    replace(path, "a.wasm", &version("2", 0));
    wait("2", || {
        running(watch.shelf(), "a.wasm").as_deref() == Some("2")
    });
    watch.shelf().pin("a.wasm", None).unwrap();
    replace(path, "a.wasm", &version("3", 0));
    wait("3", || status(watch.shelf(), "a.wasm").waiting.is_some());
    let stood = stands(watch.shelf());
    assert_eq!(
        stood,
        ("2".to_owned(), Duty::Judges, true, vec!["1".to_owned()])
    );
    drop(watch);

    let watch = start();
    assert_eq!(stands(watch.shelf()), stood);
    watch
        .shelf()
        .roll_back("a.wasm", None, "it passes stars")
        .unwrap();
    drop(watch);

    // The file itself is gone, or no module at all: the last good version runs.
    fs::remove_file(path.join("a.wasm")).unwrap();
    let watch = start();
    assert_eq!(running(watch.shelf(), "a.wasm").as_deref(), Some("1"));
    assert!(status(watch.shelf(), "a.wasm").deleted);
    replace(path, "a.wasm", &version("2", 0));
    replace(path, "b.wasm", b"no module");
    wait("b", || watch.shelf().status().len() == 2);
    assert_eq!(
        running(watch.shelf(), "a.wasm").as_deref(),
        Some("1"),
        "rolled back"
    );
    drop(watch);

    // A version whose bytes were damaged is left out, and the file's own is taken.
    let kept = fs::read_dir(state.path().join("ledger")).unwrap();
    for file in kept.map(|entry| entry.unwrap().path()) {
        if file
            .extension()
            .is_some_and(|extension| extension == "wasm")
        {
            fs::write(file, version("9", 0)).unwrap();
        }
    }
    replace(path, "a.wasm", &version("4", 0));
    let watch = start();
    assert_eq!(
        stands(watch.shelf()),
        ("4".to_owned(), Duty::Judges, false, vec![])
    );
    let what: Vec<What> = watch
        .shelf()
        .history("a.wasm")
        .unwrap()
        .iter()
        .map(|e| e.what)
        .collect();
    assert_eq!(
        what,
        [
            What::Loaded,
            What::Loaded,
            What::Pinned,
            What::HeldBack,
            What::RolledBack,
            What::Loaded,
            What::Deleted,
            What::Loaded
        ]
    );
}

#[test]
fn a_watch_beside_another_writes_nothing_and_takes_over_what_was_done_there() {
    let (directory, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (path, folder) = (directory.path(), state.path().join("ledger"));
    let open = || Ledger::open(&folder).unwrap();
    let start = |ledger, fits: bool| {
        let check = move |_: &str, _: &Module| match fits {
            true => Ok(()),
            false => Err("its route is not bound".to_owned()),
        };
        Watch::start_at(FAST, true, engine(), path, Some(ledger), Box::new(check)).unwrap()
    };
    let files = || {
        let found = fs::read_dir(&folder).unwrap();
        let mut files: Vec<_> = found
            .map(|entry| entry.unwrap().path())
            .map(|path| (fs::read(&path).unwrap(), path))
            .collect();
        files.sort();
        files
    };
    replace(path, "a.wasm", &version("1", 0));
    let rules = start(open(), true);
    rules.shelf().pin("a.wasm", None).unwrap();

    // A configuration that is refused leaves the pin and the bytes where they are.
    let before = files();
    drop(start(open().beside_another(), false));
    assert_eq!(files(), before);

    // One that takes over keeps what was done while it was prepared.
    rules.shelf().release("a.wasm").unwrap();
    let next = start(open().beside_another(), true);
    rules.shelf().pin("a.wasm", None).unwrap();
    drop(rules);
    next.shelf().rule();
    assert!(status(next.shelf(), "a.wasm").pinned);
    replace(path, "a.wasm", &version("2", 0));
    wait("2", || status(next.shelf(), "a.wasm").waiting.is_some());
    drop(next);
    let again = start(open(), true);
    assert_eq!(running(again.shelf(), "a.wasm").as_deref(), Some("1"));
    assert!(status(again.shelf(), "a.wasm").pinned);
}

#[test]
fn a_ledger_that_cannot_be_read_is_put_aside_with_its_bytes() {
    let (directory, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = state.path().join("ledger");
    let start = || {
        let check = Box::new(|_: &str, _: &Module| Ok(()));
        let ledger = Ledger::open(&folder);
        Watch::start_at(FAST, true, engine(), directory.path(), ledger, check).unwrap()
    };
    replace(directory.path(), "a.wasm", &version("1", 0));
    drop(start());
    let kept = |name: &str| folder.join(name).exists();
    let bytes = format!("{}.wasm", super::super::Hash::of(&version("1", 0)).full());
    assert!(kept("ledger.json") && kept(&bytes));
    fs::write(folder.join("ledger.json"), "{\"files\": of a later version").unwrap();
    replace(directory.path(), "a.wasm", &version("2", 0));
    let watch = start();
    assert_eq!(running(watch.shelf(), "a.wasm").as_deref(), Some("2"));
    assert!(kept("ledger.unreadable.json") && kept("ledger.json") && kept(&bytes));
}

#[test]
fn a_file_that_is_written_slowly_or_all_the_time_settles_on_its_last_version() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    replace(path, "a.wasm", &version("0", 0));
    let watch = watch(path, true);
    let shelf = watch.shelf();
    // Ten times a second, and a directory that is never quiet.
    for number in 1..=20 {
        replace(path, "a.wasm", &version(&number.to_string(), 0));
        thread::sleep(Duration::from_millis(20));
    }
    wait("20", || running(shelf, "a.wasm").as_deref() == Some("20"));
    // In pieces, in place: whatever is seen of it in between is refused, and the old one runs.
    let bytes = version("21", 0);
    let mut file = fs::File::create(path.join("a.wasm")).unwrap();
    for piece in bytes.chunks(bytes.len() / 5) {
        file.write_all(piece).unwrap();
        file.sync_all().unwrap();
        let now = running(shelf, "a.wasm");
        assert!(matches!(now.as_deref(), Some("20" | "21")), "{now:?}");
        thread::sleep(2 * FAST.quiet);
    }
    drop(file);
    wait("21", || running(shelf, "a.wasm").as_deref() == Some("21"));
    assert!(status(shelf, "a.wasm").refused.is_none());
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("none");
    let error = Watch::start(engine(), &missing, None, |_, _| Ok(()))
        .err()
        .unwrap();
    assert!(
        error.to_string().contains(&missing.display().to_string()),
        "{error}"
    );
}

/// A worker as the pipeline has it: one relaxed load between two alerts.
fn judge(shelf: &Shelf, stop: &AtomicBool) -> Vec<u32> {
    let mut seen = Vec::new();
    let mut generation = shelf.generation();
    let mut guest = guest_of(&shelf.get("a.wasm").unwrap(), json!({}));
    while !stop.load(Ordering::Relaxed) {
        if shelf.generation() != generation {
            generation = shelf.generation();
            guest = guest_of(&shelf.get("a.wasm").unwrap(), json!({}));
        }
        let Verdict::Passed { routes } = guest.filter(&Alert::empty().input()).unwrap() else {
            panic!("both versions pass everything");
        };
        if seen.last() != Some(&routes) {
            seen.push(routes);
        }
    }
    seen
}

#[test]
fn a_swap_under_use_loses_no_verdict() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.wasm"), version("1", 0)).unwrap();
    let watch = watch(directory.path(), true);
    let stop = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let (shelf, stop) = (Arc::clone(watch.shelf()), Arc::clone(&stop));
            thread::spawn(move || judge(&shelf, &stop))
        })
        .collect();
    for (number, route) in [("2", 1), ("3", 0), ("4", 1)] {
        thread::sleep(Duration::from_millis(50));
        replace(directory.path(), "a.wasm", &version(number, route));
        wait(number, || {
            running(watch.shelf(), "a.wasm").as_deref() == Some(number)
        });
    }
    thread::sleep(Duration::from_millis(50));
    stop.store(true, Ordering::Relaxed);
    for worker in workers {
        assert_eq!(worker.join().unwrap(), [1, 2, 1, 2]);
    }
}
