//! Fink's class of a ZTF alert: one decision table for the host and for modules.

use crate::{is_extragalactic_host, roid};

/// What Fink decides on; NaN where null, so that every comparison is false.
#[derive(Clone, Debug)]
pub struct Scores<'a> {
    /// SIMBAD's type of the source there (`cdsxmatch`).
    pub simbad: Option<&'a str>,
    /// Solar System: 2 a candidate, 3 a known object.
    pub roid: Option<i64>,
    /// Microlensing; above 0 means that it is favoured.
    pub mulens: f64,
    /// SuperNNova, 0–1: SN Ia against other supernovae.
    pub snn_snia_vs_nonia: f64,
    /// SuperNNova, 0–1: supernova against all.
    pub snn_sn_vs_all: f64,
    /// Random forest, 0–1: early SN Ia.
    pub rf_snia_vs_nonia: f64,
    /// Random forest, 0–1: kilonova.
    pub rf_kn_vs_nonkn: f64,
    /// `ndethist`.
    pub detections: Option<i64>,
    /// Real-bogus, 0–1.
    pub drb: f64,
    /// Star-galaxy, 0–1 (`classtar`).
    pub class_star: f64,
    /// Days since the first detection: `jd` − `jdstarthist`.
    pub age_days: f64,
}

impl<'a> Scores<'a> {
    /// Fink's decision table: a SIMBAD type wins, then what is ambiguous, then from the Solar
    /// System outwards. Source: `extract_fink_classification_from_pdf` of fink-filters 7.45.
    pub fn class(&self) -> &'a str {
        if let Some(simbad) = self.simbad
            && is_simbad_object(simbad)
        {
            return simbad;
        }
        let microlensing = self.mulens > 0.0;
        let supernova = self.is_supernova();
        let (candidate, known) = (
            self.roid == Some(roid::CANDIDATE),
            self.roid == Some(roid::KNOWN),
        );
        let claims = [microlensing, supernova, candidate, known];
        if claims.iter().filter(|claim| **claim).count() > 1 {
            "Ambiguous"
        } else if known {
            "Solar System MPC"
        } else if candidate {
            "Solar System candidate"
        } else if self.is_kilonova() {
            "Kilonova candidate"
        } else if self.is_early_supernova() {
            "Early SN Ia candidate"
        } else if supernova {
            "SN candidate"
        } else if microlensing {
            "Microlensing candidate"
        } else {
            "Unknown"
        }
    }

    fn is_real_and_extragalactic(&self) -> bool {
        is_extragalactic_host(self.simbad) && self.drb > 0.5 && self.class_star > 0.4
    }

    fn looks_like_supernova(&self) -> bool {
        self.is_real_and_extragalactic()
            && (self.snn_snia_vs_nonia > 0.5 || self.snn_sn_vs_all > 0.5)
    }

    fn is_supernova(&self) -> bool {
        self.looks_like_supernova()
            && self.age_days <= 90.0
            && self.detections.is_some_and(|n| n > 1)
            && self.roid != Some(roid::KNOWN)
    }

    fn is_early_supernova(&self) -> bool {
        self.looks_like_supernova()
            && self.detections.is_some_and(|n| n <= 20)
            && self.rf_snia_vs_nonia > 0.5
    }

    fn is_kilonova(&self) -> bool {
        self.is_real_and_extragalactic()
            && self.rf_kn_vs_nonkn > 0.5
            && self.age_days < 5.0
            && self.detections.is_some_and(|n| n < 20)
            && self.roid != Some(roid::KNOWN)
    }
}

/// A SIMBAD type that says what the object is.
fn is_simbad_object(simbad: &str) -> bool {
    !matches!(simbad, "Unknown" | "Transient")
        && !simbad.starts_with("Fail")
        && !simbad.starts_with("Galaxy")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet() -> Scores<'static> {
        Scores {
            simbad: Some("Unknown"),
            roid: Some(0),
            mulens: 0.0,
            snn_snia_vs_nonia: 0.0,
            snn_sn_vs_all: 0.0,
            rf_snia_vs_nonia: 0.0,
            rf_kn_vs_nonkn: 0.0,
            detections: Some(3),
            drb: 0.9,
            class_star: 0.9,
            age_days: 3.0,
        }
    }

    #[test]
    fn the_decision_table() {
        let supernova = Scores {
            snn_sn_vs_all: 0.9,
            ..quiet()
        };
        let early = Scores {
            rf_snia_vs_nonia: 0.9,
            ..supernova.clone()
        };
        let kilonova = Scores {
            rf_kn_vs_nonkn: 0.9,
            ..quiet()
        };
        let cases = [
            ("Unknown", quiet()),
            (
                "Microlensing candidate",
                Scores {
                    mulens: 0.1,
                    ..quiet()
                },
            ),
            ("SN candidate", supernova.clone()),
            ("Early SN Ia candidate", early.clone()),
            // Not a supernova candidate at its first detection, but early all the same.
            (
                "Early SN Ia candidate",
                Scores {
                    detections: Some(1),
                    ..early.clone()
                },
            ),
            ("Kilonova candidate", kilonova.clone()),
            (
                "Kilonova candidate",
                Scores {
                    snn_sn_vs_all: 0.9,
                    ..kilonova
                },
            ),
            (
                "Solar System candidate",
                Scores {
                    roid: Some(2),
                    ..quiet()
                },
            ),
            (
                "Solar System MPC",
                Scores {
                    roid: Some(3),
                    ..quiet()
                },
            ),
            (
                "Ambiguous",
                Scores {
                    roid: Some(2),
                    ..supernova.clone()
                },
            ),
            (
                "Ambiguous",
                Scores {
                    mulens: 0.1,
                    ..supernova.clone()
                },
            ),
            // A known asteroid cannot be a supernova too.
            (
                "Solar System MPC",
                Scores {
                    roid: Some(3),
                    ..supernova.clone()
                },
            ),
            (
                "RRLyr",
                Scores {
                    simbad: Some("RRLyr"),
                    roid: Some(3),
                    ..quiet()
                },
            ),
            (
                "SN candidate",
                Scores {
                    simbad: Some("Galaxy"),
                    ..supernova.clone()
                },
            ),
            (
                "Unknown",
                Scores {
                    simbad: Some("Fail 503"),
                    ..supernova.clone()
                },
            ),
            (
                "Unknown",
                Scores {
                    simbad: None,
                    ..supernova.clone()
                },
            ),
            (
                "Unknown",
                Scores {
                    age_days: 90.1,
                    ..supernova.clone()
                },
            ),
            (
                "Unknown",
                Scores {
                    drb: 0.5,
                    ..supernova
                },
            ),
        ];
        for (class, scores) in cases {
            assert_eq!(scores.class(), class, "{scores:?}");
        }
    }
}
