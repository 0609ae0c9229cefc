//! Whose turn it is: a token bucket, and those who wait for it in order.
//!
//! Candidates go before everything else; groups take turns, so that one group's flood does not
//! delay another's alert. When SkyPortal says that there were too many requests the rate is halved,
//! and grows again with what it takes: so replicas come to share one token's allowance.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::Notify;

/// SkyPortal is bound by its own processors: more requests at once do not help it.
const AT_ONCE: usize = 8;
/// Of the configured rate: the slowest, and by how much it grows again.
const SLOWEST: f64 = 0.02;
const GROWTH: f64 = 1.25;
/// So many requests that were taken make it grow.
const TAKEN: u32 = 10;

pub(super) struct Pace {
    line: Mutex<Line>,
    /// Told whenever it may be somebody else's turn.
    moved: Notify,
}

struct Line {
    /// None: no limit but [`AT_ONCE`].
    bucket: Option<Bucket>,
    under_way: usize,
    waiting: Vec<Waiter>,
    /// Counts everybody who came, and everybody who was let go.
    count: u64,
    /// When each group was let go last.
    served: HashMap<i64, u64>,
}

#[derive(Clone, Copy)]
struct Waiter {
    number: u64,
    urgent: bool,
    group_id: i64,
}

struct Bucket {
    /// Requests a second: configured, and now.
    full_rate: f64,
    rate: f64,
    changed: Option<Instant>,
    burst: NonZeroU32,
    /// Requests taken since the rate changed.
    taken: u32,
    limiter: DefaultDirectRateLimiter,
    clock: DefaultClock,
}

/// A request that may be under way; somebody else's turn comes when it is dropped.
pub(crate) struct Turn<'a>(&'a Pace);

/// Somebody in the line, who leaves it when this is dropped.
struct Place<'a> {
    pace: &'a Pace,
    number: u64,
}

/// What there is to do for one who waits.
enum Next {
    Go,
    /// Others are first, or too many are under way.
    Wait,
    /// First, and too early.
    Sleep(Duration),
}

impl Pace {
    /// So many requests a second, none: no limit; and so many at once after a pause.
    pub fn new(rate: Option<f64>, burst: NonZeroU32) -> Self {
        let bucket = rate.map(|rate| Bucket::new(rate, burst));
        Pace {
            line: Mutex::new(Line {
                bucket,
                under_way: 0,
                waiting: Vec::new(),
                count: 0,
                served: HashMap::new(),
            }),
            moved: Notify::new(),
        }
    }

    /// Waits for a turn.
    pub async fn turn(&self, urgent: bool, group_id: i64) -> Turn<'_> {
        let place = self.enter(urgent, group_id);
        loop {
            let mut moved = std::pin::pin!(self.moved.notified());
            // From here on it hears what happens before it waits.
            moved.as_mut().enable();
            let next = self.line().next(place.number);
            match next {
                Next::Go => return Turn(self),
                Next::Wait => moved.await,
                Next::Sleep(time) => {
                    // Somebody more urgent may come meanwhile.
                    tokio::select! {
                        () = moved => {}
                        () = tokio::time::sleep(time) => {}
                    }
                }
            }
        }
    }

    /// An answer came to what was sent then: whether it was that there were too many requests.
    pub fn learn(&self, too_many: bool, sent: Instant) {
        if let Some(bucket) = &mut self.line().bucket {
            bucket.learn(too_many, sent);
        }
    }

    fn enter(&self, urgent: bool, group_id: i64) -> Place<'_> {
        let mut line = self.line();
        line.count += 1;
        let number = line.count;
        line.waiting.push(Waiter {
            number,
            urgent,
            group_id,
        });
        Place { pace: self, number }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn next(&mut self, number: u64) -> Next {
        if self.under_way >= AT_ONCE {
            return Next::Wait;
        }
        let last = |group: i64| self.served.get(&group).copied().unwrap_or(0);
        let first = self
            .waiting
            .iter()
            .min_by_key(|one| (!one.urgent, last(one.group_id), one.number));
        let Some(first) = first.filter(|first| first.number == number).copied() else {
            return Next::Wait;
        };
        if let Some(early) = self.bucket.as_mut().and_then(Bucket::take) {
            return Next::Sleep(early);
        }
        self.count += 1;
        self.served.insert(first.group_id, self.count);
        self.under_way += 1;
        Next::Go
    }
}

