//! What goes wrong with messages, on request: everything a consumer has to live with.

use std::fmt;
use std::str::FromStr;

use super::dice::Dice;
use super::simulator::{Alert, Message};
use super::sky::Kind;
use super::value::Value;
use crate::alert::Survey;

/// One thing that is wrong with a message; at most one of them befalls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// The same message comes again within twenty others.
    Duplicate,
    /// Bytes of the value are changed, its length is not.
    Corrupted,
    /// The end of the value is missing.
    Truncated,
    /// Numbers are NaN.
    Nan,
    /// A record's fields are all null.
    NullStruct,
    /// The message comes 20 to 200 others too late.
    Late,
    /// The flux is negative.
    NegativeFlux,
}

impl Trouble {
    pub const ALL: [Trouble; 7] = [
        Trouble::Duplicate,
        Trouble::Corrupted,
        Trouble::Truncated,
        Trouble::Nan,
        Trouble::NullStruct,
        Trouble::Late,
        Trouble::NegativeFlux,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Trouble::Duplicate => "duplicates",
            Trouble::Corrupted => "corrupted",
            Trouble::Truncated => "truncated",
            Trouble::Nan => "nan",
            Trouble::NullStruct => "null_structs",
            Trouble::Late => "late",
            Trouble::NegativeFlux => "negative_flux",
        }
    }

    /// Changes the packet.
    pub(super) fn befall(self, alert: &mut Alert, dice: &mut Dice) {
        let survey = alert.truth.survey;
        match self {
            Trouble::Nan => nan_fields(survey)
                .iter()
                .for_each(|path| force(alert, path, Value::Double(f64::NAN))),
            Trouble::NullStruct => {
                let record: &&str = dice.pick(records(survey, alert.truth.kind));
                force(alert, record, Value::Null);
            }
            Trouble::NegativeFlux => negate(alert),
            _ => {}
        }
    }

    /// Changes the bytes.
    pub(super) fn damage(self, message: &mut Message, dice: &mut Dice) {
        match self {
            Trouble::Corrupted => {
                let mut value = message.value.to_vec();
                // Near the start, where the fields are: most of a packet is images.
                let reach = value.len().min(600) as u64;
                for _ in 0..8 {
                    let place = dice.below(reach) as usize;
                    value[place] ^= 1 + dice.below(255) as u8;
                }
                message.value = value.into();
            }
            Trouble::Truncated => {
                let kept = dice.below(message.value.len() as u64) as usize;
                message.value.truncate(kept);
            }
            _ => {}
        }
    }
}

fn nan_fields(survey: Survey) -> &'static [&'static str] {
    match survey {
        Survey::Ztf => &[
            "candidate.magpsf",
            "candidate.drb",
            "prv_candidates[].magpsf",
            "mag_rate",
        ],
        Survey::Lsst => &[
            "diaSource.psfFlux",
            "diaSource.reliability",
            "prvDiaSources[].psfFluxErr",
            "xm.legacydr8_zphot",
        ],
    }
}

/// Records that are not null yet: an asteroid's `diaObject` always is.
fn records(survey: Survey, kind: Kind) -> &'static [&'static str] {
    match (survey, kind) {
        (Survey::Ztf, _) => &["candidate", "cutoutScience", "lc_features_r"],
        (Survey::Lsst, Kind::Asteroid) => &["diaSource", "xm", "clf", "pred", "misc"],
        (Survey::Lsst, _) => &["diaSource", "diaObject", "xm", "clf", "pred", "misc"],
    }
}

fn negate(alert: &mut Alert) {
    match alert.truth.survey {
        Survey::Ztf => force(alert, "candidate.isdiffpos", Value::from("f")),
        Survey::Lsst => {
            let flux = alert
                .packet
                .get("diaSource.psfFlux")
                .ok()
                .and_then(Value::as_f64);
            let negative = -flux.unwrap_or_default().abs();
            force(alert, "diaSource.psfFlux", Value::Double(negative));
            force(alert, "diaSource.isNegative", Value::Boolean(true));
        }
    }
}

/// Sets a field that the survey's table is known to have.
fn force(alert: &mut Alert, path: &str, value: Value) {
    let done = alert.packet.set(path, value);
    debug_assert!(done.is_ok(), "{done:?}");
}

