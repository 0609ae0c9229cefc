//! The record: what a guest reads, laid out in 8-byte little-endian words.
//!
//! flags | length in bytes | presence words | a word a field | a word a value | a word a parameter
//! | the tail that texts and lists point into. The host writes all of it before every call.

use super::manifest::Manifest;
use crate::alert::{FieldType, Row, Scalar};

const EXPLAIN: u64 = 1;
const LATE: u64 = 2;

/// Where the fields of a manifest are found in a row.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    pub row: &'a Row,
    /// One for each field of the manifest, in its order: the field's place in the row, or `None` if
    /// this schema lacks it.
    pub slots: &'a [Option<usize>],
}

/// The alert as a filter sees it.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    pub fields: Fields<'a>,
    /// Where the fields marked `late` are found, once the filter has asked for them. Its slots are
    /// those of the whole manifest too; the others are not looked at.
    pub late: Option<Fields<'a>>,
    /// This call will be explained: the guest may spend time on its values.
    pub explain: bool,
}

/// The places of a record's parts, in words, fixed when a module is loaded.
#[derive(Debug)]
pub(super) struct Layout {
    fields: Box<[Slot]>,
    /// The fields whose content sits in the tail.
    tailed: Box<[usize]>,
    value_nulls: Box<[u64]>,
    params: Box<[FieldType]>,
    late: bool,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    ty: FieldType,
    late: bool,
    tailed: bool,
    null: u64,
}

impl Slot {
    fn new(ty: FieldType, late: bool) -> Self {
        Slot {
            ty,
            late,
            tailed: has_tail(ty),
            null: ty.null_word(),
        }
    }
}

impl Layout {
    pub fn of_filter(manifest: &Manifest) -> Self {
        let fields = manifest.fields.iter();
        let slots = fields.map(|field| Slot::new(field.ty, field.late));
        Self::new(slots.collect(), manifest)
    }

    /// A mapping gets all its fields at once: `late` says nothing there.
    pub fn of_mapping(manifest: &Manifest) -> Self {
        let fields = manifest.map_fields.iter();
        let slots = fields.map(|field| Slot::new(field.ty, false));
        Self::new(slots.collect(), manifest)
    }

    fn new(slots: Box<[Slot]>, manifest: &Manifest) -> Self {
        Layout {
            tailed: (0..slots.len()).filter(|&i| slots[i].tailed).collect(),
            late: slots.iter().any(|slot| slot.late),
            fields: slots,
            value_nulls: manifest
                .values
                .iter()
                .map(|value| value.ty.null_word())
                .collect(),
            params: manifest.params.iter().map(|param| param.ty).collect(),
        }
    }

    pub fn field_count(&self) -> usize {
        self.fields.len()
    }

    pub fn has_late_fields(&self) -> bool {
        self.late
    }

    /// Whether the length differs from record to record.
    pub fn varies(&self) -> bool {
        !self.tailed.is_empty()
    }

    /// Bytes from the record's start to its values.
    pub fn values_at(&self) -> usize {
        8 * (2 + self.fields.len().div_ceil(64) + self.fields.len())
    }

    /// Words before the tail.
    fn head(&self) -> usize {
        self.values_at() / 8 + self.value_nulls.len() + self.params.len()
    }

    /// The record's length in bytes.
    pub fn len(&self, input: &Input<'_>, params: &Row) -> usize {
        let fields = self.tailed.iter().filter_map(|&field| {
            let slot = self.fields[field];
            let (row, place) = find(input, slot, field)?;
            // Of an absent value it is the null word, which has no length.
            Some(tail_words(row, row.word(place), slot.ty))
        });
        8 * (self.head() + fields.sum::<usize>() + self.params_tail(params))
    }

    fn params_tail(&self, params: &Row) -> usize {
        let types = self.params.iter().enumerate();
        types
            .map(|(index, ty)| tail_words(params, params.word(index), *ty))
            .sum()
    }

    /// Writes the record, which is as long as [`Layout::len`] says and will be read at `address`.
    pub fn write(&self, record: &mut [u8], address: u32, input: &Input<'_>, params: &Row) {
        let len = record.len() as u64;
        let (words, _) = record.as_chunks_mut::<8>();
        let (head, tail) = words.split_at_mut(self.head());
        let mut tail = Tail {
            words: tail,
            address: u64::from(address) + 8 * self.head() as u64,
        };
        let flags =
            if input.explain { EXPLAIN } else { 0 } | if input.late.is_some() { LATE } else { 0 };
        head[0] = flags.to_le_bytes();
        head[1] = len.to_le_bytes();
        let (presence, rest) = head[2..].split_at_mut(self.fields.len().div_ceil(64));
        let (fields, rest) = rest.split_at_mut(self.fields.len());
        let (values, bound) = rest.split_at_mut(self.value_nulls.len());
        self.write_fields(presence, fields, input, &mut tail);
        for (word, null) in values.iter_mut().zip(&self.value_nulls) {
            *word = null.to_le_bytes();
        }
        for (index, (word, ty)) in bound.iter_mut().zip(&self.params).enumerate() {
            *word = tail.place(params, params.word(index), *ty).to_le_bytes();
        }
    }

