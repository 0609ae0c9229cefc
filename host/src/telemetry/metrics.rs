//! The numbers in Prometheus' text form, made when they are asked for: counting costs the judges
//! nothing but their atomics. `docs/metrics.md` lists every name.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::modules::ModuleFile;
use super::standing::Standing;
use super::state::Telemetry;

/// How the text calls itself.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Telemetry {
    /// All metrics as text.
    ///
    /// # Errors
    /// None that a string could give.
    pub fn metrics(&self) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("skysieve");
        registry.register_collector(Box::new(self.clone()));
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }
}

impl Collector for Telemetry {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(&mut encoder);
        process(self, &mut page)?;
        sources(self, &mut page)?;
        standings(self, &mut page)?;
        filters(self, &mut page)?;
        routes(self, &mut page)?;
        skyportal(self, &mut page)?;
        modules(self, &mut page)
    }
}

fn process(telemetry: &Telemetry, page: &mut Page<'_, '_>) -> fmt::Result {
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    page.gauges("build_info", "The program", [(version, 1)])?;
    let ready = i64::from(telemetry.hindrances().is_empty());
    let help = "1: it does its work; 0: `/readyz` says what stands in the way";
    page.whole("ready", help, &ConstGauge::new(ready))?;
    let configuration = telemetry.configuration().clone();
    page.whole(
        "configuration_changes",
        "How often another configuration took over since the start",
        &ConstCounter::new(configuration.changes),
    )?;
    page.whole(
        "configuration_refused",
        "1: the file as it is now was refused, `/status` says why",
        &ConstGauge::new(i64::from(configuration.refused.is_some())),
    )?;
    let disabled = i64::try_from(telemetry.disabled().len()).unwrap_or(i64::MAX);
    page.whole(
        "disabled_routes",
        "Routes whose set-up at SkyPortal failed",
        &ConstGauge::new(disabled),
    )
}

fn sources(telemetry: &Telemetry, page: &mut Page<'_, '_>) -> fmt::Result {
    let all = telemetry.accounts().sources();
    let name = |name: &str| [("source", name.to_owned())];
    page.counters(
        "source_read",
        "Messages that were read",
        all.iter().map(|(n, a)| (name(n), a.read.get())),
    )?;
    page.counters(
        "source_undecodable",
        "Messages that are no alert, by reason; each is a dead letter",
        all.iter().flat_map(|(n, a)| {
            let reasons = a.reasons.get().into_iter();
            reasons.map(move |(reason, count)| ([("source", n.clone()), ("reason", reason)], count))
        }),
    )?;
    page.counters(
        "source_copies",
        "Alerts that had been read from the same topic before",
        all.iter().map(|(n, a)| (name(n), a.copies.get())),
    )?;
    page.counters(
        "source_judged",
        "Alerts that were judged",
        all.iter().map(|(n, a)| (name(n), a.judged.get())),
    )?;
    page.counters(
        "source_redelivered",
        "Messages that had been read before and were not finished",
        all.iter().map(|(n, a)| (name(n), a.redelivered.get())),
    )?;
    page.counters(
        "source_lost",
        "Messages that Kafka's retention deleted before they were read",
        all.iter().map(|(n, a)| (name(n), a.lost.get())),
    )
}

fn standings(telemetry: &Telemetry, page: &mut Page<'_, '_>) -> fmt::Result {
    let all = telemetry.standings();
    let all: Vec<_> = all
        .iter()
        .flat_map(|(source, standings)| standings.iter().map(move |s| (source, s)))
        .collect();
    // What is not known is not served: a 0 would say that all is well.
    let mut gauge = |name: &str, help: &str, value: fn(&Standing) -> Option<u64>| {
        let known = all.iter().filter_map(|(source, standing)| {
            let labels = [
                ("source", (*source).clone()),
                ("topic", standing.topic.to_string()),
                ("partition", standing.partition.to_string()),
            ];
            let value = i64::try_from(value(standing)?).unwrap_or(i64::MAX);
            Some((labels, value))
        });
        page.gauges(name, help, known)
    };
    gauge(
        "partition_lag",
        "Messages between what is done and the newest",
        |s| s.lag,
    )?;
    gauge(
        "partition_last_message_age_seconds",
        "Since the message that was read last was made",
        |s| s.last_message_age.map(|age| age.as_secs()),
    )?;
    gauge(
        "partition_retention_left_seconds",
        "Until Kafka deletes messages that are not done",
        |s| s.retention_left.map(|left| left.as_secs()),
    )
}

fn filters(telemetry: &Telemetry, page: &mut Page<'_, '_>) -> fmt::Result {
    let all = telemetry.accounts().filters();
    let name = |name: &str| [("filter", name.to_owned())];
    page.counters(
        "filter_judged",
        "Alerts that the filter was asked about",
        all.iter().map(|(n, a)| (name(n), a.judged.get())),
    )?;
    page.counters(
        "filter_passed",
        "Alerts that passed",
        all.iter().map(|(n, a)| (name(n), a.passed.get())),
    )?;
    page.counters(
        "filter_rejected",
        "Alerts that were rejected, by the first cut that failed",
        all.iter().flat_map(|(n, a)| {
            let cuts = a.cuts.get().into_iter();
            cuts.map(move |(cut, count)| ([("filter", n.clone()), ("cut", cut)], count))
        }),
    )?;
    page.counters(
        "filter_faulted",
        "Alerts on which the filter gave no verdict, by the kind of fault",
        all.iter().flat_map(|(n, a)| {
            let faults = a.faults.get().into_iter();
            faults.map(move |(kind, count)| ([("filter", n.clone()), ("kind", kind)], count))
        }),
    )
}

