//! The groups' module directories, and whether what lies in them fits the configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::seat::limits;
use super::told;
use super::trial::Trials;
use crate::config::{Config, Filter, Group, Isolation, Route};
use crate::engine::{
    CallLimits, CommandError, Compiling, Engine, EngineError, EngineSettings, FileStatus, Hash,
    Ledger, Module, Shelf, Watch, WatchError,
};
use crate::store::Samples;
use crate::telemetry::{ModuleEvent, ModuleFile};

/// Instances beyond the seats: loading, sample runs, groups that come while it runs. Each costs
/// address space only.
const SPARE_INSTANCES: u32 = 128;

/// The engine, and one watched directory a group.
pub struct Modules {
    engine: Engine,
    /// How many workers run each filter.
    judges: usize,
    /// What shall survive a restart is kept here.
    state: Option<PathBuf>,
    trials: Trials,
    watches: BTreeMap<String, Arc<Watched>>,
}

/// A group's directory, and the configuration that its modules fit.
struct Watched {
    group: Group,
    watch: Watch,
}

/// Why the modules cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModulesError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("the group `{group}`: {error}")]
    Watch { group: String, error: WatchError },
    #[error("{} module{} cannot be used:\n  - {}", .0.len(), if .0.len() == 1 { "" } else { "s" }, .0.join("\n  - "))]
    Unusable(Vec<String>),
    #[error(
        "the filters and mappings need {needed} instances of modules, and {reserved} were reserved at the start: a restart reserves more"
    )]
    TooMany { needed: u32, reserved: u32 },
}

impl Modules {
    /// Loads what the configuration names, and follows changes from then on. `judges` is how many
    /// workers will run each filter. In `state` is kept what shall survive a restart; without it
    /// nothing is.
    ///
    /// # Errors
    /// Where any named file is absent, is refused, or does not fit the configuration: a filter that
    /// cannot judge would lose every alert that it should have seen. All of them are told at once.
    pub fn load(
        config: &Config,
        judges: usize,
        state: Option<&Path>,
    ) -> Result<Self, ModulesError> {
        let code = state.map(|state| state.join("modules").join("code"));
        let engine = Engine::new(EngineSettings {
            instances: instances(config, judges) + SPARE_INSTANCES,
            compiling: Compiling::for_teams(code),
            ..EngineSettings::default()
        })?;
        Modules {
            engine,
            judges,
            state: state.map(Path::to_owned),
            trials: Trials::in_state(state),
            watches: BTreeMap::new(),
        }
        .changed_to(config)
        .inspect(Modules::rule)
    }

    /// They rule, and those before are gone: from now on what happens to them is written down.
    pub(super) fn rule(&self) {
        for watched in self.watches.values() {
            watched.watch.shelf().rule();
        }
    }

    /// The modules of another configuration, beside these. A group that did not change keeps its
    /// directory's state as it is: what runs there, runs on. Of the others nothing is written down
    /// before they rule.
    ///
    /// # Errors
    /// As [`Modules::load`], for the groups that changed.
    pub(super) fn changed_to(&self, config: &Config) -> Result<Self, ModulesError> {
        let needed = instances(config, self.judges);
        let reserved = self.engine.settings().instances;
        if needed > reserved {
            return Err(ModulesError::TooMany { needed, reserved });
        }
        let mut modules = Modules {
            engine: self.engine.clone(),
            judges: self.judges,
            state: self.state.clone(),
            trials: self.trials.clone(),
            watches: BTreeMap::new(),
        };
        let mut unusable = Vec::new();
        for group in &config.groups {
            let known = self.watches.get(&group.name);
            let watched = match known.filter(|known| known.group == *group) {
                Some(known) => Arc::clone(known),
                None => Arc::new(self.watch(group)?),
            };
            if !known.is_some_and(|known| Arc::ptr_eq(known, &watched)) {
                unusable.extend(watched.unusable());
            }
            modules.watches.insert(group.name.clone(), watched);
        }
        if unusable.is_empty() {
            Ok(modules)
        } else {
            Err(ModulesError::Unusable(unusable))
        }
    }

