//! Where metrics and health are served.

use std::borrow::Cow;
use std::net::{Ipv4Addr, SocketAddr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What skysieve tells of itself while it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// Where `/metrics`, `/healthz`, `/readyz` and `/status` are served.
    pub listen: Listen,
    /// Seconds between two lines in the log of what was done so far; 0: none.
    pub summary_seconds: u64,
}

impl Default for Telemetry {
    fn default() -> Self {
        Telemetry {
            listen: Listen::At(SocketAddr::from((Ipv4Addr::LOCALHOST, 9898))),
            summary_seconds: 300,
        }
    }
}

/// An address, or nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    Off,
    /// Port 0 takes a free one.
    At(SocketAddr),
}

impl Serialize for Listen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Listen::Off => serializer.serialize_str("off"),
            Listen::At(address) => serializer.collect_str(address),
        }
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "off" {
            return Ok(Listen::Off);
        }
        text.parse().map(Listen::At).map_err(|_| {
            let expected = "expected `address:port`, such as `127.0.0.1:9898`, or `off`";
            D::Error::custom(format!("`telemetry.listen` is `{text}`: {expected}"))
        })
    }
}

impl JsonSchema for Listen {
    fn schema_name() -> Cow<'static, str> {
        "Listen".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "`address:port` (port 0: a free one), or `off`.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Telemetry, String> {
        serde_saphyr::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn off_or_an_address() {
        assert_eq!(read("listen: off").unwrap().listen, Listen::Off);
        assert_eq!(
            read("summary_seconds: 7").unwrap().listen,
            Telemetry::default().listen
        );
        let any = SocketAddr::from(([0, 0, 0, 0], 0));
        assert_eq!(read("listen: 0.0.0.0:0").unwrap().listen, Listen::At(any));
        let error = read("listen: 9898").unwrap_err();
        assert!(error.contains("address:port"), "{error}");
    }
}
