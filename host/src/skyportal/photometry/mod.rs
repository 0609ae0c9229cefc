//! The light curve, in flux space: µJy AB.
//!
//! SkyPortal knows a point again by (object, instrument, origin, MJD, flux error, flux), as exact
//! `f64`, and takes a request whole or not at all. So rows are checked and made distinct here, the
//! same measurement always goes out with the same bits and the same origin, and where a request is
//! refused it is halved until the row that is at fault stands alone.

mod row;
mod there;

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::Portal;
use super::answer::Class;
use super::order::Order;
use super::retry::{self, Failure};
use super::setup::{Ids, Instrument};
use super::transport::Request;
use crate::alert::LightCurve;

pub(crate) use row::Row;
use row::Unfit;
pub(super) use there::read;

/// Rows in one request; SkyPortal takes 10,000, and 1,000 of them cost it 1.5 s.
const BATCH: usize = 1000;
/// After so many refused rows of one light curve the fault is not in the rows.
const PATIENCE_FOR_ROWS: usize = 16;

/// What became of a light curve's points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PhotometryTally {
    /// Sent now; SkyPortal may have had some of them before.
    pub sent: usize,
    /// Sent before for the same group and stream, by us or by the Python bridge, so not again.
    pub sent_before: usize,
    /// Without a time, a flux or an error that SkyPortal could hold.
    pub unfit: usize,
    /// By filter: left out since SkyPortal's instrument lacks it.
    pub unknown_filter: BTreeMap<String, usize>,
    /// Refused by SkyPortal one by one.
    pub refused: Vec<RefusedPoint>,
}

/// A point that SkyPortal refused.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedPoint {
    /// UTC, days.
    pub mjd: f64,
    pub filter: String,
    /// The server's words.
    pub words: String,
}

/// What every request of one order has in common.
struct Frame<'a> {
    order: &'a Order,
    ids: &'a Ids,
    instrument: &'a Instrument,
}

#[derive(Deserialize)]
struct Points {
    ids: Vec<i64>,
}

pub(super) async fn put(
    portal: &Portal,
    order: &Order,
    ids: &Ids,
) -> Result<PhotometryTally, Failure> {
    let mut tally = PhotometryTally::default();
    let Some(light_curve) = &order.light_curve else {
        return Ok(tally);
    };
    let instrument = ids.site.instrument(order.survey).map_err(|problem| {
        Failure::new(
            "PUT /api/photometry",
            Class::ConfigurationChanged,
            &problem.to_string(),
        )
    })?;
    let frame = Frame {
        order,
        ids,
        instrument,
    };
    learn(portal, order, ids).await?;
    let origins = &portal.config().origin;
    let mut by_origin: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    for row in fit_rows(&frame, light_curve, &mut tally) {
        let origin = if row.forced {
            &origins.forced
        } else {
            &origins.detections
        };
        by_origin.entry(origin).or_default().push(row);
    }
    warn_of_unknown_filters(portal, &frame, &tally);
    for (origin, rows) in by_origin {
        let rows = unsent(portal, &frame, origin, rows, &mut tally);
        for batch in rows.chunks(BATCH) {
            put_batch(portal, &frame, origin, batch, &mut tally).await?;
        }
    }
    Ok(tally)
}

/// Reads what stands there of an object that SkyPortal had before us.
async fn learn(portal: &Portal, order: &Order, ids: &Ids) -> Result<(), Failure> {
    if portal.memory().of(&order.object_id).there.is_some() {
        return Ok(());
    }
    let there = read(portal, order, ids).await?;
    portal.memory().of(&order.object_id).there = Some(there);
    Ok(())
}

fn fit_rows(frame: &Frame<'_>, light_curve: &LightCurve, tally: &mut PhotometryTally) -> Vec<Row> {
    let mut rows = Vec::with_capacity(light_curve.points.len());
    for point in &light_curve.points {
        match Row::of(frame.order, frame.instrument, point) {
            Ok(row) => rows.push(row),
            Err(Unfit::Numbers) => tally.unfit += 1,
            Err(Unfit::Filter(name)) => *tally.unknown_filter.entry(name).or_default() += 1,
        }
    }
    rows
}

