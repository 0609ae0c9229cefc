//! The record that the host writes for each call, as typed fields.

use crate::Stop;
use crate::field::FieldType;
use crate::memory::as_bytes;

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
    pub(crate) fn bytes(&self, word: u64) -> &'a [u8] {
        let (offset, len) = self.span(word);
        &as_bytes(self.rest)[offset..][..len]
    }

    #[inline]
    pub(crate) fn list(&self, word: u64) -> &'a [u64] {
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
