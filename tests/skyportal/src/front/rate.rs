//! nginx's `limit_req ... nodelay`: a leaky bucket for each Authorization header.

use std::collections::HashMap;
use std::time::Instant;

/// What each Authorization header may do; calls without one are not limited.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLimit {
    pub per_second: f64,
    /// How many calls may come early.
    pub burst: f64,
}

/// SkyPortal's own configuration.
impl Default for RateLimit {
    fn default() -> RateLimit {
        RateLimit {
            per_second: 5.0,
            burst: 10.0,
        }
    }
}

/// The excess of each header, and when it was measured.
#[derive(Default)]
pub struct Buckets(HashMap<String, (f64, Instant)>);

impl Buckets {
    /// True when the call may pass; one that may not leaves the bucket as it was.
    pub fn admit(&mut self, limit: RateLimit, header: &str, now: Instant) -> bool {
        let Some((excess, since)) = self.0.get_mut(header) else {
            self.0.insert(header.to_owned(), (0.0, now));
            return true;
        };
        let leaked = now.saturating_duration_since(*since).as_secs_f64() * limit.per_second;
        let filled = (*excess - leaked + 1.0).max(0.0);
        if filled > limit.burst {
            return false;
        }
        (*excess, *since) = (filled, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn eleven_at_once_then_five_a_second() {
        let (mut buckets, limit, start) =
            (Buckets::default(), RateLimit::default(), Instant::now());
        let admitted = (0..20)
            .filter(|_| buckets.admit(limit, "token a", start))
            .count();
        assert_eq!(admitted, 11);
        let later = start + Duration::from_secs(1);
        assert_eq!(
            (0..20)
                .filter(|_| buckets.admit(limit, "token a", later))
                .count(),
            5
        );
        assert!(
            buckets.admit(limit, "token b", later),
            "each header has a bucket of its own"
        );
    }

    #[test]
    fn a_rest_does_not_save_up_more_than_the_burst() {
        let (mut buckets, limit, start) =
            (Buckets::default(), RateLimit::default(), Instant::now());
        assert!(buckets.admit(limit, "t", start));
        let later = start + Duration::from_secs(3600);
        assert_eq!(
            (0..20).filter(|_| buckets.admit(limit, "t", later)).count(),
            11
        );
    }
}
