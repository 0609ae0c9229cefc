//! What every alert has, whatever its survey.

use compact_str::CompactString;

use super::{Passband, Point, Survey};

/// The alert in survey-neutral terms: the scalars under `alert.`, the strings aside that depend on
/// the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    pub survey: Survey,
    /// The object as SkyPortal will know it.
    pub object_id: CompactString,
    /// `candid` or `diaSourceId`.
    pub alert_id: i64,
    /// The measurement that raised the alert; its `mjd` is the alert's time.
    pub point: Point,
    /// UTC, days: the first detection of the object.
    pub first_mjd: Option<f64>,
    /// Degrees, ICRS.
    pub ra: f64,
    /// Degrees, ICRS.
    pub dec: f64,
    /// Detections of the object so far.
    pub detections: Option<i64>,
    /// 0–1, higher is more likely real.
    pub real_bogus: Option<f64>,
    /// The packet names a known Solar System object.
    pub solar_system: Option<bool>,
}

impl Head {
    /// The alert's time: MJD UTC, days.
    pub fn mjd(&self) -> f64 {
        self.point.mjd
    }

    pub fn passband(&self) -> Passband {
        self.point.passband
    }
}

/// A datum that its schema explains, and that still is no alert that anyone could judge.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotAnAlert {
    #[error("`{field}` is null")]
    Null { field: &'static str },
    #[error("`{field}` is {value}: expected {expected}")]
    OutOfRange {
        field: &'static str,
        value: String,
        expected: &'static str,
    },
    #[error(
        "it has no object: `diaSource.diaObjectId`, `mpc_orbits.designation` and `diaSource.ssObjectId` are all null or zero"
    )]
    NoObject,
}
