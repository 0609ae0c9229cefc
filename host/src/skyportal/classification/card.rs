//! New classifications of many alerts in one request.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Row;
use crate::skyportal::Portal;
use crate::skyportal::answer::Class;
use crate::skyportal::gather::{Item, Outcomes};
use crate::skyportal::retry::{Failure, Made, read};
use crate::skyportal::transport::Request;

/// A row that is to be made.
pub(crate) struct Card {
    pub object_id: String,
    pub group_id: i64,
    pub taxonomy_id: i64,
    /// Ourselves.
    pub author_id: i64,
    pub class: String,
    pub origin: String,
    pub probability: Option<f64>,
    /// The rows of ours that we know.
    pub before: Vec<i64>,
}

#[derive(Deserialize)]
struct MadeRow {
    classification_id: i64,
}

#[derive(Deserialize)]
struct MadeRows {
    classification_ids: Vec<i64>,
}

impl Item for Card {
    /// The row's id.
    type Outcome = i64;

    fn size(&self) -> usize {
        1
    }

    fn all(portal: Portal, cards: Vec<Card>) -> Outcomes<i64> {
        Box::pin(post_all(portal, cards))
    }
}

/// SkyPortal takes 0.1 to 0.24 s a row when it is busy: so many are done well before our time-out, and
/// what we look for after one is not still being made.
const MOST_AT_ONCE: usize = 20;

async fn post_all(portal: Portal, cards: Vec<Card>) -> Vec<Result<i64, Failure>> {
    let mut outcomes = Vec::with_capacity(cards.len());
    for cards in cards.chunks(MOST_AT_ONCE) {
        outcomes.extend(post_some(&portal, cards).await);
    }
    outcomes
}

async fn post_some(portal: &Portal, cards: &[Card]) -> Vec<Result<i64, Failure>> {
    if let [card] = cards {
        return vec![card.post(portal).await];
    }
    let bodies: Vec<Value> = cards.iter().map(Card::body).collect();
    let request = Request::post_once("/api/classification", json!({"classifications": bodies}));
    let failure = match portal.call(&request).await {
        Ok(data) => match read::<MadeRows>(&request, data) {
            Ok(made) if made.classification_ids.len() == cards.len() => {
                return made.classification_ids.into_iter().map(Ok).collect();
            }
            Ok(_) => Failure::new(
                &request,
                Class::Misunderstood,
                "not as many rows as asked for",
            ),
            Err(failure) => failure,
        },
        Err(failure) => failure,
    };
    one_by_one(portal, cards, failure).await
}

/// SkyPortal makes the rows of a bulk one after the other, and keeps those before the one at fault.
async fn one_by_one(
    portal: &Portal,
    cards: &[Card],
    failure: Failure,
) -> Vec<Result<i64, Failure>> {
    let over = match failure.class {
        Class::Cancelled | Class::Credentials => Err(failure),
        Class::Transient => portal.settle(&failure).await,
        _ => Ok(()),
    };
    let mut outcomes = Vec::with_capacity(cards.len());
    for card in cards {
        outcomes.push(match &over {
            Err(failure) => Err(failure.clone()),
            Ok(()) => match card.look(portal).await {
                Ok(Some(id)) => Ok(id),
                Ok(None) => card.post(portal).await,
                Err(failure) => Err(failure),
            },
        });
    }
    outcomes
}

impl Card {
    fn body(&self) -> Value {
        json!({
            "obj_id": self.object_id,
            "classification": self.class,
            "taxonomy_id": self.taxonomy_id,
            "probability": self.probability,
            "origin": self.origin,
            "ml": true,
            "vote": false,
            "label": false,
            "group_ids": [self.group_id],
        })
    }

    async fn post(&self, portal: &Portal) -> Result<i64, Failure> {
        let request =
            Request::post_once("/api/classification", self.body()).of_group(self.group_id);
        match portal.make_once(&request, || self.look(portal)).await? {
            Made::Now(data) => Ok(read::<MadeRow>(&request, data)?.classification_id),
            Made::Before(id) => Ok(id),
        }
    }

    /// A row like the one that we may have made, and did not know of before.
    async fn look(&self, portal: &Portal) -> Result<Option<i64>, Failure> {
        let rows = Row::list(portal, &self.object_id).await?;
        let ours = rows.iter().filter(|row| {
            row.author_id == self.author_id
                && row.taxonomy_id == self.taxonomy_id
                && row.origin.as_deref() == Some(&self.origin)
                && row.classification == self.class
        });
        let new = ours.filter(|row| !self.before.contains(&row.id));
        Ok(new.map(|row| row.id).max())
    }
}
