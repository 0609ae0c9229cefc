//! A project in Rust: `filters/bright` under another name.

use super::{Name, SDK_FOLDER, fill, readme};

const FILTER: &str = include_str!("../../../filters/bright/src/lib.rs");
const TOOLCHAIN: &str = include_str!("../../../rust-toolchain.toml");

const MANIFEST: &str = r#"[package]
name = "NAME"
version = "0.1.0"
edition = "2024"

[lib]
crate-type = ["cdylib"]

[dependencies]
skysieve-sdk = { path = "SDK_FOLDER" }

# Small and fast.
[profile.release]
lto = true
codegen-units = 1
panic = "abort"
strip = true

# A workspace of its own, wherever the folder stands.
[workspace]
exclude = ["vendor"]
"#;

pub(super) fn files(name: &Name) -> Vec<(String, String)> {
    let manifest = [("NAME", name.as_str()), ("SDK_FOLDER", SDK_FOLDER)];
    let quoted = format!("name: \"{name}\"");
    let filter = [
        ("name: \"bright\"", &*quoted),
        ("Bright", &name.type_name()),
    ];
    let files = [
        ("Cargo.toml", fill(MANIFEST, &manifest)),
        ("rust-toolchain.toml", TOOLCHAIN.to_owned()),
        (".gitignore", "target/\n".to_owned()),
        ("README.md", readme(name, "Rust", &commands(name))),
        ("src/lib.rs", fill(FILTER, &filter)),
    ];
    files.map(|(path, text)| (path.to_owned(), text)).to_vec()
}

pub(super) fn commands(name: &Name) -> Vec<String> {
    vec![
        "cargo test".to_owned(),
        "cargo build --release --target wasm32-unknown-unknown".to_owned(),
        format!(
            "skysieve test target/wasm32-unknown-unknown/release/{}.wasm alerts",
            name.crate_name()
        ),
    ]
}
