//! Trying a module in `cargo test`, without a host: an alert is made up by paths, written into a
//! real record, and judged by the same code that runs in WebAssembly.

mod content;

use std::borrow::ToOwned;
use std::collections::BTreeMap;
use std::string::String;
use std::vec;
use std::vec::Vec;

use crate::json::Writer;
use crate::manifest::{Field, Manifest, Type};
use crate::module::{
    Filter, Mapping, Params, Values, decide, filter_shape, mapping_shape, run_filter, run_mapping,
};
use crate::record::Record;
use crate::verdict::{Decision, Routes, Stop};

pub use content::Content;
use content::{ADDRESS, build};

/// A made-up alert. What it does not have is null; parameters it does not have keep their default.
#[derive(Clone, Debug, Default)]
pub struct Alert {
    fields: BTreeMap<String, Content>,
    params: BTreeMap<String, Content>,
}

impl Alert {
    pub fn new() -> Self {
        Alert::default()
    }

    /// Sets a field by its path; the last one counts.
    pub fn with(mut self, path: &str, content: impl Into<Content>) -> Self {
        self.fields.insert(path.to_owned(), content.into());
        self
    }

    /// Sets a field to null.
    pub fn null(self, path: &str) -> Self {
        self.with(path, Content::Null)
    }

    /// Sets a parameter as an operator would.
    pub fn param(mut self, name: &str, content: impl Into<Content>) -> Self {
        self.params.insert(name.to_owned(), content.into());
        self
    }

    /// A number as it was set; NaN where it was not, or to null.
    ///
    /// # Panics
    /// Where something else was set.
    pub fn f64(&self, path: &str) -> f64 {
        match self.fields.get(path) {
            None | Some(Content::Null) => f64::NAN,
            Some(Content::F64(value)) => *value,
            Some(other) => panic!("`{path}` is no f64 but {other:?}"),
        }
    }

    /// An integer as it was set.
    ///
    /// # Panics
    /// Where something else was set.
    pub fn i64(&self, path: &str) -> Option<i64> {
        match self.fields.get(path) {
            None | Some(Content::Null) => None,
            Some(Content::I64(value)) => Some(*value),
            Some(other) => panic!("`{path}` is no i64 but {other:?}"),
        }
    }

    /// A truth as it was set.
    ///
    /// # Panics
    /// Where something else was set.
    pub fn bool(&self, path: &str) -> Option<bool> {
        match self.fields.get(path) {
            None | Some(Content::Null) => None,
            Some(Content::Bool(value)) => Some(*value),
            Some(other) => panic!("`{path}` is no bool but {other:?}"),
        }
    }

    /// A text as it was set.
    ///
    /// # Panics
    /// Where something else was set.
    pub fn str(&self, path: &str) -> Option<&str> {
        match self.fields.get(path) {
            None | Some(Content::Null) => None,
            Some(Content::Str(value)) => Some(value),
            Some(other) => panic!("`{path}` is no str but {other:?}"),
        }
    }

    /// A list of numbers as it was set; empty where it was not, or to null.
    ///
    /// # Panics
    /// Where something else was set.
    pub fn f64_list(&self, path: &str) -> &[f64] {
        match self.fields.get(path) {
            None | Some(Content::Null) => &[],
            Some(Content::F64List(list)) => list,
            Some(other) => panic!("`{path}` is no list of f64 but {other:?}"),
        }
    }

    /// A list of texts as it was set; empty where it was not, or to null.
    ///
    /// # Panics
    /// Where something else was set.
    pub fn str_list(&self, path: &str) -> &[Option<String>] {
        match self.fields.get(path) {
            None | Some(Content::Null) => &[],
            Some(Content::StrList(list)) => list,
            Some(other) => panic!("`{path}` is no list of str but {other:?}"),
        }
    }

    /// This alert, and every one that has one or two of these fields instead: enough to see each cut
    /// at its limits, and whether one hides another.
    pub fn varied(&self, choices: &[(&str, Content)]) -> impl Iterator<Item = Alert> {
        let with = |alert: &Alert, (path, content): &(&str, Content)| {
            alert.clone().with(path, content.clone())
        };
        let singles = choices.iter().map(move |choice| with(self, choice));
        let pairs = choices.iter().enumerate().flat_map(move |(i, first)| {
            let once = with(self, first);
            let others = choices[i + 1..].iter();
            others
                .filter(move |second| second.0 != first.0)
                .map(move |second| with(&once, second))
        });
        core::iter::once(self.clone()).chain(singles).chain(pairs)
    }

    /// A typing error in a path or name would otherwise make a test that proves nothing.
    fn check(&self, manifest: &Manifest, fields: &[Field]) {
        for path in self.fields.keys() {
            assert!(
                fields.iter().any(|field| field.path == path),
                "`{}` does not read a field `{path}`",
                manifest.name
            );
        }
        for name in self.params.keys() {
            assert!(
                manifest.params.iter().any(|param| param.name == name),
                "`{}` has no parameter `{name}`",
                manifest.name
            );
        }
    }
}

