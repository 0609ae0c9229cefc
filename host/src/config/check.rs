//! What the types cannot say: that the parts of a configuration fit together.

use std::collections::BTreeSet;

use super::load::nearest;
use super::{Config, Faults, Filter, Group};
use crate::alert::Survey;

/// Everything that contradicts itself, in the order of the file.
pub(super) fn problems(config: &Config) -> Vec<String> {
    let mut found = Vec::new();
    skyportal(config, &mut found);
    sources(config, &mut found);
    groups(config, &mut found);
    found
}

fn skyportal(config: &Config, found: &mut Vec<String>) {
    let skyportal = &config.skyportal;
    if !skyportal.url.starts_with("http://") && !skyportal.url.starts_with("https://") {
        found.push(format!(
            "`skyportal.url` is `{}`: expected `http(s)://host[:port]`",
            skyportal.url
        ));
    }
    let positive = [
        ("timeout_seconds", skyportal.timeout_seconds),
        ("burst", f64::from(skyportal.burst)),
        ("batch_rows", skyportal.batch_rows as f64),
    ];
    for (key, value) in positive {
        if !(value.is_finite() && value > 0.0) {
            found.push(format!(
                "`skyportal.{key}` is {value}: expected more than 0"
            ));
        }
    }
    let not_negative = [
        ("requests_per_second", skyportal.requests_per_second),
        ("batch_seconds", skyportal.batch_seconds),
        ("settle_seconds", skyportal.settle_seconds),
        ("longest_pause_seconds", skyportal.longest_pause_seconds),
    ];
    for (key, value) in not_negative {
        if !(0.0..=1e6).contains(&value) {
            found.push(format!("`skyportal.{key}` is {value}: expected 0 or more"));
        }
    }
    if skyportal.origin.detections == skyportal.origin.forced {
        found.push(format!(
            "`skyportal.origin`: detections and forced photometry are both `{}`; they are different measurements and need different origins",
            skyportal.origin.forced
        ));
    }
    for source in &config.sources {
        if !skyportal.instruments.contains_key(&source.survey) {
            found.push(format!(
                "`skyportal.instruments` has no entry for `{}`, which the source `{}` reads",
                source.survey, source.name
            ));
        }
    }
}

fn sources(config: &Config, found: &mut Vec<String>) {
    if config.sources.is_empty() {
        found.push("`sources` is empty: nothing would be read".to_owned());
    }
    unique(
        "source",
        config.sources.iter().map(|s| s.name.as_str()),
        found,
    );
    let mut readers = BTreeSet::new();
    for source in &config.sources {
        for (key, list) in [("servers", &source.servers), ("topics", &source.topics)] {
            if list.is_empty() {
                found.push(format!("the source `{}` has no `{key}`", source.name));
            }
        }
        // The client library's own bounds.
        if !(1..=3600).contains(&source.topic_refresh_seconds) {
            found.push(format!(
                "the source `{}`: `topic_refresh_seconds` is {}: expected 1 to 3600",
                source.name, source.topic_refresh_seconds
            ));
        }
        for topic in &source.topics {
            if !readers.insert((&source.kafka_group, &source.servers, topic)) {
                found.push(format!(
                    "the topic `{topic}` is read twice under the Kafka group `{}`: each would get a part of it",
                    source.kafka_group
                ));
            }
        }
    }
}

fn groups(config: &Config, found: &mut Vec<String>) {
    if config.groups.is_empty() {
        found.push("`groups` is empty: no filter would judge what is read".to_owned());
    }
    unique(
        "group",
        config.groups.iter().map(|g| g.name.as_str()),
        found,
    );
    destinations(config, found);
    for (i, group) in config.groups.iter().enumerate() {
        if let Some(other) = config.groups[..i]
            .iter()
            .find(|g| g.modules == group.modules)
        {
            found.push(format!(
                "the groups `{}` and `{}` share the module directory `{}`: a file there must affect one group only",
                other.name,
                group.name,
                group.modules.display()
            ));
        }
        let names = group.filters.iter().map(|f| f.name.as_str());
        unique(
            &format!("filter of the group `{}`", group.name),
            names,
            found,
        );
        for filter in &group.filters {
            let Faults {
                quarantine_after,
                within,
                ..
            } = filter.faults;
            if within == 0 || u64::from(quarantine_after) > within {
                found.push(format!(
                    "the filter `{}/{}`: `faults` asks for {quarantine_after} faults within {within} alerts, which cannot be",
                    group.name, filter.name
                ));
            }
            check_filter(config, group, filter, found);
        }
    }
}

