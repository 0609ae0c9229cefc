//! ZTF's measurements: the candidate of an alert, and the same one in the history of later alerts.

use super::cadence::Visit;
use super::clock;
use super::coordinates::Position;
use super::dice::Dice;
use super::packet::Draft;
use super::schema::Record;
use super::sky::{Kind, SkyObject, mag};
use super::value::Value;

/// Relative error of a flux to error of a magnitude: 2.5 / ln 10.
pub const POGSON: f64 = 1.085_736_204_758_129_6;
/// The night of JD 2457754.5 is ZTF's night 0.
const FIRST_NIGHT: f64 = 57_754.0;
/// What ZTF writes where there is no match.
const NONE: f64 = -999.0;

/// What stays the same for all measurements of an object.
#[derive(Clone, Debug)]
pub struct Place {
    field: i64,
    rcid: i64,
    /// To the nearest source of the reference image, pixels.
    distnr: f64,
    /// Of that source.
    pub magnr: f64,
    reference: Position,
    x: f64,
    y: f64,
    programid: i64,
}

impl Place {
    pub fn of(object: &SkyObject) -> Self {
        let mut dice = object.dice(u64::MAX);
        let distnr = match object.kind {
            Kind::Variable => dice.between(0.05, 0.4),
            Kind::Supernova | Kind::Kilonova => dice.between(1.6, 9.0),
            Kind::Asteroid => dice.between(4.0, 14.0),
            Kind::Artefact => dice.between(0.2, 1.2),
        };
        let nearest = mag(object.reference[2]);
        Place {
            field: 250 + dice.below(1500) as i64,
            rcid: dice.below(64) as i64,
            distnr,
            magnr: if nearest.is_finite() {
                nearest
            } else {
                dice.between(18.0, 22.0)
            },
            reference: object.position.moved(distnr * 0.7, distnr * 0.7),
            x: dice.between(60.0, 3000.0),
            y: dice.between(60.0, 3000.0),
            programid: 1,
        }
    }
}

/// Unique as long as there are fewer than a million objects: night, time of night, and object.
pub fn candid(object: &SkyObject, place: &Place, visit: &Visit) -> i64 {
    pid(place, visit) * 1_000_000 + (object.index % 1_000_000) as i64
}

fn pid(place: &Place, visit: &Visit) -> i64 {
    let night = night(visit) % 9000;
    let part = ((visit.mjd - visit.mjd.floor()) * 1e6) as i64;
    night * 1_000_000_000 + part * 1000 + place.rcid * 10 + 5
}

fn night(visit: &Visit) -> i64 {
    (visit.mjd - FIRST_NIGHT).floor() as i64
}

/// How numbers are written: at full precision in the alert, rounded in later packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Full,
    Rounded,
}

impl Form {
    fn mag(self, value: f64) -> f64 {
        self.to(value, 1e4)
    }

    fn other(self, value: f64) -> f64 {
        self.to(value, 1e6)
    }

    fn to(self, value: f64, steps: f64) -> f64 {
        match self {
            Form::Full => value,
            // The survey rounds what it has: the 32-bit number of the candidate.
            Form::Rounded => (f64::from(value as f32) * steps).round() / steps,
        }
    }
}

/// The measurement as a later packet's `prv_candidates` has it; an upper limit if nothing was found.
pub fn history(record: &Record, object: &SkyObject, place: &Place, visit: &Visit) -> Value {
    let mut dice = object.dice(visit.ordinal);
    let draft = if visit.is_detection() {
        let draft = detection(record, object, place, visit, Form::Rounded, &mut dice);
        draft.put("scorr", Form::Rounded.other(visit.snr()))
    } else {
        exposure(record, place, visit, Form::Rounded)
    };
    calibration(draft, Form::Rounded, &mut object.dice(visit.ordinal << 32)).done()
}

/// What the alert's own candidate says beside its measurement.
pub struct Context {
    /// Detections so far, this one included.
    pub detections: usize,
    /// MJD of the first one.
    pub first: f64,
    pub visits: u64,
}

