//! Accounts that close: every message and every passed alert ends in exactly one place.
//!
//! Per source: read = undecodable + copies + judged. Per filter: judged = passed + rejected +
//! faulted. Per route: passed = delivered + declined + deferred + dead-lettered + in flight.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A number that only grows (`in_flight` aside).
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    pub fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub fn add(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    pub fn take_one(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts by a name that is known only at run time: a cut, a reason.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<String, Arc<Count>>>);

impl Tally {
    pub fn add_one(&self, name: &str) {
        self.count(name).add_one();
    }

    /// The count of a name, for whoever counts it often: without looking for it, and without a lock.
    pub fn count(&self, name: &str) -> Arc<Count> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.get(name) {
            Some(count) => count.clone(),
            None => counts.entry(name.to_owned()).or_default().clone(),
        }
    }

    /// What was counted at least once.
    pub fn get(&self) -> BTreeMap<String, u64> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = counts
            .iter()
            .map(|(name, count)| (name.clone(), count.get()));
        counted.filter(|(_, count)| *count > 0).collect()
    }
}

/// What became of the messages of one source.
#[derive(Debug, Default)]
pub struct SourceAccount {
    pub read: Count,
    pub undecodable: Count,
    /// An alert that had been read from the same topic before.
    pub copies: Count,
    pub judged: Count,
    /// Undecodable messages by reason.
    pub reasons: Tally,
    /// Messages among `read` that had been read before and were not finished.
    pub redelivered: Count,
    /// Deleted by Kafka's retention before they were read: never in `read`.
    pub lost: Count,
}

/// What one filter said.
#[derive(Debug, Default)]
pub struct FilterAccount {
    pub judged: Count,
    pub passed: Count,
    pub rejected: Count,
    pub faulted: Count,
    /// Rejections by the first cut that failed: the cut flow.
    pub cuts: Tally,
    /// Faults by kind.
    pub faults: Tally,
}

/// What became of the alerts that passed on one route.
#[derive(Debug, Default)]
pub struct RouteAccount {
    pub passed: Count,
    pub delivered: Count,
    /// The mapping had nothing to deliver.
    pub declined: Count,
    /// Put by for later.
    pub deferred: Count,
    pub dead_lettered: Count,
    pub in_flight: Count,
}

/// All accounts of a process. Each is made when its name is first asked for.
#[derive(Debug, Default)]
pub struct Accounts {
    sources: Book<SourceAccount>,
    filters: Book<FilterAccount>,
    routes: Book<RouteAccount>,
}

#[derive(Debug)]
struct Book<T>(Mutex<BTreeMap<String, Arc<T>>>);

impl<T> Default for Book<T> {
    fn default() -> Self {
        Book(Mutex::default())
    }
}

impl<T: Default> Book<T> {
    fn page(&self, name: &str) -> Arc<T> {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pages.entry(name.to_owned()).or_default().clone()
    }

