//! Classifications: a row for each label of each filter, posted once and changed in place.
//!
//! SkyPortal never takes two classifications for the same, and each new one may set off a follow-up
//! observation. So before the first is posted, those that are there are listed.

mod card;
mod plan;

use std::fmt;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;

use super::Portal;
use super::memory::KnownClass;
use super::order::{Classification, Order};
use super::retry::Failure;
use super::setup::{Destination, Ids};
use super::taxonomy::Taxonomy;
use super::transport::Request;
pub(super) use card::Card;
use plan::{Plan, Wish};

/// Before a row is made, a list older than this is not believed.
const LISTING_HOLDS: Duration = Duration::from_secs(60);

/// Whose rows: of all that the account posts, those of one filter of one group, after a restart too.
fn origin(destination: &Destination) -> String {
    format!("Fink {}:{}", destination.group, destination.filter)
}

/// What became of one label.
#[derive(Clone, Debug, PartialEq)]
pub enum ClassOutcome {
    Posted(String),
    /// Our row said something else before.
    Changed(String),
    /// It stood there already.
    Kept(String),
    /// A newer alert has spoken.
    Outdated(String),
    /// SkyPortal's taxonomy has no class for the label.
    NoSuchClass(String),
    /// The probability is not in 0–1.
    NoProbability(String),
    /// The token lacks `Classify`, or SkyPortal the taxonomy.
    Disabled(String),
}

impl fmt::Display for ClassOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, what) = match self {
            ClassOutcome::Posted(class) => (class, "posted"),
            ClassOutcome::Changed(class) => (class, "changed"),
            ClassOutcome::Kept(class) => (class, "kept"),
            ClassOutcome::Outdated(class) => (class, "outdated, left out"),
            ClassOutcome::NoSuchClass(class) => (class, "no such class, left out"),
            ClassOutcome::NoProbability(class) => (class, "probability not in 0–1, left out"),
            ClassOutcome::Disabled(class) => (class, "disabled, left out"),
        };
        write!(f, "`{class}`: {what}")
    }
}

#[derive(Deserialize)]
struct Row {
    id: i64,
    classification: String,
    probability: Option<f64>,
    taxonomy_id: i64,
    author_id: i64,
    origin: Option<String>,
}

/// What every call of one order has in common.
struct Desk<'a> {
    portal: &'a Portal,
    order: &'a Order,
    ids: &'a Ids,
    taxonomy: &'a Taxonomy,
    origin: String,
}

/// Lists our rows of an object that SkyPortal had before us.
pub(super) async fn learn(portal: &Portal, order: &Order, ids: &Ids) -> Result<(), Failure> {
    match Desk::of(portal, order, ids) {
        Some(desk) if !desk.wishes().0.is_empty() => desk.learn().await,
        _ => Ok(()),
    }
}

pub(super) async fn upsert(
    portal: &Portal,
    order: &Order,
    ids: &Ids,
) -> Result<Vec<ClassOutcome>, Failure> {
    let Some(desk) = Desk::of(portal, order, ids) else {
        let labels = order.classifications.iter().map(|one| one.class.clone());
        return Ok(labels.map(ClassOutcome::Disabled).collect());
    };
    let (wishes, mut outcomes) = desk.wishes();
    if wishes.is_empty() {
        return Ok(outcomes);
    }
    desk.learn().await?;
    if desk.is_outdated() {
        let outdated = wishes
            .into_iter()
            .map(|wish| ClassOutcome::Outdated(wish.class));
        outcomes.extend(outdated);
        return Ok(outcomes);
    }
    for wish in &wishes {
        outcomes.push(desk.fulfil(wish, &wishes).await?);
    }
    Ok(outcomes)
}

impl<'a> Desk<'a> {
    /// None where the token lacks `Classify`, or SkyPortal the taxonomy.
    fn of(portal: &'a Portal, order: &'a Order, ids: &'a Ids) -> Option<Self> {
        let taxonomy = ids.site.taxonomy.as_ref();
        Some(Desk {
            portal,
            order,
            ids,
            taxonomy: taxonomy.filter(|_| ids.site.account.has("Classify"))?,
            origin: origin(order.destination.destination()),
        })
    }

    /// The labels as classes of the taxonomy, each once, and what is to be said of the others.
    fn wishes(&self) -> (Vec<Wish>, Vec<ClassOutcome>) {
        let (mut wishes, mut left_out) = (Vec::<Wish>::new(), Vec::new());
        for Classification { class, probability } in &self.order.classifications {
            let Some(found) = self.taxonomy.class_for(class) else {
                self.warn_of_unknown(class);
                left_out.push(ClassOutcome::NoSuchClass(class.clone()));
                continue;
            };
            if probability.is_some_and(|value| !(0.0..=1.0).contains(&value)) {
                left_out.push(ClassOutcome::NoProbability(class.clone()));
            } else if wishes.iter().all(|wish| wish.class != found) {
                wishes.push(Wish {
                    class: found,
                    probability: *probability,
                });
            }
        }
        (wishes, left_out)
    }

    fn warn_of_unknown(&self, label: &str) {
        if self.portal.first_time(&format!("class/{label}")) {
            tracing::warn!(
                label,
                taxonomy = %self.portal.config().taxonomy,
                "the taxonomy has no class for this label: it is left out"
            );
        }
    }

    /// Lists our rows, the first time that the object is classified since we started.
    async fn learn(&self) -> Result<(), Failure> {
        let object_id = &self.order.object_id;
        if self.portal.memory().of(object_id).classifications.is_some() {
            return Ok(());
        }
        self.list().await
    }

