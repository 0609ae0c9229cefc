//! From the Python bridge's configuration to ours, so that a team can move over: the same Kafka
//! group, SkyPortal group, stream, filter and taxonomy.
//!
//! The bridge has one file a survey and process; all files of a site make one configuration.

mod bridge;
mod text;

use std::collections::BTreeMap;

use crate::alert::Survey;
use bridge::Bridge;

/// Our configuration, and what somebody must know or do.
#[derive(Debug, PartialEq, Eq)]
pub struct Import {
    pub yaml: String,
    pub notes: Vec<String>,
}

/// Why a file cannot be imported. No secret is repeated.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    #[error("`{file}` is not the YAML mapping that the bridge reads{at}")]
    NotYaml { file: String, at: String },
    #[error("`{file}` has no `{key}`: expected {expected}")]
    Missing {
        file: String,
        key: &'static str,
        expected: &'static str,
    },
    #[error("`{file}`: `{key}` is {found}: expected {expected}")]
    Wrong {
        file: String,
        key: &'static str,
        found: String,
        expected: &'static str,
    },
    #[error(
        "`{file}` delivers to `{url}` and another file to `{other}`: one skysieve delivers to one SkyPortal, import the files of each by themselves"
    )]
    OtherSkyPortal {
        file: String,
        url: String,
        other: String,
    },
}

/// Turns the bridge's files, each with its name, into one configuration of ours.
///
/// # Errors
/// Where a file is not the bridge's, or the files do not go together.
pub fn import(files: &[(String, String)]) -> Result<Import, ImportError> {
    let mut plan = Plan::default();
    for (file, text) in files {
        let bridge = Bridge::read(file, text, &mut plan.notes)?;
        plan.add(file, bridge)?;
    }
    let yaml = plan.to_string();
    let variables = plan.variables();
    let mut notes = plan.notes;
    notes.push(format!(
        "secrets are not written: set {} from the bridge's file(s) before starting",
        variables.join(" and ")
    ));
    Ok(Import { yaml, notes })
}

/// What all files say together.
#[derive(Default)]
struct Plan {
    url: Option<String>,
    sources: Vec<Source>,
    groups: Vec<Group>,
    notes: Vec<String>,
}

#[derive(PartialEq)]
struct Source {
    name: String,
    survey: Survey,
    servers: Vec<String>,
    kafka_group: String,
    username: Option<String>,
    topics: Vec<String>,
}

struct Group {
    name: String,
    topics: BTreeMap<Survey, Vec<String>>,
}

impl Plan {
    fn add(&mut self, file: &str, bridge: Bridge) -> Result<(), ImportError> {
        match &self.url {
            Some(other) if *other != bridge.url => {
                return Err(ImportError::OtherSkyPortal {
                    file: file.to_owned(),
                    url: bridge.url,
                    other: other.clone(),
                });
            }
            _ => self.url = Some(bridge.url.clone()),
        }
        self.add_topics(&bridge);
        let known = self
            .groups
            .iter()
            .position(|group| group.name == bridge.group);
        let place = known.unwrap_or_else(|| {
            self.groups.push(Group {
                name: bridge.group.clone(),
                topics: BTreeMap::new(),
            });
            self.groups.len() - 1
        });
        let topics = self.groups[place].topics.entry(bridge.survey).or_default();
        for topic in bridge.topics {
            if !topics.contains(&topic) {
                topics.push(topic);
            }
        }
        Ok(())
    }

    /// A topic is read once, for all groups: twice would judge each of its alerts twice.
    fn add_topics(&mut self, bridge: &Bridge) {
        let mut topics = Vec::new();
        for topic in &bridge.topics {
            let read = self.sources.iter().find(|s| s.topics.contains(topic));
            match read {
                Some(source) if source.kafka_group != bridge.kafka_group => {
                    self.notes.push(format!(
                        "`{topic}` is read once for all groups, under the Kafka group `{}`; the place that `{}` had reached is not used",
                        source.kafka_group, bridge.kafka_group
                    ));
                }
                Some(_) => {}
                None => topics.push(topic.clone()),
            }
        }
        let same = self.sources.iter_mut().find(|source| {
            source.survey == bridge.survey
                && source.servers == bridge.servers
                && source.kafka_group == bridge.kafka_group
                && source.username == bridge.username
        });
        match same {
            Some(source) => source.topics.extend(topics),
            None if topics.is_empty() => {}
            None => {
                let of_survey = |s: &&Source| s.survey == bridge.survey;
                let name = match self.sources.iter().filter(of_survey).count() {
                    0 => format!("fink-{}", bridge.survey),
                    more => format!("fink-{}-{}", bridge.survey, more + 1),
                };
                self.sources.push(Source {
                    name,
                    survey: bridge.survey,
                    servers: bridge.servers.clone(),
                    kafka_group: bridge.kafka_group.clone(),
                    username: bridge.username.clone(),
                    topics,
                });
            }
        }
    }

    fn variables(&self) -> Vec<String> {
        let sources = self.sources.iter().filter(|s| s.username.is_some());
        let mut variables = vec!["`SKYPORTAL_TOKEN` (`skyportal_token`)".to_owned()];
        variables.extend(sources.map(|s| format!("`{}` (`fink_password`)", s.variable())));
        variables
    }
}

impl Source {
    /// Where its password is: `FINK_ZTF_PASSWORD`.
    fn variable(&self) -> String {
        format!("{}_PASSWORD", self.name.to_uppercase().replace('-', "_"))
    }
}

#[cfg(test)]
mod tests;
