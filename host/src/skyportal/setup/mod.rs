//! Start-up: who we are, and the ids behind the configured names.
//!
//! In: the [`Destination`]s of the configuration. Out: for each a [`Ready`] with its ids, or a
//! [`SetUpError`] that names it and says what somebody must do once.
//! Safe to run again at any time: what is there is found, what is missing is made.
//! Never here: a second group, stream, filter or taxonomy where one would do.

mod account;
mod filter;
mod group;
mod instrument;
mod look;
mod stream;
mod taxonomy;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::Portal;
use super::retry::Failure;
use super::taxonomy::Taxonomy;
use crate::alert::Survey;

pub(crate) use account::Account;
pub(crate) use instrument::Instrument;

/// Where a filter's alerts go, by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Destination {
    /// The SkyPortal group.
    pub group: String,
    /// The SkyPortal stream.
    pub stream: String,
    /// The SkyPortal filter.
    pub filter: String,
    /// The surveys whose instrument it needs.
    pub surveys: BTreeSet<Survey>,
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Destination {
            group,
            stream,
            filter,
            ..
        } = self;
        write!(f, "group `{group}`, stream `{stream}`, filter `{filter}`")
    }
}

/// A destination that was found or made. A clone is the same one: when SkyPortal's rows change
/// under it, all clones see the new ids.
#[derive(Clone)]
pub struct Ready(Arc<Found>);

struct Found {
    destination: Destination,
    ids: RwLock<Arc<Ids>>,
}

/// What stands behind a destination's names.
#[derive(Debug)]
pub(crate) struct Ids {
    pub group_id: i64,
    pub stream_id: i64,
    pub filter_id: i64,
    pub site: Arc<Site>,
}

/// What all destinations share.
#[derive(Debug)]
pub(crate) struct Site {
    pub account: Account,
    pub instruments: BTreeMap<Survey, Result<Instrument, SetUpProblem>>,
    /// `None`: there is none, so nothing can be classified.
    pub taxonomy: Option<Taxonomy>,
}

impl Ready {
    pub fn destination(&self) -> &Destination {
        &self.0.destination
    }

    pub fn group_id(&self) -> i64 {
        self.ids().group_id
    }

    pub fn stream_id(&self) -> i64 {
        self.ids().stream_id
    }

    pub fn filter_id(&self) -> i64 {
        self.ids().filter_id
    }

    pub(crate) fn ids(&self) -> Arc<Ids> {
        Arc::clone(&self.0.ids.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, ids: Ids) {
        *self.0.ids.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ids);
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.ids();
        f.debug_struct("Ready")
            .field("destination", self.destination())
            .field("group_id", &ids.group_id)
            .field("stream_id", &ids.stream_id)
            .field("filter_id", &ids.filter_id)
            .finish()
    }
}

/// Why one destination cannot be delivered to.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot set up {destination}: {problem}")]
pub struct SetUpError {
    pub destination: Destination,
    pub problem: Box<SetUpProblem>,
}

/// What is wrong, and what somebody must do once.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SetUpProblem {
    #[error("{0}; {advice}", advice = .0.class.advice())]
    Call(Failure),
    #[error(
        "the token of `{username}` lacks `{acl}`: somebody with `Manage users` or `System admin` must give it that right"
    )]
    Right { username: String, acl: &'static str },
    #[error(
        "no stream `{stream}` is visible to `{username}` (user {user_id}), and only `System admin` can make one: such a user must once POST /api/streams {{\"name\": \"{stream}\", \"auto_join\": true}}, or, if the stream exists, POST /api/streams/<its id>/users {{\"user_id\": {user_id}}}"
    )]
    Stream {
        stream: String,
        username: String,
        user_id: i64,
    },
    #[error(
        "`{username}` (user {user_id}) is no member of the group `{group}` ({group_id}): an admin of the group must once POST /api/groups/{group_id}/users {{\"userID\": {user_id}, \"admin\": false}}"
    )]
    Member {
        group: String,
        group_id: i64,
        username: String,
        user_id: i64,
    },
    #[error(
        "`skyportal.instruments` names no instrument for {0}: give its exact name in SkyPortal (`ZTF`, `LSST`)"
    )]
    InstrumentUnnamed(Survey),
    #[error(
        "SkyPortal has no instrument `{name}` for {survey} (the name is case-sensitive): correct `skyportal.instruments`, or have somebody with `Manage instruments` make it"
    )]
    InstrumentMissing { survey: Survey, name: String },
    #[error(
        "SkyPortal has several instruments `{name}` for {survey} (ids {ids:?}): names are unique per telescope only; have all but one renamed, and name that one in `skyportal.instruments`"
    )]
    InstrumentAmbiguous {
        survey: Survey,
        name: String,
        ids: Vec<i64>,
    },
}

impl From<Failure> for SetUpProblem {
    fn from(failure: Failure) -> Self {
        SetUpProblem::Call(failure)
    }
}

