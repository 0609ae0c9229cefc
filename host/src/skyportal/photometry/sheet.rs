//! The rows of many alerts in few requests.
//!
//! SkyPortal takes a request whole or not at all. So where it refuses one, the object that it does
//! not know goes out of it, or it is halved until what is at fault stands alone; the others do not
//! wait for that.

use std::collections::{BTreeMap, HashSet, VecDeque};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{PhotometryTally, RefusedPoint, Row};
use crate::skyportal::Portal;
use crate::skyportal::answer::Class;
use crate::skyportal::gather::{Item, Outcomes};
use crate::skyportal::retry::{self, Failure};
use crate::skyportal::transport::Request;

/// SkyPortal takes 10,000 rows in one request, and 1,000 of them cost it 1.5 s.
const MOST_ROWS: usize = 1000;
/// After so many refused rows of one object the fault is not in the rows.
const PATIENCE_FOR_ROWS: usize = 16;

/// Who sees points: a group, and those who read a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Audience {
    pub group_id: i64,
    pub stream_id: i64,
}

/// The light curve of one alert.
pub(crate) struct Sheet {
    pub audience: Audience,
    pub object_id: String,
    pub instrument_id: i64,
    /// With the origin of each.
    pub rows: Vec<(String, Row)>,
}

/// A row on its way.
#[derive(Clone)]
struct Line {
    sheet: usize,
    object_id: String,
    instrument_id: i64,
    origin: String,
    row: Row,
}

/// One round of requests.
struct Round {
    portal: Portal,
    audience: Audience,
    tallies: Vec<PhotometryTally>,
    /// Objects whose points SkyPortal will not have.
    failed: BTreeMap<String, Failure>,
}

#[derive(Deserialize)]
struct Points {
    ids: Vec<i64>,
}

impl Item for Sheet {
    type Outcome = PhotometryTally;

    fn size(&self) -> usize {
        self.rows.len()
    }

    fn all(portal: Portal, sheets: Vec<Sheet>) -> Outcomes<PhotometryTally> {
        Box::pin(put_all(portal, sheets))
    }
}

/// All sheets of a gathering have one audience.
async fn put_all(portal: Portal, sheets: Vec<Sheet>) -> Vec<Result<PhotometryTally, Failure>> {
    let Some(audience) = sheets.first().map(|sheet| sheet.audience) else {
        return Vec::new();
    };
    let objects: Vec<String> = sheets.iter().map(|one| one.object_id.clone()).collect();
    let mut round = Round {
        portal,
        audience,
        tallies: vec![PhotometryTally::default(); sheets.len()],
        failed: BTreeMap::new(),
    };
    let lines = round.unsent(sheets);
    round.send(&lines).await;
    let Round {
        tallies, failed, ..
    } = round;
    let outcome = |(object, tally): (String, PhotometryTally)| match failed.get(&object) {
        Some(failure) => Err(failure.clone()),
        None => Ok(tally),
    };
    objects.into_iter().zip(tallies).map(outcome).collect()
}

impl Round {
    /// Those that stand neither earlier in the list nor in SkyPortal already.
    fn unsent(&mut self, sheets: Vec<Sheet>) -> Vec<Line> {
        let mut memory = self.portal.memory();
        let mut here = HashSet::new();
        let mut lines = Vec::new();
        for (number, sheet) in sheets.into_iter().enumerate() {
            let known = memory.of(&sheet.object_id);
            let sent = known.points.get(&self.audience.key());
            let there = known.there.as_deref().unwrap_or_default();
            for (origin, row) in sheet.rows {
                let key = row.key(&origin);
                let stands = there.iter().any(|point| {
                    point.is(&row, &origin, sheet.instrument_id, self.audience.group_id)
                });
                if stands || sent.is_some_and(|sent| sent.contains(&key)) {
                    self.tallies[number].sent_before += 1;
                } else if here.insert((sheet.object_id.clone(), sheet.instrument_id, key)) {
                    lines.push(Line {
                        sheet: number,
                        object_id: sheet.object_id.clone(),
                        instrument_id: sheet.instrument_id,
                        origin,
                        row,
                    });
                }
            }
        }
        lines
    }

