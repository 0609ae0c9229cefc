//! Reading the file, and saying what is wrong with it.

use std::path::{Path, PathBuf};

use super::Config;

/// The commented default, which is also the reference of every key.
pub const DEFAULT_YAML: &str = include_str!("default.yaml");

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read the configuration `{path}`: {source}")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{file}{at}: {problem}")]
    Invalid {
        file: String,
        at: String,
        problem: String,
    },
    #[error("{file} has {} problem{}:\n  - {}", .problems.len(), plural(.problems), .problems.join("\n  - "))]
    Inconsistent { file: String, problems: Vec<String> },
}

fn plural(problems: &[String]) -> &'static str {
    if problems.len() == 1 { "" } else { "s" }
}

impl Config {
    /// Reads and checks a file. Relative paths in it are taken from the file's own folder.
    ///
    /// # Errors
    /// Where the file cannot be read, is not the YAML that is expected, or contradicts itself.
    pub fn from_file(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::from_text_of(path, &text)
    }

    /// Checks the text of a file, as [`Config::from_file`] does.
    ///
    /// # Errors
    /// As [`Config::from_file`].
    pub fn from_text_of(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        Self::from_yaml(text, folder, &format!("`{}`", path.display()))
    }

    /// Reads and checks a text; `folder` is where its relative paths begin, `file` how errors
    /// call it.
    ///
    /// # Errors
    /// As [`Config::from_file`].
    pub fn from_yaml(text: &str, folder: &Path, file: &str) -> Result<Self, ConfigError> {
        let mut config: Config =
            serde_saphyr::from_str(text).map_err(|error| invalid(file, &error))?;
        config.state = folder.join(&config.state);
        config.skyportal.token.relative_to(folder);
        for group in &mut config.groups {
            group.modules = folder.join(&group.modules);
        }
        for sign_in in config.sources.iter_mut().filter_map(|s| s.sign_in.as_mut()) {
            sign_in.password.relative_to(folder);
        }
        for tls in config.sources.iter_mut().filter_map(|s| s.tls.as_mut()) {
            tls.ca_file = tls.ca_file.take().map(|path| folder.join(path));
        }
        for source in &mut config.sources {
            source.schemas = source.schemas.take().map(|path| folder.join(path));
        }
        let problems = super::check::problems(&config);
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError::Inconsistent {
                file: file.to_owned(),
                problems,
            })
        }
    }
}

/// The line and the problem, without the text of the line: it could hold a secret.
fn invalid(file: &str, error: &serde_saphyr::Error) -> ConfigError {
    let error = error.without_snippet();
    let at = error.location().map_or(String::new(), |location| {
        format!(":{}:{}", location.line(), location.column())
    });
    let problem = match error {
        serde_saphyr::Error::SerdeUnknownField {
            field, expected, ..
        } => unknown_key(field, expected),
        other => {
            // The message repeats the place, which stands in front already.
            let text = other.to_string();
            let text = text.split(" at line ").next().unwrap_or(&text);
            text.lines().next().unwrap_or(text).to_owned()
        }
    };
    ConfigError::Invalid {
        file: file.to_owned(),
        at,
        problem,
    }
}

fn unknown_key(key: &str, known: &[&str]) -> String {
    match nearest(key, known.iter().copied()) {
        Some(near) => format!("unknown key `{key}`: did you mean `{near}`?"),
        None => format!(
            "unknown key `{key}`: expected one of `{}`",
            known.join("`, `")
        ),
    }
}

/// The known name that a misspelt one was probably meant to be.
pub(crate) fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, ConfigError> {
        Config::from_yaml(text, Path::new("/etc/skysieve"), "`skysieve.yaml`")
    }

    #[test]
    fn the_embedded_default_is_valid_and_shows_every_key() {
        let config = load(DEFAULT_YAML).unwrap();
        assert_eq!(config.sources.len(), 2);
        assert_eq!(
            config.groups[0].modules,
            Path::new("/etc/skysieve/modules/transients")
        );
        // Every key that the types know is written in the file, be it in a comment.
        let shown = serde_json::to_value(&config).unwrap();
        let mut keys = Vec::new();
        collect_keys(&shown, &mut keys);
        for key in [
            "sign_in",
            "mechanism",
            "username",
            "password",
            "tls",
            "ca_file",
            "fuel",
        ] {
            keys.push(key.to_owned());
        }
        for key in keys {
            assert!(DEFAULT_YAML.contains(&key), "`{key}` is not in the default");
        }
    }

    fn collect_keys(value: &serde_json::Value, keys: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(map) => {
                for (key, value) in map {
                    keys.push(key.clone());
                    collect_keys(value, keys);
                }
            }
            serde_json::Value::Array(items) => {
                items.iter().for_each(|item| collect_keys(item, keys));
            }
            _ => {}
        }
    }

    #[test]
    fn a_misspelt_key_gets_a_suggestion_and_its_line() {
        let text = DEFAULT_YAML.replace("kafka_group:", "kafka_gruop:");
        let error = load(&text).unwrap_err().to_string();
        assert!(error.contains("did you mean `kafka_group`?"), "{error}");
        assert!(error.starts_with("`skysieve.yaml`:"), "{error}");
    }

    #[test]
    fn a_start_that_is_none_says_what_is_expected() {
        let text = DEFAULT_YAML.replacen("start: earliest", "start: yesterday", 1);
        let error = load(&text).unwrap_err().to_string();
        assert!(error.contains("`yesterday`"), "{error}");
        assert!(error.contains("2026-11-20T00:00:00Z"), "{error}");
        let text = DEFAULT_YAML.replacen("start: earliest", "start: 2026-11-20T00:00:00Z", 1);
        let start = load(&text).unwrap().sources[0].start;
        assert_eq!(start.to_string(), "2026-11-20T00:00:00Z");
    }

    #[test]
    fn a_token_in_the_file_is_refused_without_being_repeated() {
        for inline in [
            "token: 7f9c-secret",
            "token: { value: 7f9c-secret }",
            "token: [7f9c-secret]",
        ] {
            let text = DEFAULT_YAML.replace("token: { env: SKYPORTAL_TOKEN }", inline);
            let error = load(&text).unwrap_err();
            assert!(
                !format!("{error} {error:?}").contains("7f9c-secret"),
                "{error}"
            );
            assert!(error.to_string().contains("env"), "{error}");
        }
    }

    #[test]
    fn contradictions_are_all_told_at_once() {
        let text = DEFAULT_YAML
            .replace(
                "module: fast_transient.wasm",
                "module: ../supernovae/x.wasm",
            )
            .replace("modules: modules/supernovae", "modules: modules/transients")
            .replace(
                "          - fink_kn_candidates_ztf",
                "          - fink_kn_candidate_ztf",
            )
            .replace("requests_per_second: 5", "requests_per_second: -1");
        let error = load(&text).unwrap_err().to_string();
        for part in [
            "`../supernovae/x.wasm`",
            "share the module directory",
            "did you mean `fink_kn_candidates_ztf`",
            "requests_per_second",
        ] {
            assert!(error.contains(part), "`{part}` is missing in: {error}");
        }
    }
}
