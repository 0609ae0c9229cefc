//! Avro object containers: the writer's schema once, then data in blocks.
//!
//! ZTF sends its alerts to the brokers as containers of one datum; files hold as many as they like.

use std::io::Read;

use bytes::Bytes;
use flate2::read::DeflateDecoder;

use super::cursor::Cursor;
use super::error::{DecodeError, Malformed};
use super::extent::Extent;

/// The first bytes of every container.
pub const MAGIC: &[u8] = b"Obj\x01";

const SYNC_BYTES: usize = 16;

/// A compressed block may not claim more than this when it is inflated: deflate's own bound is a
/// thousandfold. A block of Fink's files has less than a mebibyte.
const MAX_INFLATED: u64 = 64 << 20;

/// A container whose header was read.
#[derive(Debug)]
pub struct Container {
    schema: Bytes,
    codec: Codec,
    sync: Bytes,
    blocks: Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Null,
    Deflate,
}

/// Why the bytes are no container, or where one is damaged. Blocks and data count from 0.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum ContainerError {
    #[error("it does not begin as an Avro object container does")]
    NotAContainer,
    #[error("the object container's header is damaged: {0}")]
    Header(Malformed),
    #[error("the object container's header names no schema (`avro.schema`)")]
    NoSchema,
    #[error(
        "the object container is compressed with `{0}`: `null` and `deflate` are read; write it again with one of these"
    )]
    Codec(String),
    #[error("block {block} of the object container is damaged: {kind}")]
    Block { block: usize, kind: Malformed },
    #[error(
        "block {block} of the object container does not end with the container's mark: bytes are missing or wrong"
    )]
    Sync { block: usize },
    #[error("block {block} of the object container cannot be inflated: {reason}")]
    Inflate { block: usize, reason: String },
    #[error(
        "block {block} of the object container is more than {MAX_INFLATED} bytes when inflated"
    )]
    TooLarge { block: usize },
    #[error("datum {datum} of the object container does not fit its schema: {error}")]
    Datum { datum: usize, error: DecodeError },
    #[error("the object container holds no alert")]
    Empty,
    #[error("the object container holds more than one alert; a message is one")]
    Several,
}

impl Container {
    /// Reads the header.
    ///
    /// # Errors
    /// Where the bytes begin otherwise, end within the header, or are compressed in an unknown way.
    pub fn open(bytes: &Bytes) -> Result<Self, ContainerError> {
        let body = bytes
            .strip_prefix(MAGIC)
            .ok_or(ContainerError::NotAContainer)?;
        let mut cursor = Cursor::new(body);
        let header = Header::read(&mut cursor).map_err(ContainerError::Header)?;
        let codec = match header.codec {
            None | Some(b"null") => Codec::Null,
            Some(b"deflate") => Codec::Deflate,
            Some(other) => {
                let shown = String::from_utf8_lossy(&other[..other.len().min(40)]);
                return Err(ContainerError::Codec(shown.into_owned()));
            }
        };
        let schema = header.schema.ok_or(ContainerError::NoSchema)?;
        Ok(Container {
            schema: bytes.slice_ref(schema),
            codec,
            sync: bytes.slice_ref(header.sync),
            blocks: bytes.slice_ref(&body[cursor.at()..]),
        })
    }

    /// The writer's schema, as JSON text.
    pub fn schema(&self) -> &Bytes {
        &self.schema
    }

    /// The data, in order; the first error ends them.
    pub fn data(self, extent: &Extent) -> Data<'_> {
        Data {
            container: self,
            extent,
            block: Bytes::new(),
            left_in_block: 0,
            blocks: 0,
            data: 0,
            over: false,
        }
    }

    /// The only datum of a container that is a message.
    ///
    /// # Errors
    /// Where it is damaged, or holds none or several.
    pub fn only(self, extent: &Extent) -> Result<Bytes, ContainerError> {
        let mut data = self.data(extent);
        let only = data.next().ok_or(ContainerError::Empty)??;
        match data.next() {
            None => Ok(only),
            Some(Ok(_)) => Err(ContainerError::Several),
            Some(Err(error)) => Err(error),
        }
    }
}

struct Header<'a> {
    schema: Option<&'a [u8]>,
    codec: Option<&'a [u8]>,
    sync: &'a [u8],
}

impl<'a> Header<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Malformed> {
        let (mut schema, mut codec) = (None, None);
        while let Some(block) = cursor.block(2)? {
            for _ in 0..block.items {
                let (key, value) = (cursor.run()?, cursor.run()?);
                match key {
                    b"avro.schema" => schema = Some(value),
                    b"avro.codec" => codec = Some(value),
                    _ => {}
                }
            }
        }
        let sync = cursor.take(SYNC_BYTES)?;
        Ok(Header {
            schema,
            codec,
            sync,
        })
    }
}

/// The data of a container.
#[derive(Debug)]
pub struct Data<'e> {
    container: Container,
    extent: &'e Extent,
    /// What is left of the block, inflated.
    block: Bytes,
    left_in_block: u64,
    blocks: usize,
    data: usize,
    over: bool,
}

impl Iterator for Data<'_> {
    type Item = Result<Bytes, ContainerError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let next = self.next_datum().transpose();
        self.over = !matches!(next, Some(Ok(_)));
        next
    }
}

impl Data<'_> {
    fn next_datum(&mut self) -> Result<Option<Bytes>, ContainerError> {
        while self.left_in_block == 0 {
            if !self.block.is_empty() {
                let kind = Malformed::LeftOver(self.block.len());
                let block = self.blocks - 1;
                return Err(ContainerError::Block { block, kind });
            }
            if self.container.blocks.is_empty() {
                return Ok(None);
            }
            self.next_block()?;
        }
        let len = self.extent.measure(&self.block).map_err(|error| {
            let datum = self.data;
            ContainerError::Datum { datum, error }
        })?;
        self.left_in_block -= 1;
        self.data += 1;
        Ok(Some(self.block.split_to(len)))
    }

    fn next_block(&mut self) -> Result<(), ContainerError> {
        let block = self.blocks;
        let damaged = |kind| ContainerError::Block { block, kind };
        let bytes = self.container.blocks.clone();
        let mut cursor = Cursor::new(&bytes);
        let count = cursor.integer().map_err(damaged)?;
        let count = u64::try_from(count).map_err(|_| damaged(Malformed::NegativeLength(count)))?;
        let body = bytes.slice_ref(cursor.run().map_err(damaged)?);
        if cursor.take(SYNC_BYTES).map_err(damaged)? != self.container.sync {
            return Err(ContainerError::Sync { block });
        }
        self.container.blocks = bytes.slice(cursor.at()..);
        self.block = match self.container.codec {
            Codec::Null => body,
            Codec::Deflate => inflate(block, &body)?,
        };
        // No alert takes less than a byte.
        if count > self.block.len() as u64 {
            return Err(damaged(Malformed::TooManyItems { claimed: count }));
        }
        self.left_in_block = count;
        self.blocks += 1;
        Ok(())
    }
}

/// Grows with what really comes out, up to the bound.
fn inflate(block: usize, body: &[u8]) -> Result<Bytes, ContainerError> {
    let mut inflated = Vec::new();
    DeflateDecoder::new(body)
        .take(MAX_INFLATED + 1)
        .read_to_end(&mut inflated)
        .map_err(|error| ContainerError::Inflate {
            block,
            reason: error.to_string(),
        })?;
    if inflated.len() as u64 > MAX_INFLATED {
        return Err(ContainerError::TooLarge { block });
    }
    Ok(inflated.into())
}
