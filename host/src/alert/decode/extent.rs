//! How far one datum reaches, without reading it.

use super::super::Row;
use super::error::DecodeError;
use super::plan::{Node, skip};
use super::shape::Shape;

/// Finds the end of a datum of one schema.
#[derive(Debug)]
pub struct Extent(Node);

impl Extent {
    pub fn of(schema: &Shape) -> Self {
        Extent(skip(schema))
    }

    /// The length of the datum that the bytes begin with.
    ///
    /// # Errors
    /// Where they do not begin with a datum of the schema.
    pub fn measure(&self, bytes: &[u8]) -> Result<usize, DecodeError> {
        self.0.measure(bytes, &mut Row::default())
    }

    /// Whether the bytes are one datum of the schema, to the last byte.
    pub fn fits(&self, bytes: &[u8]) -> bool {
        self.measure(bytes).is_ok_and(|len| len == bytes.len())
    }
}
