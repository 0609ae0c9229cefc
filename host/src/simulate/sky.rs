//! The objects of the simulated sky, and how bright each of them is at a time.

use super::coordinates::Position;
use super::dice::{Dice, Purpose};
use crate::alert::{Passband, Survey};

/// What an alert is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A type Ia supernova: up in 18 days, down over months, bluer before than after.
    Supernova,
    /// A kilonova: up in a day, then 0.5–1.3 mag a day down, and redder every day.
    Kilonova,
    /// A known periodic star, now brighter and now fainter than its reference image.
    Variable,
    /// A known asteroid: every detection is somewhere else.
    Asteroid,
    /// A bad subtraction: a dipole that comes and goes with either sign.
    Artefact,
}

impl Kind {
    pub const ALL: [Kind; 5] = [
        Kind::Supernova,
        Kind::Kilonova,
        Kind::Variable,
        Kind::Asteroid,
        Kind::Artefact,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Supernova => "supernova",
            Kind::Kilonova => "kilonova",
            Kind::Variable => "variable",
            Kind::Asteroid => "asteroid",
            Kind::Artefact => "artefact",
        }
    }

    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One object of the simulated sky.
#[derive(Clone, Debug)]
pub struct SkyObject {
    /// Counts the objects of one simulation.
    pub index: u64,
    pub kind: Kind,
    /// Where it is, an asteroid at `begins`.
    pub position: Position,
    /// Redshift of the host; 0 for what has none.
    pub redshift: f64,
    /// Period in days of what is periodic; 0 otherwise.
    pub period: f64,
    /// First light, MJD UTC.
    pub begins: f64,
    /// Nothing of it is seen afterwards, MJD UTC.
    pub ends: f64,
    /// In the reference image at the object's place: a star, or the host. u to y, nJy.
    pub reference: [f64; 6],
    /// Brightness at the peak (variable, asteroid: on average) without the reference. u to y, nJy.
    peak: [f64; 6],
    /// An asteroid's motion, arcsec a day east and north.
    motion: (f64, f64),
    phase: f64,
    seed: u64,
}

/// Colours of a supernova at its peak, as magnitudes relative to r. u to y.
const SUPERNOVA_COLOURS: [f64; 6] = [0.6, 0.0, 0.0, 0.25, 0.35, 0.4];
/// How fast a supernova fades, mag a day. u to y.
const SUPERNOVA_FADING: [f64; 6] = [0.16, 0.11, 0.075, 0.06, 0.05, 0.045];
const SUPERNOVA_RISE: f64 = 18.0;
/// Its tail, driven by 56Co, mag a day.
const SUPERNOVA_TAIL: f64 = 0.012;
const KILONOVA_COLOURS: [f64; 6] = [0.3, 0.1, 0.0, 0.0, 0.05, 0.1];
const KILONOVA_FADING: [f64; 6] = [1.3, 1.0, 0.8, 0.65, 0.55, 0.5];
const KILONOVA_RISE: f64 = 1.1;
const STAR_COLOURS: [f64; 6] = [1.3, 0.3, 0.0, -0.1, -0.12, -0.12];
/// Peak-to-peak amplitudes of an RR Lyrae star relative to g. u to y.
const STAR_AMPLITUDES: [f64; 6] = [1.0, 1.0, 0.72, 0.58, 0.52, 0.5];
const ASTEROID_COLOURS: [f64; 6] = [2.0, 0.55, 0.0, -0.18, -0.2, -0.2];
const HOST_COLOURS: [f64; 6] = [2.0, 0.7, 0.0, -0.35, -0.6, -0.7];
/// An RR Lyrae star rises in a sixth of its period and falls in the rest.
const RISING_FRACTION: f64 = 0.17;

impl SkyObject {
    /// A new object. `now` is the simulation's time (MJD UTC): what explodes does so within days of
    /// it, or before it for the objects that the simulation starts with.
    pub fn new(
        survey: Survey,
        kind: Kind,
        seed: u64,
        index: u64,
        now: f64,
        starting: bool,
    ) -> Self {
        let mut dice = Dice::new(seed, Purpose::Object, index);
        let redshift = redshift(survey, kind, &mut dice);
        let position = position(survey, kind, &mut dice);
        let mag = peak_mag(survey, kind, redshift, &mut dice);
        let (before, after, life) = match kind {
            Kind::Supernova => (25.0, 5.0, 110.0),
            Kind::Kilonova => (0.0, 6.0, 12.0),
            Kind::Variable => (0.0, 0.5, 200.0),
            Kind::Asteroid => (0.0, 3.0, 40.0),
            Kind::Artefact => (0.0, 3.0, 60.0),
        };
        let before = if starting { before } else { 0.0 };
        let begins = now + dice.between(-before, after);
        let colours = match kind {
            Kind::Supernova => SUPERNOVA_COLOURS,
            Kind::Kilonova => KILONOVA_COLOURS,
            Kind::Variable | Kind::Artefact => STAR_COLOURS,
            Kind::Asteroid => ASTEROID_COLOURS,
        };
        let peak = colours.map(|colour| flux(mag + colour));
        let host = dice.between(19.0, 22.0);
        let reference = match kind {
            Kind::Supernova | Kind::Kilonova => HOST_COLOURS.map(|colour| flux(host + colour)),
            Kind::Variable => peak,
            Kind::Artefact => peak.map(|peak| peak * 10.0),
            Kind::Asteroid => [0.0; 6],
        };
        SkyObject {
            index,
            kind,
            position,
            redshift,
            period: if kind == Kind::Variable {
                dice.between(0.42, 0.72)
            } else {
                0.0
            },
            begins,
            ends: begins + life,
            reference,
            peak,
            motion: (dice.between(-1100.0, -500.0), dice.between(-250.0, 250.0)),
            phase: dice.unit(),
            seed: dice.word(),
        }
    }

