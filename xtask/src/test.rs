//! Every test, and what else CI asks for.

use crate::cargo::{cargo, cargo_with, step};
use crate::{guests, kafka};

/// Builds the modules, then runs every test of the workspace.
pub fn all(arguments: &[String]) -> Result<(), String> {
    let modules = guests::build_all()?;
    // Ends when this function does, whatever comes of the tests.
    let (_kafka, kafka) = kafka::for_tests()?;
    step(
        "building and running the tests (the first time takes some minutes: WebAssembly compiler, Kafka client, TLS)",
    );
    let mut command = vec!["test", "--workspace"];
    command.extend(arguments.iter().map(String::as_str));
    let modules = modules.to_string_lossy();
    let mut environment = vec![("SKYSIEVE_MODULES", &*modules)];
    environment.extend(kafka.iter().map(|(name, value)| (*name, value.as_str())));
    cargo_with(&command, &environment)
}

/// Formatting, lints, documentation.
pub fn check() -> Result<(), String> {
    step("formatting");
    cargo(&["fmt", "--all", "--check"])?;
    step("lints");
    cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ])?;
    step("documentation");
    let strict = [("RUSTDOCFLAGS", "-D warnings")];
    cargo_with(&["doc", "--workspace", "--no-deps"], &strict)
}
