//! When to send again, after how long, and when to look first.
//!
//! SkyPortal being away is no error: a transient answer is waited out for as long as it takes, and
//! the caller keeps its place. Everything else is bounded. A request that would make a second row
//! is never repeated while the first may have been carried out: [`Portal::make_once`] looks.

use std::fmt;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Portal;
use super::answer::{Answer, Class, classify};
use super::transport::{Reply, Request};
use crate::config;
use crate::store::Attempt;

/// An hour of `Retry-After` is as much as is believed.
const LONGEST_ASKED_FOR: Duration = Duration::from_secs(3600);
/// Of what was tried in vain, the newest are remembered.
const ATTEMPTS: usize = 16;
/// A request that makes a row is over after some tens of milliseconds.
const OTHERS: Duration = Duration::from_millis(500);
/// Of the server's own words; a traceback's last line is the one that counts.
const SHOWN_CHARS: usize = 600;

/// How long to wait, and how often to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The shortest wait after a transient answer; the longest doubles from twice this.
    pub first: Duration,
    /// No wait is longer, unless the server asks for it.
    pub ceiling: Duration,
    /// After this long a request that was sent is over, one way or the other: SkyPortal's proxy
    /// gives up after 60 s.
    pub settle: Duration,
    /// Tries in all, where the answer is neither transient nor final.
    pub tries: u32,
    /// After this long SkyPortal is asked again whether it still has an object: it deletes objects
    /// that nobody saved after some days.
    pub sure_for: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            first: Duration::from_secs(2),
            ceiling: Duration::from_secs(60),
            settle: Duration::from_secs(60),
            tries: 4,
            sure_for: Duration::from_secs(86_400),
        }
    }
}

impl Patience {
    /// As configured.
    pub fn of(config: &config::SkyPortal) -> Self {
        // Checked with the configuration; without that check the default holds.
        let seconds = |value: f64, default| Duration::try_from_secs_f64(value).unwrap_or(default);
        let default = Patience::default();
        Patience {
            ceiling: seconds(config.longest_pause_seconds, default.ceiling),
            settle: seconds(config.settle_seconds, default.settle),
            ..default
        }
    }

    /// Between half and all of a window that doubles from wait to wait, so that those who fell
    /// together do not come back together; never below `first` and never above `ceiling`.
    fn wait(&self, waits_so_far: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(waits_so_far.saturating_add(1));
        let window = self.first.saturating_mul(doubled).min(self.ceiling);
        let shortest = (window / 2).max(self.first).min(self.ceiling);
        shortest
            + window
                .saturating_sub(shortest)
                .mul_f64(rand::random::<f64>())
    }
}

/// A call that did not succeed. The token is struck out of its words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{call}`: {}: {words}", class.name())]
pub struct Failure {
    /// `POST /api/sources`
    pub call: String,
    pub class: Class,
    /// The server's own words, shortened, or why there were none.
    pub words: String,
    /// The request may have been carried out all the same.
    pub may_have_run: bool,
    /// All that was tried, the newest at the end.
    pub attempts: Vec<Attempt>,
    /// When the request was last sent.
    sent: Option<Instant>,
}

impl Failure {
    pub(crate) fn new(call: impl fmt::Display, class: Class, words: &str) -> Self {
        let (call, words) = (call.to_string(), shorten(words));
        let attempt = Attempt {
            at: crate::telemetry::now(),
            call: call.clone(),
            class: class.name().to_owned(),
            words: words.clone(),
        };
        Failure {
            call,
            class,
            words,
            may_have_run: false,
            attempts: vec![attempt],
            sent: None,
        }
    }

    /// What was tried before, of which only the newest are worth keeping.
    pub(crate) fn after(mut self, mut earlier: Vec<Attempt>) -> Self {
        earlier.append(&mut self.attempts);
        let too_many = earlier.len().saturating_sub(ATTEMPTS);
        self.attempts = earlier.split_off(too_many);
        self
    }
}

/// A row that must not be made twice.
#[derive(Debug, PartialEq)]
pub(crate) enum Made<T> {
    /// By us, now: the answer's `data`.
    Now(Value),
    /// Before, by us or by somebody else.
    Before(T),
}

/// One sending.
enum Outcome {
    Success(Value),
    Failed {
        failure: Failure,
        retry_after: Option<Duration>,
    },
}

