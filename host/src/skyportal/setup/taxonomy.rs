//! The taxonomy by which alerts are classified: the one that is there, or ours.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Account;
use crate::skyportal::Portal;
use crate::skyportal::answer::Class;
use crate::skyportal::retry::{Failure, Made, read};
use crate::skyportal::taxonomy::{self, Taxonomy};
use crate::skyportal::transport::Request;

#[derive(Deserialize)]
struct Row {
    id: i64,
    name: String,
    version: Option<String>,
    #[serde(rename = "isLatest", default)]
    is_latest: bool,
    #[serde(default)]
    hierarchy: Value,
}

#[derive(Deserialize)]
struct MadeTaxonomy {
    taxonomy_id: i64,
}

/// `None` if there is none and none could be made: then nothing is classified.
pub(super) async fn find_or_post(
    portal: &Portal,
    account: &Account,
) -> Result<Option<Taxonomy>, Failure> {
    let name = portal.config().taxonomy.as_str();
    let there = find(portal, name).await?;
    if let Some(row) = &there
        && serves(row)
    {
        return Ok(there.map(known));
    }
    if account.has("Post taxonomy") {
        return post(portal, name).await;
    }
    match &there {
        Some(row) => tracing::warn!(
            taxonomy = name,
            version = row.version.as_deref().unwrap_or("none"),
            ours = taxonomy::VERSION,
            "SkyPortal's taxonomy is older than ours and the token lacks `Post taxonomy`: classes that it does not have are left out"
        ),
        None => tracing::warn!(
            taxonomy = name,
            "SkyPortal has no such taxonomy and the token lacks `Post taxonomy`: no classifications are posted; somebody with that right can start skysieve once"
        ),
    }
    Ok(there.map(known))
}

/// Whether SkyPortal's taxonomy is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum There {
    Serves,
    Older,
    Missing,
}

pub(super) async fn look(portal: &Portal) -> Result<There, Failure> {
    let there = find(portal, &portal.config().taxonomy).await?;
    Ok(match there {
        Some(row) if serves(&row) => There::Serves,
        Some(_) => There::Older,
        None => There::Missing,
    })
}

/// A taxonomy of another name than Fink's is its owners' to keep up: posting our version would
/// retire theirs.
fn serves(row: &Row) -> bool {
    row.name != taxonomy::NAME
        || taxonomy::same_or_newer(row.version.as_deref().unwrap_or(""))
        || Taxonomy::of(row.id, &row.hierarchy).has_all_of_ours()
}

fn known(row: Row) -> Taxonomy {
    Taxonomy::of(row.id, &row.hierarchy)
}

async fn find(portal: &Portal, name: &str) -> Result<Option<Row>, Failure> {
    let all: Vec<Row> = portal.ask(&Request::get("/api/taxonomy")).await?;
    let latest = all
        .into_iter()
        .filter(|row| row.name == name && row.is_latest);
    // Of several that were made at the same moment the lowest id is everybody's.
    Ok(latest.min_by_key(|row| (!serves(row), row.id)))
}

async fn post(portal: &Portal, name: &str) -> Result<Option<Taxonomy>, Failure> {
    let hierarchy = taxonomy::hierarchy();
    // No `group_ids`: the default is the public group, whose id cannot be asked for by a fixed
    // name, and a classification is of no use to those who cannot see its taxonomy.
    let request = Request::post_once(
        "/api/taxonomy",
        json!({
            "name": name,
            "version": taxonomy::VERSION,
            "hierarchy": hierarchy,
            "provenance": taxonomy::PROVENANCE,
        }),
    );
    let ours_now = || async {
        let there = find(portal, name).await?;
        Ok(there.filter(|row| row.version.as_deref() == Some(taxonomy::VERSION)))
    };
    match portal.make_once(&request, ours_now).await {
        Ok(Made::Now(data)) => {
            let ours = read::<MadeTaxonomy>(&request, data)?.taxonomy_id;
            // Somebody else's may be on its way: the servers are several.
            portal.let_others_finish().await;
            match find(portal, name).await? {
                Some(row) if row.id != ours => {
                    if row.version.as_deref() == Some(taxonomy::VERSION) {
                        remove(portal, name, ours, row.id).await;
                    }
                    Ok(Some(known(row)))
                }
                _ => Ok(Some(Taxonomy::of(ours, &hierarchy))),
            }
        }
        Ok(Made::Before(row)) => Ok(Some(known(row))),
        Err(failure) if failure.class == Class::Cancelled => Err(failure),
        Err(failure) => {
            tracing::warn!(
                taxonomy = name,
                words = %failure.words,
                "SkyPortal did not take our taxonomy: classes that it does not have are left out"
            );
            Ok(find(portal, name).await?.map(known))
        }
    }
}

/// Ours came second. What cannot be removed is in nobody's way: it is an older version to all.
async fn remove(portal: &Portal, name: &str, ours: i64, theirs: i64) {
    let request = Request::delete(format!("/api/taxonomy/{ours}"));
    if let Err(failure) = portal.call(&request).await {
        tracing::warn!(
            taxonomy = name,
            words = %failure.words,
            "two taxonomies of the same version were made at the same moment; {theirs} is used, and {ours} stays unused: somebody with `Delete taxonomy` can once DELETE /api/taxonomy/{ours}"
        );
    }
}
