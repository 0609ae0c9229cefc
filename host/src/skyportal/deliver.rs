//! An order, step by step.
//!
//! Every step may be repeated: a delivery that was cut short anywhere, by us or by SkyPortal, is
//! simply made again from the start.

use std::fmt;
use std::time::SystemTime;

use super::annotation;
use super::answer::Class;
use super::candidate;
use super::classification::{self, ClassOutcome};
use super::comment;
use super::meet;
use super::order::{Order, OrderError};
use super::photometry::{self, PhotometryTally};
use super::retry::Failure;
use super::setup::{Destination, Ids};
use super::source::{self, SourceOutcome};
use super::{Portal, SetUpProblem};
use crate::store::Attempt;

/// The steps of a delivery, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    Check,
    Look,
    Candidate,
    Source,
    Photometry,
    Classification,
    Annotation,
    Comment,
    SetUp,
}

impl Step {
    pub fn name(self) -> &'static str {
        match self {
            Step::Check => "check",
            Step::Look => "first look",
            Step::Candidate => "candidate",
            Step::Source => "source",
            Step::Photometry => "photometry",
            Step::Classification => "classification",
            Step::Annotation => "annotation",
            Step::Comment => "comment",
            Step::SetUp => "set-up",
        }
    }
}

/// What stands in SkyPortal now.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// SkyPortal's ids of the candidates, new or as they were.
    pub candidate_ids: Vec<i64>,
    /// When the candidate was posted. For people only: no payload carries it.
    pub candidate_at: SystemTime,
    pub source: SourceOutcome,
    pub photometry: PhotometryTally,
    pub classifications: Vec<ClassOutcome>,
    /// Posted or changed now.
    pub annotated: bool,
    /// Posted now.
    pub commented: bool,
}

/// Where and why a delivery stopped, and what to do.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "alert {alert_id} of `{object_id}` ({place}) was not delivered to {destination}: {step} failed ({class}): {words}; {advice}",
    step = step.name(),
    class = class.name()
)]
pub struct Undelivered {
    pub place: String,
    pub object_id: String,
    pub alert_id: i64,
    pub destination: Destination,
    pub step: Step,
    pub class: Class,
    /// The call and SkyPortal's own words, shortened, the token struck out.
    pub words: String,
    pub advice: String,
    /// All that was tried, the newest at the end.
    pub attempts: Vec<Attempt>,
}

/// A step that did not succeed.
struct Stopped(Step, Failure);

/// What to try before giving up, each once.
#[derive(Default)]
struct Remedies {
    candidate_again: bool,
    set_up_again: bool,
    attempts: Vec<Attempt>,
}

impl Portal {
    /// Delivers one order: waits while SkyPortal is away, makes no row twice.
    ///
    /// Orders of one object must come one after the other; orders of different objects may run at
    /// the same time.
    ///
    /// # Errors
    /// Where SkyPortal will not take it, or we were told to stop. It is always safe to deliver the
    /// same order again.
    pub async fn deliver(&self, order: &Order) -> Result<Receipt, Undelivered> {
        let passed_at = order.passed_at().map_err(|error| unfit(order, &error))?;
        let mut remedies = Remedies::default();
        loop {
            let ids = order.destination.ids();
            match self.steps(order, &passed_at, &ids).await {
                Ok(receipt) => {
                    self.note(&order.object_id).await;
                    receipt.log(order);
                    return Ok(receipt);
                }
                Err(stopped) => self.remedy(order, &ids, stopped, &mut remedies).await?,
            }
        }
    }

    /// Posts the candidates of all routes on which one alert passed in one request. What fails here
    /// is met again, and dealt with, when each is delivered.
    pub async fn announce(&self, orders: &[&Order]) {
        let Some(first) = orders.first() else {
            return;
        };
        let Ok(passed_at) = first.passed_at() else {
            return;
        };
        if let Err(failure) = candidate::post_all(self, orders, &passed_at).await {
            tracing::debug!(object = %first.object_id, "each route posts its own candidate: {failure}");
        }
    }