    /// Random numbers that belong to the object: always the same for the same `stream`.
    pub fn dice(&self, stream: u64) -> Dice {
        Dice::new(self.seed, Purpose::Visit, stream)
    }

    /// Where the object is seen, MJD UTC.
    pub fn position_at(&self, mjd: f64) -> Position {
        match self.kind {
            Kind::Asteroid => {
                let days = mjd - self.begins;
                self.position
                    .moved(self.motion.0 * days, self.motion.1 * days)
            }
            _ => self.position,
        }
    }

    /// The flux that is not in the reference image, nJy: negative where a star is fainter than
    /// there. An artefact's flux is drawn afresh by whoever observes it (`draw`, Gaussian).
    pub fn difference(&self, mjd: f64, passband: Passband, draw: f64) -> f64 {
        let band = passband as usize;
        let peak = self.peak[band];
        match self.kind {
            Kind::Supernova => peak * self.supernova(mjd, band),
            Kind::Kilonova => peak * self.kilonova(mjd, band),
            Kind::Variable => peak * (self.pulsation(mjd, band) - 1.0),
            Kind::Asteroid if mjd < self.begins => 0.0,
            Kind::Asteroid => peak * magnitudes(0.15 * sine(mjd * 5.0 + self.phase)),
            // Seldom there, then strong, with either sign.
            Kind::Artefact if mjd < self.begins || draw.abs() < 0.6 => 0.0,
            Kind::Artefact => peak * draw,
        }
    }

    /// Relative to the peak.
    fn supernova(&self, mjd: f64, band: usize) -> f64 {
        let stretched = (mjd - self.begins) / (1.0 + self.redshift);
        let after = stretched - SUPERNOVA_RISE;
        if after < 0.0 {
            return smooth_rise(stretched / SUPERNOVA_RISE);
        }
        let knee = 28.0_f64;
        let early = after.min(knee);
        let fading = SUPERNOVA_FADING[band] * early * early / (early + 6.0);
        magnitudes(fading + SUPERNOVA_TAIL * (after - knee).max(0.0))
    }

    /// Relative to the peak.
    fn kilonova(&self, mjd: f64, band: usize) -> f64 {
        let days = mjd - self.begins;
        if days < KILONOVA_RISE {
            return smooth_rise(days / KILONOVA_RISE);
        }
        magnitudes(KILONOVA_FADING[band] * (days - KILONOVA_RISE))
    }

    /// Relative to the star's mean magnitude.
    fn pulsation(&self, mjd: f64, band: usize) -> f64 {
        let cycles = mjd / self.period + self.phase;
        let phase = cycles - cycles.floor();
        let height = if phase < RISING_FRACTION {
            phase / RISING_FRACTION
        } else {
            1.0 - (phase - RISING_FRACTION) / (1.0 - RISING_FRACTION)
        };
        magnitudes(STAR_AMPLITUDES[band] * (0.5 - height))
    }
}

/// nJy of an AB magnitude.
pub fn flux(mag: f64) -> f64 {
    magnitudes(mag - 31.4)
}

/// AB magnitude of nJy; NaN for a flux that is not positive.
pub fn mag(flux: f64) -> f64 {
    if flux > 0.0 {
        31.4 - 2.5 * libm::log10(flux)
    } else {
        f64::NAN
    }
}

/// Luminosity distance in Mpc to second order in z: H0 = 70 km/s/Mpc, q0 = −0.55.
pub fn luminosity_distance(redshift: f64) -> f64 {
    4282.7 * (redshift + 0.775 * redshift * redshift)
}

/// The flux ratio of so many magnitudes.
fn magnitudes(fainter: f64) -> f64 {
    libm::pow(10.0, -0.4 * fainter)
}

fn sine(cycles: f64) -> f64 {
    libm::sin(std::f64::consts::TAU * cycles)
}

