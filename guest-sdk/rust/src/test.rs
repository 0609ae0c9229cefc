//! Trying a module in `cargo test`, without a host: an alert is made up by paths, written into a
//! real record, and judged by the same code that runs in WebAssembly.

use std::borrow::ToOwned;
use std::collections::BTreeMap;
use std::string::String;
use std::vec;
use std::vec::Vec;

use crate::Value;
use crate::json::Writer;
use crate::manifest::{Field, Manifest, Type};
use crate::module::{
    Filter, Mapping, Params, Values, decide, filter_shape, mapping_shape, run_filter, run_mapping,
};
use crate::record::{Record, Shape};
use crate::verdict::{Decision, Routes, Stop};

/// Where a made-up record claims to stand in memory.
const ADDRESS: u32 = 0x2_0000;
const FLAG_LATE: u64 = 1 << 1;

/// What a field or parameter of a made-up alert holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Null,
    F64(f64),
    I64(i64),
    Bool(bool),
    Str(String),
    Bytes(Vec<u8>),
    F64List(Vec<f64>),
    I64List(Vec<i64>),
    BoolList(Vec<Option<bool>>),
    StrList(Vec<Option<String>>),
}

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

/// Writes a record as the host does; fields from `given` on are not handed over.
fn build(
    alert: &Alert,
    fields: &[Field],
    given: usize,
    shape: Shape,
    params: &[(Type, Content)],
    late: bool,
) -> Vec<u64> {
    let mut words = vec![0; shape.words()];
    words[0] = if late { FLAG_LATE } else { 0 };
    for (i, field) in fields.iter().enumerate() {
        let content = alert.fields.get(field.path).filter(|_| i < given);
        let content = content.unwrap_or(&Content::Null);
        if *content != Content::Null {
            words[2 + i / 64] |= 1 << (i % 64);
        }
        let word = put(&mut words, field.ty, content, field.path);
        words[shape.first_field() + i] = word;
    }
    for (i, (ty, content)) in params.iter().enumerate() {
        let word = put(&mut words, *ty, content, "a parameter");
        words[shape.first_param() + i] = word;
    }
    words[1] = words.len() as u64 * 8;
    words
}

/// The word for a content, after what it points to was put at the end.
fn put(words: &mut Vec<u64>, ty: Type, content: &Content, name: &str) -> u64 {
    match (ty, content) {
        (_, Content::Null) => ty.null_word(),
        (Type::F64, Content::F64(value)) => value.to_bits(),
        (Type::I64, Content::I64(value)) => *value as u64,
        (Type::Bool, Content::Bool(value)) => u64::from(*value),
        (Type::Str, Content::Str(text)) => put_bytes(words, text.as_bytes()),
        (Type::Bytes, Content::Bytes(bytes)) => put_bytes(words, bytes),
        (Type::F64List, Content::F64List(list)) => {
            put_list(words, list.iter().map(|v| v.to_bits()))
        }
        (Type::I64List, Content::I64List(list)) => put_list(words, list.iter().map(|v| *v as u64)),
        (Type::BoolList, Content::BoolList(list)) => {
            put_list(words, list.iter().map(|v| v.map_or(2, u64::from)))
        }
        (Type::StrList, Content::StrList(list)) => {
            let texts: Vec<u64> = list
                .iter()
                .map(|text| {
                    text.as_ref()
                        .map_or(0, |text| put_bytes(words, text.as_bytes()))
                })
                .collect();
            put_list(words, texts)
        }
        (ty, content) => panic!("{name} is declared as {}, not {content:?}", ty.name()),
    }
}

fn put_bytes(words: &mut Vec<u64>, bytes: &[u8]) -> u64 {
    let address = ADDRESS as usize + words.len() * 8;
    words.extend(bytes.chunks(8).map(|chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        u64::from_le_bytes(word)
    }));
    (bytes.len() as u64) << 32 | address as u64
}

fn put_list(words: &mut Vec<u64>, list: impl IntoIterator<Item = u64>) -> u64 {
    let start = words.len();
    words.extend(list);
    let len = words.len() - start;
    (len as u64) << 32 | (ADDRESS as usize + start * 8) as u64
}

impl From<Value<'_>> for Content {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Null => Content::Null,
            Value::F64(value) => Content::F64(value),
            Value::I64(value) => Content::I64(value),
            Value::Bool(value) => Content::Bool(value),
            Value::Str(text) => Content::Str(text.to_owned()),
        }
    }
}

macro_rules! content {
    ($($type:ty => |$value:ident| $content:expr;)*) => {
        $(impl From<$type> for Content {
            fn from($value: $type) -> Self {
                $content
            }
        })*
    };
}

content! {
    f64 => |value| Content::F64(value);
    i64 => |value| Content::I64(value);
    i32 => |value| Content::I64(value.into());
    bool => |value| Content::Bool(value);
    &str => |value| Content::Str(value.to_owned());
    &[u8] => |value| Content::Bytes(value.to_owned());
    Vec<f64> => |value| Content::F64List(value);
    Vec<i64> => |value| Content::I64List(value);
    Vec<Option<bool>> => |value| Content::BoolList(value);
    Vec<Option<&str>> => |value| {
        Content::StrList(value.into_iter().map(|text| text.map(str::to_owned)).collect())
    };
}

