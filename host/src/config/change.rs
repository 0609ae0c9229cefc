//! What differs between a configuration that runs and a new one.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Config;

impl Config {
    /// The keys outside `groups` in which `new` differs (`sources[fink-ztf].servers`): connections,
    /// files and ports stand on them, so they cannot change while it runs.
    ///
    /// # Errors
    /// None that a configuration could give.
    pub fn fixed_differences(&self, new: &Config) -> serde_json::Result<Vec<String>> {
        let fixed = |config: &Config| {
            let mut value = serde_json::to_value(config)?;
            if let Some(keys) = value.as_object_mut() {
                keys.remove("groups");
            }
            Ok::<_, serde_json::Error>(value)
        };
        let mut found = Vec::new();
        compare("", &fixed(self)?, &fixed(new)?, &mut found);
        Ok(found)
    }
}

fn compare(path: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let path = match path {
                    "" => key.clone(),
                    path => format!("{path}.{key}"),
                };
                let of = |keys: &serde_json::Map<String, Value>| keys.get(key).cloned();
                compare(
                    &path,
                    &of(a).unwrap_or_default(),
                    &of(b).unwrap_or_default(),
                    found,
                );
            }
        }
        (Value::Array(a), Value::Array(b)) if a.iter().chain(b).all(|v| name(v).is_some()) => {
            let names: BTreeSet<&str> = a.iter().chain(b).filter_map(name).collect();
            for wanted in names {
                let of = |list: &[Value]| list.iter().find(|v| name(v) == Some(wanted)).cloned();
                compare(
                    &format!("{path}[{wanted}]"),
                    &of(a).unwrap_or_default(),
                    &of(b).unwrap_or_default(),
                    found,
                );
            }
        }
        (before, after) if before != after => found.push(path.to_owned()),
        _ => {}
    }
}

fn name(value: &Value) -> Option<&str> {
    value.get("name")?.as_str()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{Config, DEFAULT_YAML};

    #[test]
    fn what_cannot_change_is_named() {
        let load = |text: &str| Config::from_yaml(text, Path::new("/etc"), "the default").unwrap();
        let before = load(DEFAULT_YAML);
        assert!(before.fixed_differences(&before).unwrap().is_empty());
        let after = load(
            &DEFAULT_YAML
                .replace("state: state", "state: elsewhere")
                .replace("listen: 127.0.0.1:9898", "listen: off")
                .replace("lsst.kafka.example.org:24498", "127.0.0.1:9092")
                .replace("burst: 10", "burst: 9")
                .replace("env: SKYPORTAL_TOKEN", "file: token")
                .replace("min_real_bogus: 0.6", "min_real_bogus: 0.7"),
        );
        let found = before.fixed_differences(&after).unwrap();
        let expected = [
            "skyportal.burst",
            "skyportal.token.env",
            "skyportal.token.file",
            "sources[fink-lsst].servers",
            "state",
            "telemetry.listen",
        ];
        assert_eq!(found, expected);
        let mut fewer = before.clone();
        fewer.sources.pop();
        let found = before.fixed_differences(&fewer).unwrap();
        assert_eq!(found, ["sources[fink-lsst]"]);
        assert_ne!(before.groups[0], after.groups[0], "a parameter differs");
    }
}
