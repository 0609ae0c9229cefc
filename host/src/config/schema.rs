//! The configuration's JSON Schema, for editors and other tools.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{Config, SecretSource};

/// The JSON Schema (draft 2020-12) of the configuration file.
pub fn json_schema() -> Schema {
    schemars::schema_for!(Config)
}

impl JsonSchema for SecretSource {
    fn schema_name() -> Cow<'static, str> {
        "SecretSource".into()
    }

    /// By hand, as its reading is: one of two keys, and never the secret itself.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = |key: &str, description: &str| {
            json_schema!({
                "type": "object",
                "properties": {key: {"type": "string", "description": description}},
                "required": [key],
                "additionalProperties": false,
            })
        };
        json_schema!({
            "description": "Where a secret is kept; the secret itself is never written here.",
            "oneOf": [
                one("env", "An environment variable."),
                one("file", "A file that holds nothing else."),
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::config::DEFAULT_YAML;

    /// The default configuration with every key that stands in its comments, the optional ones.
    const OPTIONAL: &str = "
state: state
skyportal: { url: 'http://h', token: { file: t }, instruments: { ztf: ZTF } }
sources:
  - name: s
    survey: ztf
    servers: ['h:1']
    kafka_group: g
    topics: [t]
    sign_in: { mechanism: scram-sha-512, username: u, password: { env: P } }
    tls: { ca_file: c }
    start: '2026-11-20T00:00:00Z'
    schemas: d
    topic_refresh_seconds: 5
groups:
  - name: g
    skyportal_group: G
    stream: s
    modules: m
    filters:
      - name: f
        skyportal_filter: F
        topics: [t]
        module: m.wasm
        parameters: { anything: 1 }
        isolation: strict
        faults: { policy: dead-letter, quarantine_after: 1, within: 1, probation_minutes: 1 }
        limits: { fuel: 1, milliseconds: 1, memory_mib: 1, output_kib: 1 }
        routes:
          main:
            save: source
            skyportal_group: H
            mapping: { ztf: m.wasm }
            mapping_parameters: { anything: true }
";

    /// Follows `$ref` and picks of several the one that fits.
    fn check(schema: &Value, root: &Value, value: &Value, at: &str) -> Result<(), String> {
        if let Some(reference) = schema["$ref"].as_str() {
            let found = root.pointer(reference.trim_start_matches('#'));
            let found = found.ok_or_else(|| format!("{at}: {reference} leads nowhere"))?;
            return check(found, root, value, at);
        }
        for several in ["oneOf", "anyOf"] {
            if let Some(all) = schema[several].as_array() {
                let fits = |one: &&Value| check(one, root, value, at).is_ok();
                return match all.iter().find(fits) {
                    Some(_) => Ok(()),
                    None => Err(format!("{at}: none of {several} fits {value}")),
                };
            }
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let number = kind == "integer" && kinds.contains(&"number");
        if !kinds.is_empty() && !kinds.contains(&kind) && !number {
            return Err(format!("{at}: {kind}, expected {kinds:?}"));
        }
        if let Some(allowed) = schema["enum"].as_array()
            && !allowed.contains(value)
        {
            return Err(format!("{at}: {value} is not of {allowed:?}"));
        }
        if let Some(only) = schema.get("const")
            && only != value
        {
            return Err(format!("{at}: {value} is not {only}"));
        }
        match value {
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    check(&schema["items"], root, item, &format!("{at}[{i}]"))?;
                }
                Ok(())
            }
            Value::Object(map) => check_map(schema, root, map, at),
            _ => Ok(()),
        }
    }

    fn check_map(
        schema: &Value,
        root: &Value,
        map: &serde_json::Map<String, Value>,
        at: &str,
    ) -> Result<(), String> {
        for key in schema["required"].as_array().into_iter().flatten() {
            if !map.contains_key(key.as_str().unwrap()) {
                return Err(format!("{at}: {key} is missing"));
            }
        }
        for (key, value) in map {
            let at = format!("{at}.{key}");
            match (
                schema["properties"].get(key),
                &schema["additionalProperties"],
            ) {
                (Some(of_key), _) => check(of_key, root, value, &at)?,
                (None, Value::Bool(false)) => return Err(format!("{at}: not allowed")),
                (None, Value::Object(_)) => {
                    check(&schema["additionalProperties"], root, value, &at)?;
                }
                (None, _) => {}
            }
        }
        Ok(())
    }

    fn verdict(yaml: &str) -> Result<(), String> {
        let value: Value = serde_saphyr::from_str(yaml).unwrap();
        let schema = serde_json::to_value(json_schema()).unwrap();
        check(&schema, &schema, &value, "")
    }

    #[test]
    fn the_default_and_every_optional_key_are_in_the_schema() {
        assert_eq!(verdict(DEFAULT_YAML), Ok(()));
        assert_eq!(verdict(OPTIONAL), Ok(()));
    }

    #[test]
    fn unknown_keys_are_not_allowed_anywhere() {
        for key in [
            "skyportal:\n",
            "kafka_group: my",
            "listen: 127",
            "forced: Fink",
            "module: fast",
            "save: candidate",
        ] {
            let text = DEFAULT_YAML.replacen(key, &format!("x{key}"), 1);
            assert_ne!(text, DEFAULT_YAML, "{key}");
            assert!(verdict(&text).is_err(), "x{key}");
        }
        let schema = serde_json::to_value(json_schema()).unwrap();
        let definitions = schema["$defs"].as_object().unwrap();
        for (name, definition) in definitions.iter().chain([(&"Config".to_owned(), &schema)]) {
            if definition.get("properties").is_some() {
                assert_eq!(definition["additionalProperties"], false, "{name}");
            }
        }
    }

    #[test]
    fn keys_have_descriptions() {
        let schema = serde_json::to_value(json_schema()).unwrap();
        let url = &schema["$defs"]["SkyPortal"]["properties"]["url"];
        assert!(url["description"].as_str().unwrap().contains("host"));
    }
}
