//! Which row a label belongs in: decided without a request.
//!
//! A filter changes its own rows only, so that two filters which see one object do not overwrite
//! each other's label. Of rows found at start-up nobody can say which filter they were for.

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

/// Who else delivers through the same account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sharing {
    /// Nobody: every row of ours is this filter's.
    Nobody,
    /// Other filters of the same group.
    Filters,
    /// Other groups, which may not see what was posted for one of them.
    Groups,
}

/// The time of the newest alert that this filter's rows are from, MJD UTC.
pub(super) fn newest(rows: &[KnownClass], filter_id: i64) -> f64 {
    rows.iter()
        .filter(|row| row.filter_id == Some(filter_id))
        .map(|row| row.mjd)
        .fold(f64::NEG_INFINITY, f64::max)
}

pub(super) fn plan(
    rows: &[KnownClass],
    filter_id: i64,
    wish: &Wish,
    all: &[Wish],
    sharing: Sharing,
) -> Plan {
    let latest =
        |fits: &dyn Fn(&&KnownClass) -> bool| rows.iter().filter(fits).max_by_key(|row| row.id);
    let ours = |row: &KnownClass| row.filter_id == Some(filter_id);
    let nobodys = |row: &KnownClass| row.filter_id.is_none();
    let same = |row: &KnownClass| row.class == wish.class;
    let needed = |row: &KnownClass| all.iter().any(|wish| wish.class == row.class);

    if let Some(row) = latest(&|row| ours(row) && same(row)) {
        return keep_or_put(row, wish);
    }
    if let Some(row) = latest(&|row| nobodys(row) && same(row)) {
        // It may have been posted for another group: writing it again shows it to this one.
        return match sharing {
            Sharing::Groups => Plan::Put(row.id),
            Sharing::Filters | Sharing::Nobody => keep_or_put(row, wish),
        };
    }
    if let Some(row) = latest(&|row| ours(row) && !needed(row)) {
        return Plan::Put(row.id);
    }
    match latest(&|row| nobodys(row) && !needed(row)) {
        Some(row) if sharing == Sharing::Nobody => Plan::Put(row.id),
        _ => Plan::Post,
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

    fn row(id: i64, class: &str, filter_id: Option<i64>) -> KnownClass {
        KnownClass {
            id,
            class: class.to_owned(),
            probability: Some(0.5),
            filter_id,
            mjd: 60_000.0,
        }
    }

    fn wish(class: &str, probability: f64) -> Wish {
        Wish {
            class: class.to_owned(),
            probability: Some(probability),
        }
    }

    #[test]
    fn a_filter_changes_its_own_row_and_no_other() {
        let rows = [row(1, "A", Some(7)), row(2, "B", Some(8))];
        let decide = |wish: Wish| {
            plan(
                &rows,
                7,
                &wish,
                std::slice::from_ref(&wish),
                Sharing::Filters,
            )
        };
        assert_eq!(decide(wish("A", 0.5)), Plan::Keep(1));
        assert_eq!(decide(wish("A", 0.6)), Plan::Put(1));
        assert_eq!(decide(wish("C", 0.5)), Plan::Put(1));
        assert_eq!(
            decide(wish("B", 0.5)),
            Plan::Put(1),
            "the B is another filter's"
        );
    }

    #[test]
    fn two_labels_of_one_filter_keep_a_row_each() {
        let rows = [row(1, "A", Some(7)), row(2, "B", Some(7))];
        let all = [wish("B", 0.5), wish("C", 0.5)];
        assert_eq!(
            plan(&rows, 7, &all[0], &all, Sharing::Filters),
            Plan::Keep(2)
        );
        assert_eq!(
            plan(&rows, 7, &all[1], &all, Sharing::Filters),
            Plan::Put(1)
        );
        let all = [wish("A", 0.5), wish("B", 0.5), wish("C", 0.5)];
        assert_eq!(plan(&rows, 7, &all[2], &all, Sharing::Filters), Plan::Post);
    }

    #[test]
    fn a_row_from_before_the_start_is_taken_over() {
        let rows = [row(1, "A", None)];
        let decide =
            |wish: Wish, sharing| plan(&rows, 7, &wish, std::slice::from_ref(&wish), sharing);
        assert_eq!(decide(wish("A", 0.5), Sharing::Nobody), Plan::Keep(1));
        assert_eq!(decide(wish("A", 0.5), Sharing::Groups), Plan::Put(1));
        assert_eq!(decide(wish("B", 0.5), Sharing::Nobody), Plan::Put(1));
        assert_eq!(decide(wish("B", 0.5), Sharing::Filters), Plan::Post);
    }

    #[test]
    fn the_newest_is_told_by_filter() {
        let rows = [row(1, "A", Some(7)), row(2, "B", None)];
        assert_eq!(newest(&rows, 7), 60_000.0);
        assert_eq!(newest(&rows, 8), f64::NEG_INFINITY);
    }
}
