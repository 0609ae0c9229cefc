//! What: instruments, objects, candidates, sources, photometry and all that is said about them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Shown;
use crate::json as pyjson;
use crate::stamp::Stamp;

#[derive(Clone, Debug)]
pub struct Telescope {
    pub id: i64,
    pub name: String,
    pub nickname: String,
    /// Degrees east.
    pub lon: Option<f64>,
    /// Degrees north.
    pub lat: Option<f64>,
    /// Metres.
    pub elevation: Option<f64>,
    /// Metres.
    pub diameter: f64,
    pub created_at: Stamp,
}

#[derive(Clone, Debug)]
pub struct Instrument {
    pub id: i64,
    pub name: String,
    /// `imager`, `spectrograph` or `imaging spectrograph`.
    pub kind: String,
    pub band: String,
    pub filters: Vec<String>,
    pub telescope_id: i64,
    pub created_at: Stamp,
}

#[derive(Clone, Debug)]
pub struct Taxonomy {
    pub id: i64,
    pub name: String,
    pub version: String,
    pub hierarchy: Value,
    pub provenance: Option<String>,
    pub is_latest: bool,
    pub group_ids: BTreeSet<i64>,
    pub created_at: Stamp,
    pub modified: Stamp,
}

/// An astronomical object: made by the first candidate or source, never moved afterwards (but see `healpix`).
#[derive(Clone, Debug)]
pub struct Obj {
    pub id: String,
    /// Degrees, ICRS; not checked for range.
    pub ra: f64,
    /// Degrees, ICRS; not checked for range.
    pub dec: f64,
    /// Nested, order 29; of the position posted last, even though `ra` and `dec` stay.
    pub healpix: i64,
    /// The optional fields that were given at creation (`score`, `origin`, `altdata`, ...).
    pub extra: Map<String, Value>,
    pub created_at: Stamp,
    pub modified: Stamp,
}

/// An object saved to a group.
#[derive(Clone, Debug)]
pub struct Source {
    pub obj_id: String,
    pub group_id: i64,
    /// False once somebody unsaved it; a POST makes it true again.
    pub active: bool,
    pub saved_by: i64,
    pub saved_at: Stamp,
}

#[derive(Clone, Debug)]
pub struct Candidate {
    pub id: i64,
    pub obj_id: String,
    pub filter_id: i64,
    pub passed_at: Stamp,
    pub passing_alert_id: Option<i64>,
    pub uploader_id: i64,
    pub created_at: Stamp,
}

/// One measurement, in the server's own unit: µJy in the AB system (zero point 23.9).
#[derive(Clone, Debug)]
pub struct Point {
    pub id: i64,
    pub obj_id: String,
    pub instrument_id: i64,
    pub filter: String,
    /// As posted: UTC by convention, not checked.
    pub mjd: f64,
    /// µJy; `None` is an upper limit; may be negative.
    pub flux: Option<f64>,
    /// µJy, one sigma.
    pub fluxerr: f64,
    /// As posted.
    pub limiting_mag: Option<f64>,
    /// µJy.
    pub ref_flux: Option<f64>,
    /// µJy.
    pub ref_fluxerr: Option<f64>,
    pub ra: Option<f64>,
    pub dec: Option<f64>,
    pub ra_unc: Option<f64>,
    pub dec_unc: Option<f64>,
    /// `"None"` when none was sent.
    pub origin: String,
    pub altdata: Value,
    pub group_ids: BTreeSet<i64>,
    pub stream_ids: BTreeSet<i64>,
    pub owner_id: i64,
    pub created_at: Stamp,
}

/// What makes a point the same point: exact bits, and no filter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PointKey {
    obj_id: String,
    instrument_id: i64,
    origin: String,
    mjd: u64,
    fluxerr: u64,
    flux: u64,
}