    fn watch(&self, group: &Group) -> Result<Watched, ModulesError> {
        let (wanted, trials) = (group.clone(), self.trials.clone());
        let check = move |file: &str, module: &Module| check(&wanted, file, module, &trials);
        let ledger = self.state.as_ref().and_then(|state| {
            let folder = state.join("modules").join(folder_name(&group.name));
            Ledger::open(&folder).map(Ledger::beside_another)
        });
        let watch = Watch::start(&self.engine, &group.modules, ledger, check);
        Ok(Watched {
            group: group.clone(),
            watch: watch.map_err(|error| {
                let group = group.name.clone();
                ModulesError::Watch { group, error }
            })?,
        })
    }

    /// Where alerts are offered to be kept as samples.
    pub(super) fn samples(&self) -> Option<Arc<Samples>> {
        self.trials.samples()
    }

    /// Whether a group is served from the same directory, and in the same way, by both.
    pub(super) fn shares(&self, other: &Modules, group: &str) -> bool {
        let of = |modules: &Modules| modules.watches.get(group).map(Arc::as_ptr);
        of(self) == of(other)
    }

    /// The modules of a group, as they stand now and later.
    pub(super) fn shelf(&self, group: &str) -> Option<&Arc<Shelf>> {
        self.watches.get(group).map(|watched| watched.watch.shelf())
    }

    /// What lies in the directories, for people.
    pub fn status(&self) -> Vec<ModuleFile> {
        let mut told = Vec::new();
        for watched in self.watches.values() {
            for status in watched.watch.shelf().status() {
                told.push(watched.tell(status));
            }
        }
        told
    }

    /// What happened to a module file, or to all, the oldest first.
    ///
    /// # Errors
    /// In words, where there is no such file.
    pub fn history(&self, module: Option<&str>) -> Result<Vec<ModuleEvent>, String> {
        let found = match module {
            Some(module) => vec![self.find(module)?],
            None => self.all(),
        };
        let mut events: Vec<_> = found
            .into_iter()
            .flat_map(|(watched, file)| {
                let group = &watched.group.name;
                let events = watched.watch.shelf().history(&file).unwrap_or_default();
                let events = events.into_iter();
                events.map(move |event| (event.at, told::event(group, &file, event)))
            })
            .collect();
        events.sort_by_key(|(at, _)| *at);
        Ok(events.into_iter().map(|(_, event)| event).collect())
    }

    /// Does what an operator wants of a module file; how it stands then.
    ///
    /// # Errors
    /// In words, where it cannot be done.
    pub fn command(
        &self,
        module: &str,
        done: &str,
        act: impl FnOnce(&Shelf, &str) -> Result<FileStatus, CommandError>,
    ) -> Result<ModuleFile, String> {
        let (watched, file) = self.find(module)?;
        let group = &watched.group.name;
        let status = act(watched.watch.shelf(), &file);
        let status = status.map_err(|why| format!("`{group}/{file}`: {why}"))?;
        let running = status.running.as_ref().map(|r| r.module.hash().to_string());
        tracing::warn!(group, file, running, "{done} by an operator");
        Ok(watched.tell(status))
    }

    /// `group/file`, or the file alone where one group has it.
    fn find(&self, module: &str) -> Result<(&Watched, String), String> {
        let name = |(watched, file): &(&Watched, String)| format!("{}/{file}", watched.group.name);
        let is = |found: &(&Watched, String)| name(found) == module || found.1 == module;
        let mut found = self.all();
        found.retain(is);
        let names = |list: &[(&Watched, String)]| {
            let names = list.iter().map(|one| format!("`{}`", name(one)));
            names.collect::<Vec<_>>().join(", ")
        };
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(format!(
                "there is no module `{module}`; there are {}",
                names(&self.all())
            )),
            _ => Err(format!("`{module}` may be {}", names(&found))),
        }
    }

    fn all(&self) -> Vec<(&Watched, String)> {
        let watches = self.watches.values().map(AsRef::as_ref);
        watches
            .flat_map(|watched: &Watched| {
                let files = watched.watch.shelf().status().into_iter();
                files.map(move |status| (watched, status.file))
            })
            .collect()
    }
}

impl Watched {
    fn tell(&self, status: FileStatus) -> ModuleFile {
        let used = files(&self.group).contains(status.file.as_str());
        told::file(&self.group.name, status, used)
    }

