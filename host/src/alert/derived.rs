//! The names under `alert.`: fields that mean the same on every survey.

use super::{FieldType, Scalar, Survey};

/// The prefix that no raw path begins with.
pub const PREFIX: &str = "alert.";

/// A field that the host derives from a survey's own columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Derived {
    Survey,
    Topic,
    Instrument,
    Band,
    Passband,
    ObjectId,
    AlertId,
    Mjd,
    FirstMjd,
    Ra,
    Dec,
    Flux,
    FluxErr,
    Mag,
    MagErr,
    LimitingMag,
    Detections,
    RealBogus,
    SolarSystem,
    Classification,
    Curve(CurveField),
    Cutout(Stamp, StampField),
}

/// A column of the light curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CurveField {
    Mjd,
    Flux,
    FluxErr,
    Mag,
    MagErr,
    LimitingMag,
    Passband,
    Kind,
}

/// One of the three images of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stamp {
    Science,
    Template,
    Difference,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StampField {
    Pixels,
    Width,
    Height,
}

/// Every name under `alert.`, with its type.
const NAMES: [(&str, Derived, FieldType); 37] = {
    use CurveField as C;
    use Derived as D;
    use FieldType::{Bool, F64, I64, List, Str};
    use Stamp::{Difference, Science, Template};
    use StampField::{Height, Pixels, Width};
    const F64S: FieldType = List(Scalar::F64);
    const I64S: FieldType = List(Scalar::I64);
    [
        ("survey", D::Survey, Str),
        ("topic", D::Topic, Str),
        ("instrument", D::Instrument, Str),
        ("band", D::Band, Str),
        ("passband", D::Passband, I64),
        ("object_id", D::ObjectId, Str),
        ("alert_id", D::AlertId, I64),
        ("mjd", D::Mjd, F64),
        ("first_mjd", D::FirstMjd, F64),
        ("ra", D::Ra, F64),
        ("dec", D::Dec, F64),
        ("flux", D::Flux, F64),
        ("flux_err", D::FluxErr, F64),
        ("mag", D::Mag, F64),
        ("mag_err", D::MagErr, F64),
        ("limiting_mag", D::LimitingMag, F64),
        ("detections", D::Detections, I64),
        ("real_bogus", D::RealBogus, F64),
        ("solar_system", D::SolarSystem, Bool),
        ("classification", D::Classification, Str),
        ("lightcurve.mjd", D::Curve(C::Mjd), F64S),
        ("lightcurve.flux", D::Curve(C::Flux), F64S),
        ("lightcurve.flux_err", D::Curve(C::FluxErr), F64S),
        ("lightcurve.mag", D::Curve(C::Mag), F64S),
        ("lightcurve.mag_err", D::Curve(C::MagErr), F64S),
        ("lightcurve.limiting_mag", D::Curve(C::LimitingMag), F64S),
        ("lightcurve.passband", D::Curve(C::Passband), I64S),
        ("lightcurve.kind", D::Curve(C::Kind), I64S),
        ("cutout.science.pixels", D::Cutout(Science, Pixels), F64S),
        ("cutout.science.width", D::Cutout(Science, Width), I64),
        ("cutout.science.height", D::Cutout(Science, Height), I64),
        ("cutout.template.pixels", D::Cutout(Template, Pixels), F64S),
        ("cutout.template.width", D::Cutout(Template, Width), I64),
        ("cutout.template.height", D::Cutout(Template, Height), I64),
        (
            "cutout.difference.pixels",
            D::Cutout(Difference, Pixels),
            F64S,
        ),
        ("cutout.difference.width", D::Cutout(Difference, Width), I64),
        (
            "cutout.difference.height",
            D::Cutout(Difference, Height),
            I64,
        ),
    ]
};

impl Derived {
    /// The field that a path under `alert.` names.
    pub fn parse(path: &str) -> Option<(Self, FieldType)> {
        let name = path.strip_prefix(PREFIX)?;
        NAMES
            .iter()
            .find_map(|(known, field, ty)| (*known == name).then_some((*field, *ty)))
    }

    /// The survey's own fields that this one is made of: of each group the schema must have at
    /// least one. Empty where the field needs nothing that an alert could lack.
    pub fn basis(self, survey: Survey) -> &'static [&'static [&'static str]] {
        match (survey, self) {
            (Survey::Ztf, Derived::FirstMjd) => &[&["candidate.jdstarthist"]],
            (Survey::Ztf, Derived::LimitingMag) => &[&["candidate.diffmaglim"]],
            (Survey::Ztf, Derived::Detections) => &[&["candidate.ndethist"]],
            (Survey::Ztf, Derived::RealBogus) => &[&["candidate.drb", "candidate.rb"]],
            (Survey::Ztf, Derived::SolarSystem) => &[&["roid"]],
            (Survey::Ztf, Derived::Classification) => &[
                &["cdsxmatch"],
                &["roid"],
                &["mulens"],
                &["snn_snia_vs_nonia"],
                &["snn_sn_vs_all"],
                &["rf_snia_vs_nonia"],
                &["rf_kn_vs_nonkn"],
                &["candidate.ndethist"],
                &["candidate.drb"],
                &["candidate.classtar"],
                &["candidate.jdstarthist"],
            ],
            (Survey::Ztf, Derived::Curve(_)) => &[&["prv_candidates[].jd"]],
            (Survey::Ztf, Derived::Cutout(stamp, _)) => match stamp {
                Stamp::Science => &[&["cutoutScience.stampData"]],
                Stamp::Template => &[&["cutoutTemplate.stampData"]],
                Stamp::Difference => &[&["cutoutDifference.stampData"]],
            },
            (Survey::Lsst, Derived::FirstMjd) => &[&[
                "misc.firstDiaSourceMjdTaiFink",
                "diaObject.firstDiaSourceMjdTai",
            ]],
            (Survey::Lsst, Derived::Detections) => &[&["diaObject.nDiaSources"]],
            (Survey::Lsst, Derived::RealBogus) => &[&["diaSource.reliability"]],
            (Survey::Lsst, Derived::Curve(_)) => &[&[
                "prvDiaSources[].midpointMjdTai",
                "prvDiaForcedSources[].midpointMjdTai",
            ]],
            (Survey::Lsst, Derived::Cutout(stamp, _)) => match stamp {
                Stamp::Science => &[&["cutoutScience"]],
                Stamp::Template => &[&["cutoutTemplate"]],
                Stamp::Difference => &[&["cutoutDifference"]],
            },
            _ => &[],
        }
    }
}

/// Every path under `alert.` with its type, for messages and listings.
pub fn alert_fields() -> impl Iterator<Item = (String, FieldType)> {
    NAMES
        .iter()
        .map(|(name, _, ty)| (format!("{PREFIX}{name}"), *ty))
}
