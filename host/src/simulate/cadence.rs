//! When a survey looks at an object, how deep, and what it measures.

use super::coordinates::Position;
use super::dice::Dice;
use super::sky::{Kind, SkyObject, flux};
use crate::alert::{Passband, Survey};

/// How much past an alert carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum History {
    /// As the survey's main programme: a visit in two bands every second to third night.
    #[default]
    Survey,
    /// At most this many points, visited as often as it takes to have them.
    Points(usize),
    /// As a deep-drilling field: every night, again and again; up to 1,000 points on LSST.
    Dense,
}

/// One look at an object's place.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Counts the object's visits.
    pub ordinal: u64,
    /// Start of the exposure, UTC.
    pub mjd: f64,
    pub passband: Passband,
    /// 5σ, AB.
    pub limit: f64,
    pub position: Position,
    /// The difference flux as measured, nJy.
    pub flux: f64,
    /// 1σ, nJy.
    pub flux_err: f64,
    /// In the reference image, nJy.
    pub reference: f64,
}

impl Visit {
    /// Absolute.
    pub fn snr(&self) -> f64 {
        (self.flux / self.flux_err).abs()
    }

    /// Surveys alert on 5σ, whatever the sign.
    pub fn is_detection(&self) -> bool {
        self.snr() >= 5.0
    }
}

/// The visits of one object, without end.
#[derive(Clone, Debug)]
pub struct Visits {
    survey: Survey,
    dice: Dice,
    /// Days between nights.
    gap: f64,
    per_night: u64,
    /// Days between the visits of a night.
    step: f64,
    night: f64,
    in_night: u64,
    ordinal: u64,
}

/// ZTF's packets hold 30 days, LSST's a year.
pub fn window(survey: Survey) -> f64 {
    match survey {
        Survey::Ztf => 30.0,
        Survey::Lsst => 365.0,
    }
}

/// How many points of the past a packet holds at most.
pub fn cap(survey: Survey, history: History) -> usize {
    match (history, survey) {
        (History::Points(points), _) => points,
        (History::Dense, Survey::Lsst) => 1000,
        (_, _) => 10_000,
    }
}

impl Visits {
    /// Visits from long enough before the object's first light for its first alerts to have a past.
    pub fn of(object: &SkyObject, survey: Survey, history: History) -> Self {
        let mut dice = object.dice(0);
        let (natural, looks) = match (object.kind, survey) {
            // Followed up every night, again and again.
            (Kind::Kilonova, Survey::Ztf) => (1.0, 4),
            (Kind::Kilonova, Survey::Lsst) => (1.0, 6),
            _ => (2.5, 2),
        };
        let (gap, per_night) = match (history, survey) {
            (History::Survey, _) => (natural, looks),
            (History::Dense, Survey::Ztf) => (1.0, 4),
            (History::Dense, Survey::Lsst) => (1.0, 24),
            (History::Points(points), _) => {
                let nights = 0.9 * window(survey) / natural;
                (natural, ((points as f64 / nights).ceil() as u64).max(looks))
            }
        };
        let wanted = match history {
            History::Points(points) => points.max(1) as f64,
            _ => cap(survey, history) as f64,
        };
        let past = match object.kind {
            Kind::Variable => (1.1 * gap * wanted / per_night as f64 + gap).min(window(survey)),
            Kind::Asteroid => 0.0,
            Kind::Kilonova => 10.0,
            _ => window(survey).min(30.0),
        };
        // A night of six hours, at most half an hour between two visits.
        let step = (0.25 / per_night as f64).min(0.02);
        let night = object.begins - past + dice.between(0.0, gap);
        Visits {
            survey,
            dice,
            gap,
            per_night,
            step,
            night,
            in_night: 0,
            ordinal: 0,
        }
    }

