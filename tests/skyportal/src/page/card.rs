//! One object on a card.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;

use super::curve;
use super::escaped;
use crate::state::{Point, Rows, Thumbnail};

/// How many numbers of the annotations fit on a card.
const SHOWN_VALUES: usize = 6;

/// The card of an object; nothing for one that is not there.
pub fn card(rows: &Rows, obj_id: &str) -> String {
    let Some(obj) = rows.objs.get(obj_id) else {
        return String::new();
    };
    let points = rows.photometry_of(obj_id);
    let mut out = String::from("<article class=\"card\">\n");
    out += &heading(rows, obj_id);
    writeln!(
        out,
        "<p class=\"chips\">{}{}</p>",
        filters(rows, obj_id),
        classes(rows, obj_id)
    )
    .ok();
    let sign = if obj.dec < 0.0 { '\u{2212}' } else { '+' };
    let (ra, dec) = (obj.ra, obj.dec.abs());
    writeln!(
        out,
        "<p class=\"where\"><span>RA {ra:.5}°</span> <span>Dec {sign}{dec:.5}°</span>{}</p>",
        latest(&points)
    )
    .ok();
    out += &curve::curve(obj_id, &points);
    out += &cutouts(&rows.thumbnails_of(obj_id));
    out += &numbers(rows, obj_id);
    out += "</article>\n";
    out
}

fn heading(rows: &Rows, obj_id: &str) -> String {
    let saved: Vec<String> = rows
        .sources_of(obj_id)
        .iter()
        .filter(|source| source.active)
        .filter_map(|source| rows.groups.get(&source.group_id))
        .map(|group| escaped(&group.name))
        .collect();
    let saved = match saved.is_empty() {
        true => String::new(),
        false => format!(
            "<span class=\"saved\" title=\"saved to {}\">★ saved</span>",
            saved.join(", ")
        ),
    };
    let passed = rows
        .candidates_of(obj_id)
        .iter()
        .map(|candidate| candidate.passed_at)
        .max();
    let passed = passed.map_or(String::new(), |passed| {
        let text = passed.to_string();
        format!(
            "<time datetime=\"{text}Z\">{} UTC</time>",
            text[..16].replace('T', " ")
        )
    });
    format!(
        "<header><h2>{}</h2>{saved}{passed}</header>\n",
        escaped(obj_id)
    )
}

fn filters(rows: &Rows, obj_id: &str) -> String {
    let ids: BTreeSet<i64> = rows
        .candidates_of(obj_id)
        .iter()
        .map(|candidate| candidate.filter_id)
        .collect();
    let chips = ids
        .iter()
        .filter_map(|id| rows.filters.get(id))
        .map(|filter| {
            let group = rows
                .groups
                .get(&filter.group_id)
                .map_or("?", |group| &group.name);
            format!(
                "<span class=\"chip\"><b>{}</b> {}</span>",
                escaped(group),
                escaped(&filter.name)
            )
        });
    chips.collect()
}

fn classes(rows: &Rows, obj_id: &str) -> String {
    let mut seen = BTreeSet::new();
    let newest_first = rows.classifications_of(obj_id).into_iter().rev();
    let chips = newest_first
        .filter(|row| seen.insert(row.classification.clone()))
        .map(|row| {
            let probability = row
                .probability
                .map_or(String::new(), |p| format!(" <i>{:.0} %</i>", p * 100.0));
            format!(
                "<span class=\"chip class\">{}{probability}</span>",
                escaped(&row.classification)
            )
        });
    chips.collect()
}

/// The last detection of three sigma or more in a few words.
fn latest(points: &[&Point]) -> String {
    let detected = |point: &&&Point| point.flux.is_some_and(|flux| flux >= 3.0 * point.fluxerr);
    let seen = points
        .iter()
        .rev()
        .find(detected)
        .and_then(|point| Some((point, point.flux?)));
    let Some((point, flux)) = seen else {
        return String::new();
    };
    let magnitude = 23.9 - 2.5 * flux.log10();
    let error = 2.5 / 10_f64.ln() * point.fluxerr / flux;
    format!(
        "<span class=\"last\" title=\"last detection\">{} {magnitude:.2} ± {error:.2}</span>",
        escaped(&point.filter)
    )
}

/// The newest image of each kind, in the order in which they are read.
fn cutouts(thumbnails: &[&Thumbnail]) -> String {
    let names = [
        ("new", "science"),
        ("ref", "template"),
        ("sub", "difference"),
    ];
    let found = names.iter().filter_map(|(kind, name)| {
        let newest = thumbnails.iter().rfind(|thumbnail| thumbnail.kind == *kind)?;
        let id = newest.id;
        Some(format!(
            "<figure><img src=\"/page/thumbnail/{id}\" alt=\"{name} cutout\" width=\"84\" height=\"84\">\
             <figcaption>{name}</figcaption></figure>"
        ))
    });
    let found: String = found.collect();
    if found.is_empty() {
        found
    } else {
        format!("<div class=\"cutouts\">{found}</div>\n")
    }
}

fn numbers(rows: &Rows, obj_id: &str) -> String {
    let annotations = rows.annotations_of(obj_id);
    let values = annotations
        .iter()
        .filter_map(|annotation| annotation.data.as_object())
        .flatten();
    let shown = values
        .filter_map(|(name, value)| Some((name, short(value)?)))
        .take(SHOWN_VALUES);
    let entries = shown.map(|(name, value)| {
        let (name, value) = (escaped(name), escaped(&value));
        format!("<div><dt title=\"{name}\">{name}</dt><dd title=\"{value}\">{value}</dd></div>")
    });
    let entries: String = entries.collect();
    if entries.is_empty() {
        entries
    } else {
        format!("<dl class=\"values\">{entries}</dl>\n")
    }
}

fn short(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) if number.is_f64() => {
            number.as_f64().map(|number| match number.abs() {
                0.0 => "0".into(),
                size if (0.001..1e6).contains(&size) => {
                    let text = format!("{number:.4}");
                    text.trim_end_matches('0').trim_end_matches('.').to_owned()
                }
                _ => format!("{number:.3e}"),
            })
        }
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
