//! In which proportion the kinds of objects appear.

use std::fmt;
use std::str::FromStr;

use super::sky::Kind;

/// Weights of the kinds, at least one of them above 0.
///
/// Kinds take turns, each as often as its weight says, so that a few objects are already a fair mix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mix {
    weights: [u32; Kind::ALL.len()],
    credit: [i64; Kind::ALL.len()],
}

impl Mix {
    /// One kind alone.
    pub fn only(kind: Kind) -> Self {
        let mut weights = [0; Kind::ALL.len()];
        weights[kind as usize] = 1;
        Mix::from_weights(weights)
    }

    fn from_weights(weights: [u32; Kind::ALL.len()]) -> Self {
        Mix {
            weights,
            credit: [0; Kind::ALL.len()],
        }
    }

    /// The kind of the next object: the one that has waited longest for its share.
    pub(super) fn next(&mut self) -> Kind {
        let total: i64 = self.weights.iter().map(|weight| i64::from(*weight)).sum();
        let mut chosen = Kind::ALL[0];
        for kind in Kind::ALL {
            self.credit[kind as usize] += i64::from(self.weights[kind as usize]);
            let (best, credit) = (self.credit[chosen as usize], self.credit[kind as usize]);
            if credit > best || self.weights[chosen as usize] == 0 {
                chosen = kind;
            }
        }
        self.credit[chosen as usize] -= total;
        chosen
    }
}

/// As it is written on the command line.
impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = Kind::ALL.into_iter().zip(self.weights);
        let parts = named.map(|(kind, weight)| format!("{}={weight}", kind.name()));
        f.write_str(&parts.collect::<Vec<_>>().join(","))
    }
}

impl Default for Mix {
    fn default() -> Self {
        Mix::from_weights([3, 1, 3, 3, 1])
    }
}

/// What is wrong with the text of a mix.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum MixError {
    #[error("`{0}` is not `kind=weight`, as in `supernova=3`")]
    NoPair(String),
    #[error("unknown kind `{0}`: expected supernova, kilonova, variable, asteroid or artefact")]
    UnknownKind(String),
    #[error("the weight of `{kind}` is `{weight}`: expected a whole number from 0 to 1000000")]
    Weight { kind: &'static str, weight: String },
    #[error("all weights are 0: give at least one kind a weight")]
    Nothing,
}

/// `supernova=3,kilonova=1`; kinds that are not named do not appear.
impl FromStr for Mix {
    type Err = MixError;

    fn from_str(text: &str) -> Result<Self, MixError> {
        let mut weights = [0; Kind::ALL.len()];
        for pair in text.split(',').map(str::trim) {
            let (name, weight) = pair
                .split_once('=')
                .ok_or_else(|| MixError::NoPair(pair.to_owned()))?;
            let kind = Kind::from_name(name.trim())
                .ok_or_else(|| MixError::UnknownKind(name.trim().to_owned()))?;
            weights[kind as usize] = weight
                .trim()
                .parse()
                .ok()
                .filter(|weight| *weight <= 1_000_000)
                .ok_or_else(|| MixError::Weight {
                    kind: kind.name(),
                    weight: weight.trim().to_owned(),
                })?;
        }
        if weights.iter().all(|weight| *weight == 0) {
            return Err(MixError::Nothing);
        }
        Ok(Mix::from_weights(weights))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_take_turns_by_weight() {
        let mut mix: Mix = "supernova=3, kilonova=1".parse().unwrap();
        let first: Vec<Kind> = (0..8).map(|_| mix.next()).collect();
        assert_eq!(
            first
                .iter()
                .filter(|kind| **kind == Kind::Supernova)
                .count(),
            6
        );
        assert!(first[..4].contains(&Kind::Kilonova));
        let mut only = Mix::only(Kind::Artefact);
        assert!((0..5).all(|_| only.next() == Kind::Artefact));
    }

    #[test]
    fn errors_name_what_is_wrong() {
        let error = |text: &str| text.parse::<Mix>().unwrap_err().to_string();
        assert!(error("supernova").contains("`supernova` is not"));
        assert!(error("nova=1").contains("unknown kind `nova`"));
        assert!(error("kilonova=x").contains("`kilonova` is `x`"));
        assert!(error("kilonova=0").contains("all weights are 0"));
    }
}
