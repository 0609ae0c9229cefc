//! Fink's class of an alert.
//!
//! ZTF: Fink's own decision over its scores and cross-matches. LSST: Fink publishes no class; the
//! topic that carried the alert is its label.

use super::slot::Slot;
use super::{FieldType, Row, Survey};

/// Where the inputs of the decision stand.
#[derive(Debug)]
pub(super) enum ClassificationColumns {
    Ztf(Inputs),
    Lsst,
}

#[derive(Debug)]
pub(super) struct Inputs {
    simbad: Slot,
    roid: Slot,
    mulens: Slot,
    snn_snia_vs_nonia: Slot,
    snn_sn_vs_all: Slot,
    rf_snia_vs_nonia: Slot,
    rf_kn_vs_nonkn: Slot,
    detections: Slot,
    drb: Slot,
    class_star: Slot,
    jd: Slot,
    jd_start_hist: Slot,
}

impl ClassificationColumns {
    pub fn resolve(survey: Survey, want: &mut dyn FnMut(&'static str, FieldType) -> Slot) -> Self {
        match survey {
            Survey::Lsst => ClassificationColumns::Lsst,
            Survey::Ztf => ClassificationColumns::Ztf(Inputs {
                simbad: want("cdsxmatch", FieldType::Str),
                roid: want("roid", FieldType::I64),
                mulens: want("mulens", FieldType::F64),
                snn_snia_vs_nonia: want("snn_snia_vs_nonia", FieldType::F64),
                snn_sn_vs_all: want("snn_sn_vs_all", FieldType::F64),
                rf_snia_vs_nonia: want("rf_snia_vs_nonia", FieldType::F64),
                rf_kn_vs_nonkn: want("rf_kn_vs_nonkn", FieldType::F64),
                detections: want("candidate.ndethist", FieldType::I64),
                drb: want("candidate.drb", FieldType::F64),
                class_star: want("candidate.classtar", FieldType::F64),
                jd: want("candidate.jd", FieldType::F64),
                jd_start_hist: want("candidate.jdstarthist", FieldType::F64),
            }),
        }
    }
}

/// The class of the alert in `row`.
pub(super) fn read(
    columns: &ClassificationColumns,
    row: &Row,
    topic: Option<&str>,
) -> Option<String> {
    match columns {
        ClassificationColumns::Ztf(inputs) => Some(inputs.scores(row).class()),
        ClassificationColumns::Lsst => topic.and_then(label_of_topic),
    }
}

/// `fink_extragalactic_new_candidate_lsst` → `Extragalactic New Candidate`.
pub fn label_of_topic(topic: &str) -> Option<String> {
    let name = topic.strip_prefix("fink_")?.strip_suffix("_lsst")?;
    let capitalised = name.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    Some(capitalised.collect::<Vec<_>>().join(" "))
}

impl Inputs {
    fn scores(&self, row: &Row) -> Scores {
        let number = |slot: Slot| slot.f64(row).unwrap_or(f64::NAN);
        Scores {
            simbad: self.simbad.str(row),
            roid: self.roid.i64(row),
            mulens: number(self.mulens),
            snn_snia_vs_nonia: number(self.snn_snia_vs_nonia),
            snn_sn_vs_all: number(self.snn_sn_vs_all),
            rf_snia_vs_nonia: number(self.rf_snia_vs_nonia),
            rf_kn_vs_nonkn: number(self.rf_kn_vs_nonkn),
            detections: self.detections.i64(row),
            drb: number(self.drb),
            class_star: number(self.class_star),
            age_days: number(self.jd) - number(self.jd_start_hist),
        }
    }
}

/// What Fink decides on; NaN where null, so that every comparison is false.
#[derive(Clone, Debug)]
struct Scores {
    simbad: Option<String>,
    roid: Option<i64>,
    mulens: f64,
    snn_snia_vs_nonia: f64,
    snn_sn_vs_all: f64,
    rf_snia_vs_nonia: f64,
    rf_kn_vs_nonkn: f64,
    detections: Option<i64>,
    drb: f64,
    class_star: f64,
    age_days: f64,
}

impl Scores {
    /// Fink's decision table: a SIMBAD type wins, then what is ambiguous, then from the Solar
    /// System outwards. Source: `extract_fink_classification_from_pdf` of fink-filters 7.45.
    fn class(&self) -> String {
        if let Some(simbad) = &self.simbad
            && is_simbad_object(simbad)
        {
            return simbad.clone();
        }
        let microlensing = self.mulens > 0.0;
        let supernova = self.is_supernova();
        let (candidate, known) = (self.roid == Some(2), self.roid == Some(3));
        let claims = [microlensing, supernova, candidate, known];
        let label = if claims.iter().filter(|claim| **claim).count() > 1 {
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
        };
        label.to_owned()
    }

    fn is_real_and_extragalactic(&self) -> bool {
        let host = self
            .simbad
            .as_deref()
            .is_some_and(|simbad| MAY_HOST.contains(&simbad));
        host && self.drb > 0.5 && self.class_star > 0.4
    }

    fn looks_like_supernova(&self) -> bool {
        self.is_real_and_extragalactic()
            && (self.snn_snia_vs_nonia > 0.5 || self.snn_sn_vs_all > 0.5)
    }

    fn is_supernova(&self) -> bool {
        self.looks_like_supernova()
            && self.age_days <= 90.0
            && self.detections.is_some_and(|n| n > 1)
            && self.roid != Some(3)
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
            && self.roid != Some(3)
    }
}

/// A SIMBAD type that says what the object is.
fn is_simbad_object(simbad: &str) -> bool {
    !matches!(simbad, "Unknown" | "Transient")
        && !simbad.starts_with("Fail")
        && !simbad.starts_with("Galaxy")
}

/// SIMBAD types of an extragalactic host, or of nothing known: where a new transient may be.
/// Source: `return_list_of_eg_host` of fink-utils.
const MAY_HOST: [&str; 34] = [
    "BClG",
    "BlueCompG",
    "Candidate_SN*",
    "ClG",
    "Compact_Gr_G",
    "EmG",
    "Fail",
    "Fail 504",
    "Galaxy",
    "GinCl",
    "GinGroup",
    "GinPair",
    "GravLens_Candidate",
    "GroupG",
    "HII_G",
    "High_z_G",
    "IG",
    "LINER",
    "LSB_G",
    "PairG",
    "PartofG",
    "Possible_ClG",
    "Possible_SClG",
    "SN",
    "SN*_Candidate",
    "Seyfert",
    "Seyfert_1",
    "Seyfert_2",
    "StarburstG",
    "SuperClG",
    "Transient",
    "Unknown",
    "Void",
    "galaxy",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet() -> Scores {
        Scores {
            simbad: Some("Unknown".to_owned()),
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
                    simbad: Some("RRLyr".to_owned()),
                    roid: Some(3),
                    ..quiet()
                },
            ),
            (
                "SN candidate",
                Scores {
                    simbad: Some("Galaxy".to_owned()),
                    ..supernova.clone()
                },
            ),
            (
                "Unknown",
                Scores {
                    simbad: Some("Fail 503".to_owned()),
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

    #[test]
    fn an_lsst_topic_is_a_label() {
        let label = label_of_topic("fink_extragalactic_new_candidate_lsst");
        assert_eq!(label.as_deref(), Some("Extragalactic New Candidate"));
        assert_eq!(label_of_topic("fink_sn_candidates_ztf"), None);
    }
}
