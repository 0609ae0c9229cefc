//! A configured filter where it judges: its module, its mappings, its accounts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::conduct::{Conduct, tell_quarantine};
use super::mapping::{self, MappingField};
use crate::alert::Survey;
use crate::config::{FaultPolicy, Filter, Group, Isolation, Limits, Save};
use crate::engine::{
    self, BoundParams, CallLimits, Duty, Fault, Guest, Module, RunningFile, Shelf,
};
use crate::skyportal::Ready;
use crate::source::Place;
use crate::telemetry::{Accounts, Count, FilterAccount, RouteAccount};

/// One configured filter in one judge.
pub(super) struct Seat {
    pub group: String,
    /// `group/filter`.
    pub name: Arc<str>,
    pub account: Arc<FilterAccount>,
    pub guest: Guest,
    conduct: Conduct,
    /// By the number of the cut in the module's manifest.
    pub cuts: Vec<SeatCut>,
    /// By the number of the route in the module's manifest.
    pub routes: Vec<SeatRoute>,
    /// The schemas whose misfit was told already, by fingerprint.
    pub told: BTreeSet<String>,
    topics: BTreeSet<String>,
    shelf: Arc<Shelf>,
    /// The shelf's generation that the seat has looked at.
    generation: u64,
    config: Filter,
    /// It has judged nothing yet.
    newcomer: bool,
    destinations: BTreeMap<String, Option<Ready>>,
    accounts: Arc<Accounts>,
}

/// What it means that an alert failed at a cut: almost all do, so it is at hand.
pub(super) struct SeatCut {
    pub name: Arc<str>,
    pub rejected: Arc<Count>,
}

/// What it means that an alert passed on one route.
pub(super) struct SeatRoute {
    pub name: String,
    pub account: Arc<RouteAccount>,
    /// `group/filter/route`.
    pub full_name: Arc<str>,
    /// None: its set-up at SkyPortal failed.
    pub destination: Option<Ready>,
    pub ceiling: Save,
    pub mappings: BTreeMap<Survey, SeatMapping>,
}

/// A mapping module, and what each of its fields is.
pub(super) struct SeatMapping {
    pub guest: Guest,
    pub conduct: Conduct,
    pub fields: Vec<MappingField>,
}

impl Seat {
    /// Takes the seat with the modules that the shelf holds now. `destinations` by route name.
    ///
    /// # Errors
    /// Where a module is not there or does not fit, in words.
    pub fn take(
        group: &Group,
        config: &Filter,
        shelf: &Arc<Shelf>,
        destinations: BTreeMap<String, Option<Ready>>,
        accounts: &Arc<Accounts>,
    ) -> Result<Self, String> {
        let name = format!("{}/{}", group.name, config.name);
        // Before the modules are taken: a change in between is then seen as one.
        let generation = shelf.generation();
        let (guest, conduct) = filter_guest(shelf, config)?;
        let mut seat = Seat {
            group: group.name.clone(),
            account: accounts.filter(&name),
            name: name.into(),
            cuts: Vec::new(),
            guest,
            conduct,
            newcomer: true,
            routes: Vec::new(),
            told: BTreeSet::new(),
            topics: config.topics.iter().cloned().collect(),
            shelf: shelf.clone(),
            generation,
            config: config.clone(),
            destinations,
            accounts: accounts.clone(),
        };
        seat.routes = seat.take_routes(seat.guest.module())?;
        seat.cuts = seat.take_cuts();
        Ok(seat)
    }

    /// Whether the filter judges alerts of this topic and survey. An alert without a topic (of a
    /// file) is judged by all filters of its survey.
    pub fn judges(&self, topic: Option<&str>, survey: Survey) -> bool {
        self.guest.module().manifest().understands(survey)
            && topic.is_none_or(|topic| self.topics.contains(topic))
    }

    /// Lets new versions of its modules take over, all or none; returns whether any did. Costs one
    /// comparison of numbers while nothing changes. `place` is of the first alert that they judge.
    pub fn follow_shelf(&mut self, place: &Place) -> bool {
        if std::mem::take(&mut self.newcomer) {
            self.record(place);
        }
        let generation = self.shelf.generation();
        if generation == self.generation {
            return false;
        }
        self.generation = generation;
        if !self.is_stale() {
            return false;
        }
        match self.successors() {
            Ok((guest, conduct, routes)) => {
                tracing::info!(
                    filter = %self.name,
                    module = guest.module().name(),
                    version = %guest.module().manifest().version,
                    from = %self.guest.module().hash(),
                    to = %guest.module().hash(),
                    from_here_on = %place,
                    "a new version takes over"
                );
                self.guest = guest;
                self.conduct = conduct;
                self.routes = routes;
                self.cuts = self.take_cuts();
                self.told.clear();
                self.record(place);
                true
            }
            Err(why) => {
                tracing::warn!(filter = %self.name, "the running version stays: {why}");
                self.rest_what_is_barred(&why);
                false
            }
        }
    }

