//! A ZTF packet in survey-neutral terms.
//!
//! Magnitudes are of the absolute difference flux; `isdiffpos` carries its sign. A detection
//! arrives in full precision as `candidate` and rounded in every later packet's
//! `prv_candidates` (magnitude to 4 decimals, error to 6, as 32-bit floats): always the rounded
//! form here, so that one measurement is one point for ever.

use super::flux::{flux_err_of_limit, flux_err_of_mag_err, flux_of_mag};
use super::head::{Head, NotAnAlert};
use super::slot::Slot;
use super::time::mjd_of_jd;
use super::{FieldType, Kind, LightCurve, Magnitudes, Passband, Point, Row, Scalar, Survey};

const F64S: FieldType = FieldType::List(Scalar::F64);
const I64S: FieldType = FieldType::List(Scalar::I64);
const STRS: FieldType = FieldType::List(Scalar::Str);

/// `roid` of a known object of the Minor Planet Center.
const ROID_KNOWN: i64 = 3;

/// ZTF's forced photometry spells a missing value so.
const MISSING: f64 = -99_999.0;

/// Where the columns of [`Head`] stand.
#[derive(Debug)]
pub(super) struct HeadColumns {
    object_id: Slot,
    candid: Slot,
    jd: Slot,
    jd_start_hist: Slot,
    fid: Slot,
    ra: Slot,
    dec: Slot,
    mag: Slot,
    mag_err: Slot,
    limit: Slot,
    sign: Slot,
    detections: Slot,
    drb: Slot,
    rb: Slot,
    roid: Slot,
}

