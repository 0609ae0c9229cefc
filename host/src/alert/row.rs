//! The values of a list of fields, read from one alert.

use super::decode::Layouts;
use super::{FieldType, Scalar};

/// One value a field, in the order in which the fields were asked for.
///
/// A number or boolean sits in its word as the guest contract's record has it; a `str`, `bytes` or
/// list is a word whose low half is an offset into the heap (in bytes, 8-byte aligned) and whose
/// high half is a length (bytes of a `str` or `bytes`, elements of a list). Elements of `list<str>`
/// are such words themselves. A guest's record is therefore this row with its offsets moved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    words: Vec<u64>,
    present: Vec<u64>,
    heap: Vec<[u8; 8]>,
    /// The decoder's notes on the packet that it reads; no part of the row's value.
    pub(super) layouts: Layouts,
}

impl Row {
    /// Empties the row and gives it one null word for each type, keeping its memory.
    pub fn reset(&mut self, types: impl IntoIterator<Item = FieldType>) {
        self.heap.clear();
        self.words.clear();
        self.words
            .extend(types.into_iter().map(FieldType::null_word));
        self.present.clear();
        self.present.resize(self.words.len().div_ceil(64), 0);
    }

    /// How many fields the row has.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether the row has no field at all.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether the field is present and not null.
    pub fn is_present(&self, field: usize) -> bool {
        self.present
            .get(field / 64)
            .is_some_and(|word| word >> (field % 64) & 1 == 1)
    }

    /// The field's word as it stands (see the type's description).
    pub fn word(&self, field: usize) -> u64 {
        self.words[field]
    }

    /// The memory that `str`, `bytes` and list words point into: little-endian words.
    pub fn heap(&self) -> &[[u8; 8]] {
        &self.heap
    }

    pub fn f64(&self, field: usize) -> Option<f64> {
        self.is_present(field)
            .then(|| f64::from_bits(self.words[field]))
    }

    pub fn i64(&self, field: usize) -> Option<i64> {
        self.is_present(field).then(|| self.words[field] as i64)
    }

    pub fn bool(&self, field: usize) -> Option<bool> {
        self.is_present(field).then(|| self.words[field] == 1)
    }

    pub fn str(&self, field: usize) -> Option<&str> {
        self.bytes(field).map(text)
    }

    pub fn bytes(&self, field: usize) -> Option<&[u8]> {
        self.is_present(field)
            .then(|| self.heap_bytes(self.words[field]))
    }

