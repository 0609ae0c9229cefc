//! What stands in SkyPortal for one object, as far as we know.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Candidates of one object that are remembered.
const CANDIDATES: usize = 32;

/// An alert stands in several topics within minutes. One that comes later was asked for, after a
/// loss perhaps, and is posted again.
const COPIES_COME_WITHIN: Duration = Duration::from_secs(600);

/// What stands in SkyPortal for one object.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Known {
    /// SkyPortal was asked whether it had the object before us.
    pub met: bool,
    /// When it last said that it has, or had not, the object; seconds since 1970.
    pub asked_at: u64,
    /// Degrees, ICRS: where we said first that it is. SkyPortal keeps an object's first position and
    /// indexes the sky by the last one, so every later request repeats the first.
    position: Option<(Bits, Bits)>,
    /// Posted last, the newest at the end.
    candidates: Vec<KnownCandidate>,
    /// Groups that it was saved to, or deliberately not saved to.
    pub saved: HashSet<i64>,
    /// Points sent, by group and stream, each as `Row::key`.
    #[serde(with = "pairs")]
    pub points: BTreeMap<(i64, i64), HashSet<u64>>,
    /// Points that were there before us, once they were read.
    pub there: Option<Vec<There>>,
    /// Our classifications, once they were listed.
    pub classifications: Option<Vec<KnownClass>>,
    /// When that was; none: in a life before this one.
    #[serde(skip)]
    pub listed: Option<Instant>,
    /// So many classifications are being posted: what is remembered of them may be too little.
    pub classifying: u32,
    /// Our annotations, by origin.
    pub annotations: BTreeMap<String, KnownAnnotation>,
    /// Comments sent, by group.
    pub comments: HashSet<(i64, String)>,
}

/// One of our candidates.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct KnownCandidate {
    filter_id: i64,
    passed_at: String,
    ids: Vec<i64>,
    /// None: in a life before this one.
    #[serde(skip)]
    posted: Option<Instant>,
}

/// One of our classification rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct KnownClass {
    pub id: i64,
    pub class: String,
    pub probability: Option<f64>,
    /// Says on whose behalf it stands there.
    pub origin: String,
    /// Of the newest alert that said so, UTC.
    #[serde(with = "bits")]
    pub mjd: f64,
}

/// One of our annotation rows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KnownAnnotation {
    pub id: i64,
    pub data: Map<String, Value>,
    /// Of the alert that it is from, UTC.
    #[serde(with = "bits")]
    pub mjd: f64,
}

/// A point that SkyPortal had before we sent any.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct There {
    pub instrument_id: i64,
    pub origin: String,
    pub filter: String,
    /// Days, as SkyPortal has it.
    pub mjd: f64,
    /// µJy AB; none for an upper limit.
    pub flux: Option<f64>,
    /// µJy, 1σ.
    pub flux_err: f64,
    /// The groups that see it.
    pub groups: Vec<i64>,
    /// It was posted by our own user.
    pub ours: bool,
}

impl Known {
    /// The position to send: the first one that was sent, `here` if this is it.
    pub fn position(&mut self, here: (f64, f64)) -> (f64, f64) {
        let (ra, dec) = *self
            .position
            .get_or_insert((Bits::of(here.0), Bits::of(here.1)));
        (ra.value(), dec.value())
    }

    /// The candidate of this filter and time, if it was posted just now.
    pub fn candidate(&self, filter_id: i64, passed_at: &str) -> Option<&[i64]> {
        let same = |one: &&KnownCandidate| one.filter_id == filter_id && one.passed_at == passed_at;
        let one = self.candidates.iter().rfind(same)?;
        let lately = one.posted?.elapsed() < COPIES_COME_WITHIN;
        lately.then_some(&one.ids)
    }

