//! A module's parameters, bound to what the operator's configuration gives.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::manifest::{Manifest, ManifestError};
use super::suggest::did_you_mean;
use crate::alert::{FieldType, Row, Scalar};

/// One parameter that a module takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParamSpec {
    pub name: String,
    #[serde(rename = "type")]
    pub ty: FieldType,
    /// Without one, the configuration must give the parameter.
    #[serde(default)]
    pub default: Option<Json>,
    /// Of a number, or of every number of a list; inclusive.
    #[serde(default)]
    pub min: Option<f64>,
    #[serde(default)]
    pub max: Option<f64>,
    #[serde(default)]
    pub unit: Option<String>,
    #[serde(default)]
    pub doc: Option<String>,
}

/// What is wrong with a parameter.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParamError {
    #[error("the module takes no parameter `{name}`{suggestion}; it takes: {known}")]
    Unknown {
        name: String,
        suggestion: String,
        known: String,
    },
    #[error("parameter `{name}` ({ty}) is missing and has no default{doc}")]
    Missing {
        name: String,
        ty: FieldType,
        doc: String,
    },
    #[error("parameter `{name}` is {found}, expected {expected}")]
    Type {
        name: String,
        expected: FieldType,
        found: String,
    },
    #[error("parameter `{name}` is {found}, expected {bounds}")]
    Range {
        name: String,
        found: String,
        bounds: String,
    },
}

/// A value for every parameter, checked and in the manifest's order.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundParams {
    values: Vec<(String, Json)>,
    types: Vec<FieldType>,
    row: Row,
}

impl BoundParams {
    /// The value of a parameter, for `explain`.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Names and values in the manifest's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.values.iter().map(|(name, value)| (&**name, value))
    }

    pub(super) fn row(&self) -> &Row {
        &self.row
    }

    pub(super) fn fits(&self, manifest: &Manifest) -> bool {
        let names = self.values.iter().zip(&self.types);
        self.values.len() == manifest.params.len()
            && names
                .zip(&manifest.params)
                .all(|(((name, _), ty), spec)| *name == spec.name && *ty == spec.ty)
    }
}

impl Manifest {
    /// Checks what the configuration gives, and fills in the defaults.
    ///
    /// # Errors
    /// An unknown, missing, mistyped or out-of-range parameter, by name.
    pub fn bind(&self, given: &BTreeMap<String, Json>) -> Result<BoundParams, ParamError> {
        if let Some(name) = given.keys().find(|name| self.param(name).is_none()) {
            return Err(self.unknown(name));
        }
        let types: Vec<FieldType> = self.params.iter().map(|spec| spec.ty).collect();
        let mut row = Row::default();
        row.reset(types.iter().copied());
        let mut values = Vec::with_capacity(types.len());
        for (index, spec) in self.params.iter().enumerate() {
            let value = given.get(&spec.name).or(spec.default.as_ref());
            let value = value.ok_or_else(|| spec.missing())?;
            spec.check_value(value)?;
            set(&mut row, index, spec.ty, value);
            values.push((spec.name.clone(), value.clone()));
        }
        Ok(BoundParams { values, types, row })
    }

    fn param(&self, name: &str) -> Option<&ParamSpec> {
        self.params.iter().find(|spec| spec.name == name)
    }

    fn unknown(&self, name: &str) -> ParamError {
        let known: Vec<&str> = self.params.iter().map(|spec| &*spec.name).collect();
        ParamError::Unknown {
            name: name.to_owned(),
            suggestion: did_you_mean(name, known.iter().copied()),
            known: match known.as_slice() {
                [] => "none".to_owned(),
                known => format!("`{}`", known.join("`, `")),
            },
        }
    }
}

