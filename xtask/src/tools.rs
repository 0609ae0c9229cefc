//! What must be on the machine before anything is built.

use std::process::{Command, Stdio};

/// A program, and where to get it.
struct Tool {
    program: &'static str,
    argument: &'static str,
    wanted_for: &'static str,
    package: &'static str,
}

const TOOLS: [Tool; 4] = [
    Tool {
        program: "cc",
        argument: "--version",
        wanted_for: "the Kafka client and TLS, which are C",
        package: "build-essential",
    },
    Tool {
        program: "c++",
        argument: "--version",
        wanted_for: "the Kafka client's set-up",
        package: "build-essential",
    },
    Tool {
        program: "make",
        argument: "--version",
        wanted_for: "the Kafka client and TLS",
        package: "make",
    },
    Tool {
        program: "perl",
        argument: "-v",
        wanted_for: "TLS",
        package: "perl",
    },
];

/// The target of the modules.
pub const WASM: &str = "wasm32-unknown-unknown";

/// Names every tool that is missing, then sees to the WebAssembly target.
pub fn check() -> Result<(), String> {
    let missing: Vec<String> = TOOLS
        .iter()
        .filter(|tool| !runs(tool.program, tool.argument))
        .map(|tool| {
            format!(
                "`{}` is missing, which {} needs: install it (Debian, Ubuntu: `apt install {}`)",
                tool.program, tool.wanted_for, tool.package
            )
        })
        .collect();
    if !missing.is_empty() {
        return Err(missing.join("\n"));
    }
    wasm_target()
}

fn runs(program: &str, argument: &str) -> bool {
    Command::new(program)
        .arg(argument)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// rustup adds nothing by itself where it is told not to, so we ask.
fn wasm_target() -> Result<(), String> {
    if has_wasm_target() {
        return Ok(());
    }
    crate::cargo::step(&format!("adding the Rust target {WASM}"));
    let added = Command::new("rustup")
        .args(["target", "add", WASM])
        .current_dir(crate::cargo::root())
        .status()
        .is_ok_and(|status| status.success());
    if added {
        Ok(())
    } else {
        Err(format!(
            "the Rust target {WASM} could not be added, and the modules need it: run `rustup target add {WASM}` \
             where there is a network, or install the target by your distribution's package"
        ))
    }
}

fn has_wasm_target() -> bool {
    let sysroot = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", WASM])
        .current_dir(crate::cargo::root())
        .output();
    sysroot.is_ok_and(|output| {
        let folder = String::from_utf8_lossy(&output.stdout);
        output.status.success() && std::path::Path::new(folder.trim()).is_dir()
    })
}
