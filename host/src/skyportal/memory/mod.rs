//! What we know to stand in SkyPortal already, so that a repeat costs nothing.
//!
//! Bounded: some thousand objects at hand, those seen last; more in the notes, where they outlive
//! the process. Forgetting is safe: it costs requests, not a second row.

mod known;

use std::collections::HashMap;
use std::hash::Hash;

use crate::store::Notes;

pub(crate) use known::{Known, KnownAnnotation, KnownClass, There};

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

    fn holds(&self, key: &K) -> bool {
        self.young.contains_key(key) || self.old.contains_key(key)
    }
}

/// By object id.
pub(crate) struct Memory {
    recent: Recent<String, Known>,
    /// Where it outlives the process, and what leads the names of the notes: they are about one
    /// SkyPortal.
    notes: Option<(Notes, String)>,
    /// What the notes say is wrong: none is read or written until they are dropped.
    distrusted: bool,
}

impl Memory {
    /// Of the SkyPortal at `url`.
    pub fn new(url: &str, notes: Option<Notes>) -> Self {
        Memory {
            recent: Recent::new(OBJECTS),
            notes: notes.map(|notes| (notes, format!("{} ", url.trim_end_matches('/')))),
            distrusted: false,
        }
    }

    pub fn of(&mut self, object_id: &str) -> &mut Known {
        let object_id = object_id.to_owned();
        if !self.recent.holds(&object_id) {
            let known = self.noted(&object_id);
            *self.recent.entry(&object_id) = known;
        }
        self.recent.entry(&object_id)
    }

    /// SkyPortal has lost the object, or what hung on it.
    pub fn forget(&mut self, object_id: &str) {
        // Not as if it had never been in hand: then the note would be believed again.
        *self.recent.entry(&object_id.to_owned()) = Known::default();
    }

    /// Nothing is known any more, whatever the notes say; they are to be dropped.
    pub fn distrust(&mut self) -> Option<Notes> {
        self.recent = Recent::new(OBJECTS);
        self.distrusted = true;
        self.notes.as_ref().map(|(notes, _)| notes.clone())
    }

    /// The notes were dropped, and new ones may be made.
    pub fn trust(&mut self) {
        self.distrusted = false;
    }

    /// The note to be kept of an object: where, its name, its text.
    pub fn note(&mut self, object_id: &str) -> Option<(Notes, String, Vec<u8>)> {
        let (notes, prefix) = self.notes.clone().filter(|_| !self.distrusted)?;
        let text = serde_json::to_vec(self.of(object_id));
        // A `Known` has no map whose keys are not text, and nothing else can fail.
        Some((notes, prefix + object_id, text.ok()?))
    }

    fn noted(&self, object_id: &str) -> Known {
        let Some((notes, prefix)) = self.notes.as_ref().filter(|_| !self.distrusted) else {
            return Known::default();
        };
        let text = notes.read(&format!("{prefix}{object_id}"));
        let text = text.unwrap_or_else(|error| {
            tracing::warn!(
                object = object_id,
                "what was known is asked for again: {error}"
            );
            None
        });
        let known = text.map(|text| Known::read(&text)).transpose();
        known.ok().flatten().unwrap_or_default()
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
        assert!(recent.holds(&99) && !recent.holds(&51));
    }
}
