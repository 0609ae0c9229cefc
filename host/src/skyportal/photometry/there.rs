//! The points that SkyPortal has of an object.

use serde::Deserialize;

use super::row::Row;
use crate::skyportal::Portal;
use crate::skyportal::memory::There;
use crate::skyportal::order::Order;
use crate::skyportal::retry::Failure;
use crate::skyportal::setup::Ids;
use crate::skyportal::transport::Request;

/// Seconds by which the Python bridge's points of LSST are late: it reads TAI as UTC.
const BRIDGE_IS_LATE: f64 = 37.0;

/// Seconds: what rounding may move, and far less than two exposures are apart.
const SAME_EXPOSURE: f64 = 2.0;

/// Two numbers that are one, written as text and read again.
const SAME_NUMBER: f64 = 1e-14;

/// The origin of points that were posted without one, as the Python bridge does.
const NO_ORIGIN: &str = "None";

#[derive(Deserialize)]
struct Point {
    instrument_id: i64,
    #[serde(default)]
    origin: Option<String>,
    filter: String,
    mjd: f64,
    #[serde(default)]
    flux: Option<f64>,
    #[serde(default)]
    fluxerr: Option<f64>,
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    id: i64,
    name: String,
    #[serde(default)]
    single_user_group: bool,
}

/// Asks for all points of an object that we may see.
pub(crate) async fn read(portal: &Portal, order: &Order, ids: &Ids) -> Result<Vec<There>, Failure> {
    let path = format!("/api/sources/{}/photometry", order.object_id);
    let request = Request::get(path)
        .with_query("format", "flux")
        .with_query("magsys", "ab");
    let points: Vec<Point> = portal.ask(&request).await?;
    let username = &ids.site.account.username;
    Ok(points
        .into_iter()
        .map(|point| there(point, username))
        .collect())
}

/// A point that we post is always seen by the group that has our user alone.
fn there(point: Point, username: &str) -> There {
    let own = |group: &Group| group.single_user_group && group.name == username;
    There {
        instrument_id: point.instrument_id,
        origin: point.origin.unwrap_or_else(|| NO_ORIGIN.to_owned()),
        filter: point.filter,
        mjd: point.mjd,
        flux: point.flux,
        flux_err: point.fluxerr.unwrap_or(f64::MAX),
        ours: point.groups.iter().any(own),
        groups: point.groups.iter().map(|group| group.id).collect(),
    }
}

impl There {
    /// Whether this is the row's measurement, and the group sees it.
    pub(super) fn is(&self, row: &Row, origin: &str, instrument_id: i64, group_id: i64) -> bool {
        self.instrument_id == instrument_id
            && self.filter == row.filter
            && self.groups.contains(&group_id)
            && (self.is_same_point(row, origin) || self.is_of_the_bridge(row))
    }

    fn is_same_point(&self, row: &Row, origin: &str) -> bool {
        let flux = match (self.flux, row.flux) {
            (None, None) => true,
            (Some(there), Some(here)) => same(there, here),
            _ => false,
        };
        self.origin == origin
            && flux
            && same(self.mjd, row.mjd)
            && same(self.flux_err, row.flux_err)
    }

    /// The Python bridge posts detections only, with numbers of its own.
    fn is_of_the_bridge(&self, row: &Row) -> bool {
        self.ours
            && self.origin == NO_ORIGIN
            && !row.forced
            && row.flux.is_some()
            && self.is_as_late_as_the_bridge(row)
    }
}

impl There {
    fn is_as_late_as_the_bridge(&self, row: &Row) -> bool {
        let late = (self.mjd - row.mjd) * 86_400.0;
        [0.0, BRIDGE_IS_LATE]
            .iter()
            .any(|usual| (late - usual).abs() < SAME_EXPOSURE)
    }
}

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() <= SAME_NUMBER * one.abs().max(other.abs())
}
