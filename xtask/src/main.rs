//! The project's commands: `cargo xtask demo` runs it, `cargo xtask test` tests it; each does its
//! own set-up.
#![forbid(unsafe_code)]

mod assembly;
mod bench;
mod cargo;
mod guests;
mod kafka;
mod test;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  demo [--example NAME] [--once] [--alerts N] [--rate R]   the whole pipeline at home: a mock Kafka,
                            simulated alerts, two groups' WebAssembly modules, a stand-in SkyPortal with a
                            web page
  test [ARGUMENTS]          every test; arguments go to `cargo test`
  bench [--quick] [NAME]    every benchmark, and the page `docs/benchmarks.md`; with a name those alone, and no page
  kafka                     a real Kafka on this machine until Ctrl-C, with its addresses
  guests                    build the modules of `filters/` into `target/modules`, those in AssemblyScript
                            too where Node is there
  check                     formatting, lints and documentation, as CI asks for them";

const DEMO_USAGE: &str = "\
usage: cargo xtask demo [--example NAME] [--once] [--alerts N] [--rate R] [--seed N]

  --example NAME   the configuration in `examples/NAME` (kilonova, supernovae, solar-system) instead of
                the default one, on alerts that are made for its topics
  --once        end when all alerts are through, instead of keeping the page until Ctrl-C
  --alerts N    how many alerts of each survey (300)
  --rate R      alerts a second of each survey (25)
  --seed N      another seed is another sky (1)";

fn asks_for_help(argument: &str) -> bool {
    matches!(argument, "-h" | "--help" | "help")
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    if asks_for_help(&command)
        || (command != "demo" && command != "test" && rest.iter().any(|a| asks_for_help(a)))
    {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    if command == "demo" && rest.iter().any(|argument| asks_for_help(argument)) {
        println!("{DEMO_USAGE}");
        return ExitCode::SUCCESS;
    }
    let done = match command.as_str() {
        "demo" => demo(&rest),
        "test" => tools::check().and_then(|()| test::all(&rest)),
        "bench" => tools::check().and_then(|()| bench::run(&rest)),
        "kafka" => kafka::serve(),
        "guests" => guests::build_all().map(drop),
        "check" => test::check(),
        "" => Err(USAGE.to_owned()),
        other => Err(format!("unknown command `{other}`\n\n{USAGE}")),
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