    /// A version that must not run judges nothing, though none is there that could take its seat.
    fn rest_what_is_barred(&mut self, why: &str) {
        let shelf = &self.shelf;
        let rest = |file: &str, module: &Module, conduct: &mut Conduct| {
            if shelf.is_barred(file, module.hash()) {
                let reason =
                    format!("it was taken out of service, and its successor does not fit: {why}");
                conduct.duty = Duty::Quarantined(reason);
            }
        };
        rest(&self.config.module, self.guest.module(), &mut self.conduct);
        for mapping in self
            .routes
            .iter_mut()
            .flat_map(|route| route.mappings.values_mut())
        {
            let module = mapping.guest.module();
            rest(module.name(), module, &mut mapping.conduct);
        }
    }

    /// For the history: from which alert on which version judges.
    fn record(&self, place: &Place) {
        let topic = place.topic().unwrap_or("files");
        let from = place.to_string();
        let judge = format!("`{}` on {topic}", self.name);
        let hash = self.guest.module().hash();
        self.shelf
            .took_over(&self.config.module, hash, &judge, &from);
        for route in &self.routes {
            for mapping in route.mappings.values() {
                let judge = format!("`{}` on {topic}", route.full_name);
                let module = mapping.guest.module();
                self.shelf
                    .took_over(module.name(), module.hash(), &judge, &from);
            }
        }
    }

    /// Why its filter judges nothing now.
    pub fn quarantined(&self) -> Option<&str> {
        self.conduct.quarantined()
    }

    /// Whether an alert on which it fails is kept.
    pub fn keeps_faulted(&self) -> bool {
        self.config.faults.policy == FaultPolicy::DeadLetter
    }

    /// Its filter gave a verdict.
    pub fn did_well(&mut self) {
        if self.conduct.well() {
            let module = self.guest.module();
            self.shelf.acquit(&self.config.module, module.hash());
        }
    }

    /// Its filter failed.
    pub fn failed(&mut self, fault: &Fault, place: &Place) {
        if !fault.blames_module() {
            return;
        }
        if let Some(why) = self.conduct.ill() {
            let reason = format!("{why}, the last at {place}: {fault}");
            let rest = self.config.faults.rest();
            quarantine(&self.shelf, &self.name, self.guest.module(), &reason, rest);
        }
    }

    /// What a mapping of it did.
    pub fn mapping_conduct(
        &mut self,
        route: usize,
        survey: Survey,
        fault: Option<&Fault>,
        place: &Place,
    ) {
        let rest = self.config.faults.rest();
        let route = &mut self.routes[route];
        let Some(mapping) = route.mappings.get_mut(&survey) else {
            return;
        };
        let module = mapping.guest.module();
        match fault {
            None => {
                if mapping.conduct.well() {
                    self.shelf.acquit(module.name(), module.hash());
                }
            }
            Some(fault) if fault.blames_module() => {
                if let Some(why) = mapping.conduct.ill() {
                    let reason = format!("{why}, the last at {place}: {fault}");
                    quarantine(&self.shelf, &route.full_name, module, &reason, rest);
                }
            }
            Some(_) => {}
        }
    }

    fn successors(&self) -> Result<(Guest, Conduct, Vec<SeatRoute>), String> {
        let (guest, conduct) = filter_guest(&self.shelf, &self.config)?;
        let routes = self.take_routes(guest.module())?;
        Ok((guest, conduct, routes))
    }

    fn is_stale(&self) -> bool {
        let differs = |file: &str, module: &Module, conduct: &Conduct| {
            let shelved = self.shelf.running(file);
            shelved.is_some_and(|shelved| {
                shelved.module.hash() != module.hash() || shelved.duty != conduct.duty
            })
        };
        differs(&self.config.module, self.guest.module(), &self.conduct)
            || self.routes.iter().any(|route| {
                let mut mappings = route.mappings.values();
                mappings.any(|mapping| {
                    let module = mapping.guest.module();
                    differs(module.name(), module, &mapping.conduct)
                })
            })
    }

