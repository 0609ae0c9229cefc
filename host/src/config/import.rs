//! From the Python bridge's configuration to ours, so that a team can move over: the same Kafka
//! group, SkyPortal group, stream, filter and taxonomy.
//!
//! The bridge has one file a survey and process; all files of a site make one configuration.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde_json::Value;

use super::load::nearest;
use crate::alert::Survey;

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

const KEYS: [&str; 12] = [
    "survey",
    "fink_topics",
    "fink_username",
    "fink_password",
    "fink_group_id",
    "fink_servers",
    "skyportal_url",
    "skyportal_token",
    "skyportal_group",
    "skyportal_name",
    "whitelisted",
    "testing",
];

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

/// One file of the bridge.
struct Bridge {
    survey: Survey,
    topics: Vec<String>,
    servers: Vec<String>,
    kafka_group: String,
    /// Only where a user and a password are given, as in Fink's own client.
    username: Option<String>,
    url: String,
    group: String,
}

impl Bridge {
    fn read(file: &str, text: &str, notes: &mut Vec<String>) -> Result<Self, ImportError> {
        let keys: BTreeMap<String, Value> = serde_saphyr::from_str(text).map_err(|error| {
            let at = error.location();
            ImportError::NotYaml {
                file: file.to_owned(),
                at: at.map_or(String::new(), |at| format!(" (line {})", at.line())),
            }
        })?;
        for key in keys.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            let hint = nearest(key, KEYS).map_or(String::new(), |near| {
                format!(" (is it a misspelt `{near}`?)")
            });
            notes.push(format!(
                "`{file}`: the key `{key}` is not known{hint} and was left out"
            ));
        }
        let keys = Keys { file, keys: &keys };
        keys.tell(notes);
        Ok(Bridge {
            survey: keys.survey()?,
            topics: keys.list("fink_topics", "a list of topics")?,
            servers: keys.list("fink_servers", "`host:port`, or several with commas")?,
            kafka_group: keys.text("fink_group_id", "the Kafka group")?,
            username: match keys.is_given("fink_password") {
                true => keys.text("fink_username", "a user").ok(),
                false => None,
            },
            url: keys.url()?,
            group: keys.text("skyportal_group", "the SkyPortal group's name")?,
        })
    }
}

/// A file's keys, with what is said of them.
struct Keys<'a> {
    file: &'a str,
    keys: &'a BTreeMap<String, Value>,
}

impl Keys<'_> {
    fn is_given(&self, key: &str) -> bool {
        let value = self.keys.get(key);
        value.is_some_and(|value| !value.is_null() && value != "")
    }

    fn text(&self, key: &'static str, expected: &'static str) -> Result<String, ImportError> {
        match self.keys.get(key) {
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
            Some(Value::Number(number)) => Ok(number.to_string()),
            Some(other) if self.is_given(key) => Err(self.wrong(key, other, expected)),
            _ => Err(ImportError::Missing {
                file: self.file.to_owned(),
                key,
                expected,
            }),
        }
    }

    fn list(&self, key: &'static str, expected: &'static str) -> Result<Vec<String>, ImportError> {
        if let Some(Value::Array(items)) = self.keys.get(key)
            && !items.is_empty()
        {
            let text = |item: &Value| match item {
                Value::String(text) => Ok(text.trim().to_owned()),
                other => Err(self.wrong(key, other, expected)),
            };
            return items.iter().map(text).collect();
        }
        let text = self.text(key, expected)?;
        Ok(text.split(',').map(|part| part.trim().to_owned()).collect())
    }

    fn survey(&self) -> Result<Survey, ImportError> {
        let expected = "`ztf` or `lsst`";
        let text = self.text("survey", expected)?;
        let known = [Survey::Ztf, Survey::Lsst].into_iter();
        let mut found = known.filter(|survey| survey.name() == text.to_lowercase());
        found
            .next()
            .ok_or_else(|| self.wrong("survey", &Value::from(text), expected))
    }

    fn url(&self) -> Result<String, ImportError> {
        let text = self.text("skyportal_url", "SkyPortal's address")?;
        let text = text.trim_end_matches('/');
        let has_scheme = text.starts_with("http://") || text.starts_with("https://");
        Ok(if has_scheme {
            text.to_owned()
        } else {
            format!("https://{text}")
        })
    }

    fn wrong(&self, key: &'static str, found: &Value, expected: &'static str) -> ImportError {
        let found = match found {
            Value::String(text) => format!("`{text}`"),
            other => format!("`{other}`"),
        };
        ImportError::Wrong {
            file: self.file.to_owned(),
            key,
            found,
            expected,
        }
    }

    /// What the bridge did and we do otherwise.
    fn tell(&self, notes: &mut Vec<String>) {
        let file = self.file;
        if self.keys.get("testing") == Some(&Value::Bool(true)) {
            notes.push(format!(
                "`{file}`: `testing` has no counterpart; `skysieve replay` judges files without SkyPortal"
            ));
        }
        match self.keys.get("whitelisted") {
            Some(Value::Bool(true)) => notes.push(format!(
                "`{file}`: `whitelisted` is set: SkyPortal may allow more than the usual 5 requests a second; if so raise `skyportal.requests_per_second` and `burst`"
            )),
            _ => notes.push(format!(
                "`{file}`: the pause of a second before each alert is gone; `skyportal.requests_per_second` keeps SkyPortal's own limit"
            )),
        }
        if self.is_given("skyportal_name") {
            notes.push(format!(
                "`{file}`: `skyportal_name` is not needed: what is posted belongs to the token's user"
            ));
        }
    }
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