impl Portal {
    /// Finds or makes what the destinations name. Waits while SkyPortal is away.
    ///
    /// # Errors
    /// By destination, in the order given; the others can be delivered to. What all of them need
    /// (a token with `Upload data`) fails them all.
    pub async fn set_up(&self, destinations: &[Destination]) -> Vec<Result<Ready, SetUpError>> {
        let _turn = self.0.set_up.lock().await;
        let site = self.site().await;
        let (mut all, mut made) = (Vec::with_capacity(destinations.len()), Vec::new());
        for destination in destinations {
            let found = match &site {
                Ok(site) => self.find_or_make(destination, site).await,
                Err(problem) => Err(problem.clone()),
            };
            all.push(found.map(|(ids, is_new)| {
                if is_new {
                    made.push(all.len());
                }
                ids
            }));
        }
        if !made.is_empty() {
            self.let_others_finish().await;
        }
        for place in made {
            if let Ok(ids) = &all[place] {
                all[place] = self.settle_on_one(&destinations[place], ids).await;
            }
        }
        let found = destinations.iter().zip(all);
        found
            .map(|(destination, ids)| ready(destination, ids))
            .collect()
    }

    /// The filter that we made, or the one that another process made before it.
    async fn settle_on_one(
        &self,
        destination: &Destination,
        ids: &Ids,
    ) -> Result<Ids, SetUpProblem> {
        let key = filter::Key {
            name: &destination.filter,
            group_id: ids.group_id,
            stream_id: ids.stream_id,
        };
        Ok(Ids {
            filter_id: filter::settle_on_one(self, &key, ids.filter_id).await?,
            site: Arc::clone(&ids.site),
            ..*ids
        })
    }

    /// Sets one destination up again after SkyPortal's rows changed under it; `seen` are the ids
    /// that no longer served. Somebody else may have done it meanwhile.
    pub(crate) async fn set_up_again(
        &self,
        ready: &Ready,
        seen: &Arc<Ids>,
    ) -> Result<(), SetUpProblem> {
        let _turn = self.0.set_up.lock().await;
        if !Arc::ptr_eq(&ready.ids(), seen) {
            return Ok(());
        }
        tracing::warn!(
            destination = %ready.destination(),
            "SkyPortal no longer has what set-up found there; setting up again"
        );
        let site = self.site().await?;
        let (ids, _) = self.find_or_make(ready.destination(), &site).await?;
        ready.replace(ids);
        Ok(())
    }

    async fn site(&self) -> Result<Arc<Site>, SetUpProblem> {
        let account = account::read(self).await?;
        account.require("Upload data")?;
        let mut instruments = BTreeMap::new();
        for (&survey, name) in &self.config().instruments {
            let instrument = instrument::find(self, survey, name).await;
            instruments.insert(survey, instrument);
        }
        let taxonomy = taxonomy::find_or_post(self, &account).await?;
        account.warn_of_missing_rights();
        Ok(Arc::new(Site {
            account,
            instruments,
            taxonomy,
        }))
    }

    /// The ids, and whether the filter is new.
    async fn find_or_make(
        &self,
        destination: &Destination,
        site: &Arc<Site>,
    ) -> Result<(Ids, bool), SetUpProblem> {
        for &survey in &destination.surveys {
            site.instrument(survey)?;
        }
        let account = &site.account;
        let stream_id = stream::find_or_make(self, account, &destination.stream).await?;
        let group_id = group::find_or_make(self, account, &destination.group).await?;
        let key = filter::Key {
            name: &destination.filter,
            group_id,
            stream_id,
        };
        let filter = filter::find_or_make(self, &key).await?;
        let ids = Ids {
            group_id,
            stream_id,
            filter_id: filter.id(),
            site: Arc::clone(site),
        };
        Ok((ids, matches!(filter, filter::Found::Made(_))))
    }
}

impl Site {
    pub fn instrument(&self, survey: Survey) -> Result<&Instrument, SetUpProblem> {
        match self.instruments.get(&survey) {
            Some(Ok(instrument)) => Ok(instrument),
            Some(Err(problem)) => Err(problem.clone()),
            None => Err(SetUpProblem::InstrumentUnnamed(survey)),
        }
    }
}

fn ready(destination: &Destination, ids: Result<Ids, SetUpProblem>) -> Result<Ready, SetUpError> {
    let destination = destination.clone();
    match ids {
        Ok(ids) => {
            tracing::info!(
                %destination,
                ids.group_id,
                ids.stream_id,
                ids.filter_id,
                "ready to deliver"
            );
            Ok(Ready(Arc::new(Found {
                destination,
                ids: RwLock::new(Arc::new(ids)),
            })))
        }
        Err(problem) => Err(SetUpError {
            destination,
            problem: Box::new(problem),
        }),
    }
}
