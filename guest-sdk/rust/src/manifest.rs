//! What a module says about itself: typed here, JSON for the host, both known at compile time.

use crate::check::is_survey;
use crate::json::Writer;

/// The type of a field, parameter or value in the terms of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Bool,
    I64,
    F64,
    Str,
    Bytes,
    BoolList,
    I64List,
    F64List,
    StrList,
}

impl Type {
    pub const fn name(self) -> &'static str {
        match self {
            Type::Bool => "bool",
            Type::I64 => "i64",
            Type::F64 => "f64",
            Type::Str => "str",
            Type::Bytes => "bytes",
            Type::BoolList => "list<bool>",
            Type::I64List => "list<i64>",
            Type::F64List => "list<f64>",
            Type::StrList => "list<str>",
        }
    }

    /// The word of an absent or null value.
    pub const fn null_word(self) -> u64 {
        match self {
            Type::F64 => f64::NAN.to_bits(),
            Type::I64 => i64::MIN as u64,
            Type::Bool => 2,
            _ => 0,
        }
    }
}

/// One field that the module reads.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The name in the module's own struct.
    pub ident: &'static str,
    pub path: &'static str,
    pub ty: Type,
    pub optional: bool,
    /// `ztf` or `lsst`; empty for both.
    pub survey: &'static str,
}

impl Field {
    pub const fn new(ident: &'static str, path: &'static str, ty: Type) -> Self {
        Field {
            ident,
            path,
            ty,
            optional: false,
            survey: "",
        }
    }

    /// A schema may lack the field, which is then null.
    pub const fn optional(self) -> Self {
        Field {
            optional: true,
            ..self
        }
    }

    /// The field exists on this survey alone, and is null on the other.
    pub const fn survey(self, survey: &'static str) -> Self {
        assert!(is_survey(survey), "a survey is \"ztf\" or \"lsst\"");
        Field { survey, ..self }
    }
}

/// One parameter that the operator may set.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    pub name: &'static str,
    pub ty: Type,
    /// The default as JSON.
    pub default: &'static str,
    /// The least and the greatest value that are allowed, as JSON.
    pub bounds: Option<(&'static str, &'static str)>,
    pub doc: &'static str,
}

/// One value that the filter writes for people to see.
#[derive(Clone, Copy, Debug)]
pub struct ValueField {
    pub name: &'static str,
    pub ty: Type,
    /// Empty where the value has none.
    pub unit: &'static str,
    pub doc: &'static str,
}

/// One cut: its name in the cut flow, and what `explain` shows beside it.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    pub name: &'static str,
    /// A field's path or a value's name.
    pub value: Option<&'static str>,
    pub param: Option<&'static str>,
}

/// What a module says about itself.
#[derive(Clone, Copy, Debug)]
pub struct Manifest {
    pub name: &'static str,
    pub version: &'static str,
    pub description: &'static str,
    pub surveys: &'static [&'static str],
    pub fields: &'static [Field],
    pub late: &'static [Field],
    pub map_fields: &'static [Field],
    pub params: &'static [Param],
    pub values: &'static [ValueField],
    pub cuts: &'static [Cut],
    pub routes: &'static [&'static str],
}

impl Manifest {
    /// Length of [`Manifest::json`] in bytes.
    pub const fn json_len(&self) -> usize {
        let mut out = Writer::new(&mut []);
        self.write(&mut out);
        out.len()
    }

    /// The manifest as the host reads it; `N` is [`Manifest::json_len`].
    pub const fn json<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        let mut out = Writer::new(&mut bytes);
        self.write(&mut out);
        assert!(out.len() == N, "the buffer is not `json_len` bytes long");
        bytes
    }

    /// Writes the manifest as the host reads it.
    pub const fn write(&self, out: &mut Writer<'_>) {
        out.open(b'{');
        out.key("abi");
        out.token("1");
        pair(out, "name", self.name);
        pair(out, "version", self.version);
        texts(out, "surveys", self.surveys);
        pair(out, "description", self.description);
        list_of_fields(out, "fields", self.fields, self.late);
        list_of_fields(out, "map_fields", self.map_fields, &[]);
        self.write_params(out);
        self.write_values(out);
        self.write_cuts(out);
        texts(out, "routes", self.routes);
        out.close(b'}');
    }

    const fn write_params(&self, out: &mut Writer<'_>) {
        out.key("params");
        out.open(b'[');
        let mut i = 0;
        while i < self.params.len() {
            let param = &self.params[i];
            out.open(b'{');
            pair(out, "name", param.name);
            pair(out, "type", param.ty.name());
            out.key("default");
            out.token(param.default);
            if let Some((min, max)) = param.bounds {
                out.key("min");
                out.token(min);
                out.key("max");
                out.token(max);
            }
            pair(out, "doc", param.doc);
            out.close(b'}');
            i += 1;
        }
        out.close(b']');
    }

    const fn write_values(&self, out: &mut Writer<'_>) {
        out.key("values");
        out.open(b'[');
        let mut i = 0;
        while i < self.values.len() {
            let value = &self.values[i];
            out.open(b'{');
            pair(out, "name", value.name);
            pair(out, "type", value.ty.name());
            if !value.unit.is_empty() {
                pair(out, "unit", value.unit);
            }
            pair(out, "doc", value.doc);
            out.close(b'}');
            i += 1;
        }
        out.close(b']');
    }

    const fn write_cuts(&self, out: &mut Writer<'_>) {
        out.key("cuts");
        out.open(b'[');
        let mut i = 0;
        while i < self.cuts.len() {
            let cut = &self.cuts[i];
            out.open(b'{');
            pair(out, "name", cut.name);
            if let Some(value) = cut.value {
                pair(out, "value", value);
            }
            if let Some(param) = cut.param {
                pair(out, "param", param);
            }
            out.close(b'}');
            i += 1;
        }
        out.close(b']');
    }
}

const fn list_of_fields(out: &mut Writer<'_>, key: &str, fields: &[Field], late: &[Field]) {
    out.key(key);
    out.open(b'[');
    let mut i = 0;
    while i < fields.len() + late.len() {
        let is_late = i >= fields.len();
        let field = if is_late {
            &late[i - fields.len()]
        } else {
            &fields[i]
        };
        write_field(out, field, is_late);
        i += 1;
    }
    out.close(b']');
}

const fn write_field(out: &mut Writer<'_>, field: &Field, late: bool) {
    out.open(b'{');
    pair(out, "path", field.path);
    pair(out, "type", field.ty.name());
    if field.optional {
        out.key("optional");
        out.bool(true);
    }
    if !field.survey.is_empty() {
        pair(out, "survey", field.survey);
    }
    if late {
        out.key("late");
        out.bool(true);
    }
    out.close(b'}');
}

const fn pair(out: &mut Writer<'_>, key: &str, text: &str) {
    out.key(key);
    out.text(text);
}

const fn texts(out: &mut Writer<'_>, key: &str, texts: &[&str]) {
    out.key(key);
    out.open(b'[');
    let mut i = 0;
    while i < texts.len() {
        out.text(texts[i]);
        i += 1;
    }
    out.close(b']');
}
