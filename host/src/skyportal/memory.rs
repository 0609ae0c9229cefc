//! What we know to stand in SkyPortal already, so that a repeat costs nothing.
//!
//! Bounded: some thousand objects, those seen last. Forgetting is always safe: it costs requests,
//! never a second row.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use serde_json::{Map, Value};

/// Objects in each of two generations. An object of LSST with 600 points takes about 10 kB.
const OBJECTS: usize = 4096;

/// A map of bounded size that forgets what was not touched for longest, a generation at a time.
struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    generation: usize,
}

impl<K: Hash + Eq + Clone, V: Default> Recent<K, V> {
    fn new(generation: usize) -> Self {
        Recent {
            young: HashMap::new(),
            old: HashMap::new(),
            generation,
        }
    }

    /// The entry, made if it was forgotten, and young again.
    fn entry(&mut self, key: &K) -> &mut V {
        if !self.young.contains_key(key) {
            let value = self.old.remove(key).unwrap_or_default();
            if self.young.len() >= self.generation {
                self.old = std::mem::take(&mut self.young);
            }
            self.young.insert(key.clone(), value);
        }
        self.young.entry(key.clone()).or_default()
    }

    fn forget(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }
}

/// By object id.
pub(crate) struct Memory(Recent<String, Known>);

/// What stands in SkyPortal for one object.
#[derive(Default)]
pub(crate) struct Known {
    /// Degrees, ICRS: where we said first that it is. SkyPortal keeps an object's first position and
    /// indexes the sky by the last one, so every later request repeats the first.
    position: Option<(f64, f64)>,
    /// Groups that it was saved to, or deliberately not saved to.
    pub saved: HashSet<i64>,
    /// Points sent, by (group, stream), each as `Row::key`.
    pub points: HashMap<(i64, i64), HashSet<u64>>,
    /// Our classifications, once they were listed.
    pub classifications: Option<Vec<KnownClass>>,
    /// Our annotations, by origin.
    pub annotations: HashMap<String, KnownAnnotation>,
    /// Comments sent, by group.
    pub comments: HashSet<(i64, String)>,
}

impl Known {
    /// The position to send: the first one that was sent, `here` if this is it.
    pub fn position(&mut self, here: (f64, f64)) -> (f64, f64) {
        *self.position.get_or_insert(here)
    }
}

/// One of our classification rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KnownClass {
    pub id: i64,
    pub class: String,
    pub probability: Option<f64>,
    /// Says on whose behalf it stands there.
    pub origin: String,
    /// Of the newest alert that said so, UTC.
    pub mjd: f64,
}

/// One of our annotation rows.
pub(crate) struct KnownAnnotation {
    pub id: i64,
    pub data: Map<String, Value>,
    /// Of the alert that it is from, UTC.
    pub mjd: f64,
}

impl Default for Memory {
    fn default() -> Self {
        Memory(Recent::new(OBJECTS))
    }
}

impl Memory {
    pub fn of(&mut self, object_id: &str) -> &mut Known {
        self.0.entry(&object_id.to_owned())
    }

    /// SkyPortal has purged the object, and all that hung on it.
    pub fn forget(&mut self, object_id: &str) {
        self.0.forget(&object_id.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_touched_lately_is_kept_and_the_rest_forgotten() {
        let mut recent: Recent<u32, u32> = Recent::new(10);
        for key in 0..100 {
            *recent.entry(&key) = key + 1;
            assert_eq!(*recent.entry(&0), 1, "touched each time");
            assert!(recent.young.len() + recent.old.len() <= 20);
        }
        assert_eq!(*recent.entry(&99), 100);
        assert_eq!(*recent.entry(&50), 0, "forgotten");
        recent.forget(&99);
        assert_eq!(*recent.entry(&99), 0);
    }
}
