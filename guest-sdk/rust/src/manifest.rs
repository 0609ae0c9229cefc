//! What a module says about itself: typed here, JSON for the host, both known at compile time.

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

/// The place of a cut among the declared ones. Run at compile time by `cut!`.
///
/// # Panics
/// Where no cut of this name is declared: then the module does not compile.
pub const fn cut_number(cuts: &[Cut], name: &str) -> u16 {
    let mut i = 0;
    while i < cuts.len() {
        if same(cuts[i].name, name) {
            return i as u16;
        }
        i += 1;
    }
    panic!("this cut is not declared in `cuts`")
}

/// The place of a route among the declared ones. Run at compile time by `pass!`.
///
/// # Panics
/// Where no route of this name is declared: then the module does not compile.
pub const fn route_number(routes: &[&str], name: &str) -> u32 {
    let mut i = 0;
    while i < routes.len() {
        if same(routes[i], name) {
            return i as u32;
        }
        i += 1;
    }
    panic!("this route is not declared in `routes`")
}

/// What `explain` shows beside a cut: a field's path or a value's name, from the module's own name
/// for it.
///
/// # Panics
/// Where it is neither: then the module does not compile.
pub const fn shown(
    fields: &'static [Field],
    late: &'static [Field],
    values: &[ValueField],
    ident: &'static str,
) -> &'static str {
    if let Some(path) = path_of(fields, ident) {
        return path;
    }
    if let Some(path) = path_of(late, ident) {
        return path;
    }
    let mut i = 0;
    while i < values.len() {
        if same(values[i].name, ident) {
            return values[i].name;
        }
        i += 1;
    }
    panic!("a cut shows something that is neither a field nor a value")
}

const fn path_of(fields: &'static [Field], ident: &str) -> Option<&'static str> {
    let mut i = 0;
    while i < fields.len() {
        if same(fields[i].ident, ident) {
            return Some(fields[i].path);
        }
        i += 1;
    }
    None
}

/// Checks at compile time that a cut's parameter is declared.
///
/// # Panics
/// Where it is not.
pub const fn declared_param(params: &[Param], name: &'static str) -> &'static str {
    let mut i = 0;
    while i < params.len() {
        if same(params[i].name, name) {
            return name;
        }
        i += 1;
    }
    panic!("a cut shows a parameter that is not declared in `params`")
}

/// Checks at compile time what the types cannot: surveys' names, and parameters that are JSON.
///
/// # Panics
/// Where something is wrong: then the module does not compile.
pub const fn checked(manifest: Manifest) -> Manifest {
    let mut i = 0;
    while i < manifest.surveys.len() {
        assert!(
            is_survey(manifest.surveys[i]),
            "a survey is \"ztf\" or \"lsst\""
        );
        i += 1;
    }
    let mut i = 0;
    while i < manifest.params.len() {
        let param = &manifest.params[i];
        assert!(
            is_json(param.ty, param.default),
            "a default is a plain decimal such as 0.5 or -3, a plain string, true or false"
        );
        i += 1;
    }
    assert!(
        manifest.routes.len() <= 32,
        "a module has at most 32 routes"
    );
    manifest
}

const fn is_survey(name: &str) -> bool {
    same(name, "ztf") || same(name, "lsst")
}

/// Whether a Rust literal is also the JSON of a value of this type.
const fn is_json(ty: Type, literal: &str) -> bool {
    match ty {
        Type::Bool => same(literal, "true") || same(literal, "false"),
        Type::Str => is_json_string(literal.as_bytes()),
        _ => is_json_number(literal.as_bytes()),
    }
}

const fn is_json_string(literal: &[u8]) -> bool {
    let mut i = 0;
    while i < literal.len() {
        if literal[i] == b'\\' || literal[i] < 0x20 {
            return false;
        }
        i += 1;
    }
    literal.len() >= 2 && literal[0] == b'"' && literal[literal.len() - 1] == b'"'
}

const fn is_json_number(literal: &[u8]) -> bool {
    let mut i = 0;
    while i < literal.len() {
        if !matches!(literal[i], b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E') {
            return false;
        }
        i += 1;
    }
    !literal.is_empty() && literal[literal.len() - 1].is_ascii_digit()
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