/// The alert's candidate.
pub fn candidate(
    record: &Record,
    object: &SkyObject,
    place: &Place,
    visit: &Visit,
    context: &Context,
) -> Value {
    let mut dice = object.dice(visit.ordinal);
    let draft = detection(record, object, place, visit, Form::Full, &mut dice);
    let draft = solar_system(draft, object, place, &mut dice);
    let draft = neighbours(draft, object, place);
    let draft = draft
        .put("ndethist", context.detections as i64)
        .put("ncovhist", 1000 + context.visits as i64)
        .put("jdstarthist", clock::jd(context.first))
        .put("jdendhist", clock::jd(visit.mjd))
        .put("scorr", visit.snr())
        .put("tooflag", 0)
        .put("rfid", place.field * 1_000_000 + place.rcid * 100 + 20)
        .put("jdstartref", 2_458_166.781_933)
        .put("jdendref", 2_458_440.960_602)
        .put("nframesref", 15)
        .put("dsnrms", visit.snr() * 0.5)
        .put("ssnrms", visit.snr() * 1.7)
        .put("dsdiff", visit.snr() * -1.2);
    let draft = calibration(draft, Form::Full, &mut object.dice(visit.ordinal << 32));
    draft
        .put("nmatches", 400 + dice.below(1200) as i64)
        .put("zpclrcov", dice.between(-2e-4, -1e-5))
        .put("zpmed", 26.2 + 0.05 * dice.normal())
        .put("clrmed", dice.between(0.5, 0.9))
        .put("clrrms", dice.between(0.15, 0.3))
        .put("exptime", 30.0)
        .put("drb", deep_score(object.kind, &mut dice))
        .put("drbversion", "d6_m7")
        .done()
}

/// The deep-learning real-bogus score.
fn deep_score(kind: Kind, dice: &mut Dice) -> f64 {
    match kind {
        Kind::Artefact => dice.between(0.01, 0.45),
        _ => 1.0 - 0.12 * dice.unit() * dice.unit(),
    }
}

/// What every exposure of the place has, whether or not something was found.
fn exposure<'a>(record: &'a Record, place: &Place, visit: &Visit, form: Form) -> Draft<'a> {
    let (year, month, day) = clock::date(visit.mjd);
    let part = ((visit.mjd - visit.mjd.floor()) * 1e6) as i64;
    let band = visit.passband.letter();
    let name = format!(
        "ztf_{year}{month:02}{day:02}{part:06}_{:06}_z{band}_c{:02}_o_q{}_scimrefdiffimg.fits",
        place.field,
        place.rcid / 4 + 1,
        place.rcid % 4 + 1
    );
    let name = match form {
        Form::Full => name,
        Form::Rounded => {
            format!("/ztf/archive/sci/{year}/{month:02}{day:02}/{part:06}/{name}.fz")
        }
    };
    Draft::new(record)
        .put("jd", clock::jd(visit.mjd))
        .put("fid", visit.passband.index())
        .put("pid", pid(place, visit))
        .put("diffmaglim", form.mag(visit.limit))
        .put("pdiffimfilename", name)
        .put("programpi", "Simulated")
        .put("programid", place.programid)
        .put("nid", night(visit))
        .put("rcid", place.rcid)
        .put("field", place.field)
        .put("rbversion", "t17_f5_c3")
}

fn detection<'a>(
    record: &'a Record,
    object: &SkyObject,
    place: &Place,
    visit: &Visit,
    form: Form,
    dice: &mut Dice,
) -> Draft<'a> {
    let artefact = object.kind == Kind::Artefact;
    let magpsf = mag(visit.flux.abs());
    let sigmapsf = POGSON / visit.snr();
    let magdiff = 0.08 * dice.normal() + if artefact { 0.6 } else { 0.0 };
    let fwhm = dice.between(1.8, 3.2) * if artefact { 0.6 } else { 1.0 };
    let bimage = fwhm * dice.between(0.28, 0.34);
    let elong = if artefact {
        dice.between(1.4, 2.2)
    } else {
        dice.between(1.01, 1.25)
    };
    let aimage = bimage * elong;
    let (x, y) = (place.x + dice.normal(), place.y + dice.normal());
    let edge = x.min(y).min(3072.0 - x).min(3080.0 - y);
    exposure(record, place, visit, form)
        .put("candid", candid(object, place, visit))
        .put("isdiffpos", if visit.flux > 0.0 { "t" } else { "f" })
        .put("tblid", dice.below(200) as i64)
        .put("xpos", form.other(x))
        .put("ypos", form.other(y))
        .put("ra", degrees(visit.position.ra))
        .put("dec", degrees(visit.position.dec))
        .put("magpsf", form.mag(magpsf))
        .put("sigmapsf", form.other(sigmapsf))
        .put(
            "chipsf",
            form.other(if artefact {
                dice.between(8.0, 90.0)
            } else {
                dice.between(0.4, 2.5)
            }),
        )
        .put("magap", form.mag(magpsf + magdiff))
        .put("sigmagap", form.mag(1.6 * sigmapsf))
        .put("distnr", form.other(place.distnr))
        .put("magnr", form.mag(place.magnr))
        .put("sigmagnr", 0.021)
        .put("chinr", 0.65)
        .put("sharpnr", -0.01)
        .put("sky", form.other(2.0 * dice.normal()))
        .put("magdiff", form.other(magdiff))
        .put("fwhm", form.other(fwhm))
        .put(
            "classtar",
            form.mag(if artefact {
                dice.between(0.0, 0.35)
            } else {
                dice.between(0.7, 1.0)
            }),
        )
        .put("mindtoedge", form.mag(edge))
        .put("magfromlim", form.other(visit.limit - magpsf - magdiff))
        .put("seeratio", form.other(dice.between(0.9, 1.6)))
        .put("aimage", form.mag(aimage))
        .put("bimage", form.mag(bimage))
        .put("aimagerat", form.other(aimage / fwhm))
        .put("bimagerat", form.other(bimage / fwhm))
        .put("elong", form.other(elong))
        .put(
            "nneg",
            if artefact {
                6 + dice.below(8) as i32
            } else {
                dice.below(4) as i32
            },
        )
        // Fink drops bad pixels and rb < 0.55 before anything else.
        .put("nbad", 0)
        .put(
            "rb",
            form.other(if artefact {
                dice.between(0.55, 0.68)
            } else {
                dice.between(0.7, 0.98)
            }),
        )
        .put(
            "sumrat",
            form.other(if artefact {
                dice.between(0.1, 0.5)
            } else {
                dice.between(0.9, 1.0)
            }),
        )
        .put("magapbig", form.mag(magpsf + magdiff + 0.02))
        .put("sigmagapbig", form.mag(2.0 * sigmapsf))
        .put("ranr", degrees(place.reference.ra))
        .put("decnr", degrees(place.reference.dec))
}

