//! A configured filter where it judges: its module, its mappings, its accounts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::mapping::{self, MappingField};
use crate::alert::Survey;
use crate::config::{Filter, Group, Limits, Save};
use crate::engine::{BoundParams, CallLimits, Guest, Module, Shelf};
use crate::skyportal::Ready;
use crate::source::Place;
use crate::telemetry::{Accounts, FilterAccount, RouteAccount};

/// One configured filter in one judge.
pub(super) struct Seat {
    pub group: String,
    /// `group/filter`.
    pub name: Arc<str>,
    pub account: Arc<FilterAccount>,
    pub guest: Guest,
    /// By the number of the route in the module's manifest.
    pub routes: Vec<SeatRoute>,
    /// The schemas whose misfit was told already, by fingerprint.
    pub told: BTreeSet<String>,
    topics: BTreeSet<String>,
    shelf: Arc<Shelf>,
    /// The shelf's generation that the seat has looked at.
    generation: u64,
    config: Filter,
    destinations: BTreeMap<String, Option<Ready>>,
    accounts: Arc<Accounts>,
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
        let guest = filter_guest(shelf, config)?;
        let mut seat = Seat {
            group: group.name.clone(),
            account: accounts.filter(&name),
            name: name.into(),
            guest,
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
        let generation = self.shelf.generation();
        if generation == self.generation {
            return false;
        }
        self.generation = generation;
        if !self.is_stale() {
            return false;
        }
        match self.successors() {
            Ok((guest, routes)) => {
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
                self.routes = routes;
                self.told.clear();
                true
            }
            Err(why) => {
                tracing::warn!(filter = %self.name, "the running version stays: {why}");
                false
            }
        }
    }

    fn successors(&self) -> Result<(Guest, Vec<SeatRoute>), String> {
        let guest = filter_guest(&self.shelf, &self.config)?;
        let routes = self.take_routes(guest.module())?;
        Ok((guest, routes))
    }

    fn is_stale(&self) -> bool {
        let differs = |file: &str, running: &Module| {
            let shelved = self.shelf.get(file);
            shelved.is_some_and(|module| module.hash() != running.hash())
        };
        differs(&self.config.module, self.guest.module())
            || self.routes.iter().any(|route| {
                route.mappings.iter().any(|(survey, mapping)| {
                    let file = self.config.routes.get(&route.name).map(|r| &r.mapping);
                    file.and_then(|files| files.get(survey))
                        .is_some_and(|file| differs(file, mapping.guest.module()))
                })
            })
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
            let module = on_shelf(&self.shelf, file)?;
            let fields = mapping::fields(filter.manifest(), module.manifest())
                .map_err(|why| format!("the mapping `{file}` does not fit the filter: {why}"))?;
            let bound = bind(&module, &config.mapping_parameters)?;
            let limits = limits(CallLimits::MAPPING, &self.config.limits);
            let guest = Guest::new(&module, bound, limits).map_err(|fault| fault.to_string())?;
            mappings.insert(*survey, SeatMapping { guest, fields });
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

fn filter_guest(shelf: &Shelf, config: &Filter) -> Result<Guest, String> {
    let module = on_shelf(shelf, &config.module)?;
    let bound = bind(&module, &config.parameters)?;
    let limits = limits(CallLimits::FILTER, &config.limits);
    Guest::new(&module, bound, limits).map_err(|fault| fault.to_string())
}

fn on_shelf(shelf: &Shelf, file: &str) -> Result<Module, String> {
    shelf
        .get(file)
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
fn limits(default: CallLimits, given: &Limits) -> CallLimits {
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
            .map_or(default.deadline, std::time::Duration::from_millis),
        memory: bytes(given.memory_mib, 1 << 20, default.memory),
        output: bytes(given.output_kib, 1 << 10, default.output),
        ..default
    }
}
