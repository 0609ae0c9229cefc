//! Records written by the host and read back by a reader that shares no code with the writer.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::alert::Scalar;
use crate::engine::manifest::Manifest;
use crate::engine::record::Layout;

/// A value of a field, as the test made it.
#[derive(Clone, Debug, PartialEq)]
enum Content {
    Bool(bool),
    I64(i64),
    F64(u64),
    Str(String),
    Bytes(Vec<u8>),
    Words(Scalar, Vec<u64>),
    Texts(Vec<Option<String>>),
}

impl Content {
    fn ty(&self) -> FieldType {
        match self {
            Content::Bool(_) => FieldType::Bool,
            Content::I64(_) => FieldType::I64,
            Content::F64(_) => FieldType::F64,
            Content::Str(_) => FieldType::Str,
            Content::Bytes(_) => FieldType::Bytes,
            Content::Words(scalar, _) => FieldType::List(*scalar),
            Content::Texts(_) => FieldType::List(Scalar::Str),
        }
    }

    fn put(&self, row: &mut Row, place: usize) {
        match self {
            Content::Bool(value) => row.set_bool(place, *value),
            Content::I64(value) => row.set_i64(place, *value),
            Content::F64(bits) => row.set_f64(place, f64::from_bits(*bits)),
            Content::Str(text) => row.set_str(place, text),
            Content::Bytes(bytes) => row.set_bytes(place, bytes),
            Content::Words(_, words) => row.set_list(place, words.iter().copied()),
            Content::Texts(texts) => row.set_str_list(place, texts.iter().map(Option::as_deref)),
        }
    }
}

fn content() -> impl Strategy<Value = Content> {
    let words = prop::collection::vec(any::<u64>(), 0..20);
    let scalar = prop::sample::select(vec![Scalar::Bool, Scalar::I64, Scalar::F64]);
    prop_oneof![
        any::<bool>().prop_map(Content::Bool),
        any::<i64>().prop_map(Content::I64),
        any::<u64>().prop_map(Content::F64),
        ".{0,20}".prop_map(Content::Str),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Content::Bytes),
        (scalar, words).prop_map(|(scalar, words)| Content::Words(scalar, words)),
        prop::collection::vec(prop::option::of(".{0,12}"), 0..6).prop_map(Content::Texts),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Presence {
    /// The schema lacks it.
    Lacking,
    Null,
    There,
}

#[derive(Clone, Debug)]
struct Given {
    content: Content,
    presence: Presence,
    late: bool,
}

fn given() -> impl Strategy<Value = Given> {
    let presence = prop::sample::select(vec![
        Presence::Lacking,
        Presence::Null,
        Presence::There,
        Presence::There,
    ]);
    (content(), presence, any::<bool>()).prop_map(|(content, presence, late)| Given {
        content,
        presence,
        late,
    })
}

/// What a guest does: loads words from absolute addresses.
struct Reader<'a> {
    memory: &'a [u8],
    base: u64,
}

impl Reader<'_> {
    fn word(&self, address: u64) -> u64 {
        let at = (address - self.base) as usize;
        u64::from_le_bytes(self.memory[at..at + 8].try_into().unwrap())
    }

    fn bytes(&self, word: u64) -> Vec<u8> {
        let (address, len) = (word & 0xffff_ffff, (word >> 32) as usize);
        assert_eq!(address % 8, 0);
        let at = (address - self.base) as usize;
        self.memory[at..at + len].to_vec()
    }

    fn text(&self, word: u64) -> String {
        String::from_utf8(self.bytes(word)).unwrap()
    }

    fn words(&self, word: u64) -> Vec<u64> {
        let (address, len) = (word & 0xffff_ffff, word >> 32);
        (0..len)
            .map(|index| self.word(address + 8 * index))
            .collect()
    }

    fn content(&self, ty: FieldType, word: u64) -> Content {
        match ty {
            FieldType::Bool => Content::Bool(word == 1),
            FieldType::I64 => Content::I64(word as i64),
            FieldType::F64 => Content::F64(word),
            FieldType::Str => Content::Str(self.text(word)),
            FieldType::Bytes => Content::Bytes(self.bytes(word)),
            FieldType::List(Scalar::Str) => {
                let texts = self.words(word);
                Content::Texts(
                    texts
                        .iter()
                        .map(|text| (*text != 0).then(|| self.text(*text)))
                        .collect(),
                )
            }
            FieldType::List(scalar) => Content::Words(scalar, self.words(word)),
        }
    }
}