impl HeadColumns {
    pub fn resolve(want: &mut dyn FnMut(&'static str, FieldType) -> Slot) -> Self {
        HeadColumns {
            object_id: want("objectId", FieldType::Str),
            candid: want("candidate.candid", FieldType::I64),
            jd: want("candidate.jd", FieldType::F64),
            jd_start_hist: want("candidate.jdstarthist", FieldType::F64),
            fid: want("candidate.fid", FieldType::I64),
            ra: want("candidate.ra", FieldType::F64),
            dec: want("candidate.dec", FieldType::F64),
            mag: want("candidate.magpsf", FieldType::F64),
            mag_err: want("candidate.sigmapsf", FieldType::F64),
            limit: want("candidate.diffmaglim", FieldType::F64),
            sign: want("candidate.isdiffpos", FieldType::Str),
            detections: want("candidate.ndethist", FieldType::I64),
            drb: want("candidate.drb", FieldType::F64),
            rb: want("candidate.rb", FieldType::F64),
            roid: want("roid", FieldType::I64),
        }
    }

    pub fn read(&self, row: &Row) -> Result<Head, NotAnAlert> {
        let null = |field| NotAnAlert::Null { field };
        let candid = self.candid.i64(row).ok_or(null("candidate.candid"))?;
        let fid = self.fid.i64(row).ok_or(null("candidate.fid"))?;
        let passband = Passband::from_fid(fid).ok_or_else(|| NotAnAlert::OutOfRange {
            field: "candidate.fid",
            value: fid.to_string(),
            expected: "1 (g), 2 (r) or 3 (i)",
        })?;
        let jd = self.jd.f64(row).ok_or(null("candidate.jd"))?;
        let point = detection(Measured {
            mjd: mjd_of_jd(jd),
            passband,
            mag: self.mag.f64(row).unwrap_or(f64::NAN),
            mag_err: self.mag_err.f64(row).unwrap_or(f64::NAN),
            limit: self.limit.f64(row).unwrap_or(f64::NAN),
            positive: is_positive(self.sign.str(row)),
            candid: Some(candid),
        });
        Ok(Head {
            survey: Survey::Ztf,
            object_id: self.object_id.str(row).ok_or(null("objectId"))?.into(),
            alert_id: candid,
            point,
            first_mjd: self.jd_start_hist.f64(row).map(mjd_of_jd),
            ra: self.ra.f64(row).ok_or(null("candidate.ra"))?,
            dec: self.dec.f64(row).ok_or(null("candidate.dec"))?,
            detections: self.detections.i64(row),
            real_bogus: self.drb.f64(row).or_else(|| self.rb.f64(row)),
            solar_system: self.roid.i64(row).map(|roid| roid == ROID_KNOWN),
        })
    }
}

/// Where the columns of the light curve stand.
#[derive(Debug)]
pub(super) struct CurveColumns {
    jd: Slot,
    fid: Slot,
    mag: Slot,
    mag_err: Slot,
    limit: Slot,
    sign: Slot,
    candid: Slot,
    forced_jd: Slot,
    forced_fid: Slot,
    forced_flux: Slot,
    forced_flux_err: Slot,
    forced_zero_point: Slot,
}

impl CurveColumns {
    pub fn resolve(want: &mut dyn FnMut(&'static str, FieldType) -> Slot) -> Self {
        CurveColumns {
            jd: want("prv_candidates[].jd", F64S),
            fid: want("prv_candidates[].fid", I64S),
            mag: want("prv_candidates[].magpsf", F64S),
            mag_err: want("prv_candidates[].sigmapsf", F64S),
            limit: want("prv_candidates[].diffmaglim", F64S),
            sign: want("prv_candidates[].isdiffpos", STRS),
            candid: want("prv_candidates[].candid", I64S),
            forced_jd: want("fp_hists[].jd", F64S),
            forced_fid: want("fp_hists[].fid", I64S),
            forced_flux: want("fp_hists[].forcediffimflux", F64S),
            forced_flux_err: want("fp_hists[].forcediffimfluxunc", F64S),
            forced_zero_point: want("fp_hists[].magzpsci", F64S),
        }
    }

    pub fn read(&self, row: &Row, head: &Head) -> LightCurve {
        let mut points = self.history(row);
        points.extend(self.forced(row));
        LightCurve::up_to(points, head)
    }

    fn history(&self, row: &Row) -> Vec<Point> {
        let fid = self.fid.column(row);
        let mag = self.mag.column(row);
        let mag_err = self.mag_err.column(row);
        let limit = self.limit.column(row);
        let sign = self.sign.column(row);
        let candid = self.candid.column(row);
        let jd = self.jd.column(row);
        let points = (0..jd.len()).filter_map(|i| {
            let passband = Passband::from_fid(fid.i64(i)?)?;
            let mjd = mjd_of_jd(jd.f64(i));
            let limit = limit.f64(i);
            let mag = mag.f64(i);
            if mag.is_nan() {
                return Some(upper_limit(mjd, passband, limit));
            }
            Some(detection(Measured {
                mjd,
                passband,
                mag,
                mag_err: mag_err.f64(i),
                limit,
                positive: is_positive(sign.str(i)),
                candid: candid.i64(i),
            }))
        });
        points.collect()
    }

    /// Fluxes in detector units on the image's zero point; raw packets only, Fink drops them.
    fn forced(&self, row: &Row) -> Vec<Point> {
        let fid = self.forced_fid.column(row);
        let flux = self.forced_flux.column(row);
        let flux_err = self.forced_flux_err.column(row);
        let zero_point = self.forced_zero_point.column(row);
        let jd = self.forced_jd.column(row);
        let points = (0..jd.len()).filter_map(|i| {
            let passband = Passband::from_fid(fid.i64(i)?)?;
            let counts = known(flux.f64(i))?;
            let counts_err = known(flux_err.f64(i))?;
            let one_count = flux_of_mag(known(zero_point.f64(i))?);
            Some(Point {
                mjd: mjd_of_jd(jd.f64(i)),
                passband,
                kind: Kind::Forced,
                flux: counts * one_count,
                flux_err: counts_err * one_count,
                magnitudes: Magnitudes::OfFlux,
                survey_id: None,
            })
        });
        points.collect()
    }
}

fn known(value: f64) -> Option<f64> {
    (value.is_finite() && value != MISSING).then_some(value)
}

/// `t` and `1` say that the source is brighter than the reference; `f`, `0` that it is fainter.
fn is_positive(isdiffpos: Option<&str>) -> bool {
    matches!(isdiffpos, Some("t" | "1"))
}

struct Measured {
    mjd: f64,
    passband: Passband,
    mag: f64,
    mag_err: f64,
    limit: f64,
    positive: bool,
    candid: Option<i64>,
}

fn detection(measured: Measured) -> Point {
    let mag = rounded(measured.mag, 4);
    let mag_err = rounded(measured.mag_err, 6);
    let brightness = flux_of_mag(mag);
    let flux_err = flux_err_of_mag_err(mag_err, brightness);
    let (flux, mag, mag_err) = if measured.positive {
        (brightness, mag, mag_err)
    } else {
        (-brightness, f64::NAN, f64::NAN)
    };
    Point {
        mjd: measured.mjd,
        passband: measured.passband,
        kind: Kind::Detection,
        flux,
        flux_err,
        magnitudes: Magnitudes::Measured {
            mag,
            mag_err,
            limiting_mag: measured.limit,
        },
        survey_id: measured.candid,
    }
}

fn upper_limit(mjd: f64, passband: Passband, limit: f64) -> Point {
    Point {
        mjd,
        passband,
        kind: Kind::UpperLimit,
        flux: f64::NAN,
        flux_err: flux_err_of_limit(limit),
        magnitudes: Magnitudes::Measured {
            mag: f64::NAN,
            mag_err: f64::NAN,
            limiting_mag: limit,
        },
        survey_id: None,
    }
}

/// The 32-bit float nearest to the value rounded to so many decimals: the form in which
/// `prv_candidates` repeats a measurement. Rounding what is rounded changes nothing.
fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    f64::from(((value * scale).round() / scale) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_has_one_form_for_ever() {
        // The same detection as `candidate` and as a later `prv_candidate` (from the field notes
        // on the survey: 19.172318 becomes 19.1723).
        let first = rounded(f64::from(19.172_318_f32), 4);
        let later = rounded(f64::from(19.1723_f32), 4);
        assert_eq!(first.to_bits(), later.to_bits());
        assert_eq!(later.to_bits(), f64::from(19.1723_f32).to_bits());
        assert!(rounded(f64::NAN, 4).is_nan());
    }

    #[test]
    fn the_sign_of_the_subtraction_is_the_sign_of_the_flux() {
        let point = |positive| {
            detection(Measured {
                mjd: 61_000.0,
                passband: Passband::R,
                mag: 20.0,
                mag_err: 0.1,
                limit: 20.5,
                positive,
                candid: Some(1),
            })
        };
        assert_eq!(point(true).flux, -point(false).flux);
        assert_eq!(point(true).flux_err, point(false).flux_err);
        assert!(point(false).mag().is_nan());
        for (text, positive) in [("t", true), ("1", true), ("f", false), ("0", false)] {
            assert_eq!(is_positive(Some(text)), positive);
        }
    }
}
