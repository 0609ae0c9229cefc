//! Which row a label belongs in: decided without a request.
//!
//! A filter changes its own rows only, which their origin tells, so that two filters which see one
//! object do not overwrite each other's label.

use crate::skyportal::memory::KnownClass;

/// A label that is to stand in SkyPortal.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wish {
    /// A class of the taxonomy.
    pub class: String,
    /// 0–1.
    pub probability: Option<f64>,
}

/// What is to be done for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Plan {
    /// It stands in this row.
    Keep(i64),
    /// It is to stand in this row.
    Put(i64),
    /// It needs a row of its own.
    Post,
}

/// The time of the newest alert that these rows are from, MJD UTC.
pub(super) fn newest(rows: &[KnownClass]) -> f64 {
    rows.iter()
        .map(|row| row.mjd)
        .fold(f64::NEG_INFINITY, f64::max)
}

/// `rows` are this filter's, `all` what the alert of time `mjd` (UTC) says besides.
pub(super) fn plan(rows: &[KnownClass], wish: &Wish, all: &[Wish], mjd: f64) -> Plan {
    let latest =
        |fits: &dyn Fn(&&KnownClass) -> bool| rows.iter().filter(fits).max_by_key(|row| row.id);
    if let Some(row) = latest(&|row| row.class == wish.class) {
        return keep_or_put(row, wish);
    }
    // What an earlier alert said gives way. What the same alert said in another topic stays beside.
    let needed = |row: &KnownClass| all.iter().any(|wish| wish.class == row.class);
    match latest(&|row| !needed(row) && row.mjd < mjd) {
        Some(row) => Plan::Put(row.id),
        None => Plan::Post,
    }
}

fn keep_or_put(row: &KnownClass, wish: &Wish) -> Plan {
    let same = match (row.probability, wish.probability) {
        (Some(there), Some(wanted)) => (there - wanted).abs() < 1e-9,
        (None, None) => true,
        _ => false,
    };
    if same {
        Plan::Keep(row.id)
    } else {
        Plan::Put(row.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEN: f64 = 60_000.0;
    const NOW: f64 = 60_001.0;

    fn row(id: i64, class: &str) -> KnownClass {
        KnownClass {
            id,
            class: class.to_owned(),
            probability: Some(0.5),
            origin: "Fink g:f".to_owned(),
            mjd: THEN,
        }
    }

    fn wish(class: &str, probability: f64) -> Wish {
        Wish {
            class: class.to_owned(),
            probability: Some(probability),
        }
    }

    #[test]
    fn a_later_alert_changes_the_row() {
        let rows = [row(1, "A")];
        let decide = |wish: Wish| plan(&rows, &wish, std::slice::from_ref(&wish), NOW);
        assert_eq!(decide(wish("A", 0.5)), Plan::Keep(1));
        assert_eq!(decide(wish("A", 0.6)), Plan::Put(1));
        assert_eq!(decide(wish("C", 0.5)), Plan::Put(1));
    }

    #[test]
    fn the_same_alert_in_another_topic_gets_a_row_beside() {
        let rows = [row(1, "A")];
        let other = wish("B", 0.5);
        assert_eq!(
            plan(&rows, &other, std::slice::from_ref(&other), THEN),
            Plan::Post
        );
    }

    #[test]
    fn two_labels_of_one_alert_keep_a_row_each() {
        let rows = [row(1, "A"), row(2, "B")];
        let all = [wish("B", 0.5), wish("C", 0.5)];
        assert_eq!(plan(&rows, &all[0], &all, NOW), Plan::Keep(2));
        assert_eq!(plan(&rows, &all[1], &all, NOW), Plan::Put(1));
        let all = [wish("A", 0.5), wish("B", 0.5), wish("C", 0.5)];
        assert_eq!(plan(&rows, &all[2], &all, NOW), Plan::Post);
    }
}
