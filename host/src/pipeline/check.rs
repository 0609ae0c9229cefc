//! Whether a configuration would run, found out without making or posting anything.
//!
//! In: a checked configuration. Out: one finding for each thing that it names.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::destinations::{Destinations, seats, surveys, wanted};
use super::mapping::MappingField;
use super::modules::{Modules, ModulesError};
use super::seat::Seat;
use crate::alert::{Extras, Field, KeyError, Misfit, Plan, Survey, WriterSchema};
use crate::config::{Config, Source, nearest};
use crate::engine::Module;
use crate::simulate::Schema;
use crate::skyportal::{Patience, Portal};
use crate::source::{self, ConsumerError};
use crate::store;
use crate::telemetry::{Accounts, Finding};

/// How long Kafka and SkyPortal may take.
const KAFKA: Duration = Duration::from_secs(10);
const SKYPORTAL: Duration = Duration::from_secs(60);

/// Looks at everything that the configuration names; without the network at the modules only.
pub async fn check(config: &Config, network: bool) -> Vec<Finding> {
    let mut found = vec![store::look(&config.state)];
    found.extend(modules(config));
    if network {
        for source in &config.sources {
            found.extend(kafka(source).await);
        }
        found.extend(skyportal(config).await);
    }
    found
}

fn modules(config: &Config) -> Vec<Finding> {
    let loaded = match Modules::load(config, 1, None) {
        Ok(loaded) => loaded,
        Err(ModulesError::Unusable(reasons)) => {
            return reasons.into_iter().map(Finding::fail).collect();
        }
        Err(error) => return vec![Finding::fail(error.to_string())],
    };
    let mut found = refused(&loaded);
    // Without destinations a seat judges as well as with them.
    let nowhere = Destinations::new();
    let accounts = Arc::new(Accounts::default());
    match seats(config, &loaded, &nowhere, &accounts, |_, _| true) {
        Ok(seats) => {
            let filters = config.groups.iter().flat_map(|group| &group.filters);
            for (seat, filter) in seats.iter().zip(filters) {
                for survey in surveys(config, filter) {
                    found.extend(fit(seat, survey));
                }
            }
        }
        Err(error) => found.push(Finding::fail(error.to_string())),
    }
    found
}

/// Files that nobody names may be refused, and a new version of one that runs.
fn refused(modules: &Modules) -> Vec<Finding> {
    let files = modules.status().into_iter();
    let told = files.filter_map(|file| {
        let name = format!("the file `{}` of the group `{}`", file.file, file.group);
        match file.refused {
            Some(refused) => Some(Finding::warn(format!(
                "{name} is refused: {}",
                refused.reason
            ))),
            None if file.unused => Some(Finding::warn(format!(
                "{name} is not used: no filter of the group names it"
            ))),
            None => None,
        }
    });
    told.collect()
}

/// Whether the filter and its mappings fit the newest schema of a survey that is known here.
fn fit(seat: &Seat, survey: Survey) -> Vec<Finding> {
    let filter = seat.guest.module();
    let name = &seat.name;
    if !seat.judges(None, survey) {
        return vec![Finding::warn(format!(
            "the filter `{name}` reads topics of {survey}, whose alerts its module {} does not understand: they would not be judged",
            show(filter)
        ))];
    }
    let schema = match newest(survey) {
        Ok(schema) => schema,
        Err(error) => return vec![Finding::fail(error.to_string())],
    };
    let what = format!("the filter `{name}` ({}) on {survey}", show(filter));
    let mut found = fields(&schema, &what, &filter.manifest().fields);
    for route in &seat.routes {
        if let Some(mapping) = route.mappings.get(&survey) {
            let wanted = mapping.fields.iter().filter_map(|field| match field {
                MappingField::Alert(field) => Some(field.clone()),
                _ => None,
            });
            let wanted: Vec<Field> = wanted.collect();
            let module = show(mapping.guest.module());
            let what = format!(
                "the mapping of `{}` ({module}) on {survey}",
                route.full_name
            );
            found.extend(fields(&schema, &what, &wanted));
        }
    }
    found
}

