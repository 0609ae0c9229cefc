//! The instrument of a survey, by its exact name.

use serde::Deserialize;

use super::SetUpProblem;
use crate::alert::Survey;
use crate::skyportal::Portal;
use crate::skyportal::transport::Request;

/// SkyPortal's row for a camera.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Instrument {
    pub id: i64,
    name: String,
    #[serde(rename = "type", default = "imager")]
    kind: String,
    #[serde(default)]
    filters: Option<Vec<String>>,
}

fn imager() -> String {
    "imager".to_owned()
}

impl Instrument {
    /// SkyPortal refuses a whole request for one filter that an imager lacks.
    pub fn takes(&self, filter: &str) -> bool {
        let listed = |filters: &Vec<String>| filters.iter().any(|one| one == filter);
        self.kind != "imager" || self.filters.as_ref().is_some_and(listed)
    }
}

pub(super) async fn find(
    portal: &Portal,
    survey: Survey,
    name: &str,
) -> Result<Instrument, SetUpProblem> {
    let request = Request::get("/api/instrument").with_query("name", name);
    let mut all: Vec<Instrument> = portal.ask(&request).await?;
    all.retain(|instrument| instrument.name == name);
    let name = name.to_owned();
    match all.len() {
        0 => Err(SetUpProblem::InstrumentMissing { survey, name }),
        1 => Ok(all.swap_remove(0)),
        _ => Err(SetUpProblem::InstrumentAmbiguous {
            survey,
            name,
            ids: all.iter().map(|instrument| instrument.id).collect(),
        }),
    }
}
