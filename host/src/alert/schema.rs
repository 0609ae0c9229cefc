//! The writer's schema of a message, wherever the message names it.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::Survey;
use super::decode::{ContainerError, Extent, SchemaError, Shape};
use super::envelope::{Envelope, EnvelopeError, Frame};
use super::given::{GivenSchemas, Incomplete};

/// A schema with the survey that it belongs to.
#[derive(Debug)]
pub struct WriterSchema {
    shape: Shape,
    extent: Extent,
    survey: Survey,
    fingerprint: String,
}

/// Why a message has no schema, or no datum of it.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error(
        "the schema is neither ZTF's (no record `candidate`) nor LSST's (no record `diaSource`)"
    )]
    UnknownSurvey,
    #[error("more than {0} different schemas have been seen; the stream is not Fink's")]
    TooMany(usize),
    #[error(transparent)]
    NotAtHand(#[from] NotAtHand),
    #[error(transparent)]
    Incomplete(#[from] Incomplete),
}

impl From<ContainerError> for KeyError {
    fn from(error: ContainerError) -> Self {
        KeyError::Envelope(error.into())
    }
}

/// A schema that a message names, and that does not travel with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAtHand {
    #[error(
        "the key `{name}` names a schema that is not at hand: put it as `{name}.avsc` (or `<anything>_{name}.avsc`) into {place}"
    )]
    Version { name: String, place: String },
    #[error(
        "the schema of the data transfer `{name}` is not at hand: it is the key of a message in the topic `{name}_schema`; if that cannot be read, save it as `{name}.avsc` into {place}"
    )]
    Transfer { name: String, place: String },
    #[error(
        "the message has no key; if it is framed for a schema registry, its schema is number {id} (LSST's v{major}.{minor}), which is not at hand: put `lsst.v{major}_{minor}.alert.avsc` and the schemas that it refers to into {place}"
    )]
    Number {
        id: u32,
        major: u32,
        minor: u32,
        place: String,
    },
}

impl NotAtHand {
    fn named(name: &str, place: String) -> Self {
        let name: String = name.chars().take(100).collect();
        if is_transfer(&name) {
            NotAtHand::Transfer { name, place }
        } else {
            NotAtHand::Version { name, place }
        }
    }

    fn framed(frame: &Frame, place: String) -> Self {
        let (major, minor) = frame.version();
        NotAtHand::Number {
            id: frame.id,
            major,
            minor,
            place,
        }
    }
}

/// Whether a key is the name of a topic that Fink fills once, on somebody's request.
pub fn is_transfer(key: &str) -> bool {
    key.starts_with("ftransfer_") || key.starts_with("fxmatch_")
}

impl WriterSchema {
    /// Reads a schema from its JSON text.
    ///
    /// # Errors
    /// Where the text is no usable schema, or one of no survey that is known.
    pub fn parse(text: &[u8]) -> Result<Self, KeyError> {
        let json = std::str::from_utf8(text).map_err(|_| EnvelopeError::NotText)?;
        Self::new(Shape::parse(json)?, text)
    }

