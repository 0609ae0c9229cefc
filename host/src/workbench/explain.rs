//! One alert in full: what the module read, where it stopped, what it says.

use std::fmt;

use serde::Serialize;

use super::bench::{Bench, Ruling, Said, Skipped};
use super::report::words;
use super::text;
use crate::engine::Delivery;
use crate::source::Message;

/// Everything that can be said of one ruling.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// Name and version of the module, and the beginning of its hash.
    pub module: String,
    pub object_id: String,
    pub alert_id: i64,
    /// MJD UTC.
    pub mjd: f64,
    pub place: String,
    pub fields: Vec<ShownField>,
    /// In the manifest's order; those behind the first that failed were not reached.
    pub cuts: Vec<ShownCut>,
    pub values: Vec<(String, String)>,
    pub verdict: String,
    pub delivery: Option<Delivery>,
    pub fuel: u64,
    /// Whether the module could judge: neither a fault nor a misfit.
    pub judged: bool,
}

/// A field as the module saw it.
#[derive(Debug, Serialize)]
pub struct ShownField {
    pub path: String,
    pub value: String,
}

/// A cut and how the alert did.
#[derive(Debug, Serialize)]
pub struct ShownCut {
    pub name: String,
    /// `None` = not reached.
    pub passed: Option<bool>,
    /// `candidate.drb = 0.42, min_drb = 0.5`; empty where the cut names nothing.
    pub because: String,
}

/// Judges one alert and tells all of it.
///
/// # Errors
/// Where the message is no alert that the module takes.
pub fn explain(bench: &mut Bench, message: &Message) -> Result<Explanation, Skipped> {
    let ruling = bench.judge(message, true)?;
    let fields = shown_fields(bench, &ruling);
    let cuts = shown_cuts(bench, &ruling, &fields);
    let module = bench.module();
    let manifest = module.manifest();
    let unit_of = |name: &str| {
        let spec = manifest.values.iter().find(|spec| spec.name == name);
        spec.and_then(|spec| spec.unit.clone()).unwrap_or_default()
    };
    let values = ruling.values.iter().map(|(name, value)| {
        let shown = format!("{} {}", text::value(value), unit_of(name));
        (name.clone(), shown.trim_end().to_owned())
    });
    Ok(Explanation {
        module: format!("{} {} ({})", manifest.name, manifest.version, module.hash()),
        object_id: ruling.head.object_id.to_string(),
        alert_id: ruling.head.alert_id,
        mjd: ruling.head.mjd(),
        place: message.place.to_string(),
        values: values.collect(),
        verdict: words(bench, &ruling.said),
        judged: !matches!(ruling.said, Said::Faulted(..)),
        fuel: ruling.fuel,
        delivery: match ruling.said {
            Said::Delivered(Some(delivery)) => Some(*delivery),
            _ => None,
        },
        fields,
        cuts,
    })
}

fn shown_fields(bench: &Bench, ruling: &Ruling) -> Vec<ShownField> {
    let Some(reading) = bench.reading_of(ruling.head.survey) else {
        return Vec::new();
    };
    let fields = bench.fields().iter().enumerate();
    let shown = fields.map(|(i, field)| {
        let value = match bench.row_of(reading, i, ruling.asked_late) {
            Some((row, place)) => text::field(row, place, field.ty),
            None if field.late && !ruling.asked_late => "late, not asked for".to_owned(),
            None => "null (not in this schema)".to_owned(),
        };
        ShownField {
            path: field.path.clone(),
            value,
        }
    });
    shown.collect()
}

fn shown_cuts(bench: &Bench, ruling: &Ruling, fields: &[ShownField]) -> Vec<ShownCut> {
    let failed = match ruling.said {
        Said::Rejected(cut) => Some(cut),
        Said::Passed(_) => None,
        // Nobody knows how far it came.
        Said::Delivered(_) | Said::Faulted(..) => Some(0),
    };
    let known = matches!(ruling.said, Said::Rejected(_) | Said::Passed(_));
    let params = bench.guest().params();
    let value_of = |name: &String| {
        let field = fields.iter().find(|field| field.path == *name);
        let value = ruling.values.iter().find(|(value, _)| value == name);
        let shown = field.map(|field| field.value.clone());
        let shown = shown.or_else(|| value.map(|(_, value)| text::value(value)));
        Some(format!("{name} = {}", shown?))
    };
    let param_of = |name: &String| Some(format!("{name} = {}", params.get(name)?));
    let cuts = bench.module().manifest().cuts.iter().enumerate();
    let shown = cuts.map(|(number, cut)| {
        let passed = match failed {
            _ if !known => None,
            None => Some(true),
            Some(failed) if number < failed => Some(true),
            Some(failed) if number == failed => Some(false),
            Some(_) => None,
        };
        let value = cut.value.as_ref().and_then(value_of);
        let param = cut.param.as_ref().and_then(param_of);
        let because: Vec<String> = value.into_iter().chain(param).collect();
        ShownCut {
            name: cut.name.clone(),
            passed,
            because: because.join(", "),
        }
    });
    shown.collect()
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "module   {}", self.module)?;
        writeln!(
            f,
            "alert    {} {}, MJD {:.5} ({})",
            self.object_id, self.alert_id, self.mjd, self.place
        )?;
        writeln!(f, "\nfields")?;
        let width = widest(self.fields.iter().map(|field| &*field.path));
        for field in &self.fields {
            writeln!(f, "  {:width$}  {}", field.path, field.value)?;
        }
        self.write_cuts(f)?;
        if !self.values.is_empty() {
            writeln!(f, "\nvalues")?;
            let width = widest(self.values.iter().map(|(name, _)| &**name));
            for (name, value) in &self.values {
                writeln!(f, "  {name:width$}  {value}")?;
            }
        }
        writeln!(f, "\nverdict  {}", self.verdict)?;
        write!(f, "fuel     {}", self.fuel)?;
        if let Some(delivery) = &self.delivery {
            // A delivery came as JSON, so it can be written as JSON.
            let json = serde_json::to_string_pretty(delivery).unwrap_or_default();
            write!(f, "\ndelivery {json}")?;
        }
        Ok(())
    }
}

impl Explanation {
    fn write_cuts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.cuts.is_empty() {
            return Ok(());
        }
        writeln!(f, "\ncuts")?;
        let width = widest(self.cuts.iter().map(|cut| &*cut.name));
        for cut in &self.cuts {
            let mark = match cut.passed {
                Some(true) => "pass",
                Some(false) => "FAIL",
                None => "-",
            };
            // What lies behind the first that failed was never looked at.
            let because = if cut.passed.is_some() {
                &*cut.because
            } else {
                ""
            };
            let line = format!("  {mark:4}  {:width$}  {because}", cut.name);
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}
