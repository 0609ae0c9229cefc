//! The light curve, in flux space: µJy AB.
//!
//! SkyPortal knows a point again by (object, instrument, origin, MJD, flux error, flux), as exact
//! `f64`. So rows are checked and made distinct here, and the same measurement always goes out with
//! the same bits and the same origin. The rows of many alerts share a request.

mod row;
mod sheet;
mod there;

use std::collections::BTreeMap;

use super::Portal;
use super::answer::Class;
use super::order::Order;
use super::retry::Failure;
use super::setup::{Ids, Instrument};
use crate::alert::LightCurve;

pub(crate) use row::Row;
use row::Unfit;
pub(super) use sheet::{Audience, Sheet};
pub(super) use there::read;

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

/// The light curve's rows, brought to where they are gathered; the answer comes when their request
/// was answered.
pub(super) async fn put(
    portal: &Portal,
    order: &Order,
    ids: &Ids,
) -> Result<PhotometryTally, Failure> {
    let Some(light_curve) = &order.light_curve else {
        return Ok(PhotometryTally::default());
    };
    let instrument = ids.site.instrument(order.survey).map_err(|problem| {
        Failure::new(
            "PUT /api/photometry",
            Class::ConfigurationChanged,
            &problem.to_string(),
        )
    })?;
    learn(portal, order, ids).await?;
    let mut left_out = PhotometryTally::default();
    let sheet = Sheet {
        audience: Audience {
            group_id: ids.group_id,
            stream_id: ids.stream_id,
        },
        object_id: order.object_id.clone(),
        instrument_id: instrument.id,
        rows: fit_rows(portal, order, instrument, light_curve, &mut left_out),
    };
    warn_of_unknown_filters(portal, order, instrument, &left_out);
    if sheet.rows.is_empty() {
        return Ok(left_out);
    }
    let tally = portal.photometry(sheet).await?;
    Ok(PhotometryTally {
        unfit: left_out.unfit,
        unknown_filter: left_out.unknown_filter,
        ..tally
    })
}

/// Reads what stands there of an object that SkyPortal had before us.
pub(super) async fn learn(portal: &Portal, order: &Order, ids: &Ids) -> Result<(), Failure> {
    let known = portal.memory().of(&order.object_id).there.is_some();
    if known || order.light_curve.is_none() {
        return Ok(());
    }
    let there = read(portal, order, ids).await?;
    portal.memory().of(&order.object_id).there = Some(there);
    Ok(())
}

/// With the origin of each.
fn fit_rows(
    portal: &Portal,
    order: &Order,
    instrument: &Instrument,
    light_curve: &LightCurve,
    left_out: &mut PhotometryTally,
) -> Vec<(String, Row)> {
    let origins = &portal.config().origin;
    let mut rows = Vec::with_capacity(light_curve.points.len());
    for point in &light_curve.points {
        match Row::of(order, instrument, point) {
            Ok(row) if row.forced => rows.push((origins.forced.clone(), row)),
            Ok(row) => rows.push((origins.detections.clone(), row)),
            Err(Unfit::Numbers) => left_out.unfit += 1,
            Err(Unfit::Filter(name)) => *left_out.unknown_filter.entry(name).or_default() += 1,
        }
    }
    rows
}

fn warn_of_unknown_filters(
    portal: &Portal,
    order: &Order,
    instrument: &Instrument,
    left_out: &PhotometryTally,
) {
    for filter in left_out.unknown_filter.keys() {
        if portal.first_time(&format!("{}/{filter}", instrument.id)) {
            tracing::warn!(
                %filter,
                survey = %order.survey,
                instrument_id = instrument.id,
                "SkyPortal's instrument lacks this filter: its points are left out until somebody adds it there"
            );
        }
    }
}