    fn take_cuts(&self) -> Vec<SeatCut> {
        let cuts = self.guest.module().manifest().cuts.iter();
        cuts.map(|cut| SeatCut {
            name: cut.name.as_str().into(),
            rejected: self.account.cuts.count(&cut.name),
        })
        .collect()
    }

    fn take_routes(&self, filter: &Module) -> Result<Vec<SeatRoute>, String> {
        let names = filter.manifest().routes.iter();
        names.map(|name| self.take_route(filter, name)).collect()
    }

    fn take_route(&self, filter: &Module, name: &str) -> Result<SeatRoute, String> {
        let config = self.config.routes.get(name).ok_or_else(|| {
            format!("the module's route `{name}` is not bound in the configuration")
        })?;
        let full_name = format!("{}/{name}", self.name);
        let mut mappings = BTreeMap::new();
        for (survey, file) in &config.mapping {
            let RunningFile { module, duty, .. } = on_shelf(&self.shelf, file)?;
            let fields = mapping::fields(filter.manifest(), module.manifest())
                .map_err(|why| format!("the mapping `{file}` does not fit the filter: {why}"))?;
            let bound = bind(&module, &config.mapping_parameters)?;
            let limits = limits(CallLimits::MAPPING, &self.config.limits);
            let guest = Guest::new(&module, bound, limits).map_err(|fault| fault.to_string())?;
            let mapping = SeatMapping {
                guest: guest.isolated(isolation(&self.config)),
                conduct: Conduct::new(&self.config.faults, duty),
                fields,
            };
            mappings.insert(*survey, mapping);
        }
        Ok(SeatRoute {
            name: name.to_owned(),
            account: self.accounts.route(&full_name),
            full_name: full_name.into(),
            destination: self.destinations.get(name).cloned().flatten(),
            ceiling: config.save,
            mappings,
        })
    }
}

fn filter_guest(shelf: &Shelf, config: &Filter) -> Result<(Guest, Conduct), String> {
    let RunningFile { module, duty, .. } = on_shelf(shelf, &config.module)?;
    let bound = bind(&module, &config.parameters)?;
    let limits = limits(CallLimits::FILTER, &config.limits);
    let guest = Guest::new(&module, bound, limits).map_err(|fault| fault.to_string())?;
    let conduct = Conduct::new(&config.faults, duty);
    Ok((guest.isolated(isolation(config)), conduct))
}

/// Takes a version out of service.
fn quarantine(shelf: &Shelf, who: &str, module: &Module, reason: &str, rest: Duration) {
    let next = shelf.quarantine(module.name(), module.hash(), reason, rest);
    let next = next.filter(|next| next.module.hash() != module.hash());
    let next = next.as_ref().map(|next| &next.module);
    tell_quarantine(who, module, next, reason);
}

pub(super) fn isolation(config: &Filter) -> engine::Isolation {
    match config.isolation {
        Isolation::Strict => engine::Isolation::Strict,
        Isolation::Reuse => engine::Isolation::default(),
    }
}

fn on_shelf(shelf: &Shelf, file: &str) -> Result<RunningFile, String> {
    shelf
        .running(file)
        .ok_or_else(|| format!("the module `{file}` is not loaded"))
}

fn bind(
    module: &Module,
    parameters: &BTreeMap<String, serde_json::Value>,
) -> Result<BoundParams, String> {
    let bound = module.manifest().bind(parameters);
    bound.map_err(|error| format!("`{}`: {error}", module.name()))
}

/// The engine's defaults, where the configuration does not say otherwise.
pub(super) fn limits(default: CallLimits, given: &Limits) -> CallLimits {
    let bytes = |amount: Option<u64>, unit: usize, or: usize| {
        amount.map_or(or, |amount| {
            usize::try_from(amount)
                .unwrap_or(usize::MAX)
                .saturating_mul(unit)
        })
    };
    CallLimits {
        fuel: given.fuel.unwrap_or(default.fuel),
        deadline: given
            .milliseconds
            .map_or(default.deadline, Duration::from_millis),
        memory: bytes(given.memory_mib, 1 << 20, default.memory),
        output: bytes(given.output_kib, 1 << 10, default.output),
        ..default
    }
}