fn show(module: &Module) -> String {
    let manifest = module.manifest();
    let (file, hash) = (module.name(), module.hash());
    format!("`{file}`: {} {}, {hash}", manifest.name, manifest.version)
}

fn newest(survey: Survey) -> Result<WriterSchema, KeyError> {
    WriterSchema::parse(&Schema::of(survey).key())
}

/// Every field that the schema lacks, or that all is there.
fn fields(schema: &WriterSchema, what: &str, wanted: &[Field]) -> Vec<Finding> {
    let survey = schema.survey();
    let concerns = |field: &&Field| field.survey.is_none_or(|only| only == survey);
    let wanted: Vec<Field> = wanted.iter().filter(concerns).cloned().collect();
    let plan = Plan::compile(schema, &wanted, Extras::default());
    let mut found = Vec::new();
    for (place, field) in wanted.iter().enumerate() {
        let Some(misfit) = plan.misfit(place) else {
            continue;
        };
        let lacking = matches!(misfit, Misfit::Missing { .. } | Misfit::NoBasis { .. });
        found.push(if field.optional && lacking {
            Finding::warn(format!(
                "{what}: {misfit}; it is optional, so it will be null"
            ))
        } else {
            Finding::fail(format!(
                "{what}: {misfit}; alerts of the newest schema that this skysieve knows could not be judged"
            ))
        });
    }
    if found.is_empty() {
        let count = wanted.len();
        found.push(Finding::ok(format!(
            "{what}: the newest schema has its {count} fields"
        )));
    }
    found
}

async fn kafka(source: &Source) -> Vec<Finding> {
    let asked = source.clone();
    let topics = tokio::task::spawn_blocking(move || source::look(&asked, KAFKA)).await;
    let name = &source.name;
    let servers = source.servers.join(", ");
    let topics = match topics {
        Ok(Ok(topics)) => topics,
        // It says itself what to do.
        Ok(Err(error @ ConsumerError::Trouble { .. })) => {
            return vec![Finding::fail(error.to_string())];
        }
        Ok(Err(error)) => {
            return vec![Finding::fail(format!(
                "{error}: no answer from {servers}; check the servers and the way to them"
            ))];
        }
        Err(error) => return vec![Finding::fail(format!("the source `{name}`: {error}"))],
    };
    let mut found = vec![Finding::ok(format!(
        "the source `{name}`: {servers} answers"
    ))];
    for wanted in &source.topics {
        found.push(match topics.iter().find(|(topic, _)| topic == wanted) {
            Some((_, partitions)) => Finding::ok(format!(
                "the topic `{wanted}` is there ({partitions} partitions)"
            )),
            None => {
                let known = topics.iter().map(|(topic, _)| topic.as_str());
                let hint = nearest(wanted, known)
                    .map_or(String::new(), |near| format!(" (or is it `{near}`?)"));
                Finding::warn(format!(
                    "the topic `{wanted}` does not exist yet: Fink makes it with its first alert{hint}"
                ))
            }
        });
    }
    found
}

async fn skyportal(config: &Config) -> Vec<Finding> {
    let token = match config.skyportal.token.read() {
        Ok(token) => token,
        Err(error) => return vec![Finding::fail(format!("the SkyPortal token: {error}"))],
    };
    let stop = CancellationToken::new();
    let portal = match Portal::connect(
        &config.skyportal,
        token,
        Patience::of(&config.skyportal),
        None,
        stop,
    ) {
        Ok(portal) => portal,
        Err(error) => return vec![Finding::fail(error.to_string())],
    };
    let (destinations, _) = wanted(config);
    match tokio::time::timeout(SKYPORTAL, portal.look(&destinations)).await {
        Ok(found) => found,
        Err(_) => vec![Finding::fail(format!(
            "SkyPortal at `{}` began to answer and did not go on within {} s",
            config.skyportal.url,
            SKYPORTAL.as_secs()
        ))],
    }
}
