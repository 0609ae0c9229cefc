//! What goes wrong between us and a server, in an operator's words.

use std::fmt;
use std::time::{Duration, Instant};

use rdkafka::error::RDKafkaErrorCode as Code;

use super::settings::mechanism;
use crate::config::{SecretSource, Source};

/// After so long the same trouble is told again.
const AGAIN: Duration = Duration::from_secs(600);

/// One thing that goes wrong, told once while it lasts.
#[derive(Clone, Debug)]
pub struct Trouble {
    what: String,
    advice: Option<String>,
}

impl Trouble {
    /// Something that passes by itself.
    pub(super) fn passing(what: impl Into<String>) -> Self {
        Trouble {
            what: what.into(),
            advice: None,
        }
    }

    /// Something that a person must see to.
    pub(super) fn lasting(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Trouble {
            what: what.into(),
            advice: Some(advice.into()),
        }
    }

    /// An error of the client library, with its own account of it: that names the server.
    pub(super) fn of(code: Code, reason: &str, source: &Source) -> Self {
        match code {
            Code::Authentication | Code::SaslAuthenticationFailed => sign_in(reason, source),
            Code::SSL => Trouble::lasting(
                format!("no encrypted connection: {reason}"),
                match source.tls.as_ref().and_then(|tls| tls.ca_file.as_ref()) {
                    Some(file) => format!(
                        "`tls.ca_file` is `{}`: is it the authority of this server?",
                        file.display()
                    ),
                    None => "if the system does not know the server's authority, name it: \
                             `tls: { ca_file: PEM }`"
                        .to_owned(),
                },
            ),
            Code::TopicAuthorizationFailed => Trouble::lasting(
                format!("a topic may not be read: {reason}"),
                "ask the server's operators for it, or take it out of `topics`",
            ),
            Code::GroupAuthorizationFailed => Trouble::lasting(
                format!(
                    "the Kafka group `{}` may not be used: {reason}",
                    source.kafka_group
                ),
                "ask the server's operators which `kafka_group` is yours",
            ),
            Code::AllBrokersDown | Code::Resolve => away(reason, source),
            _ => Trouble::passing(reason),
        }
    }

    /// Whether it stays until a person does something.
    pub fn needs_a_person(&self) -> bool {
        self.advice.is_some()
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.advice {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

/// A server that hangs up may be going down for a moment, or may have expected something else of us.
fn away(reason: &str, source: &Source) -> Trouble {
    let servers = source.servers.join(", ");
    let what = format!("no server of `{servers}` can be used, trying on: {reason}");
    if reason.contains("Disconnected") || reason.contains("security.protocol") {
        let advice = "if it stays so: does this port want `tls` or a `sign_in`, or neither?";
        return Trouble::lasting(what, advice);
    }
    Trouble::passing(what)
}

/// The library's reason names server and mechanism, and never the password.
fn sign_in(reason: &str, source: &Source) -> Trouble {
    let Some(sign_in) = &source.sign_in else {
        let advice = "add `sign_in` to the source";
        return Trouble::lasting(format!("the server wants a sign-in: {reason}"), advice);
    };
    let password = match &sign_in.password {
        SecretSource::Env(name) => format!("the environment variable `{name}`"),
        SecretSource::File(path) => format!("the file `{}`", path.display()),
    };
    Trouble::lasting(
        format!(
            "the sign-in as `{}` by {} was refused: {reason}",
            sign_in.username,
            mechanism(sign_in.mechanism)
        ),
        format!(
            "check `mechanism` and `username`, and the password in {password}, then start again"
        ),
    )
}

/// What was told lately, so that a server that is away for a night does not fill the log.
#[derive(Debug, Default)]
pub(super) struct Told(Vec<(Code, Instant)>);

impl Told {
    /// Whether this should be told now.
    pub fn is_news(&mut self, code: Code) -> bool {
        self.0.retain(|(_, at)| at.elapsed() < AGAIN);
        // Of a refused sign-in it follows that no server is there for us: one cause, one line.
        let causes = [
            Code::Authentication,
            Code::SaslAuthenticationFailed,
            Code::SSL,
        ];
        let follows = matches!(code, Code::AllBrokersDown | Code::BrokerTransportFailure)
            && self.0.iter().any(|(told, _)| causes.contains(told));
        if follows || self.0.iter().any(|(told, _)| *told == code) {
            return false;
        }
        self.0.push((code, Instant::now()));
        true
    }

    /// It works again: whatever comes next is news.
    pub fn all_is_well(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, DEFAULT_YAML, Mechanism, SignIn, Tls};

    fn source() -> Source {
        let folder = std::path::Path::new("/etc/skysieve");
        Config::from_yaml(DEFAULT_YAML, folder, "the default")
            .unwrap()
            .sources[0]
            .clone()
    }

    #[test]
    fn a_trouble_is_told_once_until_it_is_over() {
        let mut told = Told::default();
        assert!(told.is_news(Code::AllBrokersDown));
        assert!(!told.is_news(Code::AllBrokersDown));
        assert!(told.is_news(Code::Authentication));
        told.all_is_well();
        assert!(told.is_news(Code::Authentication));
        assert!(
            !told.is_news(Code::AllBrokersDown),
            "it follows from the sign-in"
        );
        assert!(told.is_news(Code::TopicAuthorizationFailed));
    }

    #[test]
    fn each_trouble_says_what_to_do() {
        let mut source = source();
        let bare = Trouble::of(Code::Authentication, "sasl://h:1: required", &source);
        assert!(
            bare.needs_a_person() && bare.to_string().contains("`sign_in`"),
            "{bare}"
        );
        source.sign_in = Some(SignIn {
            mechanism: Mechanism::ScramSha512,
            username: "shifter".to_owned(),
            password: SecretSource::Env("FINK_PASSWORD".to_owned()),
        });
        let refused = Trouble::of(Code::Authentication, "sasl://h:1: refused", &source).to_string();
        for part in [
            "`shifter`",
            "SCRAM-SHA-512",
            "sasl://h:1",
            "`FINK_PASSWORD`",
        ] {
            assert!(refused.contains(part), "`{part}` is not in: {refused}");
        }
        source.tls = Some(Tls {
            ca_file: Some("/etc/ca.pem".into()),
        });
        let unknown = Trouble::of(Code::SSL, "ssl://h:1: verify failed", &source).to_string();
        assert!(unknown.contains("`/etc/ca.pem`"), "{unknown}");
        let away = Trouble::of(Code::AllBrokersDown, "1/1 brokers are down", &source);
        assert!(
            !away.needs_a_person() && away.to_string().contains("fink-broker.org"),
            "{away}"
        );
    }
}
