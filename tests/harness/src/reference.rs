//! The project's reference alerts: real Fink messages that stand beside the repository, where
//! they may be read and must not be copied. A user's clone has none.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// A real message with its key, as Fink sent it.
pub struct Message {
    pub dataset: String,
    pub path: PathBuf,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

/// The folder of references, if there is one: `$SKYSIEVE_SHARED`, or `shared` beside the
/// repository. Says on standard error when a test is skipped for want of it.
///
/// # Panics
/// Where `SKYSIEVE_REQUIRE_SHARED` is set and there is none: a machine that has the references must
/// not pass by skipping.
pub fn shared(test: &str) -> Option<PathBuf> {
    let named = std::env::var_os("SKYSIEVE_SHARED").map(PathBuf::from);
    let found = named.or_else(|| {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .map(|folder| folder.join("shared"))
            .find(|folder| folder.join("fink/devset").is_dir())
    });
    if found.is_none() {
        assert!(
            std::env::var_os("SKYSIEVE_REQUIRE_SHARED").is_none(),
            "{test}: SKYSIEVE_REQUIRE_SHARED is set, and there is no folder of reference alerts"
        );
        eprintln!("SKIPPED {test}: no folder of reference alerts beside the repository");
    }
    found
}

/// Every wire message of the reference set, by path.
///
/// # Errors
/// Where the folder cannot be read or is empty.
pub fn messages(shared: &Path) -> Result<Vec<Message>> {
    let mut messages = Vec::new();
    for survey in ["ztf_fink", "lsst_fink"] {
        let wire = shared.join("fink/devset").join(survey).join("wire");
        for dataset in sorted(&wire)? {
            let key = std::fs::read(dataset.join("key.json"))
                .with_context(|| format!("the key of {}", dataset.display()))?;
            let name = dataset.file_name().unwrap_or_default().to_string_lossy();
            for path in sorted(&dataset)? {
                if path.extension().is_some_and(|e| e == "bin") {
                    messages.push(Message {
                        dataset: name.clone().into_owned(),
                        key: key.clone(),
                        value: std::fs::read(&path)?,
                        path,
                    });
                }
            }
        }
    }
    if messages.is_empty() {
        bail!("no message under {}", shared.display());
    }
    Ok(messages)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
