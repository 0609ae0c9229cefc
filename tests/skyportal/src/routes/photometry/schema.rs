//! Magnitudes or fluxes: a request is of one space only.

use serde_json::{Map, Value};

use crate::checks;
use crate::envelope::{Refusal, refused};
use crate::json;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Space {
    Mag,
    Flux,
}

const COMMON: [&str; 15] = [
    "obj_id",
    "instrument_id",
    "mjd",
    "filter",
    "magsys",
    "ra",
    "dec",
    "ra_unc",
    "dec_unc",
    "origin",
    "altdata",
    "group_ids",
    "stream_ids",
    "assignment_id",
    "extinction_corrected",
];
const REQUIRED: [&str; 5] = ["magsys", "obj_id", "instrument_id", "mjd", "filter"];

impl Space {
    /// The fields that only this space has.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Space::Mag => &[
                "mag",
                "magerr",
                "limiting_mag",
                "limiting_mag_nsigma",
                "magref",
                "e_magref",
            ],
            Space::Flux => &["flux", "fluxerr", "zp", "ref_flux", "ref_fluxerr", "ref_zp"],
        }
    }

    fn required(self) -> &'static [&'static str] {
        match self {
            Space::Mag => &[],
            Space::Flux => &["fluxerr", "zp"],
        }
    }

    fn errors(self, body: &Map<String, Value>) -> Vec<(String, String)> {
        let mut errors = Vec::new();
        for field in REQUIRED.iter().chain(self.required()) {
            match body.get(*field) {
                None => errors.push((field.to_string(), "Missing data for required field.".into())),
                Some(Value::Null) => {
                    errors.push((field.to_string(), "Field may not be null.".into()))
                }
                Some(_) => {}
            }
        }
        if let Some(error) = body
            .get("fluxerr")
            .filter(|_| self == Space::Flux)
            .and_then(fluxerr_error)
        {
            errors.push(("fluxerr".into(), error.into()));
        }
        let unknown = body.keys().filter(|field| {
            let field = field.as_str();
            !COMMON.contains(&field) && !self.fields().contains(&field)
        });
        errors.extend(unknown.map(|field| (field.clone(), "Unknown field.".into())));
        errors
    }
}

fn fluxerr_error(value: &Value) -> Option<&'static str> {
    let not_a_number = "fluxerr must be a number or list of numbers";
    let not_positive = "Invalid value: fluxerr must be positive (non-zero)";
    let of_one = |value: &Value| match as_number(value) {
        None => Some(not_a_number),
        Some(number) if number <= 0.0 => Some(not_positive),
        Some(_) => None,
    };
    match value {
        Value::Null => None,
        Value::Array(items) => items.iter().find_map(of_one),
        one => of_one(one),
    }
}

fn as_number(value: &Value) -> Option<f64> {
    json::number(value).or_else(|| value.as_str()?.trim().parse().ok())
}

/// The first space that the body fits.
///
/// # Errors
/// 400 with what either space holds against it.
pub fn space_of(body: &Map<String, Value>) -> Result<Space, Refusal> {
    let [mag, flux] = [Space::Mag, Space::Flux].map(|space| space.errors(body));
    if mag.is_empty() {
        return Ok(Space::Mag);
    }
    if flux.is_empty() {
        return Ok(Space::Flux);
    }
    let (mag, flux) = (checks::field_errors(&mag), checks::field_errors(&flux));
    Err(refused(format!(
        "Invalid input format: Tried to parse data in mag space, got: \"{mag}.\" Tried to parse data in flux space, \
         got: \"{flux}.\""
    )))
}
