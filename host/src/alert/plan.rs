//! The one door to a packet: plan(schema, fields) → record.
//!
//! A plan belongs to one schema and one list of fields. Raw paths are read straight into the row;
//! for a path under `alert.` the plan adds the survey's own columns behind the asked-for fields and
//! derives the value from them.

use super::classification::{self, ClassificationColumns};
use super::cutout::{self, CutoutColumns};
use super::decode::{DecodeError, Misfit, RawPlan};
use super::derived::{CurveField, Derived, PREFIX, Stamp, StampField};
use super::head::{Head, NotAnAlert};
use super::schema::WriterSchema;
use super::slot::Slot;
use super::{Field, FieldType, LightCurve, Row, Survey, lsst, ztf};

/// How to read a list of fields from the packets of one schema.
#[derive(Debug)]
pub struct Plan {
    survey: Survey,
    raw: RawPlan,
    fields: usize,
    misfits: Vec<Option<Misfit>>,
    derived: Vec<(usize, Derived)>,
    head: HeadColumns,
    curve: Option<CurveColumns>,
    classification: Option<ClassificationColumns>,
    cutouts: Vec<(Stamp, CutoutColumns)>,
}

#[derive(Debug)]
enum HeadColumns {
    Ztf(ztf::HeadColumns),
    Lsst(lsst::HeadColumns),
}

#[derive(Debug)]
enum CurveColumns {
    Ztf(ztf::CurveColumns),
    Lsst(lsst::CurveColumns),
}

/// Why a packet could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the value does not fit its schema: {0}")]
    Decode(#[from] DecodeError),
    #[error("the packet is not an alert that can be judged: {0}")]
    NotAnAlert(#[from] NotAnAlert),
}

/// What the host itself wants beside the modules' fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// The standard light curve, for delivery.
    pub light_curve: bool,
}

impl Plan {
    /// Plans how to read `fields` (each path and type once) from packets of `schema`.
    ///
    /// It never fails as a whole: a field that the schema cannot give has a [`Plan::misfit`] and
    /// stays null.
    pub fn compile(schema: &WriterSchema, fields: &[Field], extras: Extras) -> Self {
        let survey = schema.survey();
        let mut wanted: Vec<(String, FieldType)> = fields
            .iter()
            .map(|field| (field.path.clone(), field.ty))
            .collect();
        let mut want = |path: &'static str, ty: FieldType| {
            if !schema.has(path) {
                return Slot(None);
            }
            let known = wanted.iter().position(|(p, t)| p == path && *t == ty);
            Slot(Some(known.unwrap_or_else(|| {
                wanted.push((path.to_owned(), ty));
                wanted.len() - 1
            })))
        };
        let head = match survey {
            Survey::Ztf => HeadColumns::Ztf(ztf::HeadColumns::resolve(&mut want)),
            Survey::Lsst => HeadColumns::Lsst(lsst::HeadColumns::resolve(&mut want)),
        };

        let derived: Vec<(usize, Derived)> = fields
            .iter()
            .enumerate()
            .filter_map(|(i, field)| Some((i, Derived::parse(&field.path)?.0)))
            .collect();
        let asks = |test: &dyn Fn(Derived) -> bool| derived.iter().any(|(_, field)| test(*field));

        let wants_curve = extras.light_curve || asks(&|field| matches!(field, Derived::Curve(_)));
        let curve = wants_curve.then(|| match survey {
            Survey::Ztf => CurveColumns::Ztf(ztf::CurveColumns::resolve(&mut want)),
            Survey::Lsst => CurveColumns::Lsst(lsst::CurveColumns::resolve(&mut want)),
        });
        let classification = asks(&|field| field == Derived::Classification)
            .then(|| ClassificationColumns::resolve(survey, &mut want));
        let cutouts = [Stamp::Science, Stamp::Template, Stamp::Difference]
            .into_iter()
            .filter(|stamp| asks(&|field| matches!(field, Derived::Cutout(s, _) if s == *stamp)))
            .map(|stamp| (stamp, CutoutColumns::resolve(survey, stamp, &mut want)))
            .collect();