    /// The raw words of a list's elements.
    pub fn list(&self, field: usize) -> Option<impl ExactSizeIterator<Item = u64> + '_> {
        self.is_present(field).then(|| {
            let elements = self.elements(field).iter();
            elements.map(|word| u64::from_le_bytes(*word))
        })
    }

    pub fn f64_list(&self, field: usize) -> Option<impl ExactSizeIterator<Item = f64> + '_> {
        self.list(field).map(|words| words.map(f64::from_bits))
    }

    pub fn i64_list(&self, field: usize) -> Option<impl ExactSizeIterator<Item = i64> + '_> {
        self.list(field).map(|words| words.map(|word| word as i64))
    }

    /// The elements of a `list<str>`; a null element is the empty word, hence `None`.
    pub fn str_list(
        &self,
        field: usize,
    ) -> Option<impl ExactSizeIterator<Item = Option<&str>> + '_> {
        self.list(field)
            .map(|words| words.map(|word| self.text_of(word)))
    }

    pub fn set_f64(&mut self, field: usize, value: f64) {
        self.set_word(field, value.to_bits());
    }

    pub fn set_i64(&mut self, field: usize, value: i64) {
        self.set_word(field, value as u64);
    }

    pub fn set_bool(&mut self, field: usize, value: bool) {
        self.set_word(field, u64::from(value));
    }

    pub fn set_bytes(&mut self, field: usize, value: &[u8]) {
        let word = self.push_bytes(value);
        self.set_word(field, word);
    }

    pub fn set_str(&mut self, field: usize, value: &str) {
        self.set_bytes(field, value.as_bytes());
    }

    /// A list whose elements are already words (see the type's description).
    pub fn set_list(&mut self, field: usize, elements: impl IntoIterator<Item = u64>) {
        let begin = self.heap.len();
        self.heap.extend(elements.into_iter().map(u64::to_le_bytes));
        let len = self.heap.len() - begin;
        self.set_word(field, join(begin, len));
    }

    pub fn set_f64_list(&mut self, field: usize, elements: impl IntoIterator<Item = f64>) {
        self.set_list(field, elements.into_iter().map(f64::to_bits));
    }

    pub fn set_i64_list(&mut self, field: usize, elements: impl IntoIterator<Item = i64>) {
        self.set_list(field, elements.into_iter().map(|value| value as u64));
    }

    pub fn set_str_list<'a>(
        &mut self,
        field: usize,
        elements: impl IntoIterator<Item = Option<&'a str>>,
    ) {
        let words: Vec<u64> = elements
            .into_iter()
            .map(|element| element.map_or(0, |text| self.push_bytes(text.as_bytes())))
            .collect();
        self.set_list(field, words);
    }

    /// Copies a field of another row, heap and all.
    pub fn copy_from(&mut self, field: usize, other: &Row, from: usize, ty: FieldType) {
        if !other.is_present(from) {
            return;
        }
        match ty {
            FieldType::Bool | FieldType::I64 | FieldType::F64 => {
                self.set_word(field, other.words[from]);
            }
            FieldType::Str | FieldType::Bytes => {
                self.set_bytes(field, other.heap_bytes(other.words[from]));
            }
            FieldType::List(Scalar::Str) => {
                self.set_str_list(field, other.str_list(from).into_iter().flatten());
            }
            FieldType::List(_) => self.set_list(field, other.list(from).into_iter().flatten()),
        }
    }

    pub(super) fn set_word(&mut self, field: usize, word: u64) {
        self.words[field] = word;
        self.present[field / 64] |= 1 << (field % 64);
    }

    pub(super) fn push_bytes(&mut self, bytes: &[u8]) -> u64 {
        // An empty text still needs a word that is not the null word, which is 0: an offset beyond 0.
        if bytes.is_empty() {
            let begin = self.heap.len().max(1);
            self.heap.resize(begin + 1, [0; 8]);
            return join(begin, 0);
        }
        let begin = self.heap.len();
        let (words, rest) = bytes.as_chunks::<8>();
        self.heap.extend_from_slice(words);
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.heap.push(word);
        }
        join(begin, bytes.len())
    }

    /// Appends `len` words that are all `null`; returns where they begin, in words.
    pub(super) fn reserve_list(&mut self, len: usize, null: u64) -> usize {
        let begin = self.heap.len();
        self.heap.resize(begin + len, null.to_le_bytes());
        begin
    }

    /// Sets a word of the heap, counted in words.
    pub(super) fn set_element(&mut self, at: usize, word: u64) {
        self.heap[at] = word.to_le_bytes();
    }

    /// Moves `len` words of the heap.
    pub(super) fn move_elements(&mut self, from: usize, len: usize, to: usize) {
        self.heap.copy_within(from..from + len, to);
    }

    /// Makes `len` words of the heap, from `begin`, the field's list.
    pub(super) fn set_reserved(&mut self, field: usize, begin: usize, len: usize) {
        self.set_word(field, join(begin, len));
    }

    /// The words of a list that is there.
    pub(super) fn elements(&self, field: usize) -> &[[u8; 8]] {
        let (offset, len) = split(self.words[field]);
        &self.heap[offset / 8..offset / 8 + len]
    }

    /// An element of a `list<str>`.
    pub(super) fn text_of(&self, word: u64) -> Option<&str> {
        (word != 0).then(|| text(self.heap_bytes(word)))
    }

    fn heap_bytes(&self, word: u64) -> &[u8] {
        let (offset, len) = split(word);
        &self.heap.as_flattened()[offset..offset + len]
    }
}

/// What is not UTF-8 is no text; every text was one when it was set.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// The word of so many elements, beginning at a word of the heap.
fn join(begin: usize, len: usize) -> u64 {
    ((len as u64) << 32) | (8 * begin as u64)
}

fn split(word: u64) -> (usize, usize) {
    ((word & 0xffff_ffff) as usize, (word >> 32) as usize)
}
