//! What a made-up alert holds, and the record that is written of it.

use std::borrow::ToOwned;
use std::string::String;
use std::vec;
use std::vec::Vec;

use super::Alert;
use crate::Value;
use crate::manifest::{Field, Type};
use crate::record::Shape;

/// Where a made-up record claims to stand in memory.
pub(super) const ADDRESS: u32 = 0x2_0000;
const FLAG_LATE: u64 = 1 << 1;

/// What a field or parameter of a made-up alert holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Null,
    F64(f64),
    I64(i64),
    Bool(bool),
    Str(String),
    Bytes(Vec<u8>),
    F64List(Vec<f64>),
    I64List(Vec<i64>),
    BoolList(Vec<Option<bool>>),
    StrList(Vec<Option<String>>),
}
/// Writes a record as the host does; fields from `given` on are not handed over.
pub(super) fn build(
    alert: &Alert,
    fields: &[Field],
    given: usize,
    shape: Shape,
    params: &[(Type, Content)],
    late: bool,
) -> Vec<u64> {
    let mut words = vec![0; shape.words()];
    words[0] = if late { FLAG_LATE } else { 0 };
    for (i, field) in fields.iter().enumerate() {
        let content = alert.fields.get(field.path).filter(|_| i < given);
        let content = content.unwrap_or(&Content::Null);
        if *content != Content::Null {
            words[2 + i / 64] |= 1 << (i % 64);
        }
        let word = put(&mut words, field.ty, content, field.path);
        words[shape.first_field() + i] = word;
    }
    for (i, (ty, content)) in params.iter().enumerate() {
        let word = put(&mut words, *ty, content, "a parameter");
        words[shape.first_param() + i] = word;
    }
    words[1] = words.len() as u64 * 8;
    words
}

/// The word for a content, after what it points to was put at the end.
fn put(words: &mut Vec<u64>, ty: Type, content: &Content, name: &str) -> u64 {
    match (ty, content) {
        (_, Content::Null) => ty.null_word(),
        (Type::F64, Content::F64(value)) => value.to_bits(),
        (Type::I64, Content::I64(value)) => *value as u64,
        (Type::Bool, Content::Bool(value)) => u64::from(*value),
        (Type::Str, Content::Str(text)) => put_bytes(words, text.as_bytes()),
        (Type::Bytes, Content::Bytes(bytes)) => put_bytes(words, bytes),
        (Type::F64List, Content::F64List(list)) => {
            put_list(words, list.iter().map(|v| v.to_bits()))
        }
        (Type::I64List, Content::I64List(list)) => put_list(words, list.iter().map(|v| *v as u64)),
        (Type::BoolList, Content::BoolList(list)) => {
            put_list(words, list.iter().map(|v| v.map_or(2, u64::from)))
        }
        (Type::StrList, Content::StrList(list)) => {
            let texts: Vec<u64> = list
                .iter()
                .map(|text| {
                    text.as_ref()
                        .map_or(0, |text| put_bytes(words, text.as_bytes()))
                })
                .collect();
            put_list(words, texts)
        }
        (ty, content) => panic!("{name} is declared as {}, not {content:?}", ty.name()),
    }
}

fn put_bytes(words: &mut Vec<u64>, bytes: &[u8]) -> u64 {
    let address = ADDRESS as usize + words.len() * 8;
    words.extend(bytes.chunks(8).map(|chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        u64::from_le_bytes(word)
    }));
    (bytes.len() as u64) << 32 | address as u64
}

fn put_list(words: &mut Vec<u64>, list: impl IntoIterator<Item = u64>) -> u64 {
    let start = words.len();
    words.extend(list);
    let len = words.len() - start;
    (len as u64) << 32 | (ADDRESS as usize + start * 8) as u64
}

impl From<Value<'_>> for Content {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Null => Content::Null,
            Value::F64(value) => Content::F64(value),
            Value::I64(value) => Content::I64(value),
            Value::Bool(value) => Content::Bool(value),
            Value::Str(text) => Content::Str(text.to_owned()),
        }
    }
}

macro_rules! content {
    ($($type:ty => |$value:ident| $content:expr;)*) => {
        $(impl From<$type> for Content {
            fn from($value: $type) -> Self {
                $content
            }
        })*
    };
}

content! {
    f64 => |value| Content::F64(value);
    i64 => |value| Content::I64(value);
    i32 => |value| Content::I64(value.into());
    bool => |value| Content::Bool(value);
    &str => |value| Content::Str(value.to_owned());
    &[u8] => |value| Content::Bytes(value.to_owned());
    Vec<f64> => |value| Content::F64List(value);
    Vec<i64> => |value| Content::I64List(value);
    Vec<Option<bool>> => |value| Content::BoolList(value);
    Vec<Option<&str>> => |value| {
        Content::StrList(value.into_iter().map(|text| text.map(str::to_owned)).collect())
    };
}

impl<const N: usize> From<[f64; N]> for Content {
    fn from(value: [f64; N]) -> Self {
        Content::F64List(value.to_vec())
    }
}

impl<const N: usize> From<[i64; N]> for Content {
    fn from(value: [i64; N]) -> Self {
        Content::I64List(value.to_vec())
    }
}

impl<const N: usize> From<[&str; N]> for Content {
    fn from(value: [&str; N]) -> Self {
        Content::StrList(value.iter().map(|text| Some((*text).to_owned())).collect())
    }
}
