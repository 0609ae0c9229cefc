//! What happens, as it happens, and what stands at the end.

use std::time::{Duration, Instant};

use skysieve::telemetry::Accounts;
use stand_in_skyportal::{Rows, StandIn};

/// Between two lines of progress.
const BETWEEN: Duration = Duration::from_secs(2);

/// Candidates told of at the end.
const SHOWN: usize = 15;

/// Follows the rows in SkyPortal.
pub struct Show {
    start: Instant,
    last_candidate: i64,
    last_progress: Instant,
    finished: bool,
}

impl Default for Show {
    fn default() -> Self {
        let now = Instant::now();
        Show {
            start: now,
            last_candidate: 0,
            last_progress: now,
            finished: false,
        }
    }
}

impl Show {
    /// Tells of every candidate that was not there before.
    pub fn news(&mut self, portal: &StandIn) {
        let seconds = self.start.elapsed().as_secs_f64();
        let lines = portal.read(|rows| {
            let new = rows.candidates.range(self.last_candidate + 1..);
            new.map(|(id, _)| (*id, candidate_line(rows, *id)))
                .collect::<Vec<_>>()
        });
        for (id, line) in lines {
            println!("{seconds:6.1} s  {line}");
            self.last_candidate = id;
        }
    }

    /// Now and then, and once when all is through.
    pub fn progress(&mut self, accounts: &Accounts, all: u64, done: bool) {
        let due = self.last_progress.elapsed() >= BETWEEN;
        if self.finished || !(due || done) {
            return;
        }
        self.finished = done;
        self.last_progress = Instant::now();
        let read: u64 = accounts.sources().values().map(|s| s.read.get()).sum();
        let filters = accounts.filters();
        let passed: u64 = filters.values().map(|f| f.passed.get()).sum();
        let rejected: u64 = filters.values().map(|f| f.rejected.get()).sum();
        let seconds = self.start.elapsed().as_secs_f64();
        println!(
            "{seconds:6.1} s  .. {read} of {all} alerts read; filters: {passed} passed, {rejected} rejected"
        );
    }

    /// The accounts and the candidates. Returns whether the accounts close.
    pub fn end(&self, accounts: &Accounts, portal: &StandIn) -> bool {
        println!("\n{accounts}");
        let open = accounts.open_accounts();
        for account in &open {
            println!("does not close: {account}");
        }
        if open.is_empty() {
            println!("every account closes");
        }
        portal.read(|rows| {
            println!(
                "\nSkyPortal: {} objects, {} candidates, {} sources, {} points, {} classifications",
                rows.objs.len(),
                rows.candidates.len(),
                rows.sources.len(),
                rows.photometry.len(),
                rows.classifications.len()
            );
            let newest = rows.candidates.keys().rev().take(SHOWN);
            for id in newest {
                println!("  {}", candidate_line(rows, *id));
            }
            let more = rows.candidates.len().saturating_sub(SHOWN);
            if more > 0 {
                println!("  and {more} more");
            }
        });
        open.is_empty()
    }
}

fn candidate_line(rows: &Rows, id: i64) -> String {
    let Some(candidate) = rows.candidates.get(&id) else {
        return String::new();
    };
    let filter = rows.filters.get(&candidate.filter_id);
    let group = filter.and_then(|filter| rows.groups.get(&filter.group_id));
    let object = &candidate.obj_id;
    let class = rows.classifications_of(object);
    let saved = filter.is_some_and(|f| rows.sources.contains_key(&(object.clone(), f.group_id)));
    format!(
        "{object:<20} {} / {}{}{}, {} points",
        group.map_or("?", |group| group.name.as_str()),
        filter.map_or("?", |filter| filter.name.as_str()),
        class
            .last()
            .map_or(String::new(), |class| format!(", {}", class.classification)),
        if saved { ", saved" } else { "" },
        rows.photometry_of(object).len()
    )
}
