//! What can go wrong on the way, on demand.

use std::time::Duration;

/// One way to fail.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// The connection ends before anything is executed or answered.
    CloseAtOnce,
    /// Executed; the connection is reset in the middle of the answer.
    ResetMidBody,
    /// Executed and answered well, but only after this long.
    Delay(Duration),
    /// Executed; the answer is nginx's page of this status (502, 504).
    ExecutedThen(u16),
    /// Not executed; the answer is nginx's page of this status (429, 500, 502, 503, 504).
    Page(u16),
    /// Not executed; the status server answers in the application's place: 503 JSON to GET, 405 HTML to all else.
    Outage,
    /// Not executed; the application's error envelope with this status and message.
    Refusal(u16, String),
    /// Executed; the JSON of the answer ends in the middle.
    Truncated,
    /// Executed and answered well, but as `text/html`.
    WrongContentType,
}

impl Fault {
    /// The answer to the loser when two calls make the same object at once; a retry succeeds at once.
    pub fn create_race() -> Fault {
        let message = "(psycopg.errors.UniqueViolation) duplicate key value violates unique constraint \"objs_pkey\"";
        Fault::Refusal(400, format!("Failed to post source: {message}"))
    }
}

/// Which calls a fault is for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Only {
    verb: Option<String>,
    path: Option<String>,
}

impl Only {
    /// Every call of the API.
    pub fn all() -> Only {
        Only::default()
    }

    /// Calls with this verb whose path contains this text: `Only::call("PUT", "/api/photometry")`.
    pub fn call(verb: &str, path: &str) -> Only {
        Only {
            verb: Some(verb.into()),
            path: Some(path.into()),
        }
    }

    /// Calls whose path contains this text.
    pub fn path(path: &str) -> Only {
        Only {
            verb: None,
            path: Some(path.into()),
        }
    }

    fn matches(&self, verb: &str, path: &str) -> bool {
        self.verb.as_deref().is_none_or(|wanted| wanted == verb)
            && self
                .path
                .as_deref()
                .is_none_or(|wanted| path.contains(wanted))
    }
}

enum When {
    Times(usize),
    Always,
    /// The chance, and the state of the generator.
    Sometimes(f64, u64),
}

/// The faults that are switched on, the oldest first.
#[derive(Default)]
pub struct Faults(Vec<(Only, When, Fault)>);

impl Faults {
    pub fn next(&mut self, only: Only, times: usize, fault: Fault) {
        self.0.push((only, When::Times(times), fault));
    }

    pub fn always(&mut self, only: Only, fault: Fault) {
        self.0.push((only, When::Always, fault));
    }

    pub fn sometimes(&mut self, only: Only, chance: f64, seed: u64, fault: Fault) {
        self.0.push((only, When::Sometimes(chance, seed), fault));
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault that this call meets: the oldest that is for it and whose time has come.
    pub fn meet(&mut self, verb: &str, path: &str) -> Option<Fault> {
        let met = self
            .0
            .iter_mut()
            .position(|(only, when, _)| only.matches(verb, path) && when.strikes())?;
        let fault = self.0[met].2.clone();
        if let When::Times(0) = self.0[met].1 {
            self.0.remove(met);
        }
        Some(fault)
    }
}

impl When {
    fn strikes(&mut self) -> bool {
        match self {
            When::Always => true,
            When::Times(left) => {
                let strikes = *left > 0;
                *left = left.saturating_sub(1);
                strikes
            }
            When::Sometimes(chance, state) => uniform(state) < *chance,
        }
    }
}

/// SplitMix64: the same seed gives the same faults.
fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_used_up_in_order() {
        let mut faults = Faults::default();
        faults.next(Only::call("POST", "/api/sources"), 2, Fault::Page(502));
        faults.next(Only::all(), 1, Fault::Outage);
        assert_eq!(faults.meet("GET", "/api/sources"), Some(Fault::Outage));
        assert_eq!(faults.meet("GET", "/api/sources"), None);
        assert_eq!(faults.meet("POST", "/api/sources"), Some(Fault::Page(502)));
        assert_eq!(
            faults.meet("POST", "/api/sources/x/annotations"),
            Some(Fault::Page(502))
        );
        assert_eq!(faults.meet("POST", "/api/sources"), None);
    }

    #[test]
    fn chance_is_kept_and_repeats_with_the_seed() {
        let run = || {
            let mut faults = Faults::default();
            faults.sometimes(Only::all(), 0.2, 7, Fault::CloseAtOnce);
            (0..1000)
                .map(|_| faults.meet("GET", "/").is_some())
                .collect::<Vec<bool>>()
        };
        let struck = run().iter().filter(|struck| **struck).count();
        assert!((150..250).contains(&struck), "{struck}");
        assert_eq!(run(), run());
    }
}
