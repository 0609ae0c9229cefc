//! Where the configured routes lead at SkyPortal, and the seats of the filters that they belong to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::modules::Modules;
use super::run::RunError;
use super::seat::Seat;
use crate::alert::Survey;
use crate::config::{Config, Filter, Group, Route, Source};
use crate::skyportal::{Destination, Portal, Ready};
use crate::telemetry::Accounts;

/// What every route needs at SkyPortal, by `(group, filter, route)`.
pub(super) type Destinations = BTreeMap<(String, String, String), Option<Ready>>;

/// Finds or makes what all routes need, but for what is `known` to be ready.
///
/// # Errors
/// Where no route at all can be delivered to.
pub(super) async fn set_up(
    config: &Config,
    portal: &Portal,
    known: &Destinations,
) -> Result<Destinations, RunError> {
    let (wanted, routes) = wanted(config);
    let is_known = |ready: &&Ready, wanted| ready.destination() == wanted;
    let mut found: Vec<Option<Ready>> = wanted
        .iter()
        .map(|wanted| {
            let mut all = known.values().flatten();
            all.find(|ready| is_known(ready, wanted)).cloned()
        })
        .collect();
    let mut missing: Vec<usize> = (0..wanted.len()).collect();
    missing.retain(|&place| found[place].is_none());
    let mut problems = Vec::new();
    if !missing.is_empty() {
        let asked: Vec<Destination> = missing.iter().map(|&i| wanted[i].clone()).collect();
        for (place, result) in missing.into_iter().zip(portal.set_up(&asked).await) {
            match result {
                Ok(ready) => found[place] = Some(ready),
                Err(error) => {
                    tracing::error!("disabled, what passes is kept as dead letters: {error}");
                    problems.push(error.to_string());
                }
            }
        }
    }
    if found.iter().all(Option::is_none) {
        return Err(RunError::NothingReady(problems));
    }
    let ready = |(name, place): (_, usize)| (name, found[place].clone());
    Ok(routes.into_iter().map(ready).collect())
}

/// The routes whose set-up failed, for people.
pub(super) fn disabled(destinations: &Destinations) -> Vec<String> {
    let failed = destinations.iter().filter(|(_, ready)| ready.is_none());
    failed
        .map(|((group, filter, route), _)| {
            format!(
                "{group}/{filter}/{route}: its set-up at SkyPortal failed (see the log); what passes is kept as dead letters"
            )
        })
        .collect()
}

/// A route by `(group, filter, route)`, and the place of its destination in a list.
type Placed = ((String, String, String), usize);

/// Every destination once, and which of them each route has.
pub(super) fn wanted(config: &Config) -> (Vec<Destination>, Vec<Placed>) {
    let mut wanted: Vec<Destination> = Vec::new();
    let mut routes = Vec::new();
    for group in &config.groups {
        for filter in &group.filters {
            for (name, route) in &filter.routes {
                let destination = destination(config, group, filter, route);
                let known = wanted.iter().position(|d| *d == destination);
                let place = known.unwrap_or_else(|| {
                    wanted.push(destination);
                    wanted.len() - 1
                });
                routes.push((
                    (group.name.clone(), filter.name.clone(), name.clone()),
                    place,
                ));
            }
        }
    }
    (wanted, routes)
}

/// The surveys of which a filter reads topics.
pub(super) fn surveys(config: &Config, filter: &Filter) -> BTreeSet<Survey> {
    let reads = |source: &&Source| source.topics.iter().any(|t| filter.topics.contains(t));
    let sources = config.sources.iter().filter(reads);
    sources.map(|source| source.survey).collect()
}

fn destination(config: &Config, group: &Group, filter: &Filter, route: &Route) -> Destination {
    Destination {
        group: route
            .skyportal_group
            .as_ref()
            .unwrap_or(&group.skyportal_group)
            .clone(),
        stream: group.stream.clone(),
        filter: filter
            .skyportal_filter
            .as_ref()
            .unwrap_or(&filter.name)
            .clone(),
        surveys: surveys(config, filter),
    }
}

/// The seats of all filters that `sits` chooses.
pub(super) fn seats(
    config: &Config,
    modules: &Modules,
    destinations: &Destinations,
    accounts: &Arc<Accounts>,
    sits: impl Fn(&Group, &Filter) -> bool,
) -> Result<Vec<Seat>, RunError> {
    let mut seats = Vec::new();
    for group in &config.groups {
        for filter in group.filters.iter().filter(|filter| sits(group, filter)) {
            let shelf = modules
                .shelf(&group.name)
                .ok_or_else(|| RunError::Seat(format!("no modules for `{}`", group.name)))?;
            let of_routes = filter.routes.keys().map(|route| {
                let name = (group.name.clone(), filter.name.clone(), route.clone());
                (route.clone(), destinations.get(&name).cloned().flatten())
            });
            let seat =
                Seat::take(group, filter, shelf, of_routes.collect(), accounts).map_err(|why| {
                    RunError::Seat(format!("`{}/{}`: {why}", group.name, filter.name))
                })?;
            seats.push(seat);
        }
    }
    Ok(seats)
}
