//! Secrets: named in the file, read from the environment or a file of their own, never shown.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

/// Where a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretSource {
    /// An environment variable.
    Env(String),
    /// A file that holds nothing else; white space around it is dropped.
    File(PathBuf),
}

impl<'de> Deserialize<'de> for SecretSource {
    /// By hand: the derived code would quote a secret that somebody wrote into the file.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourceVisitor)
    }
}

const EXPECTED: &str =
    "a secret is never written into the file: expected `{ env: VARIABLE }` or `{ file: PATH }`";

struct SourceVisitor;

impl<'de> Visitor<'de> for SourceVisitor {
    type Value = SecretSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`{ env: VARIABLE }` or `{ file: PATH }`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let source = match map.next_key::<String>()?.as_deref() {
            Some("env") => SecretSource::Env(map.next_value()?),
            Some("file") => SecretSource::File(map.next_value()?),
            _ => return Err(A::Error::custom(EXPECTED)),
        };
        match map.next_key::<IgnoredAny>()? {
            None => Ok(source),
            Some(_) => Err(A::Error::custom(EXPECTED)),
        }
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Err(E::custom(EXPECTED))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(A::Error::custom(EXPECTED))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Err(E::custom(EXPECTED))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Err(E::custom(EXPECTED))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Err(E::custom(EXPECTED))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Err(E::custom(EXPECTED))
    }
}

/// A secret's value. It has no `Display`, and its `Debug` shows three stars.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a secret could not be read. The value is never part of the text.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("the environment variable `{0}` is not set: export it, or name a file with `file:`")]
    NoVariable(String),
    #[error(
        "cannot read the secret file `{path}`: {source}; make it, readable for skysieve alone, with the secret as its only text"
    )]
    NoFile {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the secret from {0} is empty")]
    Empty(String),
}

impl SecretSource {
    /// Takes a relative path from `folder` on.
    pub(super) fn relative_to(&mut self, folder: &Path) {
        if let SecretSource::File(path) = self {
            *path = folder.join(&path);
        }
    }

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
