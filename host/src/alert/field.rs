//! What can be asked of an alert: a path, a type, and what to do where a schema lacks it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A survey whose alerts Fink republishes.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Survey {
    /// Zwicky Transient Facility.
    Ztf,
    /// Rubin Observatory's Legacy Survey of Space and Time.
    Lsst,
}

impl Survey {
    /// `ztf` or `lsst`, as the guest contract and the configuration spell it.
    pub fn name(self) -> &'static str {
        match self {
            Survey::Ztf => "ztf",
            Survey::Lsst => "lsst",
        }
    }

    /// The instrument, as `alert.instrument` has it.
    pub fn instrument(self) -> &'static str {
        match self {
            Survey::Ztf => "ZTF",
            Survey::Lsst => "LSST",
        }
    }
}

impl fmt::Display for Survey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The element type of a list field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scalar {
    Bool,
    I64,
    F64,
    Str,
}

/// The type of a field as a module sees it.
///
/// Avro `int` and `long` become `i64`; `float` and `double` become `f64` (a float is widened
/// exactly); `enum` becomes `str`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FieldType {
    Bool,
    I64,
    F64,
    Str,
    Bytes,
    List(Scalar),
}

impl FieldType {
    /// The spelling of the guest contract: `f64`, `list<str>`, …
    pub fn name(self) -> &'static str {
        match self {
            FieldType::Bool => "bool",
            FieldType::I64 => "i64",
            FieldType::F64 => "f64",
            FieldType::Str => "str",
            FieldType::Bytes => "bytes",
            FieldType::List(Scalar::Bool) => "list<bool>",
            FieldType::List(Scalar::I64) => "list<i64>",
            FieldType::List(Scalar::F64) => "list<f64>",
            FieldType::List(Scalar::Str) => "list<str>",
        }
    }

    /// The word that stands for an absent or null value of this type in a record.
    pub fn null_word(self) -> u64 {
        match self {
            FieldType::F64 => f64::NAN.to_bits(),
            FieldType::I64 => i64::MIN as u64,
            FieldType::Bool => 2,
            FieldType::Str | FieldType::Bytes | FieldType::List(_) => 0,
        }
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A type name that the guest contract does not know.
#[derive(Debug, thiserror::Error)]
#[error(
    "unknown field type `{0}`: expected bool, i64, f64, str, bytes, list<bool>, list<i64>, list<f64> or list<str>"
)]
pub struct ParseTypeError(String);

impl FromStr for FieldType {
    type Err = ParseTypeError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Ok(match s {
            "bool" => FieldType::Bool,
            "i64" => FieldType::I64,
            "f64" => FieldType::F64,
            "str" => FieldType::Str,
            "bytes" => FieldType::Bytes,
            "list<bool>" => FieldType::List(Scalar::Bool),
            "list<i64>" => FieldType::List(Scalar::I64),
            "list<f64>" => FieldType::List(Scalar::F64),
            "list<str>" => FieldType::List(Scalar::Str),
            other => return Err(ParseTypeError(other.to_owned())),
        })
    }
}

impl Serialize for FieldType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for FieldType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

/// One field that a module reads, as its manifest declares it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// `candidate.rb`, `prv_candidates[].jd`, `alert.lightcurve.flux`, `filter.route`, …
    pub path: String,
    #[serde(rename = "type")]
    pub ty: FieldType,
    /// A schema may lack the field, which is then null.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// The field exists on this survey alone, and is null on the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survey: Option<Survey>,
    /// Handed over only when the filter asks for the late fields.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}