impl Point {
    pub(crate) fn key(&self) -> PointKey {
        PointKey {
            obj_id: self.obj_id.clone(),
            instrument_id: self.instrument_id,
            origin: self.origin.clone(),
            mjd: bits(self.mjd),
            fluxerr: bits(self.fluxerr),
            flux: bits(self.flux.unwrap_or(f64::NAN)),
        }
    }
}

/// The database holds all NaN for equal, and both zeros.
fn bits(number: f64) -> u64 {
    match number {
        n if n.is_nan() => f64::NAN.to_bits(),
        0.0 => 0,
        n => n.to_bits(),
    }
}

#[derive(Clone, Debug)]
pub struct Classification {
    pub id: i64,
    pub obj_id: String,
    pub taxonomy_id: i64,
    pub classification: String,
    pub probability: Option<f64>,
    pub ml: bool,
    pub origin: Option<String>,
    pub author_id: i64,
    pub author_name: String,
    pub group_ids: BTreeSet<i64>,
    pub votes: Vec<Vote>,
    pub edits: Vec<Edit>,
    pub created_at: Stamp,
    pub modified: Stamp,
}

#[derive(Clone, Debug)]
pub struct Vote {
    pub id: i64,
    pub voter_id: i64,
    pub created_at: Stamp,
}

/// A change of a classification's probability.
#[derive(Clone, Debug)]
pub struct Edit {
    pub id: i64,
    pub editor_id: i64,
    pub editor_name: String,
    pub old_probability: Option<f64>,
    pub new_probability: Option<f64>,
    pub created_at: Stamp,
}

#[derive(Clone, Debug)]
pub struct Annotation {
    pub id: i64,
    pub obj_id: String,
    pub origin: String,
    pub data: Value,
    pub author_id: i64,
    pub group_ids: BTreeSet<i64>,
    pub created_at: Stamp,
    pub modified: Stamp,
}

#[derive(Clone, Debug)]
pub struct Comment {
    pub id: i64,
    pub obj_id: String,
    pub text: String,
    pub author_id: i64,
    pub group_ids: BTreeSet<i64>,
    pub created_at: Stamp,
}

#[derive(Clone, Debug)]
pub struct Thumbnail {
    pub id: i64,
    pub obj_id: String,
    /// `new`, `ref`, `sub`, ...
    pub kind: String,
    pub survey: Option<String>,
    pub is_grayscale: bool,
    pub png: Vec<u8>,
    pub created_at: Stamp,
}

#[derive(Clone, Debug)]
pub struct SuperObj {
    pub id: i64,
    pub name: String,
    pub obj_ids: Vec<String>,
    pub created_at: Stamp,
}

impl Shown for Telescope {
    fn shown(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "nickname": self.nickname, "lon": self.lon, "lat": self.lat,
            "elevation": self.elevation, "diameter": self.diameter, "mpc_obscode": null, "skycam_link": null,
            "fixed_location": true, "weather_link": null, "robotic": true,
            "created_at": self.created_at.to_string(), "modified": self.created_at.to_string(),
        })
    }
}

impl Shown for Instrument {
    fn shown(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "type": self.kind, "band": self.band, "filters": self.filters,
            "telescope_id": self.telescope_id, "api_classname": null, "has_region": false,
            "api_classname_obsplan": null, "listener_classname": null, "treasuremap_id": null,
            "sensitivity_data": null, "tns_id": null, "configuration_data": null, "across_id": null, "region": null,
            "last_status_update": null, "has_fields": false,
            "created_at": self.created_at.to_string(), "modified": self.created_at.to_string(),
        })
    }
}

impl Shown for Taxonomy {
    fn shown(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "version": self.version, "hierarchy": self.hierarchy,
            "provenance": self.provenance, "isLatest": self.is_latest,
            "created_at": self.created_at.to_string(), "modified": self.modified.to_string(),
        })
    }
}