    async fn send(&mut self, lines: &[Line]) {
        let mut waiting: VecDeque<Vec<Line>> =
            lines.chunks(MOST_ROWS).map(<[Line]>::to_vec).collect();
        while let Some(mut lines) = waiting.pop_front() {
            lines.retain(|line| !self.failed.contains_key(&line.object_id));
            if lines.is_empty() {
                continue;
            }
            let request = Request::put("/api/photometry", body(self.audience, &lines))
                .of_group(self.audience.group_id);
            let answer = self.portal.call(&request).await;
            match answer.and_then(|data| check_count(&request, data, lines.len())) {
                Ok(()) => self.remember(&lines),
                Err(failure) => {
                    for part in self.refused(lines, failure).into_iter().rev() {
                        waiting.push_front(part);
                    }
                }
            }
        }
    }

    fn remember(&mut self, lines: &[Line]) {
        let mut memory = self.portal.memory();
        for line in lines {
            let points = &mut memory.of(&line.object_id).points;
            let sent = points.entry(self.audience.key()).or_default();
            sent.insert(line.row.key(&line.origin));
            self.tallies[line.sheet].sent += 1;
        }
    }

    /// What is to be tried instead.
    fn refused(&mut self, lines: Vec<Line>, failure: Failure) -> Vec<Vec<Line>> {
        let one_object = lines
            .iter()
            .all(|line| line.object_id == lines[0].object_id);
        match failure.class {
            Class::ObjectMissing => {
                let is_named = |id: &str| failure.words.ends_with(&format!(" {id}"));
                let named = lines.iter().find(|line| is_named(&line.object_id));
                let named = named.or(one_object.then_some(&lines[0]));
                let Some(named) = named.map(|line| line.object_id.clone()) else {
                    return halves(lines);
                };
                self.failed.insert(named, failure);
                // What is left of them is sent at once: the failed are dropped on the way.
                vec![lines]
            }
            // `Exists` can only be a clash within the request or with one running beside it.
            Class::Permanent | Class::Exists => match lines.as_slice() {
                [line] => {
                    self.refuse(line, failure);
                    Vec::new()
                }
                _ => halves(lines),
            },
            Class::Unknown500 | Class::Misunderstood if !one_object => halves(lines),
            _ => {
                for line in lines {
                    self.failed.insert(line.object_id, failure.clone());
                }
                Vec::new()
            }
        }
    }

    fn refuse(&mut self, line: &Line, failure: Failure) {
        let (object, row) = (&line.object_id, &line.row);
        tracing::warn!(%object, mjd = row.mjd, filter = %row.filter, words = %failure.words, "SkyPortal refused a point");
        let refused = &mut self.tallies[line.sheet].refused;
        refused.push(RefusedPoint {
            mjd: row.mjd,
            filter: row.filter.clone(),
            words: failure.words.clone(),
        });
        if refused.len() >= PATIENCE_FOR_ROWS {
            self.failed.insert(object.clone(), failure);
        }
    }
}

impl Audience {
    fn key(self) -> (i64, i64) {
        (self.group_id, self.stream_id)
    }
}

fn halves(mut lines: Vec<Line>) -> Vec<Vec<Line>> {
    let second = lines.split_off(lines.len() / 2);
    vec![lines, second]
}

fn body(audience: Audience, lines: &[Line]) -> Value {
    let column = |value: fn(&Line) -> Value| lines.iter().map(value).collect::<Vec<Value>>();
    json!({
        "obj_id": column(|line| json!(line.object_id)),
        "instrument_id": column(|line| json!(line.instrument_id)),
        "group_ids": [audience.group_id],
        "stream_ids": [audience.stream_id],
        "origin": column(|line| json!(line.origin)),
        "magsys": "ab",
        "zp": 23.9,
        "mjd": column(|line| json!(line.row.mjd)),
        "filter": column(|line| json!(line.row.filter)),
        "flux": column(|line| json!(line.row.flux)),
        "fluxerr": column(|line| json!(line.row.flux_err)),
        "ra": column(|line| json!(line.row.position.map(|(ra, _)| ra))),
        "dec": column(|line| json!(line.row.position.map(|(_, dec)| dec))),
        // A list: given as one dictionary, whole numbers lose digits beside a null.
        "altdata": column(|line| line.row.altdata.clone()),
    })
}

fn check_count(request: &Request, data: Value, rows: usize) -> Result<(), Failure> {
    let points: Points = retry::read(request, data)?;
    if points.ids.len() == rows {
        return Ok(());
    }
    let words = format!("{} points for {rows} rows", points.ids.len());
    Err(Failure::new(request, Class::Misunderstood, &words))
}
