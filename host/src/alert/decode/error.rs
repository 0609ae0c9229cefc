//! What can be wrong with a packet, and with a field that a schema was asked for.

use super::super::FieldType;

/// Bytes that the writer's schema cannot explain.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("{kind}, at byte {at} of {len}{}", in_field(.field))]
pub struct DecodeError {
    /// Where the reader stood.
    pub at: usize,
    /// The packet's length.
    pub len: usize,
    /// The path of the field that was being read; empty at the top.
    pub field: String,
    pub kind: Malformed,
}

fn in_field(field: &str) -> String {
    if field.is_empty() {
        String::new()
    } else {
        format!(", in the field `{field}`")
    }
}

/// How bytes can be wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("the packet ends where {needed} more bytes were expected")]
    Truncated { needed: u64 },
    #[error("a number is longer than 64 bits")]
    LongNumber,
    #[error("a length is negative ({0})")]
    NegativeLength(i64),
    #[error("a union has {branches} branches and the packet chose number {index}")]
    NoSuchBranch { index: i64, branches: usize },
    #[error("an enum has {symbols} symbols and the packet chose number {index}")]
    NoSuchSymbol { index: i64, symbols: usize },
    #[error("an array or map claims {claimed} items, more than the rest of the packet can hold")]
    TooManyItems { claimed: u64 },
    #[error("a block of an array or map claims {claimed} bytes, and its items take {read}")]
    BlockLength { claimed: usize, read: usize },
    #[error("a boolean is {0}, neither 0 nor 1")]
    NotABoolean(u8),
    #[error("a text is not UTF-8")]
    NotUtf8,
    #[error("{0} bytes are left over: the schema in the key is not the one that wrote the value")]
    LeftOver(usize),
}

/// Why a schema cannot give a field that a module asks for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    #[error("the schema has no field `{path}`")]
    Missing { path: String },
    #[error("the schema has `{path}` as {found}, which is no `{wanted}`")]
    WrongType {
        path: String,
        found: String,
        wanted: FieldType,
    },
    #[error("`{path}` is no field path: {reason}")]
    BadPath { path: String, reason: &'static str },
    #[error("`{path}` needs {}, which the schema lacks", .needs.join(" or "))]
    NoBasis {
        path: String,
        needs: Vec<&'static str>,
    },
    #[error("`{path}` is of type `{found}`, not `{wanted}`")]
    AlertType {
        path: String,
        found: FieldType,
        wanted: FieldType,
    },
}
