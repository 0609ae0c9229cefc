//! The record that the host writes for each call, as typed fields.

use crate::Stop;
use crate::manifest::Type;
use crate::memory::{as_bytes, as_f64s, as_i64s};

const FLAG_LATE: u64 = 1 << 1;
const HEADER_WORDS: usize = 2;

/// How many fields, values and parameters a record has: what the manifest says.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub fields: usize,
    pub values: usize,
    pub params: usize,
}

impl Shape {
    pub const fn first_field(self) -> usize {
        HEADER_WORDS + self.fields.div_ceil(64)
    }

    pub const fn first_value(self) -> usize {
        self.first_field() + self.fields
    }

    pub const fn first_param(self) -> usize {
        self.first_value() + self.values
    }

    /// Words before the tail.
    pub const fn words(self) -> usize {
        self.first_param() + self.params
    }
}

/// A record without its value words, which the filter writes.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// Up to the last field.
    head: &'a [u64],
    /// From the first parameter, tail included.
    rest: &'a [u64],
    /// The address of `rest`, in the terms of the record's pointers.
    rest_address: usize,
    shape: Shape,
}

impl<'a> Record<'a> {
    /// Takes a record apart into what a module reads and the value words that a filter writes.
    /// `address` is where the record stands, as its pointers count.
    ///
    /// # Panics
    /// Where the record is shorter than its shape: the host's bug, and the host's fault to report.
    #[inline]
    pub fn split(words: &'a mut [u64], address: u32, shape: Shape) -> (Record<'a>, &'a mut [u64]) {
        assert!(words.len() >= shape.words(), "the record is too short");
        let (head, tail) = words.split_at_mut(shape.first_value());
        let (values, rest) = tail.split_at_mut(shape.values);
        let record = Record {
            head,
            rest,
            rest_address: address as usize + shape.first_param() * 8,
            shape,
        };
        (record, values)
    }

    /// A reader of the fields from the first on.
    #[inline]
    pub fn fields(&self) -> Reader<'a> {
        self.reader(self.head, self.shape.first_field())
    }

    /// A reader of the late fields, which stand behind `fields` others.
    ///
    /// # Errors
    /// [`Stop::NeedLate`] where they are not here yet.
    #[inline]
    pub fn late(&self, fields: usize) -> Result<Reader<'a>, Stop> {
        if self.head[0] & FLAG_LATE == 0 {
            return Err(Stop::NeedLate);
        }
        Ok(self.reader(self.head, self.shape.first_field() + fields))
    }

    /// A reader of the parameters from the first on.
    #[inline]
    pub fn params(&self) -> Reader<'a> {
        self.reader(self.rest, 0)
    }

    #[inline]
    fn reader(&self, words: &'a [u64], next: usize) -> Reader<'a> {
        Reader {
            record: *self,
            words,
            next,
        }
    }

    #[inline]
    fn bytes(&self, word: u64) -> &'a [u8] {
        let (offset, len) = self.span(word);
        &as_bytes(self.rest)[offset..][..len]
    }

    #[inline]
    fn list(&self, word: u64) -> &'a [u64] {
        if word == 0 {
            return &[];
        }
        let (offset, len) = self.span(word);
        &self.rest[offset / 8..][..len]
    }

    /// A pointer's offset from `rest`, and its length. All that is pointed to stands in the tail,
    /// hence behind `rest`; a wrapped offset is out of bounds and traps.
    #[inline]
    fn span(&self, word: u64) -> (usize, usize) {
        let address = (word & 0xffff_ffff) as usize;
        (
            address.wrapping_sub(self.rest_address),
            (word >> 32) as usize,
        )
    }
}

/// Reads words one after the other, in the order of their declaration.
pub struct Reader<'a> {
    record: Record<'a>,
    words: &'a [u64],
    next: usize,
}

impl<'a> Reader<'a> {
    #[inline]
    pub fn take<T: FieldType<'a>>(&mut self) -> T {
        let word = self.words[self.next];
        self.next += 1;
        T::from_word(word, &self.record)
    }

    /// The record that is read.
    #[inline]
    pub fn record(&self) -> Record<'a> {
        self.record
    }
}

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

/// A Rust type that a parameter can be declared as: `f64`, `i64`, `bool`, `&'a str`. A parameter
/// is never null, since it has a default.
pub trait ParamType<'a>: Sized {
    const TYPE: Type;
    fn take(reader: &mut Reader<'a>) -> Self;
    fn value(self) -> Value<'a>;
}

impl<'a> ParamType<'a> for f64 {
    const TYPE: Type = Type::F64;
    #[inline]
    fn take(reader: &mut Reader<'a>) -> Self {
        reader.take()
    }
    fn value(self) -> Value<'a> {
        Value::F64(self)
    }
}

impl<'a> ParamType<'a> for i64 {
    const TYPE: Type = Type::I64;
    #[inline]
    fn take(reader: &mut Reader<'a>) -> Self {
        reader.take::<Option<i64>>().unwrap_or(i64::MIN)
    }
    fn value(self) -> Value<'a> {
        Value::I64(self)
    }
}

impl<'a> ParamType<'a> for bool {
    const TYPE: Type = Type::Bool;
    #[inline]
    fn take(reader: &mut Reader<'a>) -> Self {
        reader.take::<Option<bool>>() == Some(true)
    }
    fn value(self) -> Value<'a> {
        Value::Bool(self)
    }
}

impl<'a> ParamType<'a> for &'a str {
    const TYPE: Type = Type::Str;
    #[inline]
    fn take(reader: &mut Reader<'a>) -> Self {
        reader.take::<Option<&str>>().unwrap_or("")
    }
    fn value(self) -> Value<'a> {
        Value::Str(self)
    }
}

/// One value or parameter on its way to people.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Null,
    F64(f64),
    I64(i64),
    Bool(bool),
    Str(&'a str),
}

impl Value<'_> {
    /// Its word in a record; a text's pointer is where the text stands now.
    #[inline]
    pub fn word(self, ty: Type) -> u64 {
        match self {
            Value::Null => ty.null_word(),
            Value::F64(value) => value.to_bits(),
            Value::I64(value) => value as u64,
            Value::Bool(value) => u64::from(value),
            Value::Str(text) => crate::memory::span(text.as_bytes()) as u64,
        }
    }
}

/// A Rust type that a filter's value can be declared as: `f64` (NaN is null), `Option<i64>`,
/// `Option<bool>`, `Option<&'a str>`.
pub trait ValueType: Copy {
    const TYPE: Type;
    const NULL: Self;
    fn value<'v>(self) -> Value<'v>
    where
        Self: 'v;
}

impl ValueType for f64 {
    const TYPE: Type = Type::F64;
    const NULL: Self = f64::NAN;
    #[inline]
    fn value<'v>(self) -> Value<'v> {
        Value::F64(self)
    }
}

impl ValueType for Option<i64> {
    const TYPE: Type = Type::I64;
    const NULL: Self = None;
    #[inline]
    fn value<'v>(self) -> Value<'v> {
        self.map_or(Value::Null, Value::I64)
    }
}

impl ValueType for Option<bool> {
    const TYPE: Type = Type::Bool;
    const NULL: Self = None;
    #[inline]
    fn value<'v>(self) -> Value<'v> {
        self.map_or(Value::Null, Value::Bool)
    }
}

impl<'a> ValueType for Option<&'a str> {
    const TYPE: Type = Type::Str;
    const NULL: Self = None;
    #[inline]
    fn value<'v>(self) -> Value<'v>
    where
        'a: 'v,
    {
        self.map_or(Value::Null, Value::Str)
    }
}
