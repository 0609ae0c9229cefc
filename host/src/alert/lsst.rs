//! An LSST packet in survey-neutral terms.
//!
//! Fluxes are nJy of the difference, signed; times are TAI. A struct that is null at the survey
//! arrives from Fink as a record full of nulls, and an absent id as 0.

use compact_str::{CompactString, format_compact};

use super::head::{Head, NotAnAlert};
use super::slot::Slot;
use super::time::{UtcOfTai, utc_of_tai};
use super::{FieldType, Kind, LightCurve, Magnitudes, Passband, Point, Row, Scalar, Survey};

const F64S: FieldType = FieldType::List(Scalar::F64);
const I64S: FieldType = FieldType::List(Scalar::I64);
const STRS: FieldType = FieldType::List(Scalar::Str);

const NANOJANSKY_PER_MICROJANSKY: f64 = 1_000.0;

/// Where the columns of [`Head`] stand.
#[derive(Debug)]
pub(super) struct HeadColumns {
    source_id: Slot,
    object_id: Slot,
    solar_system_id: Slot,
    designation: Slot,
    mjd_tai: Slot,
    first_mjd_tai: Slot,
    first_mjd_tai_of_object: Slot,
    ra: Slot,
    dec: Slot,
    band: Slot,
    flux: Slot,
    flux_err: Slot,
    detections: Slot,
    reliability: Slot,
    is_sso: Slot,
}

