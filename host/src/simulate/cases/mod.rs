//! Alerts made for a filter: one that passes every cut, and one for each cut that fails it alone.
//!
//! In: the tables beside this file, which say for each filter in which fields such an alert differs
//! from a simulated one. Out: the alert, changed. The tables are written from Fink's rules and not
//! from the modules: `tests/filters` holds the one against the other.

mod table;

use std::sync::LazyLock;

use super::packet::PacketError;
use super::simulator::Alert;
use crate::alert::Survey;
use table::{Change, Entry, Tables};

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    Tables::parse(&[include_str!("ztf.yaml"), include_str!("lsst.yaml")])
        .unwrap_or_else(|error| panic!("the tables are part of this program: {error}"))
});

/// How to make alerts that a filter passes, or that fail one of its cuts.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    entry: &'static Entry,
    fails: Option<&'static [Change]>,
}

/// A filter or cut that no alert can be made for.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum CaseError {
    #[error("no alert is made for filter `{filter}`: expected one of {known}")]
    UnknownFilter { filter: String, known: String },
    #[error("filter `{filter}` has no cut `{cut}`: expected one of {known}")]
    UnknownCut {
        filter: String,
        cut: String,
        known: String,
    },
}

impl Case {
    /// The filters that alerts can be made for.
    pub fn filters() -> impl Iterator<Item = &'static str> {
        TABLES.0.keys().map(String::as_str)
    }

    /// Alerts that pass.
    ///
    /// # Errors
    /// No table has the filter.
    pub fn pass(filter: &str) -> Result<Case, CaseError> {
        match TABLES.0.get(filter) {
            Some(entry) => Ok(Case { entry, fails: None }),
            None => Err(CaseError::UnknownFilter {
                filter: filter.to_owned(),
                known: listed(Case::filters()),
            }),
        }
    }

    /// Alerts that fail this cut and pass all others.
    ///
    /// # Errors
    /// No table has the filter, or its entry not the cut.
    pub fn fail(filter: &str, cut: &str) -> Result<Case, CaseError> {
        let pass = Case::pass(filter)?;
        match pass.entry.fail.get(cut) {
            Some(changes) => Ok(Case {
                fails: Some(&changes.0),
                ..pass
            }),
            None => Err(CaseError::UnknownCut {
                filter: filter.to_owned(),
                cut: cut.to_owned(),
                known: listed(pass.cuts()),
            }),
        }
    }

    pub fn survey(&self) -> Survey {
        self.entry.survey
    }

    /// Where Fink sends what this filter passes.
    pub fn topic(&self) -> &'static str {
        &self.entry.topic
    }

    /// The cuts that alerts can be made to fail.
    pub fn cuts(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.entry.fail.keys().map(String::as_str)
    }

    /// Makes a simulated alert of the survey one of this case. What the table says is relative to
    /// another field is relative to that of the alert as it was simulated.
    ///
    /// # Errors
    /// The table names a field that the survey's packets lack, or a value of another type.
    pub fn apply(&self, alert: Alert) -> Result<Alert, PacketError> {
        let mut changed = alert.clone();
        let fails = self.fails.unwrap_or_default();
        for change in self.entry.pass.0.iter().chain(fails) {
            change.apply(&alert.packet, &mut changed.packet)?;
        }
        changed.topic.clone_from(&self.entry.topic);
        Ok(changed)
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::{Kind, Value};

    #[test]
    fn an_unknown_name_is_told_what_there_is() {
        let error = Case::pass("sn").unwrap_err().to_string();
        assert!(error.contains("`ztf-sn-candidates`"), "{error}");
        let error = Case::fail("ztf-sn-candidates", "new").unwrap_err();
        assert!(error.to_string().contains("`young`"), "{error}");
    }

    #[test]
    fn every_case_fits_every_alert_of_its_survey() {
        for filter in Case::filters() {
            let pass = Case::pass(filter).unwrap();
            let fails = pass.cuts().map(|cut| Case::fail(filter, cut).unwrap());
            for case in std::iter::once(pass).chain(fails) {
                for kind in Kind::ALL {
                    let alert = Alert::typical(case.survey(), kind, 3);
                    let made = case.apply(alert).unwrap_or_else(|error| {
                        panic!("{filter}: {error}");
                    });
                    assert!(made.topic.starts_with("fink_"));
                }
            }
        }
    }

    #[test]
    fn a_case_changes_what_its_table_says() {
        let alert = Alert::typical(Survey::Ztf, Kind::Asteroid, 3);
        let case = Case::fail("ztf-sn-candidates", "young").unwrap();
        let made = case.apply(alert.clone()).unwrap();
        let number = |alert: &Alert, path: &str| alert.packet.get(path).unwrap().as_f64().unwrap();
        let jd = number(&alert, "candidate.jd");
        assert_eq!(number(&made, "candidate.jd"), jd);
        assert_eq!(number(&made, "candidate.jdstarthist"), jd - 91.0);
        assert_eq!(made.packet.get("cdsxmatch"), Ok(&Value::from("Galaxy")));
        assert_eq!(made.topic, "fink_sn_candidates_ztf");
    }
}
