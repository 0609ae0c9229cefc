//! What a module said of many alerts: the cut flow, and what it cost.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::bench::{Bench, Ruling, Said};

/// The sum of many rulings of one module.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Name and version of the module, and the beginning of its hash.
    pub module: String,
    pub judged: u64,
    pub passed: u64,
    /// Of a mapping.
    pub delivered: u64,
    pub declined: u64,
    /// Rejected, by the first cut that failed: each of the manifest's in its order.
    pub cuts: Vec<(String, u64)>,
    pub routes: BTreeMap<String, u64>,
    /// By kind.
    pub faults: BTreeMap<String, u64>,
    /// Messages that were not judged.
    pub skipped: u64,
    /// The most memory that the module had, bytes.
    pub memory: usize,
    pub fuel: Spread,
    /// Nanoseconds of wall clock; different each time.
    pub time: Spread,
    #[serde(skip)]
    fuels: Vec<u64>,
    #[serde(skip)]
    times: Vec<u64>,
}

/// How a quantity is spread over the alerts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    pub p50: u64,
    pub p99: u64,
    pub max: u64,
}

impl Spread {
    /// The least number that is not below this part of them.
    fn of(numbers: &mut [u64]) -> Self {
        numbers.sort_unstable();
        let at = |hundredths: usize| {
            let rank = (numbers.len() * hundredths).div_ceil(100).max(1);
            numbers.get(rank - 1).copied().unwrap_or(0)
        };
        Spread {
            p50: at(50),
            p99: at(99),
            max: at(100),
        }
    }
}

/// One alert and what became of it.
#[derive(Debug, Serialize)]
pub struct Judged {
    pub object_id: String,
    pub alert_id: i64,
    pub place: String,
    /// `passed on main`, `rejected at …`, as in every other output.
    pub verdict: String,
    pub fuel: u64,
}

/// An alert of which two versions of a module say different things.
#[derive(Debug, Serialize)]
pub struct Change {
    pub object_id: String,
    pub alert_id: i64,
    pub place: String,
    pub before: String,
    pub after: String,
}

impl Judged {
    pub fn new(bench: &Bench, ruling: &Ruling, place: String) -> Self {
        Judged {
            object_id: ruling.head.object_id.to_string(),
            alert_id: ruling.head.alert_id,
            place,
            verdict: words(bench, &ruling.said),
            fuel: ruling.fuel,
        }
    }
}

impl Change {
    /// None where both versions say the same. Cuts are compared by name: a new version may number
    /// them anew.
    pub fn between(old: &Judged, new: &Judged) -> Option<Self> {
        (old.verdict != new.verdict).then(|| Change {
            object_id: new.object_id.clone(),
            alert_id: new.alert_id,
            place: new.place.clone(),
            before: old.verdict.clone(),
            after: new.verdict.clone(),
        })
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Judged {
            object_id,
            alert_id,
            place,
            verdict,
            ..
        } = self;
        write!(f, "{object_id} {alert_id}: {verdict} ({place})")
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Change {
            object_id,
            alert_id,
            place,
            before,
            after,
        } = self;
        write!(f, "{object_id} {alert_id}: {before} -> {after} ({place})")
    }
}

pub(super) fn words(bench: &Bench, said: &Said) -> String {
    match said {
        Said::Passed(routes) => format!("passed on {}", routes.join(", ")),
        Said::Rejected(cut) => {
            format!(
                "rejected at `{}`",
                bench.module().manifest().cuts[*cut].name
            )
        }
        Said::Delivered(Some(_)) => "delivers".to_owned(),
        Said::Delivered(None) => "delivers nothing".to_owned(),
        Said::Faulted(kind, why) => format!("fault ({kind}): {why}"),
    }
}