    /// The files that the group names and that cannot be used, each with the reason.
    fn unusable(&self) -> Vec<String> {
        let (group, shelf) = (&self.group, self.watch.shelf());
        let missing = files(group)
            .into_iter()
            .filter(|file| shelf.get(file).is_none());
        let why = |file: &str| {
            let status = shelf
                .status()
                .into_iter()
                .find(|status| status.file == file);
            match status.and_then(|status| status.refused) {
                Some(refused) => refused.reason,
                None => format!("there is no such file in `{}`", group.modules.display()),
            }
        };
        missing
            .map(|file| format!("`{file}` of the group `{}`: {}", group.name, why(file)))
            .collect()
    }
}

/// A group's name as that of a directory: readable, and different for different groups.
fn folder_name(group: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let readable: String = group.chars().filter(|c| plain(*c)).take(40).collect();
    format!("group-{readable}-{}", Hash::of(group.as_bytes()))
}

/// Every file that a group's filters name.
fn files(group: &Group) -> BTreeSet<&str> {
    let filters = group.filters.iter();
    filters
        .flat_map(|filter| {
            let mappings = filter
                .routes
                .values()
                .flat_map(|route| route.mapping.values());
            mappings.chain([&filter.module]).map(String::as_str)
        })
        .collect()
}

fn instances(config: &Config, judges: usize) -> u32 {
    let filters = config.groups.iter().flat_map(|group| &group.filters);
    let guests: usize = filters
        .map(|filter| {
            1 + filter
                .routes
                .values()
                .map(|route| route.mapping.len())
                .sum::<usize>()
        })
        .sum();
    // While a new version or configuration takes over, the old one is still there.
    u32::try_from(2 * guests * judges.max(1)).unwrap_or(u32::MAX)
}

/// Whether a module can do what the group's configuration wants of the file. A file that nobody
/// names may be anything.
fn check(group: &Group, file: &str, module: &Module, trials: &Trials) -> Result<(), String> {
    if !files(group).contains(file) {
        tracing::warn!(
            group = group.name,
            file,
            "no filter of the group names this module: nothing will use it"
        );
    }
    for filter in &group.filters {
        if filter.module == file {
            check_filter(filter, module)
                .and_then(|()| try_filter(filter, module, trials))
                .map_err(|why| format!("as filter `{}`: {why}", filter.name))?;
        }
        for (name, route) in &filter.routes {
            if route.mapping.values().any(|mapping| mapping == file) {
                check_mapping(&route.mapping_parameters, module)
                    .and_then(|()| try_mapping(filter, route, module, trials))
                    .map_err(|why| format!("as mapping of `{}/{name}`: {why}", filter.name))?;
            }
        }
    }
    Ok(())
}

/// Fresh memory for every alert needs no trial: nothing can be kept.
fn try_filter(filter: &Filter, module: &Module, trials: &Trials) -> Result<(), String> {
    if filter.isolation == Isolation::Strict {
        return Ok(());
    }
    let limits = limits(CallLimits::FILTER, &filter.limits);
    trials.hold(module, &filter.parameters, limits)
}

fn try_mapping(
    filter: &Filter,
    route: &Route,
    module: &Module,
    trials: &Trials,
) -> Result<(), String> {
    // A module that is both is tried as the filter that it is.
    if filter.isolation == Isolation::Strict || module.is_filter() {
        return Ok(());
    }
    let limits = limits(CallLimits::MAPPING, &filter.limits);
    trials.hold(module, &route.mapping_parameters, limits)
}

fn check_filter(filter: &Filter, module: &Module) -> Result<(), String> {
    if !module.is_filter() {
        return Err("it does not export `skysieve_filter`".to_owned());
    }
    let manifest = module.manifest();
    manifest
        .bind(&filter.parameters)
        .map_err(|error| error.to_string())?;
    for name in filter.routes.keys() {
        if manifest.route(name).is_none() {
            return Err(format!(
                "the configuration has a route `{name}`, the module has `{}`",
                manifest.routes.join("`, `")
            ));
        }
    }
    for name in &manifest.routes {
        if !filter.routes.contains_key(name) {
            return Err(format!(
                "the module's route `{name}` is not bound: add it under `routes`, or what passes there would go nowhere"
            ));
        }
    }
    Ok(())
}

fn check_mapping(
    parameters: &BTreeMap<String, serde_json::Value>,
    module: &Module,
) -> Result<(), String> {
    if !module.is_mapping() {
        return Err("it does not export `skysieve_map`".to_owned());
    }
    let bound = module.manifest().bind(parameters);
    bound.map(drop).map_err(|error| error.to_string())
}
