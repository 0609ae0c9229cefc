//! The configuration file: what to read, whose cuts to run, where to deliver.
//!
//! In: one YAML file. Out: a checked [`Config`], or an error that names the file, the line and the
//! key. Never here: a secret's value in any output; the commented default beside this file
//! (`default.yaml`) is the reference of every key.

mod change;
mod check;
mod faults;
mod import;
mod load;
mod schema;
mod secret;
mod start;
mod telemetry;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::alert::Survey;

pub use faults::{FaultPolicy, Faults, Isolation};
pub use import::{Import, ImportError, import};
pub(crate) use load::nearest;
pub use load::{ConfigError, DEFAULT_YAML};
pub use schema::json_schema;
pub use secret::{Secret, SecretError, SecretSource};
pub use start::{Moment, Start, StartError};
pub use telemetry::{Listen, Telemetry};

/// The whole file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What must survive a restart is kept in this directory.
    #[serde(default = "defaults::state")]
    pub state: PathBuf,
    #[serde(default)]
    pub telemetry: Telemetry,
    pub skyportal: SkyPortal,
    pub sources: Vec<Source>,
    pub groups: Vec<Group>,
}

/// Where to deliver, and how gently.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SkyPortal {
    /// `http(s)://host[:port]`.
    pub url: String,
    pub token: SecretSource,
    /// SkyPortal's instrument name for each survey.
    pub instruments: BTreeMap<Survey, String>,
    #[serde(default = "defaults::taxonomy")]
    pub taxonomy: String,
    #[serde(default)]
    pub origin: Origins,
    /// Requests per second of this token; SkyPortal's own limit is 5. 0: as many as it answers, for
    /// an address that it does not limit.
    #[serde(default = "defaults::requests_per_second")]
    pub requests_per_second: f64,
    /// Requests that may go out at once after a pause; SkyPortal's own limit is 10.
    #[serde(default = "defaults::burst")]
    pub burst: u32,
    /// Seconds that photometry and classifications wait for those of other alerts, to share a request.
    #[serde(default = "defaults::batch_seconds")]
    pub batch_seconds: f64,
    /// Rows that make a request leave before that.
    #[serde(default = "defaults::batch_rows")]
    pub batch_rows: usize,
    /// Seconds until a request without an answer is given up (SkyPortal's proxy gives up after 60).
    #[serde(default = "defaults::timeout_seconds")]
    pub timeout_seconds: f64,
    /// After so many seconds a request whose answer was lost is over, and can be looked after.
    #[serde(default = "defaults::settle_seconds")]
    pub settle_seconds: f64,
    /// The longest pause between two tries while SkyPortal is away.
    #[serde(default = "defaults::longest_pause_seconds")]
    pub longest_pause_seconds: f64,
}

/// The `origin` of photometry points: part of the key by which SkyPortal knows a point again, so
/// never change it once points were posted.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Origins {
    /// Of detections and upper limits.
    pub detections: String,
    /// Of forced photometry.
    pub forced: String,
}

impl Default for Origins {
    fn default() -> Self {
        Origins {
            detections: "Fink".to_owned(),
            forced: "Fink forced photometry".to_owned(),
        }
    }
}

/// One consumer of Fink's Kafka.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// A short name for logs and accounts.
    pub name: String,
    pub survey: Survey,
    pub servers: Vec<String>,
    /// Kafka's `group.id`: what has been read is remembered under this name.
    pub kafka_group: String,
    pub topics: Vec<String>,
    #[serde(default)]
    pub sign_in: Option<SignIn>,
    #[serde(default)]
    pub tls: Option<Tls>,
    #[serde(default)]
    pub start: Start,
    /// A folder of `.avsc` files, for messages that do not carry their schema.
    #[serde(default)]
    pub schemas: Option<PathBuf>,
    /// Seconds between two looks for topics that are new.
    #[serde(default = "defaults::topic_refresh_seconds")]
    pub topic_refresh_seconds: u32,
}

/// SASL sign-in; Fink's streams need none.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub mechanism: Mechanism,
    pub username: String,
    pub password: SecretSource,
}

/// An encrypted connection to a server that shows who it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// Trust this certificate authority (a PEM file) instead of the system's.
    pub ca_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mechanism {
    Plain,
    #[serde(rename = "scram-sha-256")]
    ScramSha256,
    #[serde(rename = "scram-sha-512")]
    ScramSha512,
}

/// One team: its SkyPortal group, its modules, its filters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub name: String,
    /// The SkyPortal group's exact name; made if absent.
    pub skyportal_group: String,
    /// The SkyPortal stream's name; made if absent.
    pub stream: String,
    /// The directory of this group's `.wasm` files, and of no other group.
    pub modules: PathBuf,
    pub filters: Vec<Filter>,
}

/// One filter of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Also the SkyPortal filter's name, unless `skyportal_filter` says otherwise.
    pub name: String,
    #[serde(default)]
    pub skyportal_filter: Option<String>,
    pub topics: Vec<String>,
    /// A file in the group's module directory.
    pub module: String,
    #[serde(default)]
    pub parameters: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    pub limits: Limits,
    /// For the filter and its mappings alike.
    #[serde(default)]
    pub isolation: Isolation,
    /// For the filter and its mappings alike.
    #[serde(default)]
    pub faults: Faults,
    /// What each route of the module's manifest means.
    pub routes: BTreeMap<String, Route>,
}

/// What one call of a module may use; what is not given keeps the engine's default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Units of work (about one WebAssembly instruction each).
    pub fuel: Option<u64>,
    /// Wall-clock milliseconds.
    pub milliseconds: Option<u64>,
    /// Mebibytes of linear memory.
    pub memory_mib: Option<u64>,
    /// Kibibytes of a mapping's answer.
    pub output_kib: Option<u64>,
}

/// What it means that an alert passed on this route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Another SkyPortal group than the filter's own.
    #[serde(default)]
    pub skyportal_group: Option<String>,
    /// The most that a mapping may ask for.
    #[serde(default)]
    pub save: Save,
    /// The mapping module for each survey, a file in the group's module directory. Without any,
    /// SkyPortal gets the standard light curve and the filter's values.
    #[serde(default)]
    pub mapping: BTreeMap<Survey, String>,
    /// What the mapping's manifest lets one set.
    #[serde(default)]
    pub mapping_parameters: BTreeMap<String, serde_json::Value>,
}

/// What becomes of an alert that passed.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Save {
    /// Shown on the Candidates page, forgotten by SkyPortal after some days unless saved.
    #[default]
    Candidate,
    /// Saved to the group for good, as well.
    Source,
}

mod defaults {
    use std::path::PathBuf;

    pub fn state() -> PathBuf {
        PathBuf::from("state")
    }
    pub fn taxonomy() -> String {
        "Fink Taxonomy".to_owned()
    }
    pub fn requests_per_second() -> f64 {
        5.0
    }
    pub fn burst() -> u32 {
        10
    }
    pub fn batch_seconds() -> f64 {
        2.0
    }
    pub fn batch_rows() -> usize {
        1000
    }
    pub fn timeout_seconds() -> f64 {
        60.0
    }
    pub fn settle_seconds() -> f64 {
        60.0
    }
    pub fn longest_pause_seconds() -> f64 {
        60.0
    }
    pub fn topic_refresh_seconds() -> u32 {
        10
    }
}
