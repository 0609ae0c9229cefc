//! The writer's schema of a packet, found by the bytes of the message's key.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::Survey;
use super::decode::{SchemaError, Shape};

/// A schema with the survey that it belongs to.
#[derive(Debug)]
pub struct WriterSchema {
    shape: Shape,
    survey: Survey,
    fingerprint: String,
}

/// Why the key of a message gives no schema.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the message has no key; Fink's livestream carries the Avro schema there")]
    Empty,
    #[error("the key is not UTF-8")]
    NotText,
    #[error(
        "the key is not an Avro schema but `{0}`: a version name of an old stream, or the topic name of a data transfer, whose schema is elsewhere"
    )]
    NotJson(String),
    #[error("{0}")]
    Schema(#[from] SchemaError),
    #[error(
        "the schema is neither ZTF's (no record `candidate`) nor LSST's (no record `diaSource`)"
    )]
    UnknownSurvey,
    #[error("more than {0} different schemas have been seen; the stream is not Fink's")]
    TooMany(usize),
}

impl WriterSchema {
    /// Reads a schema from the bytes of a key.
    ///
    /// # Errors
    /// Where the key is empty, no JSON, no usable schema, or of no survey that is known.
    pub fn parse(key: &[u8]) -> Result<Self, KeyError> {
        if key.is_empty() {
            return Err(KeyError::Empty);
        }
        let text = std::str::from_utf8(key).map_err(|_| KeyError::NotText)?;
        if !text.trim_start().starts_with(['{', '[', '"']) {
            let shown = text.chars().take(60).collect();
            return Err(KeyError::NotJson(shown));
        }
        Self::new(Shape::parse(text)?, key)
    }

    /// A schema that came some other way, such as in the header of an object container.
    ///
    /// # Errors
    /// Where it is of no survey that is known.
    pub fn new(shape: Shape, identity: &[u8]) -> Result<Self, KeyError> {
        let survey = if shape.field("diaSource").is_some() {
            Survey::Lsst
        } else if shape.field("candidate").is_some() {
            Survey::Ztf
        } else {
            return Err(KeyError::UnknownSurvey);
        };
        let digest = Sha256::digest(identity);
        let fingerprint = digest[..6].iter().map(|b| format!("{b:02x}")).collect();
        Ok(WriterSchema {
            shape,
            survey,
            fingerprint,
        })
    }

    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    pub fn survey(&self) -> Survey {
        self.survey
    }

    /// A short name for logs: the beginning of the key's SHA-256.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Whether the schema has a raw path, `[]` included.
    pub fn has(&self, path: &str) -> bool {
        let mut shape = &self.shape;
        for part in path.split('.') {
            let name = part.strip_suffix("[]").unwrap_or(part);
            let below = match shape.not_null() {
                Shape::Map(value) => Some(value.as_ref()),
                _ => shape.field(name),
            };
            let Some(below) = below else { return false };
            shape = below;
            if name.len() != part.len() {
                match shape.not_null() {
                    Shape::Array(item) => shape = item,
                    _ => return false,
                }
            }
        }
        true
    }
}

/// The schemas seen so far, by the bytes of their keys.
///
/// A key is 27–73 kB and the same for millions of messages: the newest one is recognised by
/// comparing bytes, another known one by its hash; only a new one is parsed.
#[derive(Default)]
pub struct SchemaCache {
    newest: Option<(Box<[u8]>, Arc<WriterSchema>)>,
    known: HashMap<Box<[u8]>, Arc<WriterSchema>>,
}

/// Fink's streams of five years have fifteen; a bound keeps hostile keys from filling the memory.
const MAX_SCHEMAS: usize = 256;

impl SchemaCache {
    /// The schema of a key.
    ///
    /// # Errors
    /// As [`WriterSchema::parse`].
    pub fn get(&mut self, key: &[u8]) -> Result<Arc<WriterSchema>, KeyError> {
        if let Some((newest, schema)) = &self.newest
            && newest.as_ref() == key
        {
            return Ok(schema.clone());
        }
        let schema = match self.known.get(key) {
            Some(schema) => schema.clone(),
            None => {
                if self.known.len() >= MAX_SCHEMAS {
                    return Err(KeyError::TooMany(MAX_SCHEMAS));
                }
                let schema = Arc::new(WriterSchema::parse(key)?);
                self.known.insert(key.into(), schema.clone());
                schema
            }
        };
        self.newest = Some((key.into(), schema.clone()));
        Ok(schema)
    }
}
