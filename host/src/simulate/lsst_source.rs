//! LSST's measurements: the source found in a difference image, and forced photometry.

use super::cadence::Visit;
use super::clock;
use super::dice::Dice;
use super::lsst_fields::PIXEL_FLAGS;
use super::packet::Draft;
use super::schema::Record;
use super::sky::{Kind, SkyObject};
use super::value::Value;

/// Half of an exposure of 30 s, in days.
const HALF_EXPOSURE: f64 = 15.0 / 86_400.0;
/// Processed two minutes and a half after the exposure, in days.
const PROCESSING: f64 = 150.0 / 86_400.0;

/// Middle of the exposure, MJD TAI.
pub fn midpoint(visit: &Visit) -> f64 {
    clock::tai(visit.mjd) + HALF_EXPOSURE
}

/// Unique for 1,000 seeds, 16 million objects and a million visits of each; above 2^53.
pub fn source_id(seed: u64, object: &SkyObject, visit: &Visit) -> i64 {
    let of_seed = (seed % 1000) << 44;
    let of_object = (object.index % (1 << 24)) << 20;
    170_000_000_000_000_000 + (of_seed + of_object + visit.ordinal % (1 << 20)) as i64
}

/// The ids of a source.
#[derive(Clone, Copy, Debug)]
pub struct Ids {
    pub source: i64,
    /// 0 for an asteroid.
    pub object: i64,
    /// 0 for what stands still.
    pub solar_system: i64,
}

/// A `diaSource`, which the `prvDiaSources` of later packets repeat.
pub fn source(record: &Record, object: &SkyObject, visit: &Visit, ids: Ids) -> Value {
    let mut dice = object.dice(visit.ordinal);
    let pixel_flags = PIXEL_FLAGS
        .split_whitespace()
        .fold(Draft::new(record), |draft, flag| draft.put(flag, false));
    let draft = identity(pixel_flags, visit, ids, &mut dice);
    let draft = photometry(draft, object, visit, &mut dice);
    let draft = trail(draft, object, visit, &mut dice);
    let draft = dipole(draft, object, visit, &mut dice);
    shape(draft, object, visit, &mut dice).done()
}

fn identity<'a>(draft: Draft<'a>, visit: &Visit, ids: Ids, dice: &mut Dice) -> Draft<'a> {
    let error = 0.25 / 3600.0 / visit.snr();
    let processed = midpoint(visit) + PROCESSING;
    draft
        .put("diaSourceId", ids.source)
        .put("visit", visit_id(visit))
        .put("detector", detector(visit))
        .put("diaObjectId", ids.object)
        .put("ssObjectId", ids.solar_system)
        .put("parentDiaSourceId", 0)
        .put("midpointMjdTai", midpoint(visit))
        .put("ra", visit.position.ra)
        .put("raErr", error)
        .put("dec", visit.position.dec)
        .put("decErr", error * dice.between(0.9, 1.1))
        .put("ra_dec_Cov", 0.1 * error * error * dice.normal())
        .put("x", dice.between(30.0, 4000.0))
        .put("xErr", error * 18_000.0)
        .put("y", dice.between(30.0, 3900.0))
        .put("yErr", error * 18_000.0)
        .put("band", visit.passband.letter())
        .put("timeProcessedMjdTai", processed)
        .put("bboxSize", 20 + dice.below(25) as i32)
        .put("glint_trail", false)
}

fn photometry<'a>(
    draft: Draft<'a>,
    object: &SkyObject,
    visit: &Visit,
    dice: &mut Dice,
) -> Draft<'a> {
    draft
        .put(
            "centroid_flag",
            object.kind == Kind::Artefact && dice.chance(0.3),
        )
        .put("apFlux", visit.flux + 1.5 * visit.flux_err * dice.normal())
        .put("apFluxErr", 1.6 * visit.flux_err)
        .put_each("apFlux_flag apFlux_flag_apertureTruncated", false)
        .put("isNegative", visit.flux < 0.0)
        .put("snr", visit.snr())
        .put("psfFlux", visit.flux)
        .put("psfFluxErr", visit.flux_err)
        .put("psfChi2", 1681.0 * dice.between(0.9, 1.2))
        .put("psfNdata", 1681)
        .put_each(
            "psfFlux_flag psfFlux_flag_edge psfFlux_flag_noGoodPixels",
            false,
        )
        .put("scienceFlux", visit.reference + visit.flux)
        .put("scienceFluxErr", visit.flux_err * 1.02)
        .put_each(
            "forced_PsfFlux_flag forced_PsfFlux_flag_edge forced_PsfFlux_flag_noGoodPixels",
            false,
        )
        .put("templateFlux", visit.reference + 5.0 * dice.normal())
        .put("templateFluxErr", 5.0)
}

