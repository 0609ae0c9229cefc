//! What the client library is told: where, as whom, and how to read.

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};

use crate::config::{Mechanism, SecretError, Source};

/// Kibibytes that the client library may hold ahead of us, all partitions together; an LSST alert
/// with its key takes up to 700.
const PREFETCH_KIB: &str = "65536";

/// Between two looks at the library's own numbers, milliseconds: they are for people.
const STATISTICS_MS: &str = "5000";

/// How the servers are reached and signed in to.
///
/// # Errors
/// Where the password cannot be read.
pub(in crate::source) fn connection(source: &Source) -> Result<ClientConfig, SecretError> {
    let mut settings = ClientConfig::new();
    settings
        .set("client.id", "skysieve")
        .set("bootstrap.servers", source.servers.join(","))
        .set("group.id", &source.kafka_group)
        .set("security.protocol", protocol(source))
        .set("socket.keepalive.enable", "true")
        // Fink makes a topic with its first alert; it is looked for, never made by us.
        .set("allow.auto.create.topics", "false")
        // Of a server that hangs up the library says why at this level only; see `Events::log`.
        .set_log_level(RDKafkaLogLevel::Info);
    if let Some(ca_file) = source.tls.as_ref().and_then(|tls| tls.ca_file.as_ref()) {
        settings.set("ssl.ca.location", ca_file.to_string_lossy());
    }
    if let Some(sign_in) = &source.sign_in {
        settings
            .set("sasl.mechanism", mechanism(sign_in.mechanism))
            .set("sasl.username", &sign_in.username)
            .set("sasl.password", sign_in.password.read()?.reveal());
    }
    Ok(settings)
}

/// How a member of the Kafka group reads.
///
/// # Errors
/// Where the password cannot be read.
pub(super) fn reading(source: &Source) -> Result<ClientConfig, SecretError> {
    let mut settings = connection(source)?;
    let refresh_ms = u64::from(source.topic_refresh_seconds) * 1000;
    settings
        // A replica that comes or goes moves the partitions that it must, and no others.
        .set("partition.assignment.strategy", "cooperative-sticky")
        // Offsets are stored by us, when everything that a message caused is done. What is stored is
        // committed every second, and before a partition is given back.
        .set("enable.auto.offset.store", "false")
        .set("enable.auto.commit", "true")
        .set("auto.commit.interval.ms", "1000")
        // Where to begin is decided by us, and what retention took is counted by us: never reset in
        // silence.
        .set("auto.offset.reset", "error")
        .set("topic.metadata.refresh.interval.ms", refresh_ms.to_string())
        .set("queued.max.messages.kbytes", PREFETCH_KIB)
        .set("statistics.interval.ms", STATISTICS_MS);
    Ok(settings)
}

fn protocol(source: &Source) -> &'static str {
    match (&source.sign_in, &source.tls) {
        (None, None) => "plaintext",
        (None, Some(_)) => "ssl",
        (Some(_), None) => "sasl_plaintext",
        (Some(_), Some(_)) => "sasl_ssl",
    }
}

/// Kafka's own name of a way to sign in.
pub(super) fn mechanism(mechanism: Mechanism) -> &'static str {
    match mechanism {
        Mechanism::Plain => "PLAIN",
        Mechanism::ScramSha256 => "SCRAM-SHA-256",
        Mechanism::ScramSha512 => "SCRAM-SHA-512",
    }
}
