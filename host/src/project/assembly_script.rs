//! A project in AssemblyScript: `filters/assemblyscript/bright.ts` under another name.

use super::{Name, SDK_FOLDER, fill, readme};

const FILTER: &str = include_str!("../../../filters/assemblyscript/bright.ts");
const TEST: &str = include_str!("../../../filters/assemblyscript/bright.test.js");
const NPMRC: &str = include_str!("../../../filters/assemblyscript/.npmrc");
const ASCONFIG: &str = include_str!("../../../filters/assemblyscript/asconfig.json");
const TSCONFIG: &str = include_str!("../../../filters/assemblyscript/tsconfig.json");

const PACKAGE: &str = r#"{
  "name": "NAME",
  "version": "0.1.0",
  "private": true,
  "type": "module",
  "scripts": {
    "build": "asc NAME.ts --outFile build/NAME.wasm",
    "test": "npm run build && node --test"
  },
  "dependencies": {
    "skysieve-sdk": "file:SDK_FOLDER"
  },
  "devDependencies": {
    "assemblyscript": "0.28.20"
  }
}
"#;

pub(super) fn files(name: &Name) -> Vec<(String, String)> {
    let package = [("NAME", name.as_str()), ("SDK_FOLDER", SDK_FOLDER)];
    let quoted = format!("name: \"{name}\"");
    let module = format!("build/{name}.wasm");
    vec![
        ("package.json".to_owned(), fill(PACKAGE, &package)),
        (".npmrc".to_owned(), NPMRC.to_owned()),
        ("asconfig.json".to_owned(), ASCONFIG.to_owned()),
        ("tsconfig.json".to_owned(), TSCONFIG.to_owned()),
        (
            ".gitignore".to_owned(),
            "node_modules/\nbuild/\n".to_owned(),
        ),
        (
            "README.md".to_owned(),
            readme(name, "AssemblyScript", &commands(name)),
        ),
        (
            format!("{name}.ts"),
            fill(FILTER, &[("name: \"bright\"", &quoted)]),
        ),
        (
            format!("{name}.test.js"),
            fill(TEST, &[("build/bright.wasm", &module)]),
        ),
    ]
}

pub(super) fn commands(name: &Name) -> Vec<String> {
    vec![
        "npm install".to_owned(),
        "npm test".to_owned(),
        format!("skysieve test build/{name}.wasm alerts"),
    ]
}
