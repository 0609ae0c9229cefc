//! The authors' tools and tutorials, as an author uses them.

mod projects;
mod tap;
mod tools;
mod tutorials;

use std::path::PathBuf;
use std::process::{Command, Output};

fn skysieve(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_skysieve"))
        .args(arguments)
        .output()
        .unwrap()
}

/// What a command wrote.
///
/// # Panics
/// Where it failed, with everything that it said.
fn text(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Whether there is Node; says aloud where a test is skipped for want of it.
///
/// # Panics
/// Where `SKYSIEVE_REQUIRE_NODE` is set: a machine that has Node must not pass by skipping.
fn node(test: &str) -> bool {
    let there = Command::new("npm").arg("--version").output().is_ok();
    assert!(
        there || std::env::var_os("SKYSIEVE_REQUIRE_NODE").is_none(),
        "SKYSIEVE_REQUIRE_NODE is set, and there is no `npm`"
    );
    if !there {
        eprintln!("SKIPPED {test}: there is no `npm`");
    }
    there
}