    /// Whether these ids are no wonder: those that this time's candidates had before, or above all
    /// others, as the ids of new rows are.
    pub fn expects_candidates(&self, passed_at: &str, ids: &[i64]) -> bool {
        let of_then = self
            .candidates
            .iter()
            .filter(|one| one.passed_at == passed_at);
        let of_then: HashSet<i64> = of_then.flat_map(|one| one.ids.clone()).collect();
        let highest = self.candidates.iter().flat_map(|one| &one.ids).max();
        let is_new = |id: &i64| highest.is_none_or(|highest| id > highest);
        ids.iter().all(|id| of_then.contains(id) || is_new(id))
    }

    pub fn add_candidate(&mut self, filter_id: i64, passed_at: &str, ids: &[i64]) {
        if self.candidates.len() == CANDIDATES {
            self.candidates.remove(0);
        }
        self.candidates.push(KnownCandidate {
            filter_id,
            passed_at: passed_at.to_owned(),
            ids: ids.to_vec(),
            posted: Some(Instant::now()),
        });
    }

    /// How many points were sent so that this group sees them.
    pub fn sent_to(&self, group_id: i64) -> usize {
        let of_group = self
            .points
            .iter()
            .filter(|((group, _), _)| *group == group_id);
        // A point that was sent to two streams stands there once.
        let points: HashSet<&u64> = of_group.flat_map(|(_, points)| points).collect();
        points.len()
    }

    /// As another process left it.
    pub fn read(text: &[u8]) -> Result<Known, serde_json::Error> {
        let mut known: Known = serde_json::from_slice(text)?;
        if std::mem::take(&mut known.classifying) > 0 {
            known.classifications = None;
        }
        Ok(known)
    }
}

/// A number that comes back bit for bit.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Bits(u64);

impl Bits {
    fn of(value: f64) -> Self {
        Bits(value.to_bits())
    }

    fn value(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// Text loses the last bit of a number, or an infinity.
mod bits {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        value.to_bits().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(f64::from_bits(u64::deserialize(deserializer)?))
    }
}

/// A map whose keys are no text, as a list.
mod pairs {
    use std::collections::{BTreeMap, HashSet};

    use serde::{Deserialize, Deserializer, Serializer};

    type Points = BTreeMap<(i64, i64), HashSet<u64>>;

    pub fn serialize<S: Serializer>(points: &Points, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(points)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Points, D::Error> {
        let pairs = Vec::<((i64, i64), HashSet<u64>)>::deserialize(deserializer)?;
        Ok(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_comes_back_bit_for_bit() {
        let mut known = Known {
            met: true,
            classifications: Some(vec![KnownClass {
                id: 7,
                class: "SN candidate".to_owned(),
                probability: Some(0.1 + 0.2),
                origin: "Fink g:f".to_owned(),
                mjd: f64::NEG_INFINITY,
            }]),
            ..Known::default()
        };
        let here = (0.1 + 0.2, -1.0 / 3.0);
        known.position(here);
        known.points.entry((1, 2)).or_default().insert(u64::MAX);
        known.add_candidate(3, "2026", &[5, 4]);
        let text = serde_json::to_vec(&known).unwrap();
        let mut back = Known::read(&text).unwrap();
        assert_eq!(back.position((9.0, 9.0)), here);
        assert_eq!(back.points, known.points);
        assert_eq!(back.classifications, known.classifications);
        assert_eq!(known.candidate(3, "2026"), Some(&[5, 4][..]));
        assert_eq!(back.candidate(3, "2026"), None, "in a life before");
        assert!(back.expects_candidates("2026", &[4]));
        assert!(back.expects_candidates("2027", &[6, 7]));
        assert!(!back.expects_candidates("2027", &[4]));

        known.classifying = 1;
        let text = serde_json::to_vec(&known).unwrap();
        let back = Known::read(&text).unwrap();
        assert_eq!(back.classifications, None, "it was cut short in between");
    }

    #[test]
    fn the_oldest_candidates_are_forgotten() {
        let mut known = Known::default();
        for id in 0..100 {
            known.add_candidate(1, &id.to_string(), &[id]);
        }
        assert_eq!(known.candidates.len(), CANDIDATES);
        assert!(known.candidate(1, "0").is_none());
        assert!(known.candidate(1, "99").is_some());
    }
}
