//! The tutorials: their code is what is compiled in `filters`, and their commands are run to the letter.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{node, root, skysieve, text};

struct Tutorial {
    page: &'static str,
    language: &'static str,
    source: &'static str,
    /// Of the tested code, where it is not in `source`.
    test: &'static str,
}

const RUST: Tutorial = Tutorial {
    page: "docs/tutorial-rust.md",
    language: "rust",
    source: "filters/bright/src/lib.rs",
    test: "filters/bright/src/lib.rs",
};

const ASSEMBLY_SCRIPT: Tutorial = Tutorial {
    page: "docs/tutorial-assemblyscript.md",
    language: "ts",
    source: "filters/assemblyscript/bright.ts",
    test: "filters/assemblyscript/bright.test.js",
};

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Every code block of a page in one language.
fn quoted(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let blocks = page.split(&fence).skip(1);
    let ends = blocks.map(|block| block.split("```").next().unwrap_or_default().to_owned());
    ends.collect()
}

#[test]
fn the_tutorials_code_is_what_is_compiled() {
    for Tutorial {
        page,
        language,
        source,
        test,
    } in [RUST, ASSEMBLY_SCRIPT]
    {
        let page_text = read(page);
        let blocks = quoted(&page_text, language);
        assert!(!blocks.is_empty(), "{page}");
        let tests = quoted(&page_text, "js");
        let wanted = blocks.iter().map(|block| (source, block));
        for (file, block) in wanted.chain(tests.iter().map(|block| (test, block))) {
            assert!(
                read(file).contains(block),
                "{page}: not in `{file}`:\n{block}"
            );
        }
    }
}

/// What a reader types, line by line; not what needs Fink and a SkyPortal.
fn commands(page: &str) -> Vec<String> {
    let blocks = quoted(page, "console").join("\n");
    let lines = blocks.lines().filter_map(|line| line.strip_prefix("$ "));
    let runs_here = |line: &&str| {
        !["skysieve run", "skysieve tap"]
            .iter()
            .any(|c| line.starts_with(c))
    };
    lines.filter(runs_here).map(str::to_owned).collect()
}

/// A configuration as the tutorial wants it: the default one with the page's groups.
fn configuration(page: &str, folder: &Path) {
    let default = text(&skysieve(&["config"]));
    let (before, _) = default.split_once("\ngroups:").unwrap();
    let groups = quoted(page, "yaml").concat();
    fs::write(folder.join("skysieve.yaml"), format!("{before}\n{groups}")).unwrap();
}

/// Everything the reader saw.
fn follow(tutorial: &Tutorial) -> String {
    let page = read(tutorial.page);
    let folder = tempfile::tempdir().unwrap();
    let mut script = String::from("set -e\n");
    for command in commands(&page) {
        script += &command;
        script.push('\n');
        // The reader edits the file here.
        if command == "skysieve config > skysieve.yaml" {
            script += "cp ../skysieve.yaml skysieve.yaml\n";
        }
    }
    configuration(&page, folder.path());
    let program = PathBuf::from(env!("CARGO_BIN_EXE_skysieve"));
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env(
            "PATH",
            format!("{}:{path}", program.parent().unwrap().display()),
        )
        // What the tutorial fetches was fetched for this repository's own modules.
        .env("CARGO_NET_OFFLINE", "true")
        .env("npm_config_prefer_offline", "true")
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .unwrap();
    text(&output)
}

fn assert_all_of_it_works(shown: &str) {
    for expected in [
        "a working filter",
        "real-bogus",
        "passed on main",
        "FAIL",
        "verdicts differ",
        "POST /api/candidates",
        "/api/photometry",
        "\"age\":",
    ] {
        assert!(
            shown.contains(expected),
            "`{expected}` is nowhere in:\n{shown}"
        );
    }
    assert!(!shown.contains("0 of 40 verdicts differ"), "{shown}");
}

#[test]
fn the_tutorial_in_rust_can_be_followed_to_the_letter() {
    let shown = follow(&RUST);
    assert!(shown.contains("test result: ok. 1 passed"), "{shown}");
    assert_all_of_it_works(&shown);
}

#[test]
fn the_tutorial_in_assembly_script_can_be_followed_to_the_letter() {
    if !node("the tutorial in AssemblyScript") {
        return;
    }
    let shown = follow(&ASSEMBLY_SCRIPT);
    assert!(shown.contains("# pass 1"), "{shown}");
    assert_all_of_it_works(&shown);
}
