use super::*;
use crate::manifest::Type;
use crate::record::Shape;

/// The bytes that the contract's page shows, one word a row.
fn documented_words() -> Vec<u64> {
    let page = include_str!("../../../../docs/abi.md");
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

crate::fields! {
    /// Where the alert is.
    pub struct Place<'a> {
        ra: f64 = "a.ra";
        dec: f64 = "a.dec";
    }
}

crate::fields! {
    /// What it is called.
    pub struct Name<'a> {
        name: Option<&'a str> = "a.name", optional;
    }
}

mod grouped {
    use super::{Name, Place};
    use crate::prelude::*;

    filter! {
        /// Reads two groups and a field of its own.
        pub struct Grouped;
        name: "grouped",
        description: "reads groups",
        surveys: ["ztf"],
        routes: ["main"],
        decide: decide,
        fields Alert<'a> with place: Place<'a>, called: Name<'a> {
            mag: f64 = "a.mag";
        }
        late History<'a> {
            mags: &'a [f64] = "h[].mag";
        }
        cuts {
            "north" (dec);
            "named" (name);
            "bright" (mag);
            "long";
        }
    }

    fn decide(a: &Alert, _: &(), _: &mut ()) -> Decision {
        cut!("north", a.place.dec > 0.0)?;
        cut!("named", a.called.name == Some("m"))?;
        cut!("bright", a.mag < a.place.ra)?;
        cut!("long", a.late()?.mags.len() == 2)?;
        pass!()
    }
}

#[test]
fn groups_stand_before_a_filters_own_fields() {
    let paths = |fields: &[Field]| fields.iter().map(|field| field.path).collect::<Vec<_>>();
    let manifest = grouped::Grouped::MANIFEST;
    assert_eq!(paths(manifest.fields), ["a.ra", "a.dec", "a.name", "a.mag"]);
    assert_eq!(paths(manifest.late), ["h[].mag"]);
    assert!(manifest.fields[2].optional);
    assert_eq!(manifest.cuts[1].value, Some("a.name"));

    let alert = Alert::new()
        .with("a.ra", 20.0)
        .with("a.dec", 1.0)
        .with("a.name", "m")
        .with("a.mag", 19.0)
        .with("h[].mag", [1.0, 2.0]);
    assert!(evaluate::<grouped::Grouped>(&alert).passed());
    let faint = alert.clone().with("a.mag", 20.0);
    let outcome = evaluate::<grouped::Grouped>(&faint);
    assert_eq!(outcome.failed_cut(), Some("bright"));
    let short = alert.with("h[].mag", [1.0]);
    assert_eq!(
        evaluate::<grouped::Grouped>(&short).failed_cut(),
        Some("long")
    );
}
