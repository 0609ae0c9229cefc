//! Secrets: named in the file, read from the environment or a file of their own, never shown.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum SecretSource {
    /// An environment variable.
    Env(String),
    /// A file that holds nothing else; white space around it is dropped.
    File(PathBuf),
}

/// A secret's value. It has no `Display`, and its `Debug` shows three stars.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a secret could not be read. The value is never part of the text.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("the environment variable `{0}` is not set: export it, or name a file with `file:`")]
    NoVariable(String),
    #[error("cannot read the secret file `{path}`: {source}")]
    NoFile {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the secret from {0} is empty")]
    Empty(String),
}

impl SecretSource {
    /// Reads the secret.
    ///
    /// # Errors
    /// Where the variable is not set, the file cannot be read, or either is empty.
    pub fn read(&self) -> Result<Secret, SecretError> {
        let (text, place) = match self {
            SecretSource::Env(name) => (
                std::env::var(name).map_err(|_| SecretError::NoVariable(name.clone()))?,
                format!("the environment variable `{name}`"),
            ),
            SecretSource::File(path) => (
                std::fs::read_to_string(path).map_err(|source| SecretError::NoFile {
                    path: path.clone(),
                    source,
                })?,
                format!("the file `{}`", path.display()),
            ),
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(SecretError::Empty(place));
        }
        Ok(Secret(text.to_owned()))
    }
}

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Secret(value.into())
    }

    /// The value, for the one place that signs a request with it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The text without the secret, for anything that may be shown: SkyPortal's own error bodies
    /// quote the token.
    pub fn redact(&self, text: &str) -> String {
        text.replace(&self.0, "***")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
