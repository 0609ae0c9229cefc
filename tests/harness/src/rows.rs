//! What a person sees in SkyPortal, in a form that can be compared with what should be there.

use std::collections::{BTreeMap, BTreeSet};

use stand_in_skyportal::Rows;

/// Relative; the expectation is computed with other functions than the product's.
const TOLERANCE: f64 = 1e-12;

/// All rows that a delivery makes. A row that is there twice is there twice here too.
#[derive(Clone, Debug, Default)]
pub struct Science {
    pub candidates: Vec<Candidate>,
    /// Object and group.
    pub sources: BTreeSet<(String, String)>,
    pub points: Vec<Point>,
    pub classes: Vec<Class>,
    /// Object and origin (group and filter), with the alert's own numbers.
    pub annotations: BTreeMap<(String, String), serde_json::Value>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    pub object: String,
    pub group: String,
    pub filter: String,
    /// Microseconds since 1970, UTC.
    pub passed_at: i64,
    pub alert: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class {
    pub object: String,
    pub group: String,
    pub class: String,
    /// In millionths, so that it can be sorted; -1 if there is none.
    pub probability: i64,
}

#[derive(Clone, Debug)]
pub struct Point {
    pub object: String,
    pub origin: String,
    /// `ztfg`
    pub filter: String,
    /// UTC, days.
    pub mjd: f64,
    /// µJy; none for a limit.
    pub flux: Option<f64>,
    /// µJy.
    pub flux_err: f64,
    /// The survey's own id of the measurement.
    pub id: Option<i64>,
    /// Those that were named, not the account's own.
    pub groups: BTreeSet<String>,
    pub streams: BTreeSet<String>,
}

impl Science {
    /// The rows of a stand-in.
    pub fn of(rows: &Rows) -> Self {
        let group = |id: &i64| rows.groups[id].name.clone();
        let candidates = rows.candidates.values().map(|row| {
            let filter = &rows.filters[&row.filter_id];
            Candidate {
                object: row.obj_id.clone(),
                group: group(&filter.group_id),
                filter: filter.name.clone(),
                passed_at: row.passed_at.0,
                alert: row.passing_alert_id.unwrap_or_default(),
            }
        });
        let sources = rows.sources.values().filter(|row| row.active);
        let named = |ids: &BTreeSet<i64>| {
            let shared = ids.iter().filter(|id| !rows.groups[id].single_user_group);
            shared.map(group).collect::<BTreeSet<String>>()
        };
        let points = rows.photometry.values().map(|row| Point {
            object: row.obj_id.clone(),
            origin: row.origin.clone(),
            filter: row.filter.clone(),
            mjd: row.mjd,
            flux: row.flux,
            flux_err: row.fluxerr,
            id: row
                .altdata
                .as_object()
                .and_then(|altdata| altdata.values().find_map(serde_json::Value::as_i64)),
            groups: named(&row.group_ids),
            streams: row
                .stream_ids
                .iter()
                .map(|id| rows.streams[id].name.clone())
                .collect(),
        });
        let classes = rows.classifications.values().map(|row| Class {
            object: row.obj_id.clone(),
            group: named(&row.group_ids)
                .into_iter()
                .collect::<Vec<_>>()
                .join("+"),
            class: row.classification.clone(),
            probability: millionths(row.probability),
        });
        let annotations = rows.annotations.values();
        Science {
            candidates: candidates.collect(),
            sources: sources
                .map(|row| (row.obj_id.clone(), group(&row.group_id)))
                .collect(),
            points: points.collect(),
            classes: classes.collect(),
            annotations: annotations
                .map(|row| ((row.obj_id.clone(), row.origin.clone()), row.data.clone()))
                .collect(),
        }
    }

    /// Whether anything of the kind is there at all.
    pub fn is_rich(&self) -> bool {
        let limit = |point: &Point| point.flux.is_none();
        let negative = |point: &Point| point.flux.is_some_and(|flux| flux < 0.0);
        !self.candidates.is_empty()
            && !self.sources.is_empty()
            && !self.classes.is_empty()
            && self.points.iter().any(limit)
            && self.points.iter().any(negative)
            && self.points.iter().any(|p| p.filter.starts_with("ztf"))
            && self.points.iter().any(|p| p.origin.contains("forced"))
    }

    /// Everything in which the rows differ from these, in words; nothing where they are the same,
    /// row for row.
    pub fn differences(&self, found: &Science) -> Vec<String> {
        let mut said = self.differences_but_classes(found);
        multiset("classification", &self.classes, &found.classes, &mut said);
        said
    }

    /// Classifications left aside.
    pub fn differences_but_classes(&self, found: &Science) -> Vec<String> {
        let mut said = Vec::new();
        multiset("candidate", &self.candidates, &found.candidates, &mut said);
        let sources = |science: &Science| science.sources.iter().cloned().collect::<Vec<_>>();
        multiset("source", &sources(self), &sources(found), &mut said);
        points(&self.points, &found.points, &mut said);
        said
    }
}

/// In millionths; -1 if there is none.
pub fn millionths(probability: Option<f64>) -> i64 {
    probability.map_or(-1, |value| (value * 1e6).round() as i64)
}

fn multiset<T: Ord + Clone + std::fmt::Debug>(
    what: &str,
    expected: &[T],
    found: &[T],
    said: &mut Vec<String>,
) {
    let count = |rows: &[T]| {
        let mut counts = BTreeMap::<T, i64>::new();
        for row in rows {
            *counts.entry(row.clone()).or_default() += 1;
        }
        counts
    };
    let (expected, found) = (count(expected), count(found));
    let all: BTreeSet<&T> = expected.keys().chain(found.keys()).collect();
    for row in all {
        let times = |counts: &BTreeMap<T, i64>| counts.get(row).copied().unwrap_or(0);
        let (wanted, there) = (times(&expected), times(&found));
        if wanted != there {
            said.push(format!("{what} {row:?}: {there} times, not {wanted}"));
        }
    }
}

fn points(expected: &[Point], found: &[Point], said: &mut Vec<String>) {
    let sorted = |points: &[Point]| {
        let mut points = points.to_vec();
        points.sort_by(|a, b| {
            (&a.object, &a.origin, &a.filter, a.id)
                .cmp(&(&b.object, &b.origin, &b.filter, b.id))
                .then(a.mjd.total_cmp(&b.mjd))
                .then(a.flux_err.total_cmp(&b.flux_err))
        });
        points
    };
    let (expected, found) = (sorted(expected), sorted(found));
    if expected.len() != found.len() {
        said.push(format!("{} points, not {}", found.len(), expected.len()));
    }
    for (wanted, there) in expected.iter().zip(&found) {
        if !wanted.is(there) {
            said.push(format!("point {there:?}, not {wanted:?}"));
            // What follows is shifted.
            return;
        }
    }
}

impl Point {
    fn is(&self, other: &Point) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() <= TOLERANCE * a.abs().max(b.abs());
        let fluxes = match (self.flux, other.flux) {
            (Some(a), Some(b)) => near(a, b),
            (None, None) => true,
            _ => false,
        };
        fluxes
            && near(self.flux_err, other.flux_err)
            // Part of SkyPortal's key, and nothing but a subtraction: to the bit.
            && self.mjd.to_bits() == other.mjd.to_bits()
            && (&self.object, &self.origin, &self.filter, self.id)
                == (&other.object, &other.origin, &other.filter, other.id)
            && (&self.groups, &self.streams) == (&other.groups, &other.streams)
    }
}
