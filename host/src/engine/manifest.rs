//! What a module says about itself, and whether it can be believed.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::params::{ParamError, ParamSpec};
use super::suggest::{did_you_mean, explain_json};
use crate::alert::{Field, FieldType, Survey};

const MAX_FIELDS: usize = 4096;
const MAX_PARAMS: usize = 1024;
const MAX_VALUES: usize = 256;
/// A verdict has 16 bits for the number of a cut …
const MAX_CUTS: usize = 65_535;
/// … and 32 for the routes.
const MAX_ROUTES: usize = 32;
const MAX_NAME_BYTES: usize = 200;

/// A checked manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the guest contract: 1.
    pub abi: u32,
    pub name: String,
    pub version: String,
    /// The surveys whose alerts the module understands; empty = all.
    #[serde(default)]
    pub surveys: Vec<Survey>,
    #[serde(default)]
    pub description: String,
    /// What the filter reads, in the record's order.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// What the mapping reads, in the record's order. `late` says nothing here: a mapping gets all.
    #[serde(default)]
    pub map_fields: Vec<Field>,
    #[serde(default)]
    pub params: Vec<ParamSpec>,
    /// What the filter writes for people to see.
    #[serde(default)]
    pub values: Vec<ValueSpec>,
    /// In the order of the code.
    #[serde(default)]
    pub cuts: Vec<Cut>,
    /// Never empty: a filter that names none has `main`.
    #[serde(default = "main_route")]
    pub routes: Vec<String>,
}

fn main_route() -> Vec<String> {
    vec!["main".to_owned()]
}

/// The type of a value that a filter writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueType {
    Bool,
    I64,
    F64,
    Str,
}

impl ValueType {
    /// The word that means "not written".
    pub(super) fn null_word(self) -> u64 {
        match self {
            ValueType::Bool => FieldType::Bool,
            ValueType::I64 => FieldType::I64,
            ValueType::F64 => FieldType::F64,
            ValueType::Str => FieldType::Str,
        }
        .null_word()
    }
}

/// One value that a filter writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueSpec {
    pub name: String,
    #[serde(rename = "type")]
    pub ty: ValueType,
    #[serde(default)]
    pub unit: Option<String>,
    #[serde(default)]
    pub doc: Option<String>,
}

/// One cut, with what `explain` shows beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    pub name: String,
    /// A declared field's path or a declared value's name.
    #[serde(default)]
    pub value: Option<String>,
    /// A declared parameter's name.
    #[serde(default)]
    pub param: Option<String>,
    #[serde(default)]
    pub doc: Option<String>,
}

/// Why a manifest is refused.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    #[error("it is not UTF-8 (byte {0})")]
    NotUtf8(usize),
    #[error("it is not the JSON that the contract describes: {0}")]
    Json(String),
    #[error("`abi` is {0}, but this host speaks version 1 of the guest contract")]
    Abi(String),
    #[error("{count} {what} are more than the {limit} allowed")]
    TooMany {
        what: &'static str,
        count: usize,
        limit: usize,
    },
    #[error("the {what} `{name}` is declared twice")]
    Twice { what: &'static str, name: String },
    #[error(
        "the {what} number {index} has an empty name, or one of more than {MAX_NAME_BYTES} bytes or with control characters"
    )]
    Name { what: &'static str, index: usize },
    #[error("the field `{0}` has two `[]`: a column of a list of lists cannot be asked for")]
    TwoLists(String),
    #[error("the field `{0}` tells what the filter decided: only `map_fields` may ask for it")]
    FilterPath(String),
    #[error("cut `{cut}` shows the {what} `{name}`, which is not declared{suggestion}")]
    UnknownInCut {
        cut: String,
        what: &'static str,
        name: String,
        suggestion: String,
    },
    #[error("parameter `{0}` is of type bytes, which no configuration can write: use str")]
    BytesParam(String),
    #[error(
        "parameter `{name}` has `min` or `max`, which fit numbers only, and `min` must not be above `max`"
    )]
    Bounds { name: String },
    #[error("the default is wrong: {0}")]
    Default(ParamError),
}

impl Manifest {
    /// Reads and checks the JSON that `skysieve_manifest` returned.
    pub(super) fn parse(json: &[u8]) -> Result<Self, ManifestError> {
        let text = std::str::from_utf8(json)
            .map_err(|error| ManifestError::NotUtf8(error.valid_up_to()))?;
        check_abi(text)?;
        let mut manifest: Manifest = serde_json::from_str(text)
            .map_err(|error| ManifestError::Json(explain_json(&error)))?;
        if manifest.routes.is_empty() {
            manifest.routes = main_route();
        }
        manifest.check()?;
        Ok(manifest)
    }

