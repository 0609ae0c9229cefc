//! What `filter!` and `mapping!` make of a declaration, and how a call runs.

use crate::delivery::Delivery;
use crate::manifest::{Field, Manifest, Param, Type, ValueField};
use crate::record::{Reader, Record, Shape};
use crate::value::Value;
use crate::verdict::{Decision, encode};

/// The fields or parameters that a module reads, as a plain struct.
pub trait View<'a>: Sized {
    const LEN: usize;
    fn read(reader: &mut Reader<'a>) -> Self;
}

/// Declared fields.
pub trait Fields<'a>: View<'a> {
    const FIELDS: &'static [Field];
}

/// How many fields several groups have together.
pub const fn total(groups: &[&[Field]]) -> usize {
    let (mut total, mut i) = (0, 0);
    while i < groups.len() {
        total += groups[i].len();
        i += 1;
    }
    total
}

/// The fields of several groups and then a filter's own, in the order of the record; `N` is how many
/// there are.
pub const fn joined<const N: usize>(groups: &[&[Field]], own: &[Field]) -> [Field; N] {
    let mut fields = [Field::new("", "", Type::F64); N];
    let (mut next, mut group) = (0, 0);
    while group <= groups.len() {
        let part = if group < groups.len() {
            groups[group]
        } else {
            own
        };
        let mut i = 0;
        while i < part.len() {
            fields[next] = part[i];
            next += 1;
            i += 1;
        }
        group += 1;
    }
    assert!(next == N);
    fields
}

/// Declared parameters.
pub trait Params<'a>: View<'a> {
    const PARAMS: &'static [Param];
    /// Hands out each default in order.
    fn defaults(each: &mut dyn FnMut(Value<'static>));
}

/// Declared values, null until the filter writes them.
pub trait Values<'a>: Sized {
    const VALUES: &'static [ValueField];
    fn null() -> Self;
    /// Hands out each value in order.
    fn each(&self, each: impl FnMut(Type, Value<'_>));

    /// Writes each value into its word.
    #[inline]
    fn store(&self, words: &mut [u64]) {
        let mut words = words.iter_mut();
        self.each(|ty, value| {
            if let Some(word) = words.next() {
                *word = value.word(ty);
            }
        });
    }
}

impl<'a> View<'a> for () {
    const LEN: usize = 0;
    #[inline]
    fn read(_: &mut Reader<'a>) -> Self {}
}

impl<'a> Fields<'a> for () {
    const FIELDS: &'static [Field] = &[];
}

impl<'a> Params<'a> for () {
    const PARAMS: &'static [Param] = &[];
    fn defaults(_: &mut dyn FnMut(Value<'static>)) {}
}

impl<'a> Values<'a> for () {
    const VALUES: &'static [ValueField] = &[];
    #[inline]
    fn null() -> Self {}
    #[inline]
    fn each(&self, _: impl FnMut(Type, Value<'_>)) {}
}

/// A module that decides.
pub trait Filter {
    const MANIFEST: Manifest;
    type Params<'a>: Params<'a>;
    type Values<'a>: Values<'a>;
    fn decide<'a>(
        record: Record<'a>,
        params: &Self::Params<'a>,
        values: &mut Self::Values<'a>,
    ) -> Decision;
}

/// A module that says what to deliver.
pub trait Mapping {
    const MANIFEST: Manifest;
    type Params<'a>: Params<'a>;
    fn map<'a>(record: Record<'a>, params: &Self::Params<'a>) -> Option<Delivery<'a>>;
}

/// The shape of a filter's record.
pub const fn filter_shape(manifest: &Manifest) -> Shape {
    Shape {
        fields: manifest.fields.len() + manifest.late.len(),
        values: manifest.values.len(),
        params: manifest.params.len(),
    }
}

/// The shape of a mapping's record.
pub const fn mapping_shape(manifest: &Manifest) -> Shape {
    Shape {
        fields: manifest.map_fields.len(),
        values: manifest.values.len(),
        params: manifest.params.len(),
    }
}

/// One call of a filter: from the record's words to the verdict's.
#[inline]
pub fn run_filter<F: Filter>(words: &mut [u64], address: u32) -> u64 {
    let shape = const { filter_shape(&F::MANIFEST) };
    let (record, value_words) = Record::split(words, address, shape);
    let (decision, values) = decide::<F>(record);
    values.store(value_words);
    encode(decision)
}

/// What a filter decides and shows.
#[inline]
pub(crate) fn decide<F: Filter>(record: Record<'_>) -> (Decision, F::Values<'_>) {
    let params = View::read(&mut record.params());
    let mut values = Values::null();
    let decision = F::decide(record, &params, &mut values);
    (decision, values)
}

/// One call of a mapping: from the record's words to a delivery.
#[inline]
pub fn run_mapping<M: Mapping>(words: &mut [u64], address: u32) -> Option<Delivery<'_>> {
    let shape = const { mapping_shape(&M::MANIFEST) };
    let (record, _) = Record::split(words, address, shape);
    let params = View::read(&mut record.params());
    M::map(record, &params)
}

#[cfg(target_arch = "wasm32")]
pub mod entry {
    //! The exported functions behind the macros.

    use super::{Filter, Mapping, run_filter, run_mapping};
    use crate::json::Writer;
    use crate::memory::{guest, span};

    #[inline]
    pub fn filter<F: Filter>(record: i32) -> i64 {
        run_filter::<F>(guest::record(record as u32), record as u32) as i64
    }

    #[inline]
    pub fn map<M: Mapping>(record: i32) -> i64 {
        let Some(delivery) = run_mapping::<M>(guest::record(record as u32), record as u32) else {
            return 0;
        };
        let output = guest::output();
        let mut out = Writer::new(output);
        delivery.write(&mut out);
        let len = out.len();
        span(&output[..len])
    }
}