/// The columns of an object that are null unless the creation gave them.
const OPTIONAL: [&str; 25] = [
    "ra_err",
    "dec_err",
    "ra_dis",
    "dec_dis",
    "host_id",
    "summary",
    "summary_history",
    "mpc_name",
    "t0",
    "altdata",
    "tns_name",
    "tns_info",
    "detect_photometry_count",
    "redshift",
    "redshift_error",
    "redshift_origin",
    "redshift_history",
    "dist_nearest_source",
    "mag_nearest_source",
    "e_mag_nearest_source",
    "score",
    "origin",
    "alias",
    "luminosity_distance",
    "dm",
];

impl Shown for Obj {
    fn shown(&self) -> Value {
        let mut shown = Map::new();
        for field in OPTIONAL {
            shown.insert(field.into(), Value::Null);
        }
        for flag in ["varstar", "transient", "is_roid"] {
            shown.insert(flag.into(), Value::Bool(false));
        }
        shown.insert("offset".into(), json!(0.0));
        shown.extend(
            self.extra
                .iter()
                .map(|(field, value)| (field.clone(), pyjson::presentable(value))),
        );
        let (longitude, latitude) = crate::healpix::galactic(self.ra, self.dec);
        let own = json!({
            "id": self.id, "ra": self.ra, "dec": self.dec, "healpix": self.healpix,
            "gal_lon": longitude, "gal_lat": latitude, "angular_diameter_distance": null,
            "internal_key": internal_key(&self.id),
            "created_at": self.created_at.to_string(), "modified": self.modified.to_string(),
        });
        if let Value::Object(own) = own {
            shown.extend(own);
        }
        Value::Object(shown)
    }
}

/// Something shaped like a UUID that stays the same for an object.
fn internal_key(id: &str) -> String {
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let hex = format!(
        "{hash:016x}{:016x}",
        hash.rotate_left(29).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    );
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..32],
    ]
    .join("-")
}

impl Shown for Candidate {
    fn shown(&self) -> Value {
        json!({
            "id": self.id, "obj_id": self.obj_id, "filter_id": self.filter_id,
            "passed_at": self.passed_at.to_string(), "passing_alert_id": self.passing_alert_id,
            "uploader_id": self.uploader_id,
            "created_at": self.created_at.to_string(), "modified": self.created_at.to_string(),
        })
    }
}

impl Shown for Classification {
    fn shown(&self) -> Value {
        json!({
            "id": self.id, "obj_id": self.obj_id, "taxonomy_id": self.taxonomy_id,
            "classification": self.classification, "probability": self.probability, "ml": self.ml,
            "origin": self.origin, "author_id": self.author_id, "author_name": self.author_name,
            "created_at": self.created_at.to_string(), "modified": self.modified.to_string(),
        })
    }
}

impl Shown for Annotation {
    fn shown(&self) -> Value {
        json!({
            "id": self.id, "obj_id": self.obj_id, "origin": self.origin, "data": self.data,
            "author_id": self.author_id,
            "created_at": self.created_at.to_string(), "modified": self.modified.to_string(),
        })
    }
}

impl Shown for Comment {
    fn shown(&self) -> Value {
        json!({
            "id": self.id, "obj_id": self.obj_id, "text": self.text, "author_id": self.author_id, "bot": true,
            "attachment_name": null, "origin": null, "resourceType": "source",
            "created_at": self.created_at.to_string(), "modified": self.created_at.to_string(),
        })
    }
}

impl Shown for Thumbnail {
    fn shown(&self) -> Value {
        let file = format!("/static/thumbnails/{}_{}.png", self.obj_id, self.kind);
        json!({
            "id": self.id, "obj_id": self.obj_id, "type": self.kind, "survey": self.survey,
            "is_grayscale": self.is_grayscale, "origin": null,
            "public_url": file, "file_uri": format!("skyportal{file}"),
            "created_at": self.created_at.to_string(), "modified": self.created_at.to_string(),
        })
    }
}
