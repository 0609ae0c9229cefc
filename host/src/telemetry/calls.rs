//! The requests to SkyPortal: how many of each kind, how they ended, how long they took.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

/// A real SkyPortal answers within 0.1 s at ease, its proxy gives up after 60 s.
const SECONDS: [f64; 10] = [0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 20.0, 60.0];

/// The words of SkyPortal's routes. Whatever else stands in a path is an id, which no label may
/// carry: there are millions.
const WORDS: [&str; 18] = [
    "annotations",
    "api",
    "candidates",
    "classification",
    "classifications",
    "comments",
    "filters",
    "groups",
    "instrument",
    "internal",
    "photometry",
    "profile",
    "source_exists",
    "sources",
    "streams",
    "sysinfo",
    "taxonomy",
    "users",
];

/// One kind of request and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    call: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    call: String,
}

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

/// Counts of requests.
#[derive(Debug)]
pub struct Calls {
    ended: Family<Ended, Counter>,
    seconds: Family<Call, Histogram, fn() -> Histogram>,
}

impl Default for Calls {
    fn default() -> Self {
        Calls {
            ended: Family::default(),
            seconds: Family::new_with_constructor(histogram),
        }
    }
}

impl Calls {
    /// A request ended: `success`, or the class of its failure. `took` is from its leaving to its
    /// answer, without the wait for its turn.
    pub fn count(&self, method: &str, path: &str, outcome: &'static str, took: Duration) {
        let call = call_name(method, path);
        let ended = Ended {
            call: call.clone(),
            outcome,
        };
        self.ended.get_or_create(&ended).inc();
        let seconds = self.seconds.get_or_create(&Call { call });
        seconds.observe(took.as_secs_f64());
    }

    pub(super) fn ended(&self) -> &impl prometheus_client::encoding::EncodeMetric {
        &self.ended
    }

    pub(super) fn seconds(&self) -> &impl prometheus_client::encoding::EncodeMetric {
        &self.seconds
    }
}

/// `PUT /api/photometry`: verb and route, ids written `{id}`.
pub fn call_name(method: &str, path: &str) -> String {
    format!("{method} {}", template(path))
}

/// The path with `{id}` for every id.
fn template(path: &str) -> String {
    let parts = path
        .split('/')
        .map(|part| match part.is_empty() || WORDS.contains(&part) {
            true => part,
            false => "{id}",
        });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::template;

    #[test]
    fn no_id_is_part_of_a_template() {
        for (path, expected) in [
            (
                "/api/sources/ZTF26aa/annotations",
                "/api/sources/{id}/annotations",
            ),
            ("/api/groups/7", "/api/groups/{id}"),
            ("/api/internal/profile", "/api/internal/profile"),
            ("/api/candidates", "/api/candidates"),
            ("/api/sources/nova", "/api/sources/{id}"),
        ] {
            assert_eq!(template(path), expected);
        }
    }
}
