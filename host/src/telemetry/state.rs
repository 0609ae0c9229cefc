//! Everything that can be asked of a skysieve that runs, in one handle.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

use super::accounts::Accounts;
use super::calls::Calls;
use super::configuration::Configuration;
use super::health::Health;
use super::modules::ModuleFile;
use super::standing::{Asked, Standing};

/// From an alert's time stamp in Kafka to its candidate, in seconds: at ease it is one or two,
/// after an outage hours.
const LAG: [f64; 11] = [
    0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, 43200.0,
];

/// A clone is another handle to the same.
#[derive(Clone, Debug, Default)]
pub struct Telemetry(Arc<Inner>);

struct Inner {
    started: SystemTime,
    accounts: Arc<Accounts>,
    health: Health,
    lag: Family<Route, Histogram, fn() -> Histogram>,
    /// Routes whose set-up at SkyPortal failed, in words.
    disabled: Mutex<Vec<String>>,
    configuration: Mutex<Configuration>,
    rooms: OnceLock<Rooms>,
    sources: Mutex<Asked>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry").finish_non_exhaustive()
    }
}

impl Default for Inner {
    fn default() -> Self {
        Inner {
            started: SystemTime::now(),
            accounts: Arc::default(),
            health: Health::default(),
            lag: Family::new_with_constructor(|| Histogram::new(LAG)),
            disabled: Mutex::default(),
            configuration: Mutex::default(),
            rooms: OnceLock::new(),
            sources: Mutex::default(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

/// What the other rooms can be asked.
pub struct Rooms {
    pub calls: Arc<Calls>,
    /// The modules' files as they stand.
    pub modules: Box<dyn Fn() -> Vec<ModuleFile> + Send + Sync>,
    /// Whether a dead letter could be kept, and if not, why.
    pub store: Box<dyn Fn() -> Result<(), String> + Send + Sync>,
}

impl fmt::Debug for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rooms").finish_non_exhaustive()
    }
}

impl Telemetry {
    pub fn accounts(&self) -> &Arc<Accounts> {
        &self.0.accounts
    }

    pub fn health(&self) -> &Health {
        &self.0.health
    }

    /// When the process began to tell.
    pub fn started(&self) -> SystemTime {
        self.0.started
    }

    /// The rooms can be asked from now on. The first call counts.
    pub fn open(&self, rooms: Rooms) {
        // A second call would come from a second pipeline in one telemetry, which nobody makes.
        let _ = self.0.rooms.set(rooms);
    }

    /// A source can be asked how it stands with its Kafka from now on.
    pub fn follow_source(
        &self,
        name: &str,
        ask: impl Fn() -> Vec<Standing> + Send + Sync + 'static,
    ) {
        self.asked().add(name, Box::new(ask));
    }

    /// How each source stands in the partitions that are ours, by the source's name.
    pub fn standings(&self) -> BTreeMap<String, Vec<Standing>> {
        self.asked().standings()
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        let asked = &self.0.sources;
        asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What will not be delivered to, in words.
    pub fn set_disabled(&self, routes: Vec<String>) {
        *self.disabled_list() = routes;
    }

    /// Which configuration rules. Held for a look or a note.
    pub fn configuration(&self) -> MutexGuard<'_, Configuration> {
        let configuration = &self.0.configuration;
        configuration.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn disabled(&self) -> Vec<String> {
        self.disabled_list().clone()
    }

    /// An alert's candidate was posted so long after its time stamp in Kafka.
    pub fn candidate_posted(&self, route: &str, lag: f64) {
        let route = route.to_owned();
        self.0.lag.get_or_create(&Route { route }).observe(lag);
    }

    /// Why skysieve does not do its work now; none: it does.
    pub fn hindrances(&self) -> Vec<String> {
        let mut reasons = self.0.health.reasons();
        if let Some(Err(why)) = self.0.rooms.get().map(|rooms| (rooms.store)()) {
            reasons.push(format!("store: {why}"));
        }
        reasons
    }

    pub fn modules(&self) -> Vec<ModuleFile> {
        let rooms = self.0.rooms.get();
        rooms.map(|rooms| (rooms.modules)()).unwrap_or_default()
    }

    pub(super) fn calls(&self) -> Option<&Calls> {
        self.0.rooms.get().map(|rooms| rooms.calls.as_ref())
    }

    pub(super) fn lag(&self) -> &impl prometheus_client::encoding::EncodeMetric {
        &self.0.lag
    }

    fn disabled_list(&self) -> MutexGuard<'_, Vec<String>> {
        let disabled = &self.0.disabled;
        disabled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