    fn write_fields(
        &self,
        presence: &mut [[u8; 8]],
        words: &mut [[u8; 8]],
        input: &Input<'_>,
        tail: &mut Tail<'_>,
    ) {
        let groups = words.chunks_mut(64).zip(self.fields.chunks(64));
        let groups = groups.zip(input.fields.slots.chunks(64));
        for (group, (bits, ((words, slots), places))) in presence.iter_mut().zip(groups).enumerate()
        {
            let mut present = 0_u64;
            let fields = words.iter_mut().zip(slots).zip(places);
            for (bit, ((word, slot), place)) in fields.enumerate() {
                let found = match slot.late {
                    false => place.map(|place| (input.fields.row, place)),
                    true => find(input, *slot, group * 64 + bit),
                };
                let mut content = slot.null;
                if let Some((row, place)) = found {
                    let there = row.is_present(place);
                    present |= u64::from(there) << bit;
                    // The row's own word of an absent value is the null word of its type.
                    content = row.word(place);
                    if there && slot.tailed {
                        content = tail.place(row, content, slot.ty);
                    }
                }
                *word = content.to_le_bytes();
            }
            *bits = present.to_le_bytes();
        }
    }
}

/// The row and the place in it where a field is, if this alert has it.
#[inline]
fn find<'a>(input: &Input<'a>, slot: Slot, field: usize) -> Option<(&'a Row, usize)> {
    let source = if slot.late { input.late? } else { input.fields };
    source.slots[field].map(|place| (source.row, place))
}

fn has_tail(ty: FieldType) -> bool {
    matches!(ty, FieldType::Str | FieldType::Bytes | FieldType::List(_))
}

fn split(word: u64) -> (usize, usize) {
    ((word & 0xffff_ffff) as usize, (word >> 32) as usize)
}

/// Words that a value takes in the tail.
fn tail_words(row: &Row, word: u64, ty: FieldType) -> usize {
    let (offset, len) = split(word);
    match ty {
        FieldType::Bool | FieldType::I64 | FieldType::F64 => 0,
        FieldType::Str | FieldType::Bytes => len.div_ceil(8),
        FieldType::List(Scalar::Str) => {
            let texts = &row.heap()[offset / 8..offset / 8 + len];
            len + texts
                .iter()
                .map(|text| split(u64::from_le_bytes(*text)).1.div_ceil(8))
                .sum::<usize>()
        }
        FieldType::List(_) => len,
    }
}

/// What is left of the tail, and the address at which the guest will see it.
struct Tail<'a> {
    words: &'a mut [[u8; 8]],
    address: u64,
}

impl<'a> Tail<'a> {
    /// Moves a value's content out of the row's heap into the tail; returns the value's word.
    #[inline]
    fn place(&mut self, row: &Row, word: u64, ty: FieldType) -> u64 {
        match ty {
            FieldType::Bool | FieldType::I64 | FieldType::F64 => word,
            FieldType::Str | FieldType::Bytes => self.place_bytes(row, word),
            FieldType::List(Scalar::Str) => self.place_texts(row, word),
            FieldType::List(_) => {
                let (offset, len) = split(word);
                self.place_words(&row.heap()[offset / 8..offset / 8 + len], len)
            }
        }
    }

    fn place_bytes(&mut self, row: &Row, word: u64) -> u64 {
        let (offset, len) = split(word);
        self.place_words(&row.heap()[offset / 8..offset / 8 + len.div_ceil(8)], len)
    }

    fn place_texts(&mut self, row: &Row, word: u64) -> u64 {
        let (offset, len) = split(word);
        let (moved, elements) = self.take(len);
        for (element, text) in elements.iter_mut().zip(&row.heap()[offset / 8..]) {
            let text = u64::from_le_bytes(*text);
            // A null element stays the zero word; an empty text points somewhere, with length 0.
            let placed = if text == 0 {
                0
            } else {
                self.place_bytes(row, text)
            };
            *element = placed.to_le_bytes();
        }
        (len as u64) << 32 | moved
    }

    fn place_words(&mut self, source: &[[u8; 8]], len: usize) -> u64 {
        let (address, target) = self.take(source.len());
        target.copy_from_slice(source);
        (len as u64) << 32 | address
    }

    fn take(&mut self, count: usize) -> (u64, &'a mut [[u8; 8]]) {
        let (taken, rest) = std::mem::take(&mut self.words).split_at_mut(count);
        self.words = rest;
        let address = self.address;
        self.address += 8 * count as u64;
        (address, taken)
    }
}
