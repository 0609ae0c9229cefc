//! Whole deliveries against a small SkyPortal on loopback, with its quirks and its bad days.

mod cost;
mod delivery;
mod dry;
mod faults;
mod mock;
mod remembered;
mod secrets;
mod set_up;
mod together;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::alert::{Kind, LightCurve, Magnitudes, Passband, Point, Survey};
use crate::config::{Origins, Save, SecretSource};
use mock::{Mock, TOKEN};

fn config(url: &str) -> config::SkyPortal {
    config::SkyPortal {
        url: url.to_owned(),
        token: SecretSource::Env("UNUSED".to_owned()),
        instruments: BTreeMap::from([
            (Survey::Ztf, "ZTF".to_owned()),
            (Survey::Lsst, "LSST".to_owned()),
        ]),
        taxonomy: "Fink Taxonomy".to_owned(),
        origin: Origins::default(),
        requests_per_second: 2000.0,
        burst: 100,
        batch_seconds: 0.0,
        batch_rows: 1000,
        timeout_seconds: 0.3,
        settle_seconds: 60.0,
        longest_pause_seconds: 60.0,
    }
}

/// Times short enough for a test.
fn hurry() -> Patience {
    Patience {
        first: Duration::from_millis(5),
        ceiling: Duration::from_millis(20),
        settle: Duration::from_millis(30),
        tries: 3,
        ..Patience::default()
    }
}

fn connect(mock: &Mock) -> Portal {
    connect_until(mock, CancellationToken::new())
}

/// A portal that nobody asks anything.
pub(super) fn idle() -> Portal {
    let stop = CancellationToken::new();
    let url = config("http://127.0.0.1:9");
    Portal::connect(&url, Secret::new(TOKEN), hurry(), None, stop).unwrap()
}

/// A process that remembers what the one before it knew.
fn connect_with(mock: &Mock, state: &std::path::Path) -> Portal {
    connect_patiently(mock, state, hurry())
}

fn connect_patiently(mock: &Mock, state: &std::path::Path, patience: Patience) -> Portal {
    let notes = Notes::in_folder(state).unwrap();
    let stop = CancellationToken::new();
    let token = Secret::new(TOKEN);
    Portal::connect(&config(&mock.url), token, patience, Some(notes), stop).unwrap()
}

fn connect_until(mock: &Mock, stop: CancellationToken) -> Portal {
    Portal::connect(&config(&mock.url), Secret::new(TOKEN), hurry(), None, stop).unwrap()
}

fn destination(group: &str, filter: &str) -> Destination {
    Destination {
        group: group.to_owned(),
        stream: "fink_stream".to_owned(),
        filter: filter.to_owned(),
        surveys: BTreeSet::from([Survey::Ztf]),
    }
}

async fn ready(portal: &Portal) -> Ready {
    let all = portal.set_up(&[destination("Fink SN", "early")]).await;
    all.into_iter().next().unwrap().unwrap()
}

const ALERT: i64 = 2_345_678_901_234_567_890;

fn point(mjd: f64, kind: Kind, flux: f64, survey_id: Option<i64>) -> Point {
    Point {
        mjd,
        passband: Passband::R,
        kind,
        flux,
        flux_err: 1.5,
        magnitudes: Magnitudes::OfFlux,
        survey_id,
    }
}

fn light_curve() -> LightCurve {
    LightCurve {
        points: vec![
            point(61_270.25, Kind::UpperLimit, f64::NAN, None),
            point(61_271.25, Kind::Detection, -f64::from(18.523_f32), Some(11)),
            point(61_271.25, Kind::Forced, 7.25, None),
            point(61_272.25, Kind::Detection, 0.1 + 0.2, Some(ALERT)),
        ],
    }
}

fn order(destination: &Ready) -> Order {
    let annotations = json!({"rise_rate": 0.12, "cdsxmatch": "Unknown"});
    Order {
        place: "fink_sn_candidates_ztf partition 3 offset 17".to_owned(),
        survey: Survey::Ztf,
        object_id: "ZTF26aa063207a".to_owned(),
        alert_id: ALERT,
        mjd: 61_272.25,
        ra: 217.3812,
        dec: 32.5521,
        destination: destination.clone(),
        save: Save::Source,
        light_curve: Some(light_curve()),
        classifications: vec![Classification {
            class: "SN candidate".to_owned(),
            probability: Some(0.83),
        }],
        annotations: annotations.as_object().unwrap().clone(),
        comment: Some("seen by skysieve".to_owned()),
    }
}

/// A candidate and nothing else.
fn bare(destination: &Ready) -> Order {
    Order {
        save: Save::Candidate,
        light_curve: None,
        classifications: Vec::new(),
        annotations: Map::new(),
        comment: None,
        ..order(destination)
    }
}