fn warn_of_unknown_filters(portal: &Portal, frame: &Frame<'_>, tally: &PhotometryTally) {
    for filter in tally.unknown_filter.keys() {
        if portal.first_time(&format!("{}/{filter}", frame.instrument.id)) {
            tracing::warn!(
                %filter,
                survey = %frame.order.survey,
                instrument_id = frame.instrument.id,
                "SkyPortal's instrument lacks this filter: its points are left out until somebody adds it there"
            );
        }
    }
}

/// Those that stand neither earlier in the list nor in SkyPortal already.
fn unsent(
    portal: &Portal,
    frame: &Frame<'_>,
    origin: &str,
    rows: Vec<Row>,
    tally: &mut PhotometryTally,
) -> Vec<Row> {
    let mut memory = portal.memory();
    let known = memory.of(&frame.order.object_id);
    let sent = known.points.get(&frame.audience());
    let there = known.there.as_deref().unwrap_or_default();
    let (instrument_id, group_id) = (frame.instrument.id, frame.ids.group_id);
    let stands = |row: &Row| {
        let mut there = there.iter();
        there.any(|point| point.is(row, origin, instrument_id, group_id))
    };
    let mut here = HashSet::new();
    let mut distinct = Vec::with_capacity(rows.len());
    for row in rows {
        let key = row.key(origin);
        if sent.is_some_and(|sent| sent.contains(&key)) || stands(&row) {
            tally.sent_before += 1;
        } else if here.insert(key) {
            distinct.push(row);
        }
    }
    distinct
}

/// Sends a batch; halves it where SkyPortal refuses it, down to the rows that it will not have.
async fn put_batch(
    portal: &Portal,
    frame: &Frame<'_>,
    origin: &str,
    batch: &[Row],
    tally: &mut PhotometryTally,
) -> Result<(), Failure> {
    let mut waiting = vec![batch];
    while let Some(rows) = waiting.pop() {
        let request = Request::put("/api/photometry", body(frame, origin, rows));
        let failure = match portal.call(&request).await {
            Ok(data) => {
                check_count(&request, data, rows.len())?;
                frame.remember(portal, origin, rows);
                tally.sent += rows.len();
                continue;
            }
            Err(failure) => failure,
        };
        // `Exists` can only be a clash within the request or with one running beside it.
        if !matches!(failure.class, Class::Permanent | Class::Exists) {
            return Err(failure);
        }
        match rows {
            [row] => {
                tally.refuse(row, &failure);
                if tally.refused.len() >= PATIENCE_FOR_ROWS {
                    return Err(failure);
                }
            }
            rows => {
                let (first, second) = rows.split_at(rows.len() / 2);
                waiting.extend([second, first]);
            }
        }
    }
    Ok(())
}

impl PhotometryTally {
    fn refuse(&mut self, row: &Row, failure: &Failure) {
        tracing::warn!(mjd = row.mjd, filter = %row.filter, words = %failure.words, "SkyPortal refused a point");
        self.refused.push(RefusedPoint {
            mjd: row.mjd,
            filter: row.filter.clone(),
            words: failure.words.clone(),
        });
    }
}

impl Frame<'_> {
    /// Who sees the points.
    fn audience(&self) -> (i64, i64) {
        (self.ids.group_id, self.ids.stream_id)
    }

    fn remember(&self, portal: &Portal, origin: &str, rows: &[Row]) {
        let mut memory = portal.memory();
        let known = memory.of(&self.order.object_id);
        let sent = known.points.entry(self.audience()).or_default();
        sent.extend(rows.iter().map(|row| row.key(origin)));
    }
}

fn body(frame: &Frame<'_>, origin: &str, rows: &[Row]) -> Value {
    let column = |value: fn(&Row) -> Value| rows.iter().map(value).collect::<Vec<Value>>();
    json!({
        "obj_id": frame.order.object_id,
        "instrument_id": frame.instrument.id,
        "group_ids": [frame.ids.group_id],
        "stream_ids": [frame.ids.stream_id],
        "origin": origin,
        "magsys": "ab",
        "zp": 23.9,
        "mjd": column(|row| json!(row.mjd)),
        "filter": column(|row| json!(row.filter)),
        "flux": column(|row| json!(row.flux)),
        "fluxerr": column(|row| json!(row.flux_err)),
        "ra": column(|row| json!(row.position.map(|(ra, _)| ra))),
        "dec": column(|row| json!(row.position.map(|(_, dec)| dec))),
        // A list: given as one dictionary, whole numbers lose digits beside a null.
        "altdata": column(|row| row.altdata.clone()),
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