fn null_word(ty: FieldType) -> u64 {
    match ty {
        FieldType::F64 => 0x7ff8_0000_0000_0000,
        FieldType::I64 => 0x8000_0000_0000_0000,
        FieldType::Bool => 2,
        _ => 0,
    }
}

fn manifest(fields: &[Given]) -> Manifest {
    let fields: Vec<Json> = fields
        .iter()
        .enumerate()
        .map(|(index, given)| {
            json!({"path": format!("f{index}"), "type": given.content.ty().name(), "late": given.late})
        })
        .collect();
    let manifest = plain_with(json!({
        "fields": fields,
        "params": [{"name": "p", "type": "f64"}, {"name": "q", "type": "list<str>"}],
        "values": [{"name": "a", "type": "f64"}, {"name": "b", "type": "str"}, {"name": "c", "type": "bool"}]}));
    Manifest::parse(manifest.to_string().as_bytes()).unwrap()
}

/// The row that holds the early or the late fields, behind one that nobody asked for.
fn row(fields: &[Given], late: bool) -> (Row, Vec<Option<usize>>) {
    let mut row = Row::default();
    let types = fields.iter().map(|given| given.content.ty());
    row.reset(std::iter::once(FieldType::Str).chain(types));
    row.set_str(0, "not asked for");
    let mut slots = Vec::new();
    for (index, given) in fields.iter().enumerate() {
        let mine = given.late == late;
        if mine && given.presence == Presence::There {
            given.content.put(&mut row, index + 1);
        }
        slots.push((mine && given.presence != Presence::Lacking).then_some(index + 1));
    }
    (row, slots)
}

proptest! {
    #[test]
    fn what_is_written_is_what_is_read(
        fields in prop::collection::vec(given(), 0..150),
        with_late in any::<bool>(),
        explain in any::<bool>(),
        base in (1_u32..1 << 20).prop_map(|words| words * 8),
    ) {
        let manifest = manifest(&fields);
        let bound: BTreeMap<String, Json> = serde_json::from_value(json!({"p": 0.25, "q": ["x", "", "yz"]})).unwrap();
        let params = manifest.bind(&bound).unwrap();
        let (early_row, early_slots) = row(&fields, false);
        let (late_row, late_slots) = row(&fields, true);
        let late = Fields { row: &late_row, slots: &late_slots };
        let input = Input {
            fields: Fields { row: &early_row, slots: &early_slots },
            late: with_late.then_some(late),
            explain,
        };
        let layout = Layout::of_filter(&manifest);
        let len = layout.len(&input, params.row());
        // Whatever was there before must be gone.
        let mut record = vec![0xaa; len];
        layout.write(&mut record, base, &input, params.row());

        let reader = Reader { memory: &record, base: u64::from(base) };
        let at = |word: usize| reader.word(u64::from(base) + 8 * word as u64);
        prop_assert_eq!(at(0), u64::from(explain) | u64::from(with_late) << 1);
        prop_assert_eq!(at(1), len as u64);
        let first = 2 + fields.len().div_ceil(64);
        for (index, given) in fields.iter().enumerate() {
            let present = at(2 + index / 64) >> (index % 64) & 1 == 1;
            let word = at(first + index);
            let expected = given.presence == Presence::There && (with_late || !given.late);
            prop_assert_eq!(present, expected, "field {}", index);
            if present {
                prop_assert_eq!(&reader.content(given.content.ty(), word), &given.content, "field {}", index);
            } else {
                prop_assert_eq!(word, null_word(given.content.ty()), "field {}", index);
            }
        }
        let beyond = fields.len() % 64;
        if beyond != 0 {
            prop_assert_eq!(at(first - 1) >> beyond, 0, "presence bits beyond the fields");
        }
        let values = first + fields.len();
        prop_assert_eq!(layout.values_at(), 8 * values);
        prop_assert_eq!([at(values), at(values + 1), at(values + 2)], [null_word(FieldType::F64), 0, 2]);
        prop_assert_eq!(at(values + 3), 0.25_f64.to_bits());
        let q = reader.content(FieldType::List(Scalar::Str), at(values + 4));
        prop_assert_eq!(q, Content::Texts(vec![Some("x".into()), Some(String::new()), Some("yz".into())]));
    }
}