impl<const N: usize> From<[f64; N]> for Content {
    fn from(value: [f64; N]) -> Self {
        Content::F64List(value.to_vec())
    }
}

impl<const N: usize> From<[i64; N]> for Content {
    fn from(value: [i64; N]) -> Self {
        Content::I64List(value.to_vec())
    }
}

impl<const N: usize> From<[&str; N]> for Content {
    fn from(value: [&str; N]) -> Self {
        Content::StrList(value.iter().map(|text| Some((*text).to_owned())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Field;

    /// The bytes that the contract's page shows, one word a row.
    fn documented_words() -> Vec<u64> {
        let page = include_str!("../../../docs/abi.md");
        let rows = page.lines().filter(|line| line.starts_with("| 0x"));
        rows.map(|row| {
            let bytes = row.split('`').nth(1).unwrap().split(' ');
            let bytes: Vec<u8> = bytes
                .map(|hex| u8::from_str_radix(hex, 16).unwrap())
                .collect();
            u64::from_le_bytes(bytes.try_into().unwrap())
        })
        .collect()
    }

    const FIELDS: [Field; 3] = [
        Field::new("rb", "candidate.rb", Type::F64),
        Field::new("simbad", "cdsxmatch", Type::Str),
        Field::new("mags", "prv_candidates[].magpsf", Type::F64List),
    ];
    const SHAPE: Shape = Shape {
        fields: 3,
        values: 1,
        params: 1,
    };

    fn example() -> Alert {
        Alert::new()
            .with("candidate.rb", 0.75)
            .with("cdsxmatch", "Unknown")
            .with("prv_candidates[].magpsf", [f64::NAN, 19.5])
    }

    #[test]
    fn the_documented_record_is_the_one_that_is_built() {
        let params = [(Type::F64, Content::F64(0.5))];
        let mut words = build(&example(), &FIELDS, 3, SHAPE, &params, true);
        words[SHAPE.first_value()] = Type::F64.null_word();
        assert_eq!(words, documented_words());
    }

    #[test]
    fn the_documented_record_is_read() {
        let mut words = documented_words();
        let (record, values) = Record::split(&mut words, ADDRESS, SHAPE);
        let mut fields = record.fields();
        assert_eq!(fields.take::<f64>(), 0.75);
        assert_eq!(fields.take::<Option<&str>>(), Some("Unknown"));
        let mags: &[f64] = fields.take();
        assert!(mags.len() == 2 && mags[0].is_nan() && mags[1] == 19.5);
        assert_eq!(record.params().take::<f64>(), 0.5);
        assert!(values.len() == 1 && f64::from_bits(values[0]).is_nan());
        assert_eq!(
            record.late(2).map(|mut late| late.take::<&[f64]>().len()),
            Ok(2)
        );
    }

    #[test]
    fn late_fields_are_held_back() {
        let mut words = build(&example(), &FIELDS, 2, SHAPE, &[], false);
        assert_eq!(words[2], 0b011);
        let (record, _) = Record::split(&mut words, ADDRESS, SHAPE);
        assert_eq!(record.late(2).err(), Some(Stop::NeedLate));
    }

    crate::filter! {
        /// Every type that a field, parameter and value can have.
        pub struct Echo;
        name: "echo",
        description: "says \"back\"",
        surveys: ["ztf", "lsst"],
        routes: ["main", "urgent", "third"],
        decide: decide,
        fields Everything<'a> {
            number: f64 = "a.number";
            count: Option<i64> = "a.count", optional;
            truth: Option<bool> = "a.truth", optional, survey = "lsst";
            text: Option<&'a str> = "a.text";
            bytes: Option<&'a [u8]> = "a.bytes";
        }
        late Lists<'a> {
            numbers: &'a [f64] = "l[].number";
            counts: &'a [i64] = "l[].count";
            truths: crate::Bools<'a> = "l[].truth";
            texts: crate::Texts<'a> = "l[].text";
        }
        params Options<'a> {
            limit: f64 = -1.5 in -2.0..=2.5, "a limit";
            times: i64 = 3, "how often";
            on: bool = true, "whether";
            word: &'a str = "none", "which";
        }
        values Shown<'a> {
            sum: f64, "", "a sum";
            count: Option<i64>, "", "a count";
            truth: Option<bool>, "", "a truth";
            text: Option<&'a str>, "", "a text";
        }
        cuts {
            "limited" (number, limit);
            "on";
        }
    }

    fn decide<'a>(a: &Everything<'a>, p: &Options<'a>, shown: &mut Shown<'a>) -> Decision {
        crate::cut!("limited", a.number > p.limit)?;
        crate::cut!("on", p.on)?;
        let late = a.late()?;
        shown.sum = a.number + late.numbers.iter().sum::<f64>();
        shown.count = Some(late.counts.iter().sum::<i64>() + p.times + a.count.unwrap_or(0));
        shown.truth = late.truths.iter().next_back().flatten().or(a.truth);
        shown.text = late
            .texts
            .iter()
            .flatten()
            .last()
            .or(a.text)
            .or(Some(p.word));
        match a.bytes {
            Some([1, ..]) => crate::pass!("urgent"),
            Some(_) => crate::pass!("main", "third"),
            None => crate::pass!(),
        }
    }

    #[test]
    fn every_type_arrives() {
        let alert = Alert::new()
            .with("a.number", 0.5)
            .with("a.count", 40)
            .with("a.bytes", &[1, 2, 3][..])
            .with("l[].number", [1.0, 2.0])
            .with("l[].count", [-1, 0])
            .with("l[].truth", vec![Some(false), None, Some(true)])
            .with("l[].text", vec![Some("first, a long one"), Some(""), None]);
        let outcome = evaluate::<Echo>(&alert);
        assert_eq!(outcome.routes(), ["urgent"]);
        assert_eq!(outcome.f64("sum"), 3.5);
        assert_eq!(outcome.value("count"), &Content::I64(42));
        assert_eq!(outcome.value("truth"), &Content::Bool(true));
        assert_eq!(outcome.value("text"), &Content::Str(String::new()));
    }

    #[test]
    fn nulls_arrive_as_nulls_and_defaults_as_defaults() {
        let outcome = evaluate::<Echo>(&Alert::new().with("a.number", 0.0));
        assert_eq!(outcome.routes(), ["main"]);
        assert_eq!(outcome.value("count"), &Content::I64(3));
        assert_eq!(outcome.value("truth"), &Content::Null);
        assert_eq!(outcome.value("text"), &Content::Str("none".to_owned()));
        let rejected = evaluate::<Echo>(&Alert::new().with("a.number", 0.0).param("on", false));
        assert_eq!(rejected.failed_cut(), Some("on"));
        assert!(rejected.f64("sum").is_nan() && !rejected.asked_for_late_fields());
        assert_eq!(
            evaluate::<Echo>(&Alert::new()).failed_cut(),
            Some("limited")
        );
    }

    #[test]
    fn several_routes_are_all_named() {
        let alert = Alert::new().with("a.number", 0.0).with("a.bytes", &[9][..]);
        assert_eq!(evaluate::<Echo>(&alert).routes(), ["main", "third"]);
    }

    #[test]
    #[should_panic(expected = "does not read a field `a.nubmer`")]
    fn a_misspelt_path_is_no_test() {
        evaluate::<Echo>(&Alert::new().with("a.nubmer", 1.0));
    }

    #[test]
    #[should_panic(expected = "declared as f64")]
    fn a_wrong_type_is_no_test() {
        evaluate::<Echo>(&Alert::new().with("a.number", 1));
    }

    #[test]
    fn the_whole_manifest() {
        assert_eq!(
            manifest_json(&Echo::MANIFEST),
            concat!(
                r#"{"abi":1,"name":"echo","version":""#,
                env!("CARGO_PKG_VERSION"),
                r#"","surveys":["ztf","lsst"],"description":"says \"back\"","fields":["#,
                r#"{"path":"a.number","type":"f64"},"#,
                r#"{"path":"a.count","type":"i64","optional":true},"#,
                r#"{"path":"a.truth","type":"bool","optional":true,"survey":"lsst"},"#,
                r#"{"path":"a.text","type":"str"},{"path":"a.bytes","type":"bytes"},"#,
                r#"{"path":"l[].number","type":"list<f64>","late":true},"#,
                r#"{"path":"l[].count","type":"list<i64>","late":true},"#,
                r#"{"path":"l[].truth","type":"list<bool>","late":true},"#,
                r#"{"path":"l[].text","type":"list<str>","late":true}],"map_fields":[],"params":["#,
                r#"{"name":"limit","type":"f64","default":-1.5,"min":-2.0,"max":2.5,"doc":"a limit"},"#,
                r#"{"name":"times","type":"i64","default":3,"doc":"how often"},"#,
                r#"{"name":"on","type":"bool","default":true,"doc":"whether"},"#,
                r#"{"name":"word","type":"str","default":"none","doc":"which"}],"values":["#,
                r#"{"name":"sum","type":"f64","doc":"a sum"},{"name":"count","type":"i64","doc":"a count"},"#,
                r#"{"name":"truth","type":"bool","doc":"a truth"},{"name":"text","type":"str","doc":"a text"}],"#,
                r#""cuts":[{"name":"limited","value":"a.number","param":"limit"},{"name":"on"}],"#,
                r#""routes":["main","urgent","third"]}"#,
            )
        );
        let bytes: [u8; Echo::MANIFEST.json_len()] = const { Echo::MANIFEST.json() };
        assert_eq!(manifest_json(&Echo::MANIFEST).as_bytes(), bytes);
    }
}