/// The configuration's text.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEAD)?;
        writeln!(
            f,
            "  url: {}",
            quote(self.url.as_deref().unwrap_or_default())
        )?;
        f.write_str(SKYPORTAL)?;
        f.write_str("\nsources:\n")?;
        self.sources
            .iter()
            .try_for_each(|source| write!(f, "{source}"))?;
        f.write_str("\ngroups:\n")?;
        let mut folders = Vec::new();
        for group in &self.groups {
            let folder = folder(&group.name, &folders);
            write_group(f, group, &folder)?;
            folders.push(folder);
        }
        Ok(())
    }
}

const HEAD: &str = "\
# Made from the Python bridge's configuration. `skysieve config` explains every key, and
# `skysieve check` tries all of this out without posting anything.
state: state

skyportal:
";

const SKYPORTAL: &str = "  token: { env: SKYPORTAL_TOKEN }
  # SkyPortal's exact names. The bridge took the first instrument whose name, in lower case,
  # contains `cfh12k` or `ztf` (ZTF), `lsstcam` or `lsst` (LSST): if that was another one than
  # these, write its name here, or the light curves go on under another instrument.
  instruments: { ztf: ZTF, lsst: LSST }
  taxonomy: Fink Taxonomy
";

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  - name: {}", self.name)?;
        writeln!(f, "    survey: {}", self.survey)?;
        writeln!(f, "    servers: {}", quote_all(&self.servers))?;
        writeln!(
            f,
            "    # The bridge's own: reading goes on where it stopped. Stop the bridge first."
        )?;
        writeln!(f, "    kafka_group: {}", quote(&self.kafka_group))?;
        writeln!(f, "    topics: {}", quote_all(&self.topics))?;
        if let Some(username) = &self.username {
            writeln!(
                f,
                "    # As Fink's client signs in. Fink's streams need none: if they refuse this, take it out."
            )?;
            writeln!(f, "    sign_in:")?;
            writeln!(f, "      mechanism: scram-sha-512")?;
            writeln!(f, "      username: {}", quote(username))?;
            writeln!(f, "      password: {{ env: {} }}", self.variable())?;
        }
        Ok(())
    }
}

fn write_group(f: &mut fmt::Formatter<'_>, group: &Group, folder: &str) -> fmt::Result {
    let lower = group.name.to_lowercase();
    writeln!(f, "  - name: {}", quote(folder))?;
    writeln!(f, "    skyportal_group: {}", quote(&group.name))?;
    writeln!(f, "    stream: {}", quote(&format!("{lower}_stream")))?;
    writeln!(
        f,
        "    # Put `pass_all.wasm` and `standard_mapping.wasm` there."
    )?;
    writeln!(f, "    modules: {}", quote(&format!("modules/{folder}")))?;
    writeln!(f, "    filters:")?;
    for (survey, topics) in &group.topics {
        writeln!(f, "      - name: fink-{survey}")?;
        writeln!(
            f,
            "        skyportal_filter: {}",
            quote(&format!("{lower}_filter"))
        )?;
        writeln!(f, "        topics: {}", quote_all(topics))?;
        writeln!(f, "        # As the bridge: the topic is the cut.")?;
        writeln!(f, "        module: pass_all.wasm")?;
        writeln!(f, "        routes:")?;
        writeln!(f, "          main:")?;
        writeln!(
            f,
            "            # As the bridge: every alert is saved to the group."
        )?;
        writeln!(f, "            save: source")?;
        writeln!(
            f,
            "            mapping: {{ {survey}: standard_mapping.wasm }}"
        )?;
    }
    Ok(())
}

/// A folder's name for a group, unlike those before.
fn folder(group: &str, taken: &[String]) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = group.to_lowercase().chars().map(plain).collect();
    let name = match name.trim_matches('-') {
        "" => "group",
        name => name,
    };
    let mut folder = name.to_owned();
    let mut number = 2;
    while taken.contains(&folder) {
        folder = format!("{name}-{number}");
        number += 1;
    }
    folder
}

/// In double quotes, as both JSON and YAML read it.
fn quote(text: &str) -> String {
    Value::from(text).to_string()
}