    fn pages(&self) -> BTreeMap<String, Arc<T>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Accounts {
    pub fn source(&self, name: &str) -> Arc<SourceAccount> {
        self.sources.page(name)
    }

    /// `group/filter`.
    pub fn filter(&self, name: &str) -> Arc<FilterAccount> {
        self.filters.page(name)
    }

    /// `group/filter/route`.
    pub fn route(&self, name: &str) -> Arc<RouteAccount> {
        self.routes.page(name)
    }

    pub fn sources(&self) -> BTreeMap<String, Arc<SourceAccount>> {
        self.sources.pages()
    }

    pub fn filters(&self) -> BTreeMap<String, Arc<FilterAccount>> {
        self.filters.pages()
    }

    pub fn routes(&self) -> BTreeMap<String, Arc<RouteAccount>> {
        self.routes.pages()
    }

    /// Every account that does not close, in words. Asked while messages are on their way, the
    /// numbers may differ by what is between two counts.
    pub fn open_accounts(&self) -> Vec<String> {
        let mut open = Vec::new();
        let mut compare = |what: String, total: u64, parts: &[(&str, u64)]| {
            let sum: u64 = parts.iter().map(|(_, count)| count).sum();
            if sum != total {
                let parts: Vec<String> = parts.iter().map(|(n, c)| format!("{c} {n}")).collect();
                open.push(format!(
                    "{what} = {total}, but {} = {sum}",
                    parts.join(" + ")
                ));
            }
        };
        for (name, a) in self.sources() {
            let parts = [
                ("undecodable", a.undecodable.get()),
                ("copies", a.copies.get()),
                ("judged", a.judged.get()),
            ];
            compare(format!("source {name}: read"), a.read.get(), &parts);
        }
        for (name, a) in self.filters() {
            let parts = [
                ("passed", a.passed.get()),
                ("rejected", a.rejected.get()),
                ("faulted", a.faulted.get()),
            ];
            compare(format!("filter {name}: judged"), a.judged.get(), &parts);
        }
        for (name, a) in self.routes() {
            let parts = [
                ("delivered", a.delivered.get()),
                ("declined", a.declined.get()),
                ("deferred", a.deferred.get()),
                ("dead-lettered", a.dead_lettered.get()),
                ("in flight", a.in_flight.get()),
            ];
            compare(format!("route {name}: passed"), a.passed.get(), &parts);
        }
        open
    }
}

/// The accounts as a person reads them at the end of a night.
impl fmt::Display for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.sources().into_keys();
        let names = names.chain(self.filters().into_keys());
        let width = names
            .chain(self.routes().into_keys())
            .map(|n| n.len())
            .max();
        let width = width.unwrap_or(0).max(8);
        writeln!(
            f,
            "{:width$}  {:>8} = {:>11} + {:>6} + {:>6}",
            "source", "read", "undecodable", "copies", "judged"
        )?;
        for (name, a) in self.sources() {
            let (read, bad) = (a.read.get(), a.undecodable.get());
            writeln!(
                f,
                "{name:width$}  {read:>8} = {bad:>11} + {:>6} + {:>6}",
                a.copies.get(),
                a.judged.get()
            )?;
            details(f, width, &a.reasons)?;
            for (count, what) in [
                (
                    &a.redelivered,
                    "of those read: read before, and not finished",
                ),
                (&a.lost, "lost to Kafka's retention, never read"),
            ] {
                if count.get() > 0 {
                    writeln!(f, "{:width$}  {:>8} . {what}", "", count.get())?;
                }
            }
        }
        writeln!(
            f,
            "{:width$}  {:>8} = {:>11} + {:>6} + {:>8} + {:>7}",
            "filter", "judged", "", "passed", "rejected", "faulted"
        )?;
        for (name, a) in self.filters() {
            let (judged, passed) = (a.judged.get(), a.passed.get());
            writeln!(
                f,
                "{name:width$}  {judged:>8} = {:>11}   {passed:>6} + {:>8} + {:>7}",
                "",
                a.rejected.get(),
                a.faulted.get()
            )?;
            details(f, width, &a.cuts)?;
            details(f, width, &a.faults)?;
        }
        writeln!(
            f,
            "{:width$}  {:>8} = {:>11} + {:>6} + {:>8} + {:>7} + {:>9}",
            "route", "passed", "delivered", "declined", "deferred", "dead", "in flight"
        )?;
        for (name, a) in self.routes() {
            writeln!(
                f,
                "{name:width$}  {:>8} = {:>11} + {:>6} + {:>8} + {:>7} + {:>9}",
                a.passed.get(),
                a.delivered.get(),
                a.declined.get(),
                a.deferred.get(),
                a.dead_lettered.get(),
                a.in_flight.get()
            )?;
        }
        Ok(())
    }
}

fn details(f: &mut fmt::Formatter<'_>, width: usize, tally: &Tally) -> fmt::Result {
    for (name, count) in tally.get() {
        writeln!(f, "{:width$}  {count:>8} . {name}", "")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_that_does_not_close_is_named() {
        let accounts = Accounts::default();
        let source = accounts.source("fink-ztf");
        source.read.add_one();
        assert_eq!(
            accounts.open_accounts(),
            ["source fink-ztf: read = 1, but 0 undecodable + 0 copies + 0 judged = 0"]
        );
        source.judged.add_one();
        assert!(accounts.open_accounts().is_empty());
        let route = accounts.route("g/f/main");
        route.passed.add_one();
        route.in_flight.add_one();
        assert!(accounts.open_accounts().is_empty());
        route.in_flight.take_one();
        assert_eq!(accounts.open_accounts().len(), 1);
    }
}
