//! The modules of `filters/assemblyscript`, built by npm and the AssemblyScript compiler where Node
//! is there. Nothing else needs Node.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cargo::{root, step};

/// What the compiler asks for.
const LEAST_NODE: u32 = 20;
/// Where a machine sets it, a missing Node is an error and not a note.
const REQUIRE: &str = "SKYSIEVE_REQUIRE_NODE";
/// Beside the built modules: what they were built from.
const STAMP: &str = ".assemblyscript";

/// Builds each module as `<name>.as.wasm` into `modules`, unless nothing has changed since.
pub fn build(modules: &Path) -> Result<(), String> {
    let folder = root().join("filters/assemblyscript");
    let names = names(&folder)?;
    if let Err(why) = node() {
        return without(&why);
    }
    let stamp = stamp(&folder)?;
    let built = fs::read_to_string(modules.join(STAMP)).is_ok_and(|old| old == stamp)
        && names.iter().all(|name| modules.join(file(name)).is_file());
    if built {
        return Ok(());
    }
    step(&format!(
        "building {} AssemblyScript modules (npm fetches the compiler, 40 MB, the first time)",
        names.len()
    ));
    run(&folder, "npm", &["ci", "--no-progress"])?;
    for (number, name) in names.iter().enumerate() {
        step(&format!("  {}/{} {name}", number + 1, names.len()));
        let source = format!("{name}.ts");
        let out = modules.join(file(name));
        let out = out.to_string_lossy();
        run(
            &folder,
            "npx",
            &["--no-install", "asc", &source, "--outFile", &out],
        )?;
    }
    let path = modules.join(STAMP);
    fs::write(&path, stamp).map_err(|error| format!("`{}`: {error}", path.display()))
}

fn file(name: &str) -> String {
    format!("{}.as.wasm", name.replace('-', "_"))
}

/// Every `.ts` directly in the folder is a module; what modules share lies in folders below.
fn names(folder: &Path) -> Result<Vec<String>, String> {
    let mut names: Vec<String> = sources(folder, false)?
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "ts"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

/// Says why there is no Node that would do.
fn node() -> Result<(), String> {
    let output = Command::new("node")
        .arg("--version")
        .output()
        .map_err(|_| "there is no `node`".to_owned())?;
    let version = String::from_utf8_lossy(&output.stdout);
    let major = version.trim().trim_start_matches('v').split('.').next();
    match major.and_then(|major| major.parse::<u32>().ok()) {
        Some(major) if major >= LEAST_NODE => Ok(()),
        _ => Err(format!("`node` is {}", version.trim())),
    }
}

fn without(why: &str) -> Result<(), String> {
    let text = format!(
        "{why}, and the AssemblyScript modules need Node {LEAST_NODE} or newer with npm: install it from nodejs.org or your distribution"
    );
    if std::env::var_os(REQUIRE).is_some() {
        return Err(text);
    }
    step(&format!("not building the AssemblyScript modules: {text}"));
    Ok(())
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<(), String> {
    let status = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!(
            "`{program} {}` failed in `{}`",
            arguments.join(" "),
            folder.display()
        ))
    }
}

/// A digest of every source of the modules and of the SDK.
fn stamp(folder: &Path) -> Result<String, String> {
    let mut paths = sources(folder, true)?;
    paths.extend(sources(&root().join("guest-sdk/assemblyscript"), true)?);
    paths.sort();
    let mut hasher = DefaultHasher::new();
    for path in paths {
        let bytes = fs::read(&path).map_err(|error| format!("`{}`: {error}", path.display()))?;
        (path.strip_prefix(root()).unwrap_or(&path), bytes).hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn sources(folder: &Path, deep: bool) -> Result<Vec<PathBuf>, String> {
    let entries =
        fs::read_dir(folder).map_err(|error| format!("`{}`: {error}", folder.display()))?;
    let mut found = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_file() {
            found.push(path);
        } else if deep && !path.ends_with("node_modules") {
            found.extend(sources(&path, deep)?);
        }
    }
    Ok(found)
}