    /// Our rows as they stand; of those that we know we know the alert's time too.
    async fn list(&self) -> Result<(), Failure> {
        let object_id = &self.order.object_id;
        let mut rows = Row::list(self.portal, object_id).await?;
        rows.retain(|row| {
            row.author_id == self.ids.site.account.id && row.taxonomy_id == self.taxonomy.id
        });
        let mut memory = self.portal.memory();
        let known = memory.of(object_id);
        let before = known.classifications.take().unwrap_or_default();
        // Made for another destination while the list was on its way.
        let last = rows.iter().map(|row| row.id).max();
        let newer = before.iter().filter(|row| Some(row.id) > last).cloned();
        let newer: Vec<KnownClass> = newer.collect();
        let now = rows.into_iter().map(|row| {
            let same = before.iter().find(|known| known.id == row.id);
            KnownClass {
                mjd: same.map_or(f64::NEG_INFINITY, |known| known.mjd),
                ..KnownClass::from(row)
            }
        });
        known.classifications = Some(now.chain(newer).collect());
        known.listed = Some(Instant::now());
        Ok(())
    }

    /// Another replica, or a replay, may have made a row since we looked.
    fn listing_is_old(&self) -> bool {
        let listed = self.portal.memory().of(&self.order.object_id).listed;
        listed.is_none_or(|listed| listed.elapsed() > LISTING_HOLDS)
    }

    /// Where the memory was dropped meanwhile there is nothing to look at, and nothing to note: the
    /// rows are listed again.
    fn known<T: Default>(&self, use_it: impl FnOnce(&mut Vec<KnownClass>) -> T) -> T {
        let mut memory = self.portal.memory();
        let rows = memory.of(&self.order.object_id).classifications.as_mut();
        rows.map(use_it).unwrap_or_default()
    }

    /// The rows of this filter.
    fn ours(&self) -> Vec<KnownClass> {
        self.known(|rows| {
            let ours = rows.iter().filter(|row| row.origin == self.origin);
            ours.cloned().collect()
        })
    }

    fn is_outdated(&self) -> bool {
        plan::newest(&self.ours()) > self.order.mjd
    }

    async fn fulfil(&self, wish: &Wish, all: &[Wish]) -> Result<ClassOutcome, Failure> {
        let decide = || plan::plan(&self.ours(), wish, all, self.order.mjd);
        if decide() == Plan::Post && self.listing_is_old() {
            self.list().await?;
        }
        match decide() {
            Plan::Keep(id) => {
                self.note(id, wish);
                Ok(ClassOutcome::Kept(wish.class.clone()))
            }
            Plan::Put(id) => match self.put(id, wish).await {
                Ok(()) => {
                    self.note(id, wish);
                    Ok(ClassOutcome::Changed(wish.class.clone()))
                }
                Err(failure) => Err(failure),
            },
            Plan::Post => self.post(wish).await,
        }
    }

    /// Without `ml` SkyPortal would take the classification for a human's. The row is this filter's
    /// own, so its group is the one that it had.
    async fn put(&self, id: i64, wish: &Wish) -> Result<(), Failure> {
        let body = json!({
            "classification": wish.class,
            "probability": wish.probability,
            "ml": true,
            "group_ids": [self.ids.group_id],
        });
        let request = Request::put(format!("/api/classification/{id}"), body);
        self.portal.call(&request).await.map(drop)
    }

    /// The note says first that a row is on its way: a life after this one lists them again.
    async fn post(&self, wish: &Wish) -> Result<ClassOutcome, Failure> {
        let object_id = &self.order.object_id;
        self.portal.memory().of(object_id).classifying += 1;
        self.portal.note(object_id).await;
        let card = Card {
            object_id: object_id.clone(),
            group_id: self.ids.group_id,
            taxonomy_id: self.taxonomy.id,
            author_id: self.ids.site.account.id,
            class: wish.class.clone(),
            origin: self.origin.clone(),
            probability: wish.probability,
            before: self.known(|rows| rows.iter().map(|row| row.id).collect()),
        };
        let asked = self.portal.classifications().ask(card).await;
        {
            let mut memory = self.portal.memory();
            let known = memory.of(object_id);
            known.classifying = known.classifying.saturating_sub(1);
            if asked.is_err() {
                // It may stand there all the same: whoever posts next looks first.
                known.listed = None;
            }
        }
        self.note(asked?, wish);
        Ok(ClassOutcome::Posted(wish.class.clone()))
    }

    /// The row is ours, for this filter, as of this alert.
    fn note(&self, id: i64, wish: &Wish) {
        let row = KnownClass {
            id,
            class: wish.class.clone(),
            probability: wish.probability,
            origin: self.origin.clone(),
            mjd: self.order.mjd,
        };
        self.known(|rows| {
            rows.retain(|row| row.id != id);
            rows.push(row);
        });
    }
}

impl Row {
    /// All that we may see of an object, whoever made them.
    async fn list(portal: &Portal, object_id: &str) -> Result<Vec<Row>, Failure> {
        let path = format!("/api/sources/{object_id}/classifications");
        portal.ask(&Request::get(path)).await
    }
}

impl From<Row> for KnownClass {
    fn from(row: Row) -> Self {
        KnownClass {
            id: row.id,
            class: row.classification,
            probability: row.probability,
            origin: row.origin.unwrap_or_default(),
            mjd: f64::NEG_INFINITY,
        }
    }
}