/// The fit of a trail, which nearly every source has.
fn trail<'a>(draft: Draft<'a>, object: &SkyObject, visit: &Visit, dice: &mut Dice) -> Draft<'a> {
    let length = match object.kind {
        Kind::Asteroid => dice.between(0.9, 1.6),
        _ => dice.between(0.6, 1.2),
    };
    draft
        .put("trailFlux", visit.flux * dice.between(1.0, 1.1))
        .put("trailFluxErr", 0.01 * visit.flux_err)
        .put("trailRa", visit.position.ra)
        .put("trailDec", visit.position.dec)
        .put("trailLength", length)
        .put("trailAngle", dice.between(-130.0, 130.0))
        .put("trailNdata", 0)
        .put("trail_flag_edge", false)
}

fn dipole<'a>(draft: Draft<'a>, object: &SkyObject, visit: &Visit, dice: &mut Dice) -> Draft<'a> {
    let is_dipole = object.kind == Kind::Artefact;
    let draft = draft
        .put("isDipole", is_dipole)
        .put("dipoleFitAttempted", is_dipole)
        .put("dipoleNdata", if is_dipole { 3200 } else { 0 });
    if !is_dipole {
        return draft;
    }
    draft
        .put("dipoleMeanFlux", visit.flux.abs() * dice.between(3.0, 8.0))
        .put("dipoleMeanFluxErr", visit.flux_err)
        .put("dipoleFluxDiff", 0.0)
        .put("dipoleFluxDiffErr", 2.0 * visit.flux_err)
        .put("dipoleLength", dice.between(0.05, 0.33))
        .put("dipoleAngle", dice.between(-170.0, 170.0))
        .put("dipoleChi2", dice.between(4_000.0, 90_000.0))
}

fn shape<'a>(draft: Draft<'a>, object: &SkyObject, visit: &Visit, dice: &mut Dice) -> Draft<'a> {
    let artefact = object.kind == Kind::Artefact;
    let psf = dice.between(0.2, 0.35);
    let extended = if artefact {
        0.5
    } else {
        1.0 + 0.1 * dice.normal()
    };
    let reliability = match object.kind {
        Kind::Artefact => dice.between(0.02, 0.4),
        _ => 1.0 - 0.4 / visit.snr() - 0.1 * dice.unit(),
    };
    draft
        .put("ixx", psf * extended)
        .put("iyy", psf / extended)
        .put("ixy", 0.02 * dice.normal())
        .put("ixxPSF", psf)
        .put("iyyPSF", psf * dice.between(0.95, 1.05))
        .put("ixyPSF", 0.02 * dice.normal())
        .put("shape_flag", artefact && dice.chance(0.4))
        .put_each(
            "shape_flag_no_pixels shape_flag_not_contained shape_flag_parent_source",
            false,
        )
        .put(
            "extendedness",
            if artefact {
                dice.between(0.6, 1.0)
            } else {
                0.2 * dice.unit()
            },
        )
        .put("reliability", reliability)
        .put("pixelFlags_bad", artefact && dice.chance(0.3))
        .put("pixelFlags_edge", artefact && dice.chance(0.2))
        .put("pixelFlags_interpolated", artefact && dice.chance(0.3))
}

/// A measurement at the object's place, whether or not something was found there.
pub fn forced(record: &Record, object: &SkyObject, visit: &Visit, ids: Ids) -> Value {
    Draft::new(record)
        .put("diaForcedSourceId", ids.source)
        .put("diaObjectId", ids.object)
        .put("ra", object.position.ra)
        .put("dec", object.position.dec)
        .put("visit", visit_id(visit))
        .put("detector", detector(visit))
        .put("psfFlux", visit.flux)
        .put("psfFluxErr", visit.flux_err)
        .put("midpointMjdTai", midpoint(visit))
        .put("scienceFlux", visit.reference + visit.flux)
        .put("scienceFluxErr", visit.flux_err * 1.02)
        .put("band", visit.passband.letter())
        .put("timeProcessedMjdTai", midpoint(visit) + PROCESSING)
        .done()
}

/// The day, and a count of exposures of 40 s.
fn visit_id(visit: &Visit) -> i64 {
    let (year, month, day) = clock::date(visit.mjd);
    let exposure = ((visit.mjd - visit.mjd.floor()) * 2160.0) as i64;
    ((year * 100 + month) * 100 + day) * 100_000 + exposure
}

fn detector(visit: &Visit) -> i64 {
    (visit.ordinal * 31 % 189) as i64
}
