//! The groups' module directories, and whether what lies in them fits the configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::config::{Config, Filter, Group};
use crate::engine::{
    Compiling, Engine, EngineError, EngineSettings, FileStatus, Module, Shelf, Watch, WatchError,
};
use crate::telemetry::{ModuleFile, RefusedModule, RunningModule, iso};

/// Instances beyond the seats: loading, sample runs, groups that come while it runs. Each costs
/// address space only.
const SPARE_INSTANCES: u32 = 128;

/// The engine, and one watched directory a group.
pub struct Modules {
    engine: Engine,
    /// How many workers run each filter.
    judges: usize,
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
            watches: BTreeMap::new(),
        }
        .changed_to(config)
    }

    /// The modules of another configuration, beside these. A group that did not change keeps its
    /// directory's state as it is: what runs there, runs on.
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
            watches: BTreeMap::new(),
        };
        let mut unusable = Vec::new();
        for group in &config.groups {
            let known = self.watches.get(&group.name);
            let watched = match known.filter(|known| known.group == *group) {
                Some(known) => Arc::clone(known),
                None => Arc::new(Watched::start(&self.engine, group)?),
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
        let of_group = |(group, watched): (&String, &Arc<Watched>)| {
            let files = watched.watch.shelf().status().into_iter();
            files
                .map(|file| module_file(group, file))
                .collect::<Vec<_>>()
        };
        self.watches.iter().flat_map(of_group).collect()
    }
}

impl Watched {
    fn start(engine: &Engine, group: &Group) -> Result<Self, ModulesError> {
        let wanted = group.clone();
        let check = move |file: &str, module: &Module| check(&wanted, file, module);
        let watch = Watch::start(engine, &group.modules, check);
        Ok(Watched {
            group: group.clone(),
            watch: watch.map_err(|error| {
                let group = group.name.clone();
                ModulesError::Watch { group, error }
            })?,
        })
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

fn module_file(group: &str, file: FileStatus) -> ModuleFile {
    ModuleFile {
        group: group.to_owned(),
        file: file.file,
        running: file.running.map(|running| RunningModule {
            name: running.module.manifest().name.clone(),
            version: running.module.manifest().version.clone(),
            hash: running.module.hash().to_string(),
            since: iso(running.since),
        }),
        refused: file.refused.map(|refused| RefusedModule {
            hash: refused.hash.map(|hash| hash.to_string()),
            at: iso(refused.at),
            reason: refused.reason,
        }),
        deleted: file.deleted,
    }
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
fn check(group: &Group, file: &str, module: &Module) -> Result<(), String> {
    for filter in &group.filters {
        if filter.module == file {
            check_filter(filter, module)
                .map_err(|why| format!("as filter `{}`: {why}", filter.name))?;
        }
        for (name, route) in &filter.routes {
            if route.mapping.values().any(|mapping| mapping == file) {
                check_mapping(&route.mapping_parameters, module)
                    .map_err(|why| format!("as mapping of `{}/{name}`: {why}", filter.name))?;
            }
        }
    }
    Ok(())
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
