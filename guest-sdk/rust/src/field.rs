//! The Rust types of fields.

use crate::manifest::Type;
use crate::memory::{as_f64s, as_i64s};
use crate::record::Record;

/// A Rust type that a field can be declared as.
///
/// | declared as | contract's type | null is |
/// | --- | --- | --- |
/// | `f64` | `f64` | NaN: every comparison with it is false |
/// | `Option<i64>`, `Option<bool>` | `i64`, `bool` | `None` |
/// | `Option<&'a str>`, `Option<&'a [u8]>` | `str`, `bytes` | `None` |
/// | `&'a [f64]`, `&'a [i64]` | `list<f64>`, `list<i64>` | empty; a null item is NaN, `i64::MIN` |
/// | [`Bools<'a>`](Bools), [`Texts<'a>`](Texts) | `list<bool>`, `list<str>` | empty; a null item is `None` |
pub trait FieldType<'a>: Sized {
    const TYPE: Type;
    fn from_word(word: u64, record: &Record<'a>) -> Self;
}

impl<'a> FieldType<'a> for f64 {
    const TYPE: Type = Type::F64;
    #[inline]
    fn from_word(word: u64, _: &Record<'a>) -> Self {
        f64::from_bits(word)
    }
}

impl<'a> FieldType<'a> for Option<i64> {
    const TYPE: Type = Type::I64;
    #[inline]
    fn from_word(word: u64, _: &Record<'a>) -> Self {
        (word != Type::I64.null_word()).then_some(word as i64)
    }
}

impl<'a> FieldType<'a> for Option<bool> {
    const TYPE: Type = Type::Bool;
    #[inline]
    fn from_word(word: u64, _: &Record<'a>) -> Self {
        (word < 2).then_some(word == 1)
    }
}

impl<'a> FieldType<'a> for Option<&'a [u8]> {
    const TYPE: Type = Type::Bytes;
    #[inline]
    fn from_word(word: u64, record: &Record<'a>) -> Self {
        (word != 0).then(|| record.bytes(word))
    }
}

impl<'a> FieldType<'a> for Option<&'a str> {
    const TYPE: Type = Type::Str;
    /// The host promises UTF-8; a text that is none counts as null.
    #[inline]
    fn from_word(word: u64, record: &Record<'a>) -> Self {
        let bytes: Option<&[u8]> = FieldType::from_word(word, record);
        bytes.and_then(|bytes| core::str::from_utf8(bytes).ok())
    }
}

impl<'a> FieldType<'a> for &'a [f64] {
    const TYPE: Type = Type::F64List;
    #[inline]
    fn from_word(word: u64, record: &Record<'a>) -> Self {
        as_f64s(record.list(word))
    }
}

impl<'a> FieldType<'a> for &'a [i64] {
    const TYPE: Type = Type::I64List;
    #[inline]
    fn from_word(word: u64, record: &Record<'a>) -> Self {
        as_i64s(record.list(word))
    }
}

/// A `list<bool>`.
#[derive(Clone, Copy)]
pub struct Bools<'a>(&'a [u64]);

impl<'a> Bools<'a> {
    pub fn iter(
        self,
    ) -> impl ExactSizeIterator<Item = Option<bool>> + DoubleEndedIterator + Clone + 'a {
        self.0.iter().map(|word| (*word < 2).then_some(*word == 1))
    }
}

impl<'a> FieldType<'a> for Bools<'a> {
    const TYPE: Type = Type::BoolList;
    #[inline]
    fn from_word(word: u64, record: &Record<'a>) -> Self {
        Bools(record.list(word))
    }
}

/// A `list<str>`.
#[derive(Clone, Copy)]
pub struct Texts<'a> {
    words: &'a [u64],
    record: Record<'a>,
}

impl<'a> Texts<'a> {
    pub fn iter(
        self,
    ) -> impl ExactSizeIterator<Item = Option<&'a str>> + DoubleEndedIterator + Clone + 'a {
        self.words
            .iter()
            .map(move |word| FieldType::from_word(*word, &self.record))
    }
}

impl<'a> FieldType<'a> for Texts<'a> {
    const TYPE: Type = Type::StrList;
    #[inline]
    fn from_word(word: u64, record: &Record<'a>) -> Self {
        Texts {
            words: record.list(word),
            record: *record,
        }
    }
}
