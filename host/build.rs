//! Lists the SDKs' files for `skysieve new`, which puts them into the projects that it makes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Each SDK and where it stands, seen from this crate.
const SDKS: [(&str, &str); 2] = [
    ("RUST", "../guest-sdk/rust"),
    ("ASSEMBLY_SCRIPT", "../guest-sdk/assemblyscript"),
];

fn main() -> io::Result<()> {
    let here = PathBuf::from(required("CARGO_MANIFEST_DIR")?);
    let mut code = String::new();
    for (name, folder) in SDKS {
        let folder = here.join(folder).canonicalize()?;
        println!("cargo:rerun-if-changed={}", folder.display());
        let mut files = Vec::new();
        find(&folder, &mut files)?;
        files.sort();
        list(&mut code, name, &folder, &files);
    }
    fs::write(PathBuf::from(required("OUT_DIR")?).join("sdks.rs"), code)
}

fn required(variable: &str) -> io::Result<String> {
    env::var(variable).map_err(|error| io::Error::other(format!("{variable}: {error}")))
}

/// What an author gets: sources and descriptions, and nothing that was built or fetched.
fn find(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let left_out = name.starts_with('.') || ["target", "node_modules"].contains(&&*name);
        if path.is_dir() && !left_out {
            find(&path, found)?;
        } else if path.is_file() && !left_out {
            found.push(path);
        }
    }
    Ok(())
}

/// A constant of paths, relative to the SDK's folder, and texts.
fn list(code: &mut String, name: &str, folder: &Path, files: &[PathBuf]) {
    // Writing into a `String` cannot fail.
    let _ = writeln!(code, "pub const {name}: &[(&str, &str)] = &[");
    for file in files {
        let relative = file.strip_prefix(folder).unwrap_or(file);
        let _ = writeln!(code, "    ({relative:?}, include_str!({file:?})),");
    }
    let _ = writeln!(code, "];");
}
