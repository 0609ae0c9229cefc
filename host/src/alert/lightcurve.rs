//! The light curve of an alert in one unit, one time scale and one form for both surveys.

use super::Survey;
use super::flux::{limit_of_flux_err, mag_err_of_flux_err, mag_of_flux};

/// One of the six LSST passbands, which ZTF's g, r and i share by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Passband {
    U,
    G,
    R,
    I,
    Z,
    Y,
}

impl Passband {
    /// 0–5 = u g r i z y, as `alert.passband` has it.
    pub fn index(self) -> i64 {
        self as i64
    }

    /// `g`, `r`, …
    pub fn letter(self) -> &'static str {
        ["u", "g", "r", "i", "z", "y"][self as usize]
    }

    /// From LSST's `band`.
    pub fn from_letter(letter: &str) -> Option<Self> {
        Some(match letter {
            "u" => Passband::U,
            "g" => Passband::G,
            "r" => Passband::R,
            "i" => Passband::I,
            "z" => Passband::Z,
            "y" => Passband::Y,
            _ => return None,
        })
    }

    /// From ZTF's `fid`: 1 = g, 2 = r, 3 = i.
    pub fn from_fid(fid: i64) -> Option<Self> {
        Some(match fid {
            1 => Passband::G,
            2 => Passband::R,
            3 => Passband::I,
            _ => return None,
        })
    }

    /// As SkyPortal names it: `ztfr`, `lsstr`.
    pub fn skyportal_name(self, survey: Survey) -> &'static str {
        let names = match survey {
            Survey::Ztf => ["ztfu", "ztfg", "ztfr", "ztfi", "ztfz", "ztfy"],
            Survey::Lsst => ["lsstu", "lsstg", "lsstr", "lssti", "lsstz", "lssty"],
        };
        names[self as usize]
    }
}

/// What a point of a light curve is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Found in the difference image.
    Detection,
    /// Nothing found: a limit only.
    UpperLimit,
    /// Measured at the object's position, whether or not it was found there.
    Forced,
}

/// One measurement of the difference flux.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// UTC, days. LSST: middle of the exposure. ZTF: start of the exposure, since the history
    /// carries no exposure times and a measurement must keep its time from packet to packet.
    pub mjd: f64,
    pub passband: Passband,
    pub kind: Kind,
    /// µJy AB, signed; NaN for an upper limit.
    pub flux: f64,
    /// µJy, 1σ; NaN if unknown. For an upper limit: a fifth of the limit's flux.
    pub flux_err: f64,
    pub magnitudes: Magnitudes,
    /// The survey's own id of the measurement: `candid`, `diaSourceId`, `diaForcedSourceId`.
    pub survey_id: Option<i64>,
}

/// Where the magnitudes of a point come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Magnitudes {
    /// From flux and error; logarithms, so only where somebody asks.
    OfFlux,
    /// From the survey itself, as the methods of [`Point`] describe them.
    Measured {
        mag: f64,
        mag_err: f64,
        limiting_mag: f64,
    },
}

impl Point {
    /// AB; NaN where the flux is not positive.
    pub fn mag(&self) -> f64 {
        match self.magnitudes {
            Magnitudes::OfFlux => mag_of_flux(self.flux),
            Magnitudes::Measured { mag, .. } => mag,
        }
    }

    /// 1σ; NaN where the magnitude is.
    pub fn mag_err(&self) -> f64 {
        match self.magnitudes {
            Magnitudes::OfFlux => mag_err_of_flux_err(self.flux_err, self.flux),
            Magnitudes::Measured { mag_err, .. } => mag_err,
        }
    }

    /// AB, 5σ; NaN if unknown.
    pub fn limiting_mag(&self) -> f64 {
        match self.magnitudes {
            Magnitudes::OfFlux => limit_of_flux_err(self.flux_err),
            Magnitudes::Measured { limiting_mag, .. } => limiting_mag,
        }
    }
}

/// The points in time order; nothing later than the alert, and the last detection is the alert
/// itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LightCurve {
    pub points: Vec<Point>,
}

impl LightCurve {
    /// The history and the alert itself, in time order, without anything that a later packet
    /// brought (a backtest must not see the future).
    pub(super) fn up_to(mut points: Vec<Point>, alert: &super::Head) -> Self {
        let is_alert = |point: &Point| {
            point.kind == Kind::Detection && point.survey_id == alert.point.survey_id
        };
        points.retain(|point| point.mjd <= alert.mjd() && !is_alert(point));
        points.sort_by(|a, b| a.mjd.total_cmp(&b.mjd));
        points.push(alert.point);
        LightCurve { points }
    }
}