impl Portal {
    /// Sends until there is an answer that waiting cannot better.
    ///
    /// # Errors
    /// Every class but [`Class::Transient`]; that one only for a request that makes a new row each
    /// time and may have been carried out.
    pub(crate) async fn call(&self, request: &Request) -> Result<Value, Failure> {
        let (mut waits, mut tries) = (0, 0);
        let mut earlier = Vec::new();
        loop {
            let (failure, retry_after) = match self.send(request).await? {
                Outcome::Success(data) => return Ok(data),
                Outcome::Failed {
                    failure,
                    retry_after,
                } => (failure.after(earlier), retry_after),
            };
            earlier = failure.attempts.clone();
            if request.once && failure.may_have_run {
                return Err(failure);
            }
            match failure.class {
                Class::Transient => {}
                Class::Race | Class::Unknown500 => {
                    tries += 1;
                    if tries >= self.patience().tries {
                        return Err(failure);
                    }
                    if failure.class == Class::Race {
                        continue;
                    }
                }
                _ => return Err(failure),
            }
            self.back_off(&failure, waits, retry_after).await?;
            waits += 1;
        }
    }

    /// [`Portal::call`], its `data` read.
    ///
    /// # Errors
    /// Also [`Class::Misunderstood`], where the answer is not of the form that it always had.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Failure> {
        read(request, self.call(request).await?)
    }

    /// [`Portal::ask`] without patience: the first answer counts.
    ///
    /// # Errors
    /// Every class.
    pub(crate) async fn ask_once<T: DeserializeOwned>(
        &self,
        request: &Request,
    ) -> Result<T, Failure> {
        match self.send(request).await? {
            Outcome::Success(data) => read(request, data),
            Outcome::Failed { failure, .. } => Err(failure),
        }
    }

    /// Makes a row that must not be made twice: whenever a try may have been carried out without
    /// our seeing the answer, `look` says whether the row is there.
    ///
    /// # Errors
    /// As [`Portal::call`], and those of `look`.
    pub(crate) async fn make_once<T, F>(
        &self,
        request: &Request,
        look: impl Fn() -> F,
    ) -> Result<Made<T>, Failure>
    where
        F: Future<Output = Result<Option<T>, Failure>>,
    {
        let mut tries = 0;
        loop {
            let failure = match self.call(request).await {
                Ok(data) => return Ok(Made::Now(data)),
                Err(failure) => failure,
            };
            if failure.may_have_run && failure.class == Class::Transient {
                self.settle(&failure).await?;
            } else if failure.may_have_run {
                self.back_off(&failure, tries, None).await?;
            } else if failure.class != Class::Exists {
                return Err(failure);
            }
            if let Some(found) = look().await? {
                return Ok(Made::Before(found));
            }
            if failure.class != Class::Transient {
                tries += 1;
                if tries >= self.patience().tries {
                    return Err(failure);
                }
            }
        }
    }

    async fn send(&self, request: &Request) -> Result<Outcome, Failure> {
        let exchange = async {
            let _turn = self.transport().turn(request).await;
            (Instant::now(), self.transport().send(request).await)
        };
        let (sent, reply) = tokio::select! {
            biased;
            () = self.stop().cancelled() => {
                return Err(Failure::new(request, Class::Cancelled, "we were told to stop"));
            }
            exchange = exchange => exchange,
        };
        let count = |outcome| {
            let method = request.method.name();
            let calls = self.calls();
            calls.count(method, &request.path, outcome, sent.elapsed());
        };
        let (mut failure, retry_after) = match reply {
            Ok(reply) => match classify(request.method, &reply) {
                Answer::Success(data) => {
                    count("success");
                    return Ok(Outcome::Success(data));
                }
                Answer::Refused(class, words) => {
                    count(class.name());
                    let words = self.transport().redact(&words);
                    let mut failure = Failure::new(request, class, &words);
                    failure.may_have_run = may_have_run(&reply, class);
                    (failure, reply.retry_after)
                }
            },
            Err(silence) => {
                count("no answer");
                let mut failure = Failure::new(request, Class::Transient, &silence.reason);
                failure.may_have_run = silence.may_have_run;
                (failure, None)
            }
        };
        failure.sent = Some(sent);
        Ok(Outcome::Failed {
            failure,
            retry_after,
        })
    }

    async fn back_off(
        &self,
        failure: &Failure,
        waits: u32,
        asked_for: Option<Duration>,
    ) -> Result<(), Failure> {
        let asked_for = asked_for.unwrap_or_default().min(LONGEST_ASKED_FOR);
        let wait = self.patience().wait(waits).max(asked_for);
        tracing::warn!(
            call = %failure.call,
            class = failure.class.name(),
            words = %failure.words,
            repeats = waits + 1,
            seconds = wait.as_secs_f64(),
            "SkyPortal did not take a request; it is sent again after a pause"
        );
        self.pause(failure, wait).await
    }

    /// Waits until the request is over, whoever is still working on it.
    pub(crate) async fn settle(&self, failure: &Failure) -> Result<(), Failure> {
        let since = failure.sent.map_or(Duration::ZERO, |sent| sent.elapsed());
        let left = self.patience().settle.saturating_sub(since);
        tracing::warn!(
            call = %failure.call,
            words = %failure.words,
            seconds = left.as_secs_f64(),
            "a request may have been carried out unseen; its row is looked up after a pause"
        );
        self.pause(failure, left).await
    }

    /// Gives those who make the same row at the same moment the time to be done.
    pub(crate) async fn let_others_finish(&self) {
        tokio::select! {
            () = self.stop().cancelled() => {}
            () = tokio::time::sleep(OTHERS.min(self.patience().first)) => {}
        }
    }

    async fn pause(&self, failure: &Failure, wait: Duration) -> Result<(), Failure> {
        tokio::select! {
            biased;
            () = self.stop().cancelled() => Err(Failure {
                class: Class::Cancelled,
                ..failure.clone()
            }),
            () = tokio::time::sleep(wait) => Ok(()),
        }
    }
}