/// From 0 at 0 to 1 at 1, at first with the square of time, flat at the top.
fn smooth_rise(part: f64) -> f64 {
    let part = part.clamp(0.0, 1.0);
    part * part * (3.0 - 2.0 * part)
}

fn redshift(survey: Survey, kind: Kind, dice: &mut Dice) -> f64 {
    let (low, high) = match (kind, survey) {
        (Kind::Supernova, Survey::Ztf) => (0.015, 0.08),
        (Kind::Supernova, Survey::Lsst) => (0.03, 0.25),
        (Kind::Kilonova, _) => (0.01, 0.03),
        _ => return 0.0,
    };
    dice.between(low, high)
}

fn peak_mag(survey: Survey, kind: Kind, redshift: f64, dice: &mut Dice) -> f64 {
    let modulus = 25.0 + 5.0 * libm::log10(luminosity_distance(redshift));
    let deeper = match survey {
        Survey::Ztf => 0.0,
        Survey::Lsst => 2.0,
    };
    match kind {
        Kind::Supernova => modulus - 19.2 + 0.25 * dice.normal() + dice.between(0.0, 0.6),
        Kind::Kilonova => modulus - 16.2 + 0.3 * dice.normal(),
        Kind::Variable => dice.between(14.5, 18.0) + deeper,
        Kind::Asteroid => dice.between(16.0, 19.5) + deeper,
        Kind::Artefact => dice.between(17.5, 19.0) + deeper,
    }
}

fn position(survey: Survey, kind: Kind, dice: &mut Dice) -> Position {
    if kind == Kind::Asteroid {
        let latitude = dice.normal() * 6.0;
        return loop {
            let place = Position::from_ecliptic(dice.between(120.0, 260.0), latitude);
            if in_footprint(survey, place) {
                break place;
            }
        };
    }
    loop {
        // Uniform on the sphere.
        let place = Position {
            ra: dice.between(0.0, 360.0),
            dec: libm::asin(dice.between(-1.0, 1.0)).to_degrees(),
        };
        let far_from_plane = place.galactic().1.abs() > 22.0;
        if in_footprint(survey, place) && (far_from_plane || kind == Kind::Variable) {
            return place;
        }
    }
}

fn in_footprint(survey: Survey, place: Position) -> bool {
    match survey {
        Survey::Ztf => (-28.0..78.0).contains(&place.dec),
        Survey::Lsst => (-65.0..12.0).contains(&place.dec),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: Kind) -> SkyObject {
        SkyObject::new(Survey::Ztf, kind, 11, 4, 61_100.0, false)
    }

    #[test]
    fn a_supernova_rises_in_18_days_and_reddens_as_it_fades() {
        let sn = object(Kind::Supernova);
        let at = |days: f64, band| sn.difference(sn.begins + days * (1.0 + sn.redshift), band, 0.0);
        assert_eq!(at(-1.0, Passband::R), 0.0);
        let peak = at(SUPERNOVA_RISE, Passband::R);
        assert!(at(9.0, Passband::R) < 0.6 * peak && at(5.0, Passband::R) > 0.0);
        let colour = |days| mag(at(days, Passband::G)) - mag(at(days, Passband::R));
        assert!(colour(18.0).abs() < 0.01);
        assert!((0.4..1.2).contains(&colour(45.0)), "{}", colour(45.0));
    }

    #[test]
    fn a_kilonova_is_up_in_a_day_and_fades_fast() {
        let kn = object(Kind::Kilonova);
        let at = |days: f64, band| mag(kn.difference(kn.begins + days, band, 0.0));
        let decline = at(3.0, Passband::R) - at(2.0, Passband::R);
        assert!((0.5..=1.0).contains(&decline), "{decline}");
        let reddening = |days| at(days, Passband::G) - at(days, Passband::I);
        assert!(reddening(4.0) > reddening(2.0) + 0.5);
        assert!(at(0.5, Passband::R) > at(1.1, Passband::R));
    }

    #[test]
    fn a_variable_star_goes_both_ways_and_repeats() {
        let star = object(Kind::Variable);
        let at = |mjd| star.difference(mjd, Passband::G, 0.0);
        let curve: Vec<f64> = (0..50)
            .map(|i| at(61_100.0 + f64::from(i) * 0.013))
            .collect();
        assert!(curve.iter().any(|flux| *flux > 0.0) && curve.iter().any(|flux| *flux < 0.0));
        let again = at(61_100.1 + star.period);
        assert!((again - at(61_100.1)).abs() < 1e-6 * star.reference[1]);
    }

    #[test]
    fn an_asteroid_moves() {
        let asteroid = object(Kind::Asteroid);
        let there = asteroid.position_at(asteroid.begins + 1.0);
        let moved = (there.dec - asteroid.position.dec).hypot(there.ra - asteroid.position.ra);
        assert!((0.05..0.6).contains(&moved), "{moved}");
    }
}