impl Report {
    pub fn new(bench: &Bench) -> Self {
        let module = bench.module();
        let manifest = module.manifest();
        Report {
            module: format!("{} {} ({})", manifest.name, manifest.version, module.hash()),
            judged: 0,
            passed: 0,
            delivered: 0,
            declined: 0,
            cuts: manifest
                .cuts
                .iter()
                .map(|cut| (cut.name.clone(), 0))
                .collect(),
            routes: BTreeMap::new(),
            faults: BTreeMap::new(),
            skipped: 0,
            memory: 0,
            fuel: Spread::default(),
            time: Spread::default(),
            fuels: Vec::new(),
            times: Vec::new(),
        }
    }

    /// Counts one ruling.
    pub fn add(&mut self, ruling: &Ruling) {
        self.judged += 1;
        match &ruling.said {
            Said::Passed(routes) => {
                self.passed += 1;
                for route in routes {
                    *self.routes.entry(route.clone()).or_default() += 1;
                }
            }
            Said::Rejected(cut) => self.cuts[*cut].1 += 1,
            Said::Delivered(Some(_)) => self.delivered += 1,
            Said::Delivered(None) => self.declined += 1,
            Said::Faulted(kind, _) => *self.faults.entry((*kind).to_owned()).or_default() += 1,
        }
        if !matches!(ruling.said, Said::Faulted("schema", _)) {
            self.fuels.push(ruling.fuel);
            self.times
                .push(u64::try_from(ruling.time.as_nanos()).unwrap_or(u64::MAX));
        }
    }

    /// Counts a message that was not judged.
    pub fn skip(&mut self) {
        self.skipped += 1;
    }

    /// Works out the spreads; the report is then whole.
    pub fn close(&mut self, bench: &Bench) {
        self.memory = bench.memory();
        self.fuel = Spread::of(&mut self.fuels);
        self.time = Spread::of(&mut self.times);
    }

    /// Alerts on which the module failed.
    pub fn faulted(&self) -> u64 {
        self.faults.values().sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.module)?;
        self.write_cut_flow(f)?;
        for (route, passed) in &self.routes {
            writeln!(f, "  on route {route}: {passed}")?;
        }
        if self.delivered + self.declined > 0 {
            writeln!(
                f,
                "{} delivered, {} with nothing to deliver",
                self.delivered, self.declined
            )?;
        }
        for (kind, count) in &self.faults {
            writeln!(f, "faults ({kind}): {count}")?;
        }
        if self.skipped > 0 {
            writeln!(f, "not judged: {}", self.skipped)?;
        }
        let Spread { p50, p99, max } = self.fuel;
        writeln!(f, "fuel    p50 {p50}, p99 {p99}, max {max}")?;
        let micro = |nanoseconds: u64| nanoseconds as f64 / 1000.0;
        let Spread { p50, p99, max } = self.time;
        writeln!(
            f,
            "time    p50 {:.1} µs, p99 {:.1} µs, max {:.1} µs",
            micro(p50),
            micro(p99),
            micro(max)
        )?;
        write!(f, "memory  {} KiB", self.memory / 1024)
    }
}

impl Report {
    fn write_cut_flow(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.cuts.is_empty() {
            return writeln!(f, "{} alerts", self.judged);
        }
        let width = self.cuts.iter().map(|(name, _)| name.chars().count());
        let width = width.max().unwrap_or(0).max("passed".len());
        let mut left = self.judged - self.faulted();
        writeln!(f, "{:width$}  {:>8}  {:>8}", "cut", "rejected", "left")?;
        writeln!(f, "{:width$}  {:>8}  {left:>8}", "", "")?;
        for (name, rejected) in &self.cuts {
            left -= rejected;
            writeln!(f, "{name:width$}  {rejected:>8}  {left:>8}")?;
        }
        writeln!(f, "{:width$}  {:>8}  {:>8}", "passed", "", self.passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_made_of_numbers_that_were_there() {
        let mut numbers: Vec<u64> = (1..=200).rev().collect();
        let spread = Spread::of(&mut numbers);
        assert_eq!((spread.p50, spread.p99, spread.max), (100, 198, 200));
        assert_eq!(Spread::of(&mut [7]).p50, 7);
        assert_eq!(Spread::of(&mut []), Spread::default());
    }
}