/// Reads the `data` of an answer to `request`.
pub(crate) fn read<T: DeserializeOwned>(request: &Request, data: Value) -> Result<T, Failure> {
    serde_json::from_value(data)
        .map_err(|error| Failure::new(request, Class::Misunderstood, &error.to_string()))
}

/// 405 and 429 come from before the application, 503 from its stand-by or its sign-in; what the
/// application refuses in words it has rolled back. All other trouble may have come after the deed.
fn may_have_run(reply: &Reply, class: Class) -> bool {
    match class {
        Class::Transient => !matches!(reply.status, 300..500 | 503),
        Class::Unknown500 | Class::Misunderstood => true,
        _ => false,
    }
}

/// The beginning and the end, in one line.
fn shorten(words: &str) -> String {
    let words: Vec<char> = words
        .trim()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if words.len() <= SHOWN_CHARS {
        return words.iter().collect();
    }
    let (start, end) = (SHOWN_CHARS / 3, words.len() - SHOWN_CHARS * 2 / 3);
    words[..start]
        .iter()
        .chain(&[' ', '…', ' '])
        .chain(&words[end..])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_two_seconds_to_the_ceiling() {
        let patience = Patience::default();
        for (waits, low, high) in [
            (0, 2.0, 4.0),
            (1, 4.0, 8.0),
            (3, 16.0, 32.0),
            (9, 30.0, 60.0),
        ] {
            for _ in 0..50 {
                let wait = patience.wait(waits).as_secs_f64();
                assert!((low..=high).contains(&wait), "{waits}: {wait}");
            }
        }
        assert!(patience.wait(u32::MAX) <= patience.ceiling);
    }

    #[test]
    fn a_ceiling_below_the_first_wait_holds() {
        let patience = Patience {
            ceiling: Duration::from_millis(10),
            ..Patience::default()
        };
        assert!(patience.wait(5) <= Duration::from_millis(10));
    }

    #[test]
    fn a_traceback_is_shortened_to_its_beginning_and_its_reason() {
        let text = format!(
            "Traceback\n{}\nValidationError: no filter",
            "x".repeat(9000)
        );
        let short = shorten(&text);
        assert!(short.starts_with("Traceback x"));
        assert!(short.ends_with("ValidationError: no filter"));
        assert!(short.chars().count() <= SHOWN_CHARS + 3);
        assert!(!short.contains('\n'));
    }
}
