//! What is to be delivered: one passed alert on one route.

use serde_json::{Map, Value};

use super::setup::Ready;
use super::time::iso_utc;
use crate::alert::{LightCurve, Survey};
use crate::config::Save;

/// One passed alert on one route.
#[derive(Clone, Debug)]
pub struct Order {
    /// Where its message stands, in words: a topic with partition and offset, or a file.
    pub place: String,
    pub survey: Survey,
    /// ZTF's `objectId`; LSST's `diaObjectId` in decimal digits.
    pub object_id: String,
    /// `candid` or `diaSourceId`.
    pub alert_id: i64,
    /// The alert's own time, UTC, days.
    pub mjd: f64,
    /// Degrees, ICRS.
    pub ra: f64,
    /// Degrees, ICRS.
    pub dec: f64,
    pub destination: Ready,
    pub save: Save,
    pub light_curve: Option<LightCurve>,
    pub classifications: Vec<Classification>,
    pub annotations: Map<String, Value>,
    pub comment: Option<String>,
}

/// A label of Fink's, and how sure it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Classification {
    pub class: String,
    /// 0–1, if there is one.
    pub probability: Option<f64>,
}

/// Why SkyPortal could never hold this order.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OrderError {
    #[error("the object id `{0}` is not of letters, digits, `_`, `.`, `+` and `-`")]
    ObjectId(String),
    #[error(
        "the object id `{0}` reads as a number other than the one it is written as: SkyPortal's photometry would look for another object"
    )]
    NumberLike(String),
    #[error("the right ascension {0} is not in 0–360 degrees")]
    RightAscension(f64),
    #[error("the declination {0} is not in -90–90 degrees")]
    Declination(f64),
    #[error("the alert's time {0} is no MJD of the 20th or 21st century")]
    Time(f64),
}

impl Order {
    /// `passed_at`, if the order is one that SkyPortal can hold.
    ///
    /// # Errors
    /// SkyPortal checks neither ids nor positions of a candidate, and could not be asked for such
    /// an object afterwards; so it is checked here.
    pub(crate) fn passed_at(&self) -> Result<String, OrderError> {
        check_object_id(&self.object_id)?;
        if !(0.0..=360.0).contains(&self.ra) {
            return Err(OrderError::RightAscension(self.ra));
        }
        if !(-90.0..=90.0).contains(&self.dec) {
            return Err(OrderError::Declination(self.dec));
        }
        iso_utc(self.mjd).ok_or(OrderError::Time(self.mjd))
    }
}

fn check_object_id(id: &str) -> Result<(), OrderError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '+' | '-');
    // Dots alone would be a step in a path, not a name.
    if id.is_empty() || !id.chars().all(allowed) || id.chars().all(|c| c == '.') {
        return Err(OrderError::ObjectId(id.to_owned()));
    }
    // `0012`, `12E3`, `1.50`, `nan`: photometry reads the id as a number if it can.
    let as_integer = id
        .parse::<i64>()
        .is_ok_and(|number| number.to_string() == id);
    if id.parse::<f64>().is_ok() && !as_integer {
        return Err(OrderError::NumberLike(id.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_ids() {
        for good in [
            "ZTF26aa063207a",
            "313708289006320733",
            "9223372036854775807",
            "LSST-P-DO-1",
            "a.b+c_d",
        ] {
            assert_eq!(check_object_id(good), Ok(()), "{good}");
        }
        for bad in ["", "n c/1", "a;b", "a:b", "..", ".", "é", "a\n"] {
            assert!(
                matches!(check_object_id(bad), Err(OrderError::ObjectId(_))),
                "{bad}"
            );
        }
        for mangled in [
            "0012",
            "12E3",
            "1.50",
            "nan",
            "inf",
            "+7",
            "99999999999999999999",
        ] {
            assert!(
                matches!(check_object_id(mangled), Err(OrderError::NumberLike(_))),
                "{mangled}"
            );
        }
    }
}
