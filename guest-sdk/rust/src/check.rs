//! What is checked while a module compiles: names that must be declared, and what the types of a
//! manifest cannot say.

use crate::manifest::{Cut, Field, Manifest, Param, Type, ValueField};

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

pub(crate) const fn is_survey(name: &str) -> bool {
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