fn quote_all(texts: &[String]) -> String {
    let mut list = String::from("[");
    for (i, text) in texts.iter().enumerate() {
        let comma = if i > 0 { ", " } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(list, "{comma}{}", quote(text));
    }
    list + "]"
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, Save, SecretSource};

    const ZTF: &str = "
survey: ztf
fink_topics: [fink_kn_candidates_ztf, fink_early_sn_candidates_ztf]
fink_username: me
fink_password: null
fink_group_id: my_team
fink_servers: kafka-ztf.fink-broker.org:24499
skyportal_url: http://localhost:5000/
skyportal_token: 7f9c-secret
skyportal_group: Fast Transients
skyportal_name: Fink
whitelisted: false
testing: false
";

    fn lsst() -> String {
        ZTF.replace("survey: ztf", "survey: lsst")
            .replace("_ztf", "_lsst")
            .replace("fink_password: null", "fink_password: pass-secret")
            .replace("testing:", "tseting:")
    }

    fn imported(files: &[(&str, &str)]) -> Result<Import, ImportError> {
        let own = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        import(&files.iter().map(own).collect::<Vec<_>>())
    }

    fn config(yaml: &str) -> Config {
        Config::from_yaml(yaml, Path::new("/etc"), "the import").unwrap()
    }

    #[test]
    fn names_are_those_that_the_bridge_gave() {
        let import = imported(&[("ztf.yaml", ZTF)]).unwrap();
        let config = config(&import.yaml);
        let group = &config.groups[0];
        assert_eq!(config.skyportal.url, "http://localhost:5000");
        assert_eq!(config.skyportal.taxonomy, "Fink Taxonomy");
        assert_eq!(group.skyportal_group, "Fast Transients");
        assert_eq!(group.stream, "fast transients_stream");
        assert_eq!(
            group.filters[0].skyportal_filter.as_deref(),
            Some("fast transients_filter")
        );
        assert_eq!(group.filters[0].routes["main"].save, Save::Source);
        let source = &config.sources[0];
        assert_eq!(source.kafka_group, "my_team");
        assert_eq!(source.servers, ["kafka-ztf.fink-broker.org:24499"]);
        assert_eq!(source.topics.len(), 2);
        assert!(source.sign_in.is_none(), "a null password is no sign-in");
    }

    #[test]
    fn several_files_make_one_configuration_and_no_secret_is_written() {
        let lsst = lsst();
        let import = imported(&[("ztf.yaml", ZTF), ("lsst.yaml", &lsst)]).unwrap();
        let told = format!("{}{}", import.yaml, import.notes.join("\n"));
        assert!(!told.contains("secret\""), "{told}");
        assert!(
            !told.contains("7f9c-secret") && !told.contains("pass-secret"),
            "{told}"
        );
        for expected in [
            "`tseting`",
            "`testing`",
            "SKYPORTAL_TOKEN",
            "FINK_LSST_PASSWORD",
        ] {
            assert!(told.contains(expected), "{expected} is not in {told}");
        }
        let config = config(&import.yaml);
        assert_eq!(config.groups.len(), 1, "one SkyPortal group");
        assert_eq!(config.groups[0].filters.len(), 2);
        assert_eq!(config.sources.len(), 2);
        let sign_in = config.sources[1].sign_in.as_ref().unwrap();
        let variable = SecretSource::Env("FINK_LSST_PASSWORD".to_owned());
        assert_eq!(sign_in.password, variable);
    }

    #[test]
    fn a_topic_of_two_groups_is_read_once() {
        let other = ZTF
            .replace("Fast Transients", "fast-transients")
            .replace("my_team", "other_team")
            .replace(", fink_early_sn", ", fink_sn");
        let import = imported(&[("a.yaml", ZTF), ("b.yaml", &other)]).unwrap();
        let config = config(&import.yaml);
        assert_eq!(config.groups.len(), 2);
        assert_ne!(config.groups[0].modules, config.groups[1].modules);
        assert_eq!(config.sources[1].topics, ["fink_sn_candidates_ztf"]);
        let told = import.notes.join("\n");
        assert!(
            told.contains("`fink_kn_candidates_ztf` is read once"),
            "{told}"
        );
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let error = |text: &str| imported(&[("b.yaml", text)]).unwrap_err().to_string();
        let text = error(&ZTF.replace("fink_group_id: my_team\n", ""));
        assert!(text.contains("`b.yaml` has no `fink_group_id`"), "{text}");
        let text = error(&ZTF.replace("survey: ztf", "survey: atlas"));
        assert!(
            text.contains("`atlas`") && text.contains("`lsst`"),
            "{text}"
        );
        let text = error("skyportal_token: 7f9c-secret: x: [");
        assert!(!text.contains("7f9c"), "{text}");
        let elsewhere = ZTF.replace("localhost", "elsewhere");
        let error = imported(&[("a.yaml", ZTF), ("b.yaml", &elsewhere)]).unwrap_err();
        assert!(
            error.to_string().contains("`http://elsewhere:5000`"),
            "{error}"
        );
    }
}
