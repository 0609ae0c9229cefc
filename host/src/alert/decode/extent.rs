//! How far one datum reaches, without reading it.

use super::cursor::Cursor;
use super::error::DecodeError;
use super::plan::{Skip, skip};
use super::shape::Shape;
use super::walk::pass;

/// Finds the end of a datum of one schema.
#[derive(Debug)]
pub struct Extent(Skip);

impl Extent {
    pub fn of(schema: &Shape) -> Self {
        Extent(skip(schema))
    }

    /// The length of the datum that the bytes begin with.
    ///
    /// # Errors
    /// Where they do not begin with a datum of the schema.
    pub fn measure(&self, bytes: &[u8]) -> Result<usize, DecodeError> {
        let mut cursor = Cursor::new(bytes);
        let passed = pass(&mut cursor, &self.0);
        passed.map(|()| cursor.at()).map_err(|kind| DecodeError {
            at: cursor.at(),
            len: bytes.len(),
            field: String::new(),
            kind,
        })
    }

    /// Whether the bytes are one datum of the schema, to the last byte.
    pub fn fits(&self, bytes: &[u8]) -> bool {
        self.measure(bytes).is_ok_and(|len| len == bytes.len())
    }
}
