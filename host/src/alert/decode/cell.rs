//! A scalar on the wire: how it is passed over, and how it is read.

use std::sync::Arc;

use super::cursor::Cursor;
use super::error::Malformed;

/// A scalar of a record, of an array or of a map.
#[derive(Debug)]
pub(super) struct Cell {
    /// Where it may be null: the branch that is the value. The other of the two is null.
    pub value_branch: Option<usize>,
    pub kind: Kind,
    /// Where the value goes, if anybody asked for it.
    pub target: Option<Target>,
}

/// Where a value goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    Field(usize),
    /// A column of the array that is being walked.
    Column(usize),
}

/// How a scalar is written.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Bool,
    Integer,
    Float,
    Double,
    Str,
    Bytes,
    Fixed(usize),
    Enum(Arc<Vec<String>>),
}

impl Cell {
    /// What takes no bytes.
    pub const NULL: Cell = Cell {
        value_branch: None,
        kind: Kind::Fixed(0),
        target: None,
    };

    /// Reads the branch, if there is one; whether a value follows.
    #[inline]
    pub fn has_value(&self, cursor: &mut Cursor<'_>) -> Result<bool, Malformed> {
        match self.value_branch {
            Some(value) => Ok(cursor.branch(2)? == value),
            None => Ok(true),
        }
    }

    /// Its size, where all of its values have the same and none is null.
    pub fn fixed_size(&self) -> Option<usize> {
        match self.value_branch {
            Some(_) => None,
            None => self.kind.fixed_size(),
        }
    }
}

impl Kind {
    pub fn fixed_size(&self) -> Option<usize> {
        match self {
            Kind::Float => Some(4),
            Kind::Double => Some(8),
            Kind::Fixed(size) => Some(*size),
            Kind::Bool | Kind::Integer | Kind::Str | Kind::Bytes | Kind::Enum(_) => None,
        }
    }

    /// Passes over a value: every length, branch and boolean is checked as if it were read.
    #[inline]
    pub fn pass(&self, cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
        match self {
            Kind::Float => cursor.take(4).map(drop),
            Kind::Double => cursor.take(8).map(drop),
            Kind::Fixed(size) => cursor.take(*size).map(drop),
            Kind::Bool => cursor.boolean().map(drop),
            Kind::Integer => cursor.integer().map(drop),
            Kind::Str | Kind::Bytes => cursor.run().map(drop),
            Kind::Enum(symbols) => symbol(cursor, symbols).map(drop),
        }
    }
}

/// The chosen symbol of an enum.
pub(super) fn symbol<'s>(
    cursor: &mut Cursor<'_>,
    symbols: &'s [String],
) -> Result<&'s str, Malformed> {
    let index = cursor.integer()?;
    let symbol = usize::try_from(index).ok().and_then(|i| symbols.get(i));
    symbol.map(String::as_str).ok_or(Malformed::NoSuchSymbol {
        index,
        symbols: symbols.len(),
    })
}
