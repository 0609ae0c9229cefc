//! The values of a packet, and how they are written in Avro.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use super::schema::{Record, Type};

/// A value of a packet. Lists and records are shared, so that a measurement which a thousand
/// packets repeat is held once.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Boolean(bool),
    Int(i32),
    Long(i64),
    Float(f32),
    Double(f64),
    String(Cow<'static, str>),
    Bytes(Bytes),
    Record(Arc<Vec<Value>>),
    List(Arc<Vec<Value>>),
    Map(Arc<Vec<(Cow<'static, str>, Value)>>),
}

impl Value {
    /// A record whose fields are all null.
    pub fn empty(record: &Record) -> Value {
        let fields = record.fields.iter().map(|field| match &field.ty {
            Type::Record(inner) => Value::empty(inner),
            _ => Value::Null,
        });
        Value::Record(Arc::new(fields.collect()))
    }

    /// As an error says it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Boolean(_) => "boolean",
            Value::Int(_) => "int",
            Value::Long(_) => "long",
            Value::Float(_) => "float",
            Value::Double(_) => "double",
            Value::String(_) => "string",
            Value::Bytes(_) => "bytes",
            Value::Record(_) => "record",
            Value::List(_) => "list of records",
            Value::Map(_) => "map",
        }
    }

    /// Any number, widened; `None` for anything else.
    pub fn as_f64(&self) -> Option<f64> {
        Some(match self {
            Value::Int(value) => f64::from(*value),
            Value::Long(value) => *value as f64,
            Value::Float(value) => f64::from(*value),
            Value::Double(value) => *value,
            _ => return None,
        })
    }

    /// A whole number; `None` for anything else.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Int(value) => Some(i64::from(*value)),
            Value::Long(value) => Some(*value),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(value) => Some(value),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    /// The items of a list; `None` for anything else, null included.
    pub fn items(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The value in the exact form of its type; gives it back where that is not possible.
    ///
    /// Whole numbers fit every number they do not overflow; a double is rounded to a float; null
    /// for a record stands for a record of nulls.
    pub fn fit(self, ty: &Type) -> Result<Value, Value> {
        Ok(match (ty, self) {
            (Type::Record(record), Value::Null) => Value::empty(record),
            (_, Value::Null) => Value::Null,
            (Type::Boolean, value @ Value::Boolean(_)) => value,
            (Type::Int, value @ Value::Int(_)) => value,
            (Type::Int, Value::Long(value)) => match i32::try_from(value) {
                Ok(fitting) => Value::Int(fitting),
                Err(_) => return Err(Value::Long(value)),
            },
            (Type::Long, Value::Int(value)) => Value::Long(i64::from(value)),
            (Type::Long, value @ Value::Long(_)) => value,
            (Type::Float, value @ Value::Float(_)) => value,
            (Type::Float, Value::Double(value)) => Value::Float(value as f32),
            (Type::Float, Value::Int(value)) => Value::Float(value as f32),
            (Type::Double, value @ Value::Double(_)) => value,
            (Type::Double, Value::Float(value)) => Value::Double(f64::from(value)),
            (Type::Double, Value::Int(value)) => Value::Double(f64::from(value)),
            (Type::String, value @ Value::String(_)) => value,
            (Type::Bytes, value @ Value::Bytes(_)) => value,
            (Type::Record(record), Value::Record(fields)) if fits_all(&fields, record) => {
                Value::Record(fields)
            }
            (Type::List(item), Value::List(items)) if fits_each(&items, item) => Value::List(items),
            (Type::Map(_), value @ Value::Map(_)) => value,
            (_, value) => return Err(value),
        })
    }

    /// Appends the value as a nullable field of Avro: the branch, then the value.
    ///
    /// A record that is a field of the packet has no branch: see [`write_record`].
    fn write_nullable(&self, out: &mut Vec<u8>) {
        if matches!(self, Value::Null) {
            out.push(NULL_BRANCH);
            return;
        }
        out.push(VALUE_BRANCH);
        match self {
            Value::Null => {}
            Value::Boolean(value) => out.push(u8::from(*value)),
            Value::Int(value) => write_long(i64::from(*value), out),
            Value::Long(value) => write_long(*value, out),
            Value::Float(value) => out.extend_from_slice(&value.to_le_bytes()),
            Value::Double(value) => out.extend_from_slice(&value.to_le_bytes()),
            Value::String(value) => write_bytes(value.as_bytes(), out),
            Value::Bytes(value) => write_bytes(value, out),
            Value::Record(fields) => write_record(fields, out),
            Value::List(items) => {
                write_block(items.len(), out, |out| {
                    items.iter().for_each(|item| item.write_nullable(out));
                });
            }
            Value::Map(entries) => write_block(entries.len(), out, |out| {
                for (key, value) in entries.iter() {
                    write_bytes(key.as_bytes(), out);
                    value.write_nullable(out);
                }
            }),
        }
    }
}

/// In Fink's unions the value comes first and null second.
const VALUE_BRANCH: u8 = 0;
const NULL_BRANCH: u8 = 2;

/// Appends the fields of a record. A field that is a record itself is written without a branch.
pub fn write_record(fields: &[Value], out: &mut Vec<u8>) {
    for field in fields {
        match field {
            Value::Record(inner) => write_record(inner, out),
            other => other.write_nullable(out),
        }
    }
}

/// A list or map in one block, whose end is an empty block.
fn write_block(len: usize, out: &mut Vec<u8>, items: impl FnOnce(&mut Vec<u8>)) {
    if len > 0 {
        write_long(len as i64, out);
        items(out);
    }
    out.push(0);
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_long(bytes.len() as i64, out);
    out.extend_from_slice(bytes);
}

/// Zig-zag, then seven bits a byte, lowest first.
fn write_long(value: i64, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Whether the values are in the exact form of the record's fields.
fn fits_all(fields: &[Value], record: &Record) -> bool {
    fields.len() == record.fields.len()
        && fields.iter().zip(&record.fields).all(|(value, field)| {
            matches!((value, &field.ty), (Value::Null, ty) if !matches!(ty, Type::Record(_)))
                || value.type_name() == field.ty.name()
        })
}

/// Items are compared by their number of fields alone: they come from other packets as they are,
/// and there may be thousands.
fn fits_each(items: &[Value], ty: &Type) -> bool {
    items.iter().all(|item| match (item, ty) {
        (Value::Null, _) => true,
        (Value::Record(fields), Type::Record(record)) => fields.len() == record.fields.len(),
        _ => false,
    })
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Boolean(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Value::Int(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Long(value)
    }
}

impl From<f32> for Value {
    fn from(value: f32) -> Self {
        Value::Float(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Double(value)
    }
}

impl From<&'static str> for Value {
    fn from(value: &'static str) -> Self {
        Value::String(Cow::Borrowed(value))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::String(Cow::Owned(value))
    }
}

impl From<Bytes> for Value {
    fn from(value: Bytes) -> Self {
        Value::Bytes(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Value::Bytes(value.into())
    }
}

/// A list of records.
impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Value::List(Arc::new(items))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
