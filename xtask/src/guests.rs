//! The modules of `filters/`, built and laid out for everybody who runs them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::assembly;
use crate::cargo::{cargo, root, step, target};
use crate::tools::WASM;

/// Of the crates that hold several modules: natively nobody builds those as modules.
const FEATURE: &str = "modules";

/// Builds the modules of both languages and returns the folder that holds them.
pub fn build_all() -> Result<PathBuf, String> {
    let folder = build()?;
    assembly::build(&folder)?;
    Ok(folder)
}

/// Builds every module in Rust and returns the folder that holds them.
pub fn build() -> Result<PathBuf, String> {
    let crates = crates()?;
    let modules: Vec<&Module> = crates.iter().flat_map(|each| &each.modules).collect();
    step(&format!("building {} WebAssembly modules", modules.len()));
    let (families, single): (Vec<&Crate>, _) = crates.iter().partition(|each| each.family);
    compile(&single, &["--lib"])?;
    compile(&families, &["--examples", "--features", FEATURE])?;

    let built = target().join(WASM).join("guest");
    let folder = target().join("modules");
    fs::create_dir_all(&folder).map_err(|error| format!("`{}`: {error}", folder.display()))?;
    for module in modules {
        let built = built.join(module.folder).join(&module.file);
        fs::copy(&built, folder.join(&module.file))
            .map_err(|error| format!("`{}`: {error}", built.display()))?;
    }
    Ok(folder)
}

fn compile(crates: &[&Crate], what: &[&str]) -> Result<(), String> {
    let mut arguments = vec!["build", "--profile", "guest", "--target", WASM];
    arguments.extend(what);
    for each in crates {
        arguments.extend(["--package", &each.package]);
    }
    cargo(&arguments)
}

/// A crate of `filters/` that modules are made of.
struct Crate {
    package: String,
    /// Each `[[example]]` is a module; otherwise the library is the one.
    family: bool,
    modules: Vec<Module>,
}

/// What the compiler leaves of a module.
struct Module {
    /// Below the profile's folder.
    folder: &'static str,
    file: String,
}

/// The crates under `filters/`, without the libraries that modules share.
fn crates() -> Result<Vec<Crate>, String> {
    let folder = root().join("filters");
    let entries =
        fs::read_dir(&folder).map_err(|error| format!("`{}`: {error}", folder.display()))?;
    let mut crates: Vec<Crate> = entries
        .filter_map(|entry| read(&entry.ok()?.path()))
        .collect();
    crates.sort_by(|a, b| a.package.cmp(&b.package));
    Ok(crates)
}

fn read(folder: &Path) -> Option<Crate> {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let package = folder.file_name()?.to_str()?.to_owned();
    let module = |folder, name: &str| Module {
        folder,
        file: format!("{}.wasm", name.replace('-', "_")),
    };
    let examples = manifest.split("[[example]]").skip(1).filter_map(name);
    let mut modules: Vec<Module> = examples.map(|name| module("examples", name)).collect();
    let family = !modules.is_empty();
    if !family && manifest.contains("cdylib") {
        modules.push(module("", &package));
    }
    (!modules.is_empty()).then_some(Crate {
        package,
        family,
        modules,
    })
}

/// The name that a section of a manifest gives.
fn name(section: &str) -> Option<&str> {
    let line = section.lines().find(|line| line.starts_with("name = "))?;
    line.split('"').nth(1)
}