    /// The number of a route by name.
    pub fn route(&self, name: &str) -> Option<usize> {
        self.routes.iter().position(|route| route == name)
    }

    /// Whether the module understands this survey's alerts.
    pub fn understands(&self, survey: Survey) -> bool {
        self.surveys.is_empty() || self.surveys.contains(&survey)
    }

    fn check(&self) -> Result<(), ManifestError> {
        check_name("module", 0, &self.name)?;
        check_name("module version", 0, &self.version)?;
        let surveys = self.surveys.iter().map(|survey| survey.name());
        check_names("survey", 2, surveys)?;
        check_fields("field", &self.fields)?;
        check_fields("map field", &self.map_fields)?;
        if let Some(field) = self
            .fields
            .iter()
            .find(|field| field.path.starts_with("filter."))
        {
            return Err(ManifestError::FilterPath(field.path.clone()));
        }
        check_names(
            "parameter",
            MAX_PARAMS,
            self.params.iter().map(|param| &*param.name),
        )?;
        check_names(
            "value",
            MAX_VALUES,
            self.values.iter().map(|value| &*value.name),
        )?;
        check_names("cut", MAX_CUTS, self.cuts.iter().map(|cut| &*cut.name))?;
        check_names("route", MAX_ROUTES, self.routes.iter().map(String::as_str))?;
        self.params.iter().try_for_each(ParamSpec::check)?;
        self.check_cuts()
    }

    fn check_cuts(&self) -> Result<(), ManifestError> {
        let fields = self.fields.iter().map(|field| &*field.path);
        let shown: HashSet<&str> = fields
            .chain(self.values.iter().map(|value| &*value.name))
            .collect();
        let params: HashSet<&str> = self.params.iter().map(|param| &*param.name).collect();
        for cut in &self.cuts {
            check_reference(cut, "value", cut.value.as_deref(), &shown)?;
            check_reference(cut, "parameter", cut.param.as_deref(), &params)?;
        }
        Ok(())
    }
}

/// The version comes first: another version's manifest may have other keys.
fn check_abi(text: &str) -> Result<(), ManifestError> {
    #[derive(Deserialize)]
    struct Version {
        abi: Option<serde_json::Value>,
    }
    let version: Version =
        serde_json::from_str(text).map_err(|error| ManifestError::Json(explain_json(&error)))?;
    match version.abi {
        Some(abi) if abi == 1 => Ok(()),
        Some(abi) => Err(ManifestError::Abi(abi.to_string())),
        None => Err(ManifestError::Abi("missing".to_owned())),
    }
}

fn check_name(what: &'static str, index: usize, name: &str) -> Result<(), ManifestError> {
    let bad =
        name.trim().is_empty() || name.len() > MAX_NAME_BYTES || name.contains(char::is_control);
    match bad {
        true => Err(ManifestError::Name { what, index }),
        false => Ok(()),
    }
}

fn check_count(what: &'static str, count: usize, limit: usize) -> Result<(), ManifestError> {
    match count > limit {
        true => Err(ManifestError::TooMany { what, count, limit }),
        false => Ok(()),
    }
}

fn check_names<'a>(
    what: &'static str,
    limit: usize,
    names: impl Iterator<Item = &'a str>,
) -> Result<(), ManifestError> {
    let mut seen = HashSet::new();
    for (index, name) in names.enumerate() {
        check_name(what, index, name)?;
        if !seen.insert(name) {
            return Err(ManifestError::Twice {
                what,
                name: name.to_owned(),
            });
        }
    }
    check_count(what, seen.len(), limit)
}

/// The same path may be asked for once on each survey.
fn check_fields(what: &'static str, fields: &[Field]) -> Result<(), ManifestError> {
    check_count(what, fields.len(), MAX_FIELDS)?;
    let mut seen = HashSet::new();
    for (index, field) in fields.iter().enumerate() {
        check_name(what, index, &field.path)?;
        if field.path.matches("[]").count() > 1 {
            return Err(ManifestError::TwoLists(field.path.clone()));
        }
        if !seen.insert((&field.path, field.survey)) {
            return Err(ManifestError::Twice {
                what,
                name: field.path.clone(),
            });
        }
    }
    Ok(())
}

fn check_reference(
    cut: &Cut,
    what: &'static str,
    name: Option<&str>,
    known: &HashSet<&str>,
) -> Result<(), ManifestError> {
    let Some(name) = name.filter(|name| !known.contains(name)) else {
        return Ok(());
    };
    Err(ManifestError::UnknownInCut {
        cut: cut.name.clone(),
        what,
        name: name.to_owned(),
        suggestion: did_you_mean(name, known.iter().copied()),
    })
}
