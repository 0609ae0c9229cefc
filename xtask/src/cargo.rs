//! Running cargo, with its progress shown.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository.
pub fn root() -> &'static Path {
    // xtask stands directly below it.
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || root().join("target"),
        |folder| root().join(PathBuf::from(folder)),
    )
}

/// Says what comes next.
pub fn step(what: &str) {
    eprintln!("==> {what}");
}

/// Runs cargo in the repository.
pub fn cargo(arguments: &[&str]) -> Result<(), String> {
    cargo_with(arguments, &[])
}

/// Runs cargo in the repository with some more environment.
pub fn cargo_with(arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let status = Command::new(cargo)
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(root())
        .status()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`cargo {}` failed", arguments.join(" ")))
    }
}

/// Replaces this process by the demo: Ctrl-C reaches it alone, and nothing outlives it.
pub fn become_demo(modules: &Path, arguments: &[String]) -> Result<(), String> {
    let program = target().join("debug/demo");
    let error = Command::new(&program)
        .args(arguments)
        .env("SKYSIEVE_MODULES", modules)
        .exec();
    Err(format!("cannot run `{}`: {error}", program.display()))
}
