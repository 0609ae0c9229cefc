//! The project's commands: `cargo xtask demo` runs it, `cargo xtask test` tests it; each does its
//! own set-up.
#![forbid(unsafe_code)]

mod assembly;
mod cargo;
mod guests;
mod test;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  demo [--once] [--alerts N] [--rate R]   the whole pipeline at home: a mock Kafka, simulated alerts,
                            two groups' WebAssembly modules, a stand-in SkyPortal with a web page
  test [ARGUMENTS]          every test; arguments go to `cargo test`
  guests                    build the modules of `filters/` into `target/modules`, those in AssemblyScript
                            too where Node is there
  check                     formatting, lints and documentation, as CI asks for them";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let done = match command.as_str() {
        "demo" => demo(&rest),
        "test" => tools::check().and_then(|()| test::all(&rest)),
        "guests" => guests::build_all().map(drop),
        "check" => test::check(),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn demo(arguments: &[String]) -> Result<(), String> {
    tools::check()?;
    let modules = guests::build()?;
    cargo::step(
        "building the host and the demo (the first time takes some minutes: WebAssembly compiler, Kafka client, TLS)",
    );
    cargo::cargo(&["build", "--package", "demo"])?;
    cargo::step("running");
    cargo::become_demo(&modules, arguments)
}
