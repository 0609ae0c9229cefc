//! Where a survey's own columns stand in the row that was read.

use super::Row;

/// A field of the row, or nowhere: a schema that lacks the field reads as null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(pub Option<usize>);

impl Slot {
    pub fn f64(self, row: &Row) -> Option<f64> {
        self.0.and_then(|field| row.f64(field))
    }

    pub fn i64(self, row: &Row) -> Option<i64> {
        self.0.and_then(|field| row.i64(field))
    }

    pub fn bool(self, row: &Row) -> Option<bool> {
        self.0.and_then(|field| row.bool(field))
    }

    pub fn str(self, row: &Row) -> Option<&str> {
        self.0.and_then(|field| row.str(field))
    }

    pub fn bytes(self, row: &Row) -> Option<&[u8]> {
        self.0.and_then(|field| row.bytes(field))
    }

    /// A column of an array; empty where the array is null, or the schema lacks it.
    pub fn column(self, row: &Row) -> Column<'_> {
        let field = self.0.filter(|field| row.is_present(*field));
        Column {
            row,
            words: field.map_or(&[], |field| row.elements(field)),
        }
    }
}

/// A list of the row. Beyond its end everything is null: another column may be longer.
#[derive(Clone, Copy)]
pub(super) struct Column<'a> {
    row: &'a Row,
    words: &'a [[u8; 8]],
}

impl<'a> Column<'a> {
    pub fn len(self) -> usize {
        self.words.len()
    }

    /// NaN where null.
    pub fn f64(self, place: usize) -> f64 {
        self.word(place).map_or(f64::NAN, f64::from_bits)
    }

    pub fn i64(self, place: usize) -> Option<i64> {
        let value = self.word(place)? as i64;
        (value != i64::MIN).then_some(value)
    }

    pub fn str(self, place: usize) -> Option<&'a str> {
        self.row.text_of(self.word(place)?)
    }

    fn word(self, place: usize) -> Option<u64> {
        self.words.get(place).map(|word| u64::from_le_bytes(*word))
    }
}
