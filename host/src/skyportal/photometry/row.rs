//! One row of photometry, fit to be sent.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::alert::{Kind, Point, Survey};
use crate::skyportal::order::Order;
use crate::skyportal::setup::Instrument;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub forced: bool,
    /// UTC, days.
    pub mjd: f64,
    pub filter: String,
    /// µJy AB, signed; `None` for an upper limit.
    pub flux: Option<f64>,
    /// µJy, 1σ.
    pub flux_err: f64,
    /// Right ascension and declination in degrees, where the alert gives them: its own detection's.
    pub position: Option<(f64, f64)>,
    pub altdata: Value,
}

/// Why a point cannot be a row.
#[derive(Debug, PartialEq)]
pub(super) enum Unfit {
    /// SkyPortal needs a time and an error above zero, and a detection a flux.
    Numbers,
    /// Its instrument has no such filter.
    Filter(String),
}

impl Row {
    pub(super) fn of(order: &Order, instrument: &Instrument, point: &Point) -> Result<Row, Unfit> {
        let filter = point.passband.skyportal_name(order.survey);
        if !instrument.takes(filter) {
            return Err(Unfit::Filter(filter.to_owned()));
        }
        let limit = point.kind == Kind::UpperLimit;
        let has_error = point.flux_err.is_finite() && point.flux_err > 0.0;
        if !point.mjd.is_finite() || !has_error || !(limit || point.flux.is_finite()) {
            return Err(Unfit::Numbers);
        }
        let own = point.kind == Kind::Detection && point.survey_id == Some(order.alert_id);
        Ok(Row {
            forced: point.kind == Kind::Forced,
            mjd: point.mjd,
            filter: filter.to_owned(),
            // The sum makes -0 and 0, which are one to SkyPortal, one here.
            flux: (!limit).then_some(point.flux + 0.0),
            flux_err: point.flux_err,
            position: own.then_some((order.ra, order.dec)),
            altdata: altdata(order.survey, point),
        })
    }

    /// By what SkyPortal knows the point again, object and instrument aside. It is kept over
    /// restarts, so it is the same in every version of ours.
    pub(super) fn key(&self, origin: &str) -> u64 {
        let mut hash = Sha256::new();
        hash.update(self.mjd.to_bits().to_le_bytes());
        hash.update(self.flux_err.to_bits().to_le_bytes());
        // A limit has no flux, and no flux has the bits of this one.
        hash.update(self.flux.map_or(u64::MAX, f64::to_bits).to_le_bytes());
        hash.update(origin.as_bytes());
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(hash.finalize());
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

/// The survey's own id of the measurement, under the survey's own name for it.
fn altdata(survey: Survey, point: &Point) -> Value {
    let name = match (survey, point.kind) {
        (Survey::Ztf, _) => "candid",
        (Survey::Lsst, Kind::Forced) => "diaForcedSourceId",
        (Survey::Lsst, Kind::Detection | Kind::UpperLimit) => "diaSourceId",
    };
    point
        .survey_id
        .map_or_else(|| json!({}), |id| json!({ (name): id }))
}