impl ParamSpec {
    /// Checks the declaration itself.
    pub(super) fn check(&self) -> Result<(), ManifestError> {
        if self.ty == FieldType::Bytes {
            return Err(ManifestError::BytesParam(self.name.clone()));
        }
        let numeric = matches!(
            self.ty,
            FieldType::I64
                | FieldType::F64
                | FieldType::List(Scalar::I64)
                | FieldType::List(Scalar::F64)
        );
        let bounded = self.min.is_some() || self.max.is_some();
        let upside_down = matches!((self.min, self.max), (Some(min), Some(max)) if min > max);
        if bounded && !numeric || upside_down {
            return Err(ManifestError::Bounds {
                name: self.name.clone(),
            });
        }
        let default = self
            .default
            .as_ref()
            .map_or(Ok(()), |value| self.check_value(value));
        default.map_err(ManifestError::Default)
    }

    fn missing(&self) -> ParamError {
        ParamError::Missing {
            name: self.name.clone(),
            ty: self.ty,
            doc: self
                .doc
                .as_ref()
                .map_or(String::new(), |doc| format!(": {doc}")),
        }
    }

    fn check_value(&self, value: &Json) -> Result<(), ParamError> {
        let fits = match (self.ty, value) {
            (FieldType::List(scalar), Json::Array(items)) => {
                items.iter().all(|item| is(scalar, item))
            }
            (FieldType::Bool, item) => is(Scalar::Bool, item),
            (FieldType::I64, item) => is(Scalar::I64, item),
            (FieldType::F64, item) => is(Scalar::F64, item),
            (FieldType::Str, item) => is(Scalar::Str, item),
            _ => false,
        };
        if !fits {
            return Err(ParamError::Type {
                name: self.name.clone(),
                expected: self.ty,
                found: shown(value),
            });
        }
        match value {
            Json::Array(items) => items.iter().try_for_each(|item| self.check_range(item)),
            item => self.check_range(item),
        }
    }

    fn check_range(&self, value: &Json) -> Result<(), ParamError> {
        let Some(number) = value.as_f64() else {
            return Ok(());
        };
        let bounds = match (self.min, self.max) {
            (Some(min), Some(max)) if number < min || number > max => format!("{min} to {max}"),
            (Some(min), _) if number < min => format!("at least {min}"),
            (_, Some(max)) if number > max => format!("at most {max}"),
            _ => return Ok(()),
        };
        Err(ParamError::Range {
            name: self.name.clone(),
            found: shown(value),
            bounds,
        })
    }
}

fn is(scalar: Scalar, value: &Json) -> bool {
    match scalar {
        Scalar::Bool => value.is_boolean(),
        Scalar::I64 => value.is_i64(),
        Scalar::F64 => value.as_f64().is_some_and(f64::is_finite),
        Scalar::Str => value.is_string(),
    }
}

/// The value as JSON, cut where it is long.
fn shown(value: &Json) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

/// Writes a checked value; what does not fit stays null, and nothing does after the check.
fn set(row: &mut Row, index: usize, ty: FieldType, value: &Json) {
    let items = || value.as_array().into_iter().flatten();
    match ty {
        FieldType::Bool => value
            .as_bool()
            .into_iter()
            .for_each(|v| row.set_bool(index, v)),
        FieldType::I64 => value
            .as_i64()
            .into_iter()
            .for_each(|v| row.set_i64(index, v)),
        FieldType::F64 => value
            .as_f64()
            .into_iter()
            .for_each(|v| row.set_f64(index, v)),
        FieldType::Str => value
            .as_str()
            .into_iter()
            .for_each(|v| row.set_str(index, v)),
        // Refused in every manifest.
        FieldType::Bytes => {}
        FieldType::List(Scalar::Bool) => {
            row.set_list(
                index,
                items().map(|item| u64::from(item.as_bool() == Some(true))),
            );
        }
        FieldType::List(Scalar::I64) => row.set_i64_list(index, items().filter_map(Json::as_i64)),
        FieldType::List(Scalar::F64) => row.set_f64_list(index, items().filter_map(Json::as_f64)),
        FieldType::List(Scalar::Str) => row.set_str_list(index, items().map(Json::as_str)),
    }
}