    /// The candidate first. The points wait for those of other alerts, the other rows do not wait
    /// for the points.
    async fn steps(&self, order: &Order, passed_at: &str, ids: &Ids) -> Result<Receipt, Stopped> {
        let at = |step| move |failure| Stopped(step, failure);
        meet::meet(self, order, ids).await.map_err(at(Step::Look))?;
        let candidate_ids = candidate::post(self, order, passed_at, ids)
            .await
            .map_err(at(Step::Candidate))?;
        let candidate_at = SystemTime::now();
        let (photometry, others) = tokio::join!(
            photometry::put(self, order, ids),
            self.other_rows(order, ids)
        );
        let photometry = photometry.map_err(at(Step::Photometry))?;
        let (source, classifications, annotated, commented) = others?;
        Ok(Receipt {
            candidate_ids,
            candidate_at,
            source,
            photometry,
            classifications,
            annotated,
            commented,
        })
    }

    async fn other_rows(
        &self,
        order: &Order,
        ids: &Ids,
    ) -> Result<(SourceOutcome, Vec<ClassOutcome>, bool, bool), Stopped> {
        let at = |step| move |failure| Stopped(step, failure);
        Ok((
            source::save(self, order, ids)
                .await
                .map_err(at(Step::Source))?,
            classification::upsert(self, order, ids)
                .await
                .map_err(at(Step::Classification))?,
            annotation::upsert(self, order, ids)
                .await
                .map_err(at(Step::Annotation))?,
            comment::post(self, order, ids)
                .await
                .map_err(at(Step::Comment))?,
        ))
    }

    /// Returns if it is worth beginning again.
    async fn remedy(
        &self,
        order: &Order,
        ids: &std::sync::Arc<Ids>,
        Stopped(step, failure): Stopped,
        tried: &mut Remedies,
    ) -> Result<(), Undelivered> {
        tried.attempts.extend(failure.attempts.iter().cloned());
        let outcome = match failure.class {
            Class::ObjectMissing if !tried.candidate_again => {
                tried.candidate_again = true;
                self.memory().forget(&order.object_id);
                Ok(())
            }
            // A right that was taken away shows as bad credentials: set-up reads our rights again.
            Class::ConfigurationChanged | Class::Credentials if !tried.set_up_again => {
                tried.set_up_again = true;
                self.set_up_again(&order.destination, ids)
                    .await
                    .map_err(|problem| not_set_up(order, &problem))
            }
            class => Err(undelivered(
                order,
                step,
                class,
                failure.to_string(),
                class.advice().to_owned(),
            )),
        };
        outcome.map_err(|undelivered| Undelivered {
            attempts: std::mem::take(&mut tried.attempts),
            ..undelivered
        })
    }
}

impl Receipt {
    fn log(&self, order: &Order) {
        let classes: Vec<String> = self
            .classifications
            .iter()
            .map(ToString::to_string)
            .collect();
        tracing::info!(
            place = %order.place,
            object = %order.object_id,
            alert = order.alert_id,
            destination = %order.destination.destination(),
            candidates = ?self.candidate_ids,
            source = %self.source,
            points = self.photometry.sent,
            refused_points = self.photometry.refused.len(),
            classifications = ?classes,
            annotated = self.annotated,
            commented = self.commented,
            "delivered"
        );
    }
}

fn unfit(order: &Order, error: &OrderError) -> Undelivered {
    let class = Class::Permanent;
    let advice = "nothing can be done about this alert".to_owned();
    undelivered(order, Step::Check, class, error.to_string(), advice)
}

fn not_set_up(order: &Order, problem: &SetUpProblem) -> Undelivered {
    let (class, advice) = match problem {
        SetUpProblem::Call(failure) => (failure.class, failure.class.advice()),
        // A person can give it back: until then nothing is lost by waiting.
        SetUpProblem::Right { .. } => (Class::Credentials, "give the token that right again"),
        _ => (
            Class::ConfigurationChanged,
            "do what is said, then deliver again",
        ),
    };
    let words = problem.to_string();
    undelivered(order, Step::SetUp, class, words, advice.to_owned())
}

fn undelivered(
    order: &Order,
    step: Step,
    class: Class,
    words: String,
    advice: String,
) -> Undelivered {
    Undelivered {
        place: order.place.clone(),
        object_id: order.object_id.clone(),
        alert_id: order.alert_id,
        destination: order.destination.destination().clone(),
        step,
        class,
        words,
        advice,
        attempts: Vec::new(),
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