fn routes(telemetry: &Telemetry, page: &mut Page<'_, '_>) -> fmt::Result {
    let all = telemetry.accounts().routes();
    let name = |name: &str| [("route", name.to_owned())];
    page.counters(
        "route_passed",
        "Alerts that passed on the route",
        all.iter().map(|(n, a)| (name(n), a.passed.get())),
    )?;
    page.counters(
        "route_delivered",
        "Alerts that stand in SkyPortal",
        all.iter().map(|(n, a)| (name(n), a.delivered.get())),
    )?;
    page.counters(
        "route_declined",
        "Alerts of which the mapping had nothing to deliver",
        all.iter().map(|(n, a)| (name(n), a.declined.get())),
    )?;
    page.counters(
        "route_deferred",
        "Alerts that were put by for later",
        all.iter().map(|(n, a)| (name(n), a.deferred.get())),
    )?;
    page.counters(
        "route_dead_lettered",
        "Alerts that could not be delivered; each is a dead letter",
        all.iter().map(|(n, a)| (name(n), a.dead_lettered.get())),
    )?;
    page.gauges(
        "route_in_flight",
        "Alerts that are being delivered or wait for it",
        all.iter().map(|(n, a)| {
            let count = i64::try_from(a.in_flight.get()).unwrap_or(i64::MAX);
            (name(n), count)
        }),
    )
}

fn skyportal(telemetry: &Telemetry, page: &mut Page<'_, '_>) -> fmt::Result {
    if let Some(calls) = telemetry.calls() {
        page.whole(
            "skyportal_calls",
            "Requests to SkyPortal, by how they ended",
            calls.ended(),
        )?;
        page.whole(
            "skyportal_call_seconds",
            "From a request to its answer",
            calls.seconds(),
        )?;
    }
    page.whole(
        "candidate_lag_seconds",
        "From an alert's time stamp in Kafka to its candidate in SkyPortal",
        telemetry.lag(),
    )
}

fn modules(telemetry: &Telemetry, page: &mut Page<'_, '_>) -> fmt::Result {
    let files = telemetry.modules();
    let running = files.iter().filter_map(|file| {
        let module = file.running.as_ref()?;
        let labels = [
            ("group", &file.group),
            ("file", &file.file),
            ("name", &module.name),
            ("version", &module.version),
            ("hash", &module.hash),
        ];
        Some((labels.map(|(label, value)| (label, value.clone())), 1))
    });
    page.gauges("module_info", "The version of a module that runs", running)?;
    type Holds = fn(&ModuleFile) -> bool;
    let states: [(&str, &str, Holds); 3] = [
        (
            "module_refused",
            "1: the file's newest version was refused or taken out of service, `/status` says why",
            |file| file.refused.is_some(),
        ),
        (
            "module_quarantined",
            "1: a version of the file is in quarantine, `/status` says why",
            ModuleFile::is_quarantined,
        ),
        (
            "module_pinned",
            "1: what runs runs on, whatever the file becomes",
            |file| file.pinned,
        ),
    ];
    for (name, help, holds) in states {
        let values = files.iter().map(|file| {
            let labels = [("group", file.group.clone()), ("file", file.file.clone())];
            (labels, i64::from(holds(file)))
        });
        page.gauges(name, help, values)?;
    }
    Ok(())
}

/// Metrics in a row.
struct Page<'a, 'e>(&'a mut DescriptorEncoder<'e>);

impl Page<'_, '_> {
    fn counters<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        counts: impl IntoIterator<Item = (L, u64)>,
    ) -> fmt::Result {
        let kind = MetricType::Counter;
        let mut metric = self.0.encode_descriptor(name, help, None, kind)?;
        for (labels, count) in counts {
            ConstCounter::new(count).encode(metric.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn gauges<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, i64)>,
    ) -> fmt::Result {
        let kind = MetricType::Gauge;
        let mut metric = self.0.encode_descriptor(name, help, None, kind)?;
        for (labels, value) in values {
            ConstGauge::new(value).encode(metric.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn whole(&mut self, name: &str, help: &str, metric: &impl EncodeMetric) -> fmt::Result {
        let kind = metric.metric_type();
        metric.encode(self.0.encode_descriptor(name, help, None, kind)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_served_as_they_stand() {
        let telemetry = Telemetry::default();
        let filter = telemetry.accounts().filter("g/f");
        filter.rejected.add_one();
        filter.cuts.add_one("real \"bogus\"");
        telemetry.candidate_posted("g/f/main", 3.0);
        let standing = Standing {
            topic: "t".into(),
            partition: 3,
            lag: Some(17),
            last_message_age: Some(std::time::Duration::from_secs(90)),
            retention_left: None,
        };
        telemetry.follow_source("ztf", move || vec![standing.clone()]);
        let text = telemetry.metrics().unwrap();
        for line in [
            "skysieve_ready 0",
            "skysieve_filter_rejected_total{filter=\"g/f\",cut=\"real \\\"bogus\\\"\"} 1",
            "skysieve_candidate_lag_seconds_bucket{le=\"2.0\",route=\"g/f/main\"} 0",
            "skysieve_candidate_lag_seconds_bucket{le=\"5.0\",route=\"g/f/main\"} 1",
            "skysieve_partition_lag{source=\"ztf\",topic=\"t\",partition=\"3\"} 17",
            "skysieve_partition_last_message_age_seconds{source=\"ztf\",topic=\"t\",partition=\"3\"} 90",
            "# EOF",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in:\n{text}");
        }
        assert!(
            !text.contains("retention_left_seconds{"),
            "nobody knows:\n{text}"
        );
    }
}
