//! `skysieve new`: projects that build outside of this repository.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::{node, text};

fn new(folder: &Path, language: &str, name: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_skysieve"))
        .args(["new", "--lang", language, name])
        .current_dir(folder)
        .output()
        .unwrap()
}

/// Does what `new` said, command by command; returns what the last one wrote.
fn do_as_told(folder: &Path, told: &str) -> String {
    let commands: Vec<&str> = told
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .collect();
    assert_eq!(commands.len(), 4, "{told}");
    let program = Path::new(env!("CARGO_BIN_EXE_skysieve"));
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("bash")
        .args(["-ec", &commands.join("\n")])
        .current_dir(folder)
        .env(
            "PATH",
            format!("{}:{path}", program.parent().unwrap().display()),
        )
        // What a project fetches was fetched for this repository's own modules.
        .env("CARGO_NET_OFFLINE", "true")
        .env("npm_config_prefer_offline", "true")
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .unwrap();
    text(&output)
}

fn assert_judged(shown: &str) {
    assert!(shown.contains("passed on main"), "{shown}");
    assert!(shown.contains("rejected at `not-solar-system`"), "{shown}");
    assert!(!shown.contains("fault"), "{shown}");
}

#[test]
fn a_project_in_rust_builds_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let told = text(&new(folder.path(), "rust", "fast-red"));
    let shown = do_as_told(folder.path(), &told);
    assert!(shown.contains("test result: ok. 1 passed"), "{shown}");
    assert!(shown.contains("fast-red 0.1.0"), "{shown}");
    assert_judged(&shown);
    let project = folder.path().join("fast-red");
    let module = project.join("target/wasm32-unknown-unknown/release/fast_red.wasm");
    assert!(fs::metadata(module).unwrap().len() < 20_000);
    assert!(project.join("vendor/skysieve-sdk/LICENSE-MIT").is_file());
}

#[test]
fn a_project_in_assembly_script_builds_anywhere() {
    if !node("a project in AssemblyScript") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let told = text(&new(folder.path(), "assemblyscript", "fast-red"));
    let shown = do_as_told(folder.path(), &told);
    assert!(shown.contains("# pass 1"), "{shown}");
    assert!(shown.contains("fast-red 0.1.0"), "{shown}");
    assert_judged(&shown);
    let project = folder.path().join("fast-red");
    let lock = fs::read_to_string(project.join("package-lock.json")).unwrap();
    assert!(!lock.contains("\"resolved\": \"http"), "{lock}");
    // The same compiler as for this repository's own modules.
    let ours = crate::root().join("filters/assemblyscript/package.json");
    let version = |path: &Path| -> serde_json::Value {
        let package = fs::read_to_string(path).unwrap();
        let package: serde_json::Value = serde_json::from_str(&package).unwrap();
        package["devDependencies"]["assemblyscript"].clone()
    };
    assert_eq!(version(&project.join("package.json")), version(&ours));
}

#[test]
fn what_is_there_is_never_touched() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("mine");
    fs::create_dir(&taken).unwrap();
    let refused = new(folder.path(), "rust", "mine");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && said.contains("`mine` exists already"),
        "{said}"
    );
    assert_eq!(fs::read_dir(&taken).unwrap().count(), 0);

    let refused = new(folder.path(), "rust", "../mine");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && said.contains("as in `fast-transient`"),
        "{said}"
    );
}