    /// The next visit, measured.
    pub fn next(&mut self, object: &SkyObject) -> Visit {
        if self.in_night == self.per_night {
            self.in_night = 0;
            self.night += self.gap * self.dice.between(0.85, 1.15);
        }
        let jitter = self.dice.between(0.0, 0.2);
        let mjd = self.night + (self.in_night as f64 + jitter) * self.step;
        let passband = self.passband();
        self.in_night += 1;
        self.ordinal += 1;
        self.measure(object, mjd, passband)
    }

    fn passband(&self) -> Passband {
        use Passband::{G, I, R, U, Y, Z};
        let turn = self.ordinal as usize;
        match self.survey {
            Survey::Ztf => [G, R][turn % 2],
            Survey::Lsst => [G, R, I, Z, R, I, G, R, U, G, Z, Y][turn % 12],
        }
    }

    fn measure(&mut self, object: &SkyObject, mjd: f64, passband: Passband) -> Visit {
        let dice = &mut self.dice;
        let limit = depth(self.survey, passband) + 0.25 * dice.normal().clamp(-2.5, 2.5);
        let exact = object.difference(mjd, passband, dice.normal());
        // The sky, the calibration (0.3 %) and what is left of a bright reference.
        let sky = flux(limit) / 5.0;
        let relative = 0.003 * (exact.abs() + 0.2 * object.reference[passband as usize]);
        let flux_err = libm::sqrt(sky * sky + relative * relative);
        let measured = exact + flux_err * dice.normal();
        let blur = 0.15_f64.min(0.6 * flux_err / measured.abs().max(flux_err)) + 0.02;
        let position = object
            .position_at(mjd)
            .moved(blur * dice.normal(), blur * dice.normal());
        Visit {
            ordinal: self.ordinal,
            mjd,
            passband,
            limit,
            position,
            flux: measured,
            flux_err,
            reference: object.reference[passband as usize],
        }
    }
}

/// 5σ depth of one exposure, AB.
fn depth(survey: Survey, passband: Passband) -> f64 {
    match survey {
        Survey::Ztf => [20.0, 20.7, 20.5, 20.0, 19.5, 19.0][passband as usize],
        Survey::Lsst => [23.7, 24.5, 24.1, 23.6, 22.9, 22.1][passband as usize],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visits(survey: Survey, kind: Kind, history: History, count: usize) -> Vec<Visit> {
        let object = SkyObject::new(survey, kind, 5, 1, 61_100.0, false);
        let mut visits = Visits::of(&object, survey, history);
        (0..count).map(|_| visits.next(&object)).collect()
    }

    #[test]
    fn time_runs_forward_and_bands_alternate() {
        let visits = visits(Survey::Ztf, Kind::Supernova, History::Survey, 40);
        assert!(visits.windows(2).all(|pair| pair[0].mjd < pair[1].mjd));
        assert!(
            visits
                .windows(2)
                .all(|pair| pair[0].passband != pair[1].passband)
        );
        let days = visits[39].mjd - visits[0].mjd;
        assert!((42.0..55.0).contains(&days), "{days}");
    }

    #[test]
    fn dense_fields_have_a_thousand_visits_before_the_first_alert() {
        let object = SkyObject::new(Survey::Lsst, Kind::Variable, 5, 1, 61_100.0, false);
        let mut dense = Visits::of(&object, Survey::Lsst, History::Dense);
        let past = (0..)
            .take_while(|_| dense.next(&object).mjd < object.begins)
            .count();
        assert!((1000..1200).contains(&past), "{past}");
    }

    #[test]
    fn noise_matches_its_error() {
        let quiet = visits(Survey::Lsst, Kind::Supernova, History::Dense, 400);
        let before = quiet
            .iter()
            .filter(|visit| visit.flux.abs() < 4.5 * visit.flux_err);
        let pulls: Vec<f64> = before.map(|visit| visit.flux / visit.flux_err).collect();
        let variance = pulls.iter().map(|pull| pull * pull).sum::<f64>() / pulls.len() as f64;
        assert!((0.8..1.2).contains(&variance), "{variance}");
        assert!(pulls.iter().any(|pull| *pull < -1.0));
    }
}