/// How often each trouble befalls a message: shares of all messages, together at most 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Troubles {
    rates: [f64; Trouble::ALL.len()],
}

impl Troubles {
    pub fn none() -> Self {
        Self::default()
    }

    /// With one more rate.
    ///
    /// # Errors
    /// The rate is not within 0…1, or all rates together are above 1.
    pub fn with(mut self, trouble: Trouble, rate: f64) -> Result<Self, TroubleError> {
        if !(0.0..=1.0).contains(&rate) {
            return Err(TroubleError::Rate {
                trouble: trouble.name(),
                rate: rate.to_string(),
            });
        }
        self.rates[trouble as usize] = rate;
        let sum: f64 = self.rates.iter().sum();
        if sum > 1.0 + 1e-9 {
            return Err(TroubleError::TooMuch { sum });
        }
        Ok(self)
    }

    /// What befalls the next message.
    pub(super) fn draw(&self, dice: &mut Dice) -> Option<Trouble> {
        let mut left = dice.unit();
        Trouble::ALL.into_iter().find(|trouble| {
            left -= self.rates[*trouble as usize];
            left < 0.0
        })
    }
}

/// As it is written on the command line; nothing where nothing goes wrong.
impl fmt::Display for Troubles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = Trouble::ALL.into_iter().zip(self.rates);
        let parts = named
            .filter(|(_, rate)| *rate > 0.0)
            .map(|(trouble, rate)| format!("{}={rate}", trouble.name()));
        f.write_str(&parts.collect::<Vec<_>>().join(","))
    }
}

/// What is wrong with the text of the troubles.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum TroubleError {
    #[error("`{0}` is not `trouble=rate`, as in `duplicates=0.01`")]
    NoPair(String),
    #[error(
        "unknown trouble `{0}`: expected duplicates, corrupted, truncated, nan, null_structs, late \
         or negative_flux"
    )]
    Unknown(String),
    #[error("the rate of `{trouble}` is `{rate}`: expected a share of all messages, 0 to 1")]
    Rate { trouble: &'static str, rate: String },
    #[error(
        "the rates add up to {sum}: a message has one trouble at most, so the sum is at most 1"
    )]
    TooMuch { sum: f64 },
}

/// `duplicates=0.01,late=0.02`
impl FromStr for Troubles {
    type Err = TroubleError;

    fn from_str(text: &str) -> Result<Self, TroubleError> {
        text.split(',')
            .map(str::trim)
            .try_fold(Troubles::none(), |troubles, pair| {
                let (name, rate) = pair
                    .split_once('=')
                    .ok_or_else(|| TroubleError::NoPair(pair.to_owned()))?;
                let trouble = Trouble::ALL
                    .into_iter()
                    .find(|trouble| trouble.name() == name.trim())
                    .ok_or_else(|| TroubleError::Unknown(name.trim().to_owned()))?;
                let parsed = rate.trim().parse().map_err(|_| TroubleError::Rate {
                    trouble: trouble.name(),
                    rate: rate.trim().to_owned(),
                })?;
                troubles.with(trouble, parsed)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_what_is_wrong() {
        let error = |text: &str| text.parse::<Troubles>().unwrap_err().to_string();
        assert!(error("late").contains("`late` is not"));
        assert!(error("early=0.1").contains("unknown trouble `early`"));
        assert!(error("late=2").contains("`late` is `2`"));
        assert!(error("late=x").contains("`late` is `x`"));
        assert!(error("late=0.7,nan=0.7").contains("add up to 1.4"));
    }

    #[test]
    fn troubles_come_as_often_as_asked_for() {
        let troubles: Troubles = "late=0.1,nan=0.3".parse().unwrap();
        let mut dice = Dice::new(1, super::super::dice::Purpose::Trouble, 0);
        let drawn: Vec<_> = (0..10_000).map(|_| troubles.draw(&mut dice)).collect();
        let count = |wanted| drawn.iter().filter(|trouble| **trouble == wanted).count();
        assert!((900..1100).contains(&count(Some(Trouble::Late))));
        assert!((2800..3200).contains(&count(Some(Trouble::Nan))));
        assert_eq!(count(Some(Trouble::Corrupted)), 0);
    }
}