/// Two filters with one name in SkyPortal would overwrite each other's rows there.
fn destinations(config: &Config, found: &mut Vec<String>) {
    let mut seen = std::collections::BTreeMap::new();
    for group in &config.groups {
        for filter in &group.filters {
            let name = filter.skyportal_filter.as_ref().unwrap_or(&filter.name);
            // The surveys' objects are different ones: one name may serve a filter of each.
            let reads =
                |s: &&crate::config::Source| s.topics.iter().any(|t| filter.topics.contains(t));
            let surveys: BTreeSet<Survey> = config
                .sources
                .iter()
                .filter(reads)
                .map(|s| s.survey)
                .collect();
            let clash = surveys
                .into_iter()
                .filter_map(|survey| {
                    seen.insert(
                        (&group.skyportal_group, &group.stream, name, survey),
                        &filter.name,
                    )
                })
                .last();
            if let Some(other) = clash {
                found.push(format!(
                    "the filters `{other}` and `{}` are both `{name}` of the SkyPortal group `{}`: give one another `skyportal_filter`",
                    filter.name, group.skyportal_group
                ));
            }
        }
    }
}

fn check_filter(config: &Config, group: &Group, filter: &Filter, found: &mut Vec<String>) {
    let name = format!("the filter `{}/{}`", group.name, filter.name);
    file_name(&name, &filter.module, found);
    if filter.topics.is_empty() {
        found.push(format!("{name} has no `topics`"));
    }
    if filter.routes.is_empty() {
        found.push(format!(
            "{name} has no `routes`: nothing that passes would go anywhere"
        ));
    }
    let surveys: BTreeSet<Survey> = filter
        .topics
        .iter()
        .filter_map(|topic| survey_of_topic(config, &name, topic, found))
        .collect();
    for (route_name, route) in &filter.routes {
        for file in route.mapping.values() {
            file_name(&name, file, found);
        }
        // None at all is a choice; one survey of two without one was forgotten.
        let forgotten =
            |survey: &&Survey| !route.mapping.is_empty() && !route.mapping.contains_key(*survey);
        for survey in surveys.iter().filter(forgotten) {
            found.push(format!(
                "the route `{route_name}` of {name} has no mapping for `{survey}`, of which the filter reads topics"
            ));
        }
    }
}

fn survey_of_topic(
    config: &Config,
    filter: &str,
    topic: &str,
    found: &mut Vec<String>,
) -> Option<Survey> {
    let source = config
        .sources
        .iter()
        .find(|s| s.topics.iter().any(|t| t == topic));
    if source.is_none() {
        let known = config.sources.iter().flat_map(|s| &s.topics);
        let hint = nearest(topic, known.map(String::as_str))
            .map_or(String::new(), |near| format!(": did you mean `{near}`?"));
        found.push(format!(
            "{filter} reads `{topic}`, which no source does{hint}"
        ));
    }
    source.map(|source| source.survey)
}

/// A module is a file of the group's own directory, never a path out of it.
fn file_name(filter: &str, file: &str, found: &mut Vec<String>) {
    if file.contains(['/', '\\']) || !file.ends_with(".wasm") || file.starts_with('.') {
        found.push(format!(
            "{filter} names the module `{file}`: expected a file name that ends in `.wasm`, in the group's own module directory"
        ));
    }
}

fn unique<'n>(what: &str, names: impl Iterator<Item = &'n str>, found: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for name in names {
        if name.is_empty() {
            found.push(format!("a {what} has an empty name"));
        } else if !seen.insert(name) {
            found.push(format!("there is more than one {what} named `{name}`"));
        }
    }
}
