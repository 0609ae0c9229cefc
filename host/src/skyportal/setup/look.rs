//! What set-up would find, told without making anything.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Account, Destination, account, filter, group, instrument, stream, taxonomy};
use crate::skyportal::Portal;
use crate::skyportal::retry::Failure;
use crate::skyportal::transport::Request;
use crate::telemetry::Finding;

/// Each right that a step of a delivery needs; without the first there is no delivery at all.
const RIGHTS: [(&str, &str); 3] = [
    ("Classify", "classifications"),
    ("Annotate", "annotations"),
    ("Comment", "comments"),
];

impl Portal {
    /// Reads what the destinations need: whether SkyPortal answers, what the token may do, what of
    /// the named things is there. Only GET requests go out; the first answer counts, nothing is
    /// waited for.
    pub async fn look(&self, destinations: &[Destination]) -> Vec<Finding> {
        let url = &self.config().url;
        let health = self.ask_once::<Value>(&Request::get("/api/sysinfo")).await;
        if let Err(failure) = health {
            return vec![Finding::fail(format!(
                "SkyPortal at `{url}` does not answer: {failure}; check `skyportal.url`, and whether it is up"
            ))];
        }
        let mut found = vec![Finding::ok(format!("SkyPortal answers at `{url}`"))];
        match account::look(self).await {
            Ok(account) => {
                rights(&account, &mut found);
                if let Err(failure) = self.things(&account, destinations, &mut found).await {
                    let advice = failure.class.advice();
                    found.push(Finding::fail(format!("SkyPortal: {failure}; {advice}")));
                }
            }
            Err(failure) => found.push(Finding::fail(format!(
                "the SkyPortal token is not accepted: {failure}; check where `skyportal.token` points to"
            ))),
        }
        found
    }

    async fn things(
        &self,
        account: &Account,
        destinations: &[Destination],
        found: &mut Vec<Finding>,
    ) -> Result<(), Failure> {
        self.instruments(destinations, found).await;
        let words = match taxonomy::look(self).await? {
            taxonomy::There::Serves => Finding::ok("is there"),
            there => taxonomy_to_post(account, there == taxonomy::There::Older),
        };
        found.push(about("taxonomy", &self.config().taxonomy, words));
        let mut told = BTreeSet::new();
        for destination in destinations {
            let new =
                |told: &mut BTreeSet<_>, kind, name: &String| told.insert((kind, name.clone()));
            let (stream, words) = self.stream(account, &destination.stream).await?;
            if new(&mut told, "stream", &destination.stream) {
                found.push(about("stream", &destination.stream, words));
            }
            let (group, words) = self.group(account, &destination.group).await?;
            if new(&mut told, "group", &destination.group) {
                found.push(about("group", &destination.group, words));
            }
            let words = match (group, stream) {
                (Some(group_id), Some(stream_id)) => {
                    let name = destination.filter.as_str();
                    let key = filter::Key {
                        name,
                        group_id,
                        stream_id,
                    };
                    match filter::find(self, &key).await? {
                        Some(id) => Finding::ok(format!("is there (id {id})")),
                        None => Finding::ok("will be made"),
                    }
                }
                _ => Finding::ok("will be made with its group and stream"),
            };
            let name = format!(
                "{}` of the group `{}",
                destination.filter, destination.group
            );
            found.push(about("filter", &name, words));
        }
        Ok(())
    }

    async fn instruments(&self, destinations: &[Destination], found: &mut Vec<Finding>) {
        let surveys: BTreeSet<_> = destinations.iter().flat_map(|d| &d.surveys).collect();
        for (survey, name) in &self.config().instruments {
            if surveys.contains(survey) {
                found.push(match instrument::find(self, *survey, name).await {
                    Ok(_) => Finding::ok(format!("the instrument `{name}` is there")),
                    Err(problem) => Finding::fail(problem.to_string()),
                });
            }
        }
    }

    async fn stream(
        &self,
        account: &Account,
        name: &str,
    ) -> Result<(Option<i64>, Finding), Failure> {
        Ok(match stream::find(self, name).await? {
            Some(id) => (Some(id), Finding::ok(format!("is there (id {id})"))),
            None if account.is_admin() => (None, Finding::ok("will be made")),
            None => {
                let problem = stream::problem(account, name).to_string();
                (None, Finding::fail(problem))
            }
        })
    }

    async fn group(
        &self,
        account: &Account,
        name: &str,
    ) -> Result<(Option<i64>, Finding), Failure> {
        let Some(id) = group::find(self, name).await? else {
            return Ok((None, Finding::ok("will be made")));
        };
        let finding = match group::member(self, account, id).await? {
            Some(member) if member.can_save == Some(false) => Finding::warn(format!(
                "is there (id {id}), and `{}` may not save to it: sources cannot be posted until an admin of the group allows it",
                account.username
            )),
            Some(_) => Finding::ok(format!("is there (id {id})")),
            None if account.is_admin() => {
                Finding::ok(format!("is there (id {id}), will be joined"))
            }
            None => Finding::fail(group::problem(account, id, name).to_string()),
        };
        Ok((Some(id), finding))
    }
}

fn rights(account: &Account, found: &mut Vec<Finding>) {
    let username = &account.username;
    found.push(Finding::ok(format!("the token belongs to `{username}`")));
    found.push(match account.require("Upload data") {
        Ok(()) => Finding::ok("the token has `Upload data`: candidates, sources, photometry"),
        Err(problem) => Finding::fail(problem.to_string()),
    });
    for (acl, rows) in RIGHTS {
        found.push(match account.has(acl) {
            true => Finding::ok(format!("the token has `{acl}`")),
            false => Finding::warn(format!(
                "the token lacks `{acl}`: no {rows} would be posted; somebody with `Manage users` can give it that right"
            )),
        });
    }
}

fn taxonomy_to_post(account: &Account, older: bool) -> Finding {
    match (account.has("Post taxonomy"), older) {
        (true, true) => Finding::ok("is older than ours, which will be posted"),
        (true, false) => Finding::ok("will be posted"),
        (false, true) => Finding::warn(
            "is older than ours, and the token lacks `Post taxonomy`: classes that it does not have would be left out",
        ),
        (false, false) => Finding::warn(
            "is not there, and the token lacks `Post taxonomy`: no classifications would be posted; somebody with that right can start skysieve once",
        ),
    }
}

/// Names the thing, unless the words do.
fn about(kind: &str, name: &str, finding: Finding) -> Finding {
    if finding.text.contains(name) {
        return finding;
    }
    Finding {
        text: format!("the {kind} `{name}` {}", finding.text),
        ..finding
    }
}
