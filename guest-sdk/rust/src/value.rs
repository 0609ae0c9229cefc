//! The Rust types of parameters and values.

use crate::manifest::Type;
use crate::record::Reader;

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