impl HeadColumns {
    pub fn resolve(want: &mut dyn FnMut(&'static str, FieldType) -> Slot) -> Self {
        HeadColumns {
            source_id: want("diaSource.diaSourceId", FieldType::I64),
            object_id: want("diaSource.diaObjectId", FieldType::I64),
            solar_system_id: want("diaSource.ssObjectId", FieldType::I64),
            designation: want("mpc_orbits.designation", FieldType::Str),
            mjd_tai: want("diaSource.midpointMjdTai", FieldType::F64),
            first_mjd_tai: want("misc.firstDiaSourceMjdTaiFink", FieldType::F64),
            first_mjd_tai_of_object: want("diaObject.firstDiaSourceMjdTai", FieldType::F64),
            ra: want("diaSource.ra", FieldType::F64),
            dec: want("diaSource.dec", FieldType::F64),
            band: want("diaSource.band", FieldType::Str),
            flux: want("diaSource.psfFlux", FieldType::F64),
            flux_err: want("diaSource.psfFluxErr", FieldType::F64),
            detections: want("diaObject.nDiaSources", FieldType::I64),
            reliability: want("diaSource.reliability", FieldType::F64),
            is_sso: want("pred.is_sso", FieldType::Bool),
        }
    }

    pub fn read(&self, row: &Row) -> Result<Head, NotAnAlert> {
        let null = |field| NotAnAlert::Null { field };
        let source_id = self
            .source_id
            .i64(row)
            .ok_or(null("diaSource.diaSourceId"))?;
        let band = self.band.str(row).ok_or(null("diaSource.band"))?;
        let passband = Passband::from_letter(band).ok_or_else(|| NotAnAlert::OutOfRange {
            field: "diaSource.band",
            value: format!("`{band}`"),
            expected: "one of u g r i z y",
        })?;
        let mjd_tai = self
            .mjd_tai
            .f64(row)
            .ok_or(null("diaSource.midpointMjdTai"))?;
        let known = |id: Slot| id.i64(row).filter(|id| *id != 0);
        let first_mjd_tai = self
            .first_mjd_tai
            .f64(row)
            .or_else(|| self.first_mjd_tai_of_object.f64(row));
        let solar_system_id = known(self.solar_system_id);
        Ok(Head {
            survey: Survey::Lsst,
            object_id: object_id(
                known(self.object_id),
                self.designation.str(row),
                solar_system_id,
            )
            .ok_or(NotAnAlert::NoObject)?,
            alert_id: source_id,
            point: Point {
                mjd: utc_of_tai(mjd_tai),
                passband,
                kind: Kind::Detection,
                flux: microjansky(self.flux.f64(row).unwrap_or(f64::NAN)),
                flux_err: microjansky(self.flux_err.f64(row).unwrap_or(f64::NAN)),
                magnitudes: Magnitudes::OfFlux,
                survey_id: Some(source_id),
            },
            first_mjd: first_mjd_tai.map(utc_of_tai),
            ra: self.ra.f64(row).ok_or(null("diaSource.ra"))?,
            dec: self.dec.f64(row).ok_or(null("diaSource.dec"))?,
            detections: self.detections.i64(row),
            real_bogus: self.reliability.f64(row),
            solar_system: self.is_sso.bool(row).or(Some(solar_system_id.is_some())),
        })
    }
}

/// The name by which SkyPortal will know the object. Ids are integers beyond 2⁵³ and stay integers.
fn object_id(
    dia_object_id: Option<i64>,
    designation: Option<&str>,
    ss_object_id: Option<i64>,
) -> Option<CompactString> {
    if let Some(id) = dia_object_id {
        return Some(format_compact!("{id}"));
    }
    let name = designation.map(skyportal_name).filter(|name| {
        // SkyPortal would read `2001E5` as a number and look for another object.
        !name.is_empty() && !reads_as_number(name)
    });
    name.or_else(|| ss_object_id.map(|id| format_compact!("SSO{id}")))
}

/// The designation in the characters that all of SkyPortal's routes accept.
fn skyportal_name(designation: &str) -> CompactString {
    let accepted = |c: char| c.is_ascii_alphanumeric() || "_.+-".contains(c);
    let replace = |c: char| if accepted(c) { c } else { '_' };
    designation.trim().chars().map(replace).collect()
}

/// Whether Python would read the text as a number (it allows underscores between digits).
fn reads_as_number(text: &str) -> bool {
    let digits: CompactString = text.chars().filter(|c| *c != '_').collect();
    digits.parse::<f64>().is_ok()
}

/// Where the columns of the light curve stand.
#[derive(Debug)]
pub(super) struct CurveColumns {
    history: MeasurementColumns,
    forced: MeasurementColumns,
}

#[derive(Debug)]
struct MeasurementColumns {
    id: Slot,
    mjd_tai: Slot,
    band: Slot,
    flux: Slot,
    flux_err: Slot,
}

impl CurveColumns {
    pub fn resolve(want: &mut dyn FnMut(&'static str, FieldType) -> Slot) -> Self {
        CurveColumns {
            history: MeasurementColumns {
                id: want("prvDiaSources[].diaSourceId", I64S),
                mjd_tai: want("prvDiaSources[].midpointMjdTai", F64S),
                band: want("prvDiaSources[].band", STRS),
                flux: want("prvDiaSources[].psfFlux", F64S),
                flux_err: want("prvDiaSources[].psfFluxErr", F64S),
            },
            forced: MeasurementColumns {
                id: want("prvDiaForcedSources[].diaForcedSourceId", I64S),
                mjd_tai: want("prvDiaForcedSources[].midpointMjdTai", F64S),
                band: want("prvDiaForcedSources[].band", STRS),
                flux: want("prvDiaForcedSources[].psfFlux", F64S),
                flux_err: want("prvDiaForcedSources[].psfFluxErr", F64S),
            },
        }
    }

    pub fn read(&self, row: &Row, head: &Head) -> LightCurve {
        let columns = [&self.history, &self.forced].map(|columns| columns.mjd_tai.column(row));
        let mut points = Vec::with_capacity(columns.iter().map(|column| column.len()).sum());
        self.history.read(row, Kind::Detection, &mut points);
        self.forced.read(row, Kind::Forced, &mut points);
        LightCurve::up_to(points, head)
    }
}

impl MeasurementColumns {
    fn read(&self, row: &Row, kind: Kind, points: &mut Vec<Point>) {
        let id = self.id.column(row);
        let band = self.band.column(row);
        let flux = self.flux.column(row);
        let flux_err = self.flux_err.column(row);
        let mjd_tai = self.mjd_tai.column(row);
        let clock = UtcOfTai::over((0..mjd_tai.len()).map(|i| mjd_tai.f64(i)));
        points.extend((0..mjd_tai.len()).filter_map(|i| {
            Some(Point {
                mjd: clock.utc(mjd_tai.f64(i)),
                passband: Passband::from_letter(band.str(i)?)?,
                kind,
                flux: microjansky(flux.f64(i)),
                flux_err: microjansky(flux_err.f64(i)),
                magnitudes: Magnitudes::OfFlux,
                survey_id: id.i64(i),
            })
        }));
    }
}

fn microjansky(nanojansky: f64) -> f64 {
    nanojansky / NANOJANSKY_PER_MICROJANSKY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_named_as_skyportal_will_know_it() {
        let id = object_id;
        assert_eq!(
            id(Some(170_028_500_619_100_295), None, None).unwrap(),
            "170028500619100295"
        );
        assert_eq!(id(None, Some("2001 RB34"), Some(7)).unwrap(), "2001_RB34");
        assert_eq!(
            id(None, Some("C/2014 UN271"), Some(7)).unwrap(),
            "C_2014_UN271"
        );
        assert_eq!(
            id(None, None, Some(21_163_615_805_847_120)).unwrap(),
            "SSO21163615805847120"
        );
        assert_eq!(id(None, Some(" "), None), None);
    }

    #[test]
    fn a_designation_never_reads_as_a_number() {
        for designation in ["2001 E5", "433", "1999E12", "inf", "NaN", "1_000"] {
            assert_eq!(
                object_id(None, Some(designation), Some(7)).unwrap(),
                "SSO7",
                "{designation}"
            );
        }
    }
}
