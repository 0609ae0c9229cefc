//! Fink's class of an alert.
//!
//! ZTF: Fink's own decision over its scores and cross-matches. LSST: Fink publishes no class; the
//! topic that carried the alert is its label.

use compact_str::CompactString;
use fink_tables::Scores;

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
) -> Option<CompactString> {
    match columns {
        ClassificationColumns::Ztf(inputs) => Some(inputs.class(row)),
        ClassificationColumns::Lsst => topic.and_then(label_of_topic).map(Into::into),
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
    fn class(&self, row: &Row) -> CompactString {
        let number = |slot: Slot| slot.f64(row).unwrap_or(f64::NAN);
        let scores = Scores {
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
        };
        scores.class().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_lsst_topic_is_a_label() {
        let label = label_of_topic("fink_extragalactic_new_candidate_lsst");
        assert_eq!(label.as_deref(), Some("Extragalactic New Candidate"));
        assert_eq!(label_of_topic("fink_sn_candidates_ztf"), None);
    }
}