/// What a filter said of an alert.
#[derive(Clone, Debug)]
pub struct Outcome {
    decision: Decision,
    cuts: Vec<&'static str>,
    routes: Vec<&'static str>,
    values: BTreeMap<&'static str, Content>,
    late: bool,
}

impl Outcome {
    pub fn passed(&self) -> bool {
        self.decision.is_ok()
    }

    /// The first cut that failed.
    pub fn failed_cut(&self) -> Option<&'static str> {
        match self.decision {
            Err(Stop::Cut(number)) => Some(self.cuts[usize::from(number)]),
            _ => None,
        }
    }

    /// The routes on which the alert goes on, by name.
    pub fn routes(&self) -> Vec<&'static str> {
        let routes = self.decision.unwrap_or(Routes::nth(31));
        let passed = self.decision.is_ok();
        let names = self.routes.iter().enumerate();
        names
            .filter(|(n, _)| passed && routes.contains(*n as u32))
            .map(|(_, name)| *name)
            .collect()
    }

    /// A value that the filter wrote.
    ///
    /// # Panics
    /// Where no value of this name is declared.
    pub fn value(&self, name: &str) -> &Content {
        match self.values.get(name) {
            Some(value) => value,
            None => panic!("the filter declares no value `{name}`"),
        }
    }

    /// A floating-point value that the filter wrote; NaN where it wrote none.
    ///
    /// # Panics
    /// Where no such value is declared.
    pub fn f64(&self, name: &str) -> f64 {
        match self.value(name) {
            Content::F64(value) => *value,
            other => panic!("the value `{name}` is no f64 but {other:?}"),
        }
    }

    /// Whether the filter asked for the late fields.
    pub fn asked_for_late_fields(&self) -> bool {
        self.late
    }
}

/// Runs a filter as the host does: without the late fields first, and once more with them if asked.
///
/// # Panics
/// Where the alert has a field or parameter that the filter does not declare, or one of another
/// type, or where the filter asks for the late fields although it has them.
pub fn evaluate<F: Filter>(alert: &Alert) -> Outcome {
    let manifest = F::MANIFEST;
    let fields: Vec<Field> = manifest
        .fields
        .iter()
        .chain(manifest.late)
        .copied()
        .collect();
    alert.check(&manifest, &fields);
    let shape = filter_shape(&manifest);
    let params = parameters::<F::Params<'static>>(alert);
    let make = |late: bool| {
        let given = if late {
            fields.len()
        } else {
            manifest.fields.len()
        };
        build(alert, &fields, given, shape, &params, late)
    };
    let mut words = make(false);
    let late = run_filter::<F>(&mut words.clone(), ADDRESS) == crate::encode(Err(Stop::NeedLate));
    if late {
        words = make(true);
        let verdict = run_filter::<F>(&mut words.clone(), ADDRESS);
        assert_ne!(
            verdict,
            crate::encode(Err(Stop::NeedLate)),
            "the filter asks for the late fields again"
        );
    }
    let (record, _) = Record::split(&mut words, ADDRESS, shape);
    let (decision, values) = decide::<F>(record);
    Outcome {
        decision,
        cuts: manifest.cuts.iter().map(|cut| cut.name).collect(),
        routes: manifest.routes.to_vec(),
        values: shown(&manifest, &values),
        late,
    }
}

/// Runs a mapping: the delivery as JSON, or `None` where there is nothing to deliver.
///
/// # Panics
/// Where the alert has a field or parameter that the mapping does not declare, or one of another
/// type.
pub fn deliver<M: Mapping>(alert: &Alert) -> Option<String> {
    let manifest = M::MANIFEST;
    alert.check(&manifest, manifest.map_fields);
    let shape = mapping_shape(&manifest);
    let params = parameters::<M::Params<'static>>(alert);
    let given = manifest.map_fields.len();
    let mut words = build(alert, manifest.map_fields, given, shape, &params, false);
    let delivery = run_mapping::<M>(&mut words, ADDRESS)?;
    Some(text(|out| delivery.write(out)))
}

/// A module's manifest as the host reads it.
pub fn manifest_json(manifest: &Manifest) -> String {
    text(|out| manifest.write(out))
}

fn text(write: impl Fn(&mut Writer<'_>)) -> String {
    let mut measure = Writer::new(&mut []);
    write(&mut measure);
    let mut bytes = vec![0; measure.len()];
    write(&mut Writer::new(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

fn shown<'a>(manifest: &Manifest, values: &impl Values<'a>) -> BTreeMap<&'static str, Content> {
    let mut names = manifest.values.iter().map(|value| value.name);
    let mut shown = BTreeMap::new();
    values.each(|_, value| {
        if let Some(name) = names.next() {
            shown.insert(name, Content::from(value));
        }
    });
    shown
}

fn parameters<P: Params<'static>>(alert: &Alert) -> Vec<(Type, Content)> {
    let mut declared = P::PARAMS.iter();
    let mut params = Vec::new();
    P::defaults(&mut |default| {
        if let Some(param) = declared.next() {
            let set = alert.params.get(param.name).cloned();
            params.push((param.ty, set.unwrap_or(Content::from(default))));
        }
    });
    params
}

#[cfg(test)]
mod tests;
