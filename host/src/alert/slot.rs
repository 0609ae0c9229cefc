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

    pub fn str(self, row: &Row) -> Option<String> {
        self.0.and_then(|field| row.str(field))
    }

    pub fn bytes(self, row: &Row) -> Option<Vec<u8>> {
        self.0.and_then(|field| row.bytes(field))
    }

    /// A column of floats, NaN where null; empty where the array is null.
    pub fn f64_column(self, row: &Row) -> Vec<f64> {
        self.0
            .and_then(|field| row.f64_list(field))
            .map(Iterator::collect)
            .unwrap_or_default()
    }

    /// A column of integers, none where null.
    pub fn i64_column(self, row: &Row) -> Vec<Option<i64>> {
        self.0
            .and_then(|field| row.i64_list(field))
            .map(|column| {
                column
                    .map(|value| (value != i64::MIN).then_some(value))
                    .collect()
            })
            .unwrap_or_default()
    }

    /// A column of texts, none where null.
    pub fn str_column(self, row: &Row) -> Vec<Option<String>> {
        self.0
            .and_then(|field| row.str_list(field))
            .unwrap_or_default()
    }
}

/// The element of a column at a place, or the null of the type if the column is shorter (a schema
/// that lacks it gives an empty one).
pub(super) fn at<T: Clone>(column: &[T], place: usize, null: T) -> T {
    column.get(place).cloned().unwrap_or(null)
}