        // A path under `alert.` is none that the datum has: the raw plan reads a null there.
        let raw = RawPlan::compile(
            schema.shape(),
            wanted.iter().map(|(path, ty)| (path.as_str(), *ty)),
        );
        let misfits = fields
            .iter()
            .enumerate()
            .map(|(i, field)| misfit(schema, field, raw.misfit(i)))
            .collect();
        Plan {
            survey,
            fields: fields.len(),
            misfits,
            derived,
            head,
            curve,
            classification,
            cutouts,
            raw,
        }
    }

    /// Why the schema cannot give the field at this place of the list, if it cannot.
    pub fn misfit(&self, field: usize) -> Option<&Misfit> {
        self.misfits[field].as_ref()
    }

    /// How many fields were asked for; the row has the host's own columns behind them.
    pub fn fields(&self) -> usize {
        self.fields
    }

    /// Reads one packet into `row` and returns what every alert has.
    ///
    /// # Errors
    /// Where the bytes are not a datum of the schema, or lack what makes an alert (an id, an
    /// object, a time, a position, a band).
    pub fn read(
        &self,
        value: &[u8],
        topic: Option<&str>,
        row: &mut Row,
    ) -> Result<Head, ReadError> {
        self.raw.read(value, row)?;
        let head = match &self.head {
            HeadColumns::Ztf(columns) => columns.read(row)?,
            HeadColumns::Lsst(columns) => columns.read(row)?,
        };
        let curve = self
            .derived
            .iter()
            .any(|(_, field)| matches!(field, Derived::Curve(_)))
            .then(|| self.light_curve(row, &head));
        for (field, derived) in &self.derived {
            if self.misfits[*field].is_none() {
                self.derive(*field, *derived, &head, curve.as_ref(), topic, row);
            }
        }
        self.set_cutouts(row);
        Ok(head)
    }

    /// The light curve of the packet that was read into `row`; empty unless the plan asks for it.
    pub fn light_curve(&self, row: &Row, head: &Head) -> LightCurve {
        match &self.curve {
            Some(CurveColumns::Ztf(columns)) => columns.read(row, head),
            Some(CurveColumns::Lsst(columns)) => columns.read(row, head),
            None => LightCurve::default(),
        }
    }

    fn derive(
        &self,
        field: usize,
        derived: Derived,
        head: &Head,
        curve: Option<&LightCurve>,
        topic: Option<&str>,
        row: &mut Row,
    ) {
        let set = |row: &mut Row, value: f64| {
            if !value.is_nan() {
                row.set_f64(field, value);
            }
        };
        match derived {
            Derived::Survey => row.set_str(field, self.survey.name()),
            Derived::Topic => {
                if let Some(topic) = topic {
                    row.set_str(field, topic);
                }
            }
            Derived::Instrument => row.set_str(field, self.survey.instrument()),
            Derived::Band => row.set_str(field, head.passband().skyportal_name(self.survey)),
            Derived::Passband => row.set_i64(field, head.passband().index()),
            Derived::ObjectId => row.set_str(field, &head.object_id),
            Derived::AlertId => row.set_i64(field, head.alert_id),
            Derived::Mjd => set(row, head.mjd()),
            Derived::FirstMjd => set(row, head.first_mjd.unwrap_or(f64::NAN)),
            Derived::Ra => set(row, head.ra),
            Derived::Dec => set(row, head.dec),
            Derived::Flux => set(row, head.point.flux),
            Derived::FluxErr => set(row, head.point.flux_err),
            Derived::Mag => set(row, head.point.mag()),
            Derived::MagErr => set(row, head.point.mag_err()),
            Derived::LimitingMag => set(row, head.point.limiting_mag()),
            Derived::Detections => {
                if let Some(detections) = head.detections {
                    row.set_i64(field, detections);
                }
            }
            Derived::RealBogus => set(row, head.real_bogus.unwrap_or(f64::NAN)),
            Derived::SolarSystem => {
                if let Some(known) = head.solar_system {
                    row.set_bool(field, known);
                }
            }
            Derived::Classification => {
                let columns = self.classification.as_ref();
                if let Some(class) = columns.and_then(|c| classification::read(c, row, topic)) {
                    row.set_str(field, &class);
                }
            }
            Derived::Curve(column) => {
                if let Some(curve) = curve {
                    set_curve(row, field, column, curve);
                }
            }
            // Of each image all at once, see `set_cutouts`.
            Derived::Cutout(..) => {}
        }
    }

    /// Each image is unpacked once, whatever is asked of it.
    fn set_cutouts(&self, row: &mut Row) {
        for (stamp, columns) in &self.cutouts {
            let Some(image) = cutout::read(columns, row) else {
                continue;
            };
            for (field, derived) in &self.derived {
                match derived {
                    Derived::Cutout(of, part) if of == stamp && self.misfits[*field].is_none() => {
                        match part {
                            StampField::Pixels => {
                                row.set_f64_list(*field, image.pixels.iter().copied());
                            }
                            StampField::Width => row.set_i64(*field, image.width as i64),
                            StampField::Height => row.set_i64(*field, image.height as i64),
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

fn misfit(schema: &WriterSchema, field: &Field, raw: Option<&Misfit>) -> Option<Misfit> {
    let path = field.path.clone();
    let Some((derived, ty)) = Derived::parse(&field.path) else {
        if field.path.starts_with(PREFIX) {
            let reason = "no field of that name under `alert.` is known to this version";
            return Some(Misfit::BadPath { path, reason });
        }
        return raw.cloned();
    };
    if ty != field.ty {
        let wanted = field.ty;
        return Some(Misfit::AlertType {
            path,
            found: ty,
            wanted,
        });
    }
    let lacking = derived
        .basis(schema.survey())
        .iter()
        .find(|any_of| !any_of.iter().any(|path| schema.has(path)))?;
    let needs = lacking.to_vec();
    Some(Misfit::NoBasis { path, needs })
}

fn set_curve(row: &mut Row, field: usize, column: CurveField, curve: &LightCurve) {
    let points = &curve.points;
    match column {
        CurveField::Mjd => row.set_f64_list(field, points.iter().map(|p| p.mjd)),
        CurveField::Flux => row.set_f64_list(field, points.iter().map(|p| p.flux)),
        CurveField::FluxErr => row.set_f64_list(field, points.iter().map(|p| p.flux_err)),
        CurveField::Mag => row.set_f64_list(field, points.iter().map(|p| p.mag())),
        CurveField::MagErr => row.set_f64_list(field, points.iter().map(|p| p.mag_err())),
        CurveField::LimitingMag => row.set_f64_list(field, points.iter().map(|p| p.limiting_mag())),
        CurveField::Passband => row.set_i64_list(field, points.iter().map(|p| p.passband.index())),
        CurveField::Kind => row.set_i64_list(field, points.iter().map(|p| p.kind as i64)),
    }
}
