//! What the bridge's own file says.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ImportError;
use crate::alert::Survey;
use crate::config::nearest;

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

/// One file of the bridge.
pub(super) struct Bridge {
    pub survey: Survey,
    pub topics: Vec<String>,
    pub servers: Vec<String>,
    pub kafka_group: String,
    /// Only where a user and a password are given, as in Fink's own client.
    pub username: Option<String>,
    pub url: String,
    pub group: String,
}

impl Bridge {
    /// Reads one file; `notes` gets what is left out.
    pub fn read(file: &str, text: &str, notes: &mut Vec<String>) -> Result<Self, ImportError> {
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