    /// A schema of which the layout is known; `identity` is its text.
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
            extent: Extent::of(&shape),
            shape,
            survey,
            fingerprint,
        })
    }

    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Measures data of the schema.
    pub fn extent(&self) -> &Extent {
        &self.extent
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

/// The schemas seen so far, by their texts, and those that were given.
///
/// A key is 27–73 kB and the same for millions of messages: the newest one is recognised by
/// comparing bytes, another known one by its hash; only a new one is parsed.
#[derive(Default)]
pub struct SchemaCache {
    newest: Option<(Bytes, Arc<WriterSchema>)>,
    known: HashMap<Box<[u8]>, Arc<WriterSchema>>,
    given: GivenSchemas,
}

/// A message's datum, and the schema that wrote it.
pub struct Opened {
    pub schema: Arc<WriterSchema>,
    pub datum: Bytes,
}

/// Fink's streams of five years have fifteen; a bound keeps hostile keys from filling the memory.
const MAX_SCHEMAS: usize = 256;

impl SchemaCache {
    /// A cache that falls back on given schemas where a message only names its own.
    pub fn with_given(given: GivenSchemas) -> Self {
        SchemaCache {
            given,
            ..SchemaCache::default()
        }
    }

    /// The schemas that were given or learnt.
    pub fn given(&self) -> &GivenSchemas {
        &self.given
    }

    /// Adds a schema that was fetched for messages with the key `name`.
    pub fn learn(&mut self, name: &str, text: &str) {
        self.given.learn(name, text);
    }

    /// Finds what a message's key and value hold, in whichever way they hold it.
    ///
    /// # Errors
    /// Where they hold no alert, or the schema is unusable or not at hand.
    pub fn open(&mut self, key: &Bytes, value: &Bytes) -> Result<Opened, KeyError> {
        if let Some(schema) = self.newest(key) {
            let datum = value.clone();
            return Ok(Opened { schema, datum });
        }
        match Envelope::of(key, value)? {
            Envelope::Livestream => {
                let (schema, datum) = (self.get(key)?, value.clone());
                self.newest = Some((key.clone(), schema.clone()));
                Ok(Opened { schema, datum })
            }
            Envelope::Named(name) => self.open_named(name, value),
            Envelope::Container(container) => {
                let schema = self.get(container.schema())?;
                let datum = container.only(&schema.extent)?;
                Ok(Opened { schema, datum })
            }
            Envelope::Framed(frame) => {
                let text = self.given.numbered(frame.id);
                let place = || NotAtHand::framed(&frame, self.given.place());
                let text = text.ok_or_else(place)??.to_owned();
                let schema = self.get(text.as_bytes())?;
                let datum = frame.datum;
                Ok(Opened { schema, datum })
            }
        }
    }

    /// The first schema of that name that explains the datum to its end: replays of old alerts came
    /// under the same name with another schema. Where none does, the first, which then says why.
    fn open_named(&mut self, name: &str, value: &Bytes) -> Result<Opened, KeyError> {
        let meant: Vec<Result<String, Incomplete>> = self
            .given
            .named(name)
            .map(|text| text.map(str::to_owned))
            .collect();
        let mut first = None;
        for text in meant {
            let schema = self.get(text?.as_bytes())?;
            if schema.extent.fits(value) {
                first = Some(schema);
                break;
            }
            first.get_or_insert(schema);
        }
        let schema = first.ok_or_else(|| NotAtHand::named(name, self.given.place()))?;
        let datum = value.clone();
        Ok(Opened { schema, datum })
    }

    /// The schema of the newest key, if it is this one. A consumer that recognised the key hands on the
    /// same memory, and nothing is compared at all.
    fn newest(&self, text: &[u8]) -> Option<Arc<WriterSchema>> {
        let (newest, schema) = self.newest.as_ref()?;
        let same = std::ptr::eq(&newest[..], text) || newest[..] == *text;
        same.then(|| schema.clone())
    }

    /// The schema of a text.
    ///
    /// # Errors
    /// As [`WriterSchema::parse`].
    pub fn get(&mut self, text: &[u8]) -> Result<Arc<WriterSchema>, KeyError> {
        if let Some(schema) = self.newest(text) {
            return Ok(schema);
        }
        let schema = match self.known.get(text) {
            Some(schema) => schema.clone(),
            None => {
                if self.known.len() >= MAX_SCHEMAS {
                    return Err(KeyError::TooMany(MAX_SCHEMAS));
                }
                let schema = Arc::new(WriterSchema::parse(text)?);
                self.known.insert(text.into(), schema.clone());
                schema
            }
        };
        self.newest = Some((Bytes::copy_from_slice(text), schema.clone()));
        Ok(schema)
    }
}
