//! `cargo xtask bench`: every benchmark, and the page that shows what came of it.

mod chart;
mod machine;
mod page;
mod results;

use std::fs;

use crate::cargo::{cargo_with, root, step, target};
use crate::guests;
use machine::Machine;

/// Seconds before and in a measurement, and its samples: a minute of benchmarks, for a first look.
const QUICK: [&str; 6] = [
    "--warm-up-time",
    "0.2",
    "--measurement-time",
    "0.5",
    "--sample-size",
    "10",
];

/// The same for figures that are kept.
const THOROUGH: [&str; 6] = [
    "--warm-up-time",
    "1",
    "--measurement-time",
    "3",
    "--sample-size",
    "40",
];

/// Builds the modules, runs the benchmarks, and writes `docs/benchmarks.md` with its plots. What is
/// left of the arguments chooses benchmarks by name; then no page is written.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let chosen: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|argument| *argument != "--quick")
        .collect();
    let modules = guests::build_all()?;
    let measured = target().join("criterion");
    if chosen.is_empty() && measured.is_dir() {
        // Of another day.
        fs::remove_dir_all(&measured)
            .map_err(|error| format!("cannot remove `{}`: {error}", measured.display()))?;
    }
    step("building and running the benchmarks (optimised: the first time takes some minutes)");
    let machine = Machine::look();
    let mut command = vec!["bench", "--package", "benches", "--benches", "--"];
    command.extend(if quick { QUICK } else { THOROUGH });
    command.extend(&chosen);
    let modules = modules.to_string_lossy();
    cargo_with(&command, &[("SKYSIEVE_MODULES", &modules)])?;
    if !chosen.is_empty() {
        return Ok(());
    }
    let results = results::read(&measured)?;
    let page = page::write(&root().join("docs"), &results, &machine.after(quick))?;
    step(&format!("the results are in `{}`", page.display()));
    Ok(())
}
