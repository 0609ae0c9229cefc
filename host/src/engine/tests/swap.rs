//! Modules exchanged while they are in use.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::*;
use crate::engine::watch::Pace;
use crate::engine::{FileStatus, Module, Shelf, Verdict, Watch};

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
    let watch = Watch::start_at(FAST, true, engine(), directory.path(), Box::new(check)).unwrap();
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
    assert!(shelf.roll_back("a.wasm", "nothing before it").is_none());
    replace(path, "a.wasm", &version("2", 0));
    wait("the second version", || {
        running(shelf, "a.wasm").as_deref() == Some("2")
    });
    let before = shelf.generation();
    let module = shelf.roll_back("a.wasm", "100 faults in a row").unwrap();
    assert_eq!(module.manifest().version, "1");
    assert!(shelf.generation() > before);
    // Looked at again, it is still the version that was taken out.
    replace(path, "a.wasm", &version("2", 0));
    thread::sleep(4 * FAST.poll);
    assert_eq!(running(shelf, "a.wasm").as_deref(), Some("1"));
    assert_eq!(
        status(shelf, "a.wasm").refused.unwrap().reason,
        "100 faults in a row"
    );
    replace(path, "a.wasm", &version("3", 0));
    wait("the third version", || {
        running(shelf, "a.wasm").as_deref() == Some("3")
    });
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("none");
    let error = Watch::start(engine(), &missing, |_, _| Ok(()))
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