impl Bucket {
    fn new(rate: f64, burst: NonZeroU32) -> Self {
        Bucket {
            full_rate: rate,
            rate,
            changed: None,
            burst,
            taken: 0,
            limiter: limiter(rate, burst),
            clock: DefaultClock::default(),
        }
    }

    /// Takes a token, or says how long there is none.
    fn take(&mut self) -> Option<Duration> {
        let early = self.limiter.check().err()?;
        Some(early.wait_time_from(self.clock.now()))
    }

    fn learn(&mut self, too_many: bool, sent: Instant) {
        if too_many {
            // What was under way when the rate changed says nothing about the new one.
            if self.changed.is_some_and(|changed| sent < changed) {
                return;
            }
            self.change_to((self.rate / 2.0).max(self.full_rate * SLOWEST));
            return;
        }
        self.taken += 1;
        if self.rate < self.full_rate && self.taken >= TAKEN {
            self.change_to((self.rate * GROWTH).min(self.full_rate));
        }
    }

    /// Below the full rate nothing goes out in bursts.
    fn change_to(&mut self, rate: f64) {
        self.rate = rate;
        self.changed = Some(Instant::now());
        self.taken = 0;
        let burst = if rate < self.full_rate {
            NonZeroU32::MIN
        } else {
            self.burst
        };
        self.limiter = limiter(rate, burst);
    }
}

/// A rate so high that a token comes in no time at all is one in a nanosecond.
fn limiter(rate: f64, burst: NonZeroU32) -> DefaultDirectRateLimiter {
    let period = Duration::from_secs_f64(1.0 / rate).max(Duration::from_nanos(1));
    // None only for a period of nothing.
    let quota = Quota::with_period(period).unwrap_or(Quota::per_second(NonZeroU32::MAX));
    RateLimiter::direct(quota.allow_burst(burst))
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.pace
            .line()
            .waiting
            .retain(|one| one.number != self.number);
        self.pace.moved.notify_waiters();
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.line().under_way -= 1;
        self.0.moved.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In which order those who wait are let go, one at a time.
    fn order_of(waiting: &[(bool, i64)]) -> Vec<(bool, i64)> {
        let pace = Pace::new(None, NonZeroU32::MIN);
        let mut places: Vec<Place<'_>> = waiting.iter().map(|(u, g)| pace.enter(*u, *g)).collect();
        let mut gone = Vec::new();
        while !places.is_empty() {
            let mut line = pace.line();
            let first = places
                .iter()
                .position(|place| matches!(line.next(place.number), Next::Go));
            line.under_way = 0;
            drop(line);
            let place = places.remove(first.unwrap());
            gone.push(waiting[place.number as usize - 1]);
        }
        gone
    }

    #[test]
    fn candidates_go_first_and_groups_take_turns() {
        let flood = [
            (false, 1),
            (false, 1),
            (false, 1),
            (false, 2),
            (true, 1),
            (true, 2),
        ];
        let gone = order_of(&flood);
        assert_eq!(&gone[..2], &[(true, 1), (true, 2)]);
        assert_eq!(
            &gone[2..],
            &[(false, 1), (false, 2), (false, 1), (false, 1)]
        );
    }

    #[test]
    fn the_rate_is_halved_by_a_refusal_and_comes_back() {
        let mut bucket = Bucket::new(5.0, NonZeroU32::MIN);
        let before = Instant::now();
        bucket.learn(true, before);
        assert_eq!(bucket.rate, 2.5);
        bucket.learn(true, before);
        assert_eq!(bucket.rate, 2.5, "sent before the rate changed");
        for _ in 0..100 {
            bucket.learn(true, Instant::now());
        }
        assert_eq!(bucket.rate, 5.0 * SLOWEST);
        for _ in 0..1000 {
            bucket.learn(false, Instant::now());
        }
        assert_eq!(bucket.rate, 5.0);
    }

    #[tokio::test]
    async fn one_who_gives_up_does_not_hold_up_the_others() {
        let pace = Pace::new(None, NonZeroU32::MIN);
        drop(pace.enter(true, 1));
        let _turn = pace.turn(false, 2).await;
        assert!(pace.line().waiting.is_empty());
    }
}
