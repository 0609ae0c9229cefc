//! Where reading begins: an edge of what Kafka keeps, or a time.

use std::fmt;
use std::str::FromStr;

use hifitime::Epoch;
use serde::{Deserialize, Serialize};

/// Where to start when Kafka remembers no offset for the Kafka group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Start {
    /// Everything that Kafka still keeps.
    #[default]
    Earliest,
    /// Only what comes from now on.
    Latest,
    /// The first message at or after a time.
    At(Moment),
}

/// A time in UTC, to the millisecond, as Kafka stamps messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    unix_milliseconds: i64,
}

/// Why a text is no [`Start`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no start: expected `earliest`, `latest`, or a time in UTC such as `2026-11-20T00:00:00Z`"
)]
pub struct StartError(String);

/// A text; the file's schema cannot say more of it than that.
impl schemars::JsonSchema for Start {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Start".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Where to start when Kafka remembers no offset for the Kafka group: `earliest`, `latest`, or a time in UTC such as `2026-11-20T00:00:00Z`.",
            "pattern": "^(earliest|latest|[0-9]{4}-.*)$",
        })
    }
}

impl Moment {
    pub fn from_unix_milliseconds(unix_milliseconds: i64) -> Self {
        Moment { unix_milliseconds }
    }

    /// Milliseconds since 1970, as Kafka counts them.
    pub fn unix_milliseconds(self) -> i64 {
        self.unix_milliseconds
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whole seconds only: a float of milliseconds would round the last digit down.
        let seconds = self.unix_milliseconds.div_euclid(1000);
        let epoch = Epoch::from_unix_seconds(seconds as f64);
        let (year, month, day, hour, minute, second, _) = epoch.to_gregorian_utc();
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        match self.unix_milliseconds.rem_euclid(1000) {
            0 => write!(f, "Z"),
            milliseconds => write!(f, ".{milliseconds:03}Z"),
        }
    }
}

impl FromStr for Start {
    type Err = StartError;

    /// `earliest`, `latest`, `2026-11-20`, `2026-11-20T18:30:00Z`.
    fn from_str(text: &str) -> Result<Self, StartError> {
        match text {
            "earliest" => Ok(Start::Earliest),
            "latest" => Ok(Start::Latest),
            _ => moment(text)
                .map(Start::At)
                .ok_or_else(|| StartError(text.to_owned())),
        }
    }
}

/// A day, or a time that says that it is UTC: one without would be read in somebody's own zone.
fn moment(text: &str) -> Option<Moment> {
    let allowed = |byte: u8| byte.is_ascii_digit() || b"-:.T".contains(&byte);
    let gregorian = match text.strip_suffix('Z') {
        Some(time) if time.contains('T') => time.to_owned(),
        None if text.len() == "2026-11-20".len() => format!("{text}T00:00:00"),
        _ => return None,
    };
    if !gregorian.bytes().all(allowed) {
        return None;
    }
    let epoch = Epoch::from_gregorian_str(&format!("{gregorian} UTC")).ok()?;
    let unix_milliseconds = epoch.to_unix_milliseconds().round();
    (unix_milliseconds >= 0.0).then_some(Moment {
        unix_milliseconds: unix_milliseconds as i64,
    })
}

impl TryFrom<String> for Start {
    type Error = StartError;

    fn try_from(text: String) -> Result<Self, StartError> {
        text.parse()
    }
}

impl From<Start> for String {
    fn from(start: Start) -> String {
        start.to_string()
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Start::Earliest => f.write_str("earliest"),
            Start::Latest => f.write_str("latest"),
            Start::At(moment) => moment.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_and_written_in_utc() {
        for (text, milliseconds, written) in [
            ("1970-01-01T00:00:01Z", 1_000, "1970-01-01T00:00:01Z"),
            (
                "2026-11-20T00:00:00Z",
                1_795_132_800_000,
                "2026-11-20T00:00:00Z",
            ),
            ("2026-11-20", 1_795_132_800_000, "2026-11-20T00:00:00Z"),
            (
                "2026-11-20T18:30:05.25Z",
                1_795_199_405_250,
                "2026-11-20T18:30:05.250Z",
            ),
        ] {
            let start: Start = text.parse().unwrap();
            assert_eq!(
                start,
                Start::At(Moment::from_unix_milliseconds(milliseconds))
            );
            assert_eq!(start.to_string(), written);
        }
    }

    #[test]
    fn what_is_no_time_says_what_is_expected() {
        for text in [
            "",
            "Z",
            "now",
            "Latest",
            "2026-11-20T00:00:00",
            "2026-13-40",
            "2026-11-20T00:00:00+01:00",
            "20261120",
            "2026-11-20 12:00",
            "1969-12-31T00:00:00Z",
        ] {
            let error = text.parse::<Start>().unwrap_err().to_string();
            assert!(error.contains("2026-11-20T00:00:00Z"), "{text}: {error}");
        }
    }
}
