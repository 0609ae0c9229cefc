//! The project's reference alerts: real Fink messages that stand beside the repository, where
//! they may be read and must not be copied. A user's clone has none.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use skysieve::source;

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

/// What one of Fink's filters said of a real alert.
pub struct Verdict {
    pub message: source::Message,
    /// Fink's own name, as `sn_candidates`.
    pub filter: String,
    /// `None`: the schema lacks a column that the filter needs.
    pub passes: Option<bool>,
}

/// Every verdict of the reference set.
///
/// # Errors
/// Where the table or a message cannot be read.
pub fn verdicts(shared: &Path) -> Result<Vec<Verdict>> {
    let devset = shared.join("fink/devset");
    let table = std::fs::read_to_string(devset.join("expected_filters.csv"))?;
    let rows = table.lines().skip(1).map(|line| {
        let columns: Vec<&str> = line.split(',').collect();
        let path = devset.join(columns[2]);
        let value = std::fs::read(&path).with_context(|| path.display().to_string())?;
        let key = std::fs::read(path.with_file_name("key.json"))?;
        Ok(Verdict {
            message: source::Message {
                place: source::Place::File {
                    path: path.into(),
                    record: 0,
                    topic: None,
                },
                key: key.into(),
                timestamp_ms: None,
                value: value.into(),
            },
            filter: columns[4].to_owned(),
            passes: match columns[6] {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            },
        })
    });
    rows.collect()
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
