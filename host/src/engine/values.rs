//! The values that a filter wrote for people to see.

use serde::Serialize;

use super::exports::Export;
use super::fault::Fault;
use super::manifest::{ValueSpec, ValueType};
use super::memory::{self, Span};

/// Bytes of a text value.
const MAX_TEXT_BYTES: usize = 4096;

/// One value; `Null` where the filter wrote none. NaN and infinities are null too: nobody who
/// reads values (JSON above all) can hold them, and a candidate must not be lost for its caption.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    Null,
    Bool(bool),
    I64(i64),
    F64(f64),
    Str(String),
}

/// Reads one value's word.
pub(super) fn read(spec: &ValueSpec, word: u64, memory: &[u8]) -> Result<Value, Fault> {
    if word == spec.ty.null_word() {
        return Ok(Value::Null);
    }
    let bad = |why: String| Fault::BadValue {
        name: spec.name.clone(),
        why,
    };
    match spec.ty {
        ValueType::I64 => Ok(Value::I64(word as i64)),
        ValueType::F64 => {
            let number = f64::from_bits(word);
            Ok(if number.is_finite() {
                Value::F64(number)
            } else {
                Value::Null
            })
        }
        ValueType::Bool => match word {
            0 | 1 => Ok(Value::Bool(word == 1)),
            other => Err(bad(format!("a bool is 0, 1 or 2 (null), found {other}"))),
        },
        ValueType::Str => {
            let bytes = memory::bytes(memory, Export::Filter, Span::from_word(word))
                .map_err(|fault| bad(fault.to_string()))?;
            if bytes.len() > MAX_TEXT_BYTES {
                return Err(bad(format!(
                    "{} bytes are more than the {MAX_TEXT_BYTES} allowed",
                    bytes.len()
                )));
            }
            let text = str::from_utf8(bytes).map_err(|error| bad(format!("not UTF-8: {error}")))?;
            Ok(Value::Str(text.to_owned()))
        }
    }
}
