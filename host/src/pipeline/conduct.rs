//! How a module behaves in one judge: whether it fails too often.
//!
//! Counted in alerts, not in time: the same alerts give the same quarantine.

use std::collections::VecDeque;

use crate::config::Faults;
use crate::engine::{Duty, Module};

/// One module's faults of late.
pub(super) struct Conduct {
    rule: Faults,
    pub duty: Duty,
    judged: u64,
    /// The numbers of the alerts on which it failed, as far as they count.
    faults: VecDeque<u64>,
}

impl Conduct {
    pub fn new(rule: &Faults, duty: Duty) -> Self {
        Conduct {
            rule: rule.clone(),
            duty,
            judged: 0,
            faults: VecDeque::new(),
        }
    }

    /// Why it judges nothing.
    pub fn quarantined(&self) -> Option<&str> {
        match &self.duty {
            Duty::Quarantined(reason) => Some(reason),
            Duty::Judges | Duty::Probation => None,
        }
    }

    /// It judged an alert. Returns whether its probation is over by that.
    pub fn well(&mut self) -> bool {
        self.judged += 1;
        let over = self.judged > self.rule.within && self.duty == Duty::Probation;
        if over {
            self.duty = Duty::Judges;
        }
        over
    }

    /// It failed on an alert. Returns, in words, whether that is too often.
    pub fn ill(&mut self) -> Option<String> {
        self.judged += 1;
        let Faults {
            quarantine_after: most,
            within,
            ..
        } = self.rule;
        if most == 0 {
            return None;
        }
        if self.duty == Duty::Probation {
            return Some("a fault while on probation".to_owned());
        }
        self.faults.push_back(self.judged);
        let first = self.judged.saturating_sub(within);
        while self.faults.front().is_some_and(|alert| *alert <= first) {
            self.faults.pop_front();
        }
        let count = self.faults.len();
        (count >= most as usize).then(|| {
            self.faults.clear();
            format!("{count} faults within {} alerts", self.judged.min(within))
        })
    }
}

/// A version was taken out of service; `next` is what judges now.
pub(super) fn tell_quarantine(who: &str, module: &Module, next: Option<&Module>, reason: &str) {
    let hash = module.hash();
    match next {
        Some(next) => tracing::error!(
            filter = who,
            module = module.name(),
            %hash,
            version = %module.manifest().version,
            running = %next.hash(),
            running_version = %next.manifest().version,
            "quarantined, the last good version takes over: {reason}"
        ),
        None => tracing::error!(
            filter = who,
            module = module.name(),
            %hash,
            version = %module.manifest().version,
            "quarantined, and no good version is at hand, so nothing judges in its place: {reason}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> Faults {
        Faults {
            quarantine_after: 3,
            within: 10,
            ..Faults::default()
        }
    }

    #[test]
    fn faults_count_within_their_window_only() {
        let mut conduct = Conduct::new(&rule(), Duty::Judges);
        for _ in 0..5 {
            assert_eq!(conduct.ill(), None);
            for _ in 0..4 {
                assert!(!conduct.well());
            }
        }
        // The last two are within ten alerts of this one.
        assert_eq!(conduct.ill(), None);
        let why = conduct.ill();
        assert_eq!(why.as_deref(), Some("3 faults within 10 alerts"));
    }

    #[test]
    fn probation_ends_by_a_fault_or_by_enough_alerts() {
        let mut conduct = Conduct::new(&rule(), Duty::Probation);
        assert_eq!((0..10).filter(|_| conduct.well()).count(), 0);
        assert!(conduct.well());
        assert_eq!(conduct.ill(), None);
        let mut conduct = Conduct::new(&rule(), Duty::Probation);
        assert!(conduct.ill().is_some());
    }

    #[test]
    fn a_rule_of_zero_never_takes_anything_out() {
        let never = Faults {
            quarantine_after: 0,
            ..rule()
        };
        let mut conduct = Conduct::new(&never, Duty::Judges);
        assert!((0..100).all(|_| conduct.ill().is_none()));
    }
}
