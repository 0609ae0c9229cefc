//! The modules of `filters/`, built and laid out for everybody who runs them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::assembly;
use crate::cargo::{cargo, root, step, target};
use crate::tools::WASM;

/// Builds the modules of both languages and returns the folder that holds them.
pub fn build_all() -> Result<PathBuf, String> {
    let folder = build()?;
    assembly::build(&folder)?;
    Ok(folder)
}

/// Builds every module in Rust and returns the folder that holds them.
pub fn build() -> Result<PathBuf, String> {
    let packages = packages()?;
    step(&format!("building {} WebAssembly modules", packages.len()));
    let mut arguments = vec!["build", "--profile", "guest", "--target", WASM];
    for package in &packages {
        arguments.extend(["--package", package]);
    }
    cargo(&arguments)?;

    let folder = target().join("modules");
    fs::create_dir_all(&folder).map_err(|error| format!("`{}`: {error}", folder.display()))?;
    for package in &packages {
        let file = format!("{}.wasm", package.replace('-', "_"));
        let built = target().join(WASM).join("guest").join(&file);
        fs::copy(&built, folder.join(&file))
            .map_err(|error| format!("`{}`: {error}", built.display()))?;
    }
    Ok(folder)
}

/// The crates under `filters/` that are modules, and not libraries that modules share.
fn packages() -> Result<Vec<String>, String> {
    let folder = root().join("filters");
    let entries =
        fs::read_dir(&folder).map_err(|error| format!("`{}`: {error}", folder.display()))?;
    let mut packages: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| is_module(path))
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect();
    packages.sort();
    Ok(packages)
}

fn is_module(path: &Path) -> bool {
    fs::read_to_string(path.join("Cargo.toml")).is_ok_and(|manifest| manifest.contains("cdylib"))
}