fn calibration<'a>(draft: Draft<'a>, form: Form, dice: &mut Dice) -> Draft<'a> {
    draft
        .put("magzpsci", form.mag(26.2 + 0.06 * dice.normal()))
        .put("magzpsciunc", dice.between(2e-6, 3e-5))
        .put("magzpscirms", form.other(dice.between(0.02, 0.05)))
        .put("clrcoeff", form.other(dice.between(-0.1, 0.12)))
        .put("clrcounc", dice.between(5e-6, 5e-5))
}

/// The known asteroid of the place, if that is what the alert is of.
fn solar_system<'a>(
    draft: Draft<'a>,
    object: &SkyObject,
    place: &Place,
    dice: &mut Dice,
) -> Draft<'a> {
    if object.kind != Kind::Asteroid {
        return draft
            .put("ssdistnr", NONE)
            .put("ssmagnr", NONE)
            .put("ssnamenr", "null");
    }
    draft
        .put("ssdistnr", dice.between(0.0, 3.0).floor())
        .put("ssmagnr", (place.magnr.min(20.5) * 10.0).round() / 10.0)
        .put(
            "ssnamenr",
            (20_000 + object.index * 37 % 700_000).to_string(),
        )
}

/// The three nearest sources of PS1 and the nearest of Gaia: the same in every alert of the object.
fn neighbours<'a>(mut draft: Draft<'a>, object: &SkyObject, place: &Place) -> Draft<'a> {
    let mut dice = object.dice(u64::MAX - 1);
    let star = object.kind == Kind::Variable;
    let mut distance = if star { 0.2 } else { place.distnr };
    let nearest = distance;
    let names = [
        "sgmag1 srmag1 simag1 szmag1 sgscore1 distpsnr1 objectidps1",
        "sgmag2 srmag2 simag2 szmag2 sgscore2 distpsnr2 objectidps2",
        "sgmag3 srmag3 simag3 szmag3 sgscore3 distpsnr3 objectidps3",
    ];
    for (rank, names) in names.into_iter().enumerate() {
        let names: Vec<&str> = names.split_whitespace().collect();
        let brightness = if rank == 0 {
            place.magnr
        } else {
            dice.between(18.0, 22.5)
        };
        for (name, colour) in names.iter().zip([0.6, 0.0, -0.2, -0.3]) {
            draft = draft.put(name, brightness + colour);
        }
        let score = if rank > 0 {
            dice.unit()
        } else if star {
            dice.between(0.93, 1.0)
        } else {
            dice.between(0.0, 0.2)
        };
        draft = draft.put(names[4], score).put(names[5], distance).put(
            names[6],
            119_000_000_000_000_000 + dice.below(1_000_000_000_000_000) as i64,
        );
        distance += dice.between(3.0, 12.0);
    }
    let (gaia, brightness) = if star {
        (nearest, place.magnr)
    } else {
        (distance, 17.0)
    };
    draft
        .put("nmtchps", 3 + dice.below(20) as i64)
        .put("neargaia", gaia)
        .put("neargaiabright", NONE)
        .put("maggaia", brightness)
        .put("maggaiabright", NONE)
}

/// ZTF's seven decimals.
fn degrees(value: f64) -> f64 {
    (value * 1e7).round() / 1e7
}
