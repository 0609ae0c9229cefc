//! Rows to points: the checks against the tables, and everything to µJy AB (zero point 23.9).

use std::collections::BTreeSet;

use super::schema::Space;
use super::table::Draft;
use super::traceback;
use crate::envelope::{Refusal, refused};
use crate::json;
use crate::stamp::Stamp;
use crate::state::{Point, Rows};

/// µJy: m = 23.9 - 2.5 log10(flux).
pub const ZERO_POINT: f64 = 23.9;
/// How many sigma a limiting magnitude is when nobody says.
const DETECTION_SIGMA: f64 = 3.0;

/// Whose the points are and who may see them.
pub struct Owner {
    pub user_id: i64,
    pub group_ids: BTreeSet<i64>,
    pub stream_ids: BTreeSet<i64>,
}

/// The bandpasses that the server knows, as prefix and letters: those of the surveys that a broker meets.
const BANDPASSES: [(&str, &str); 8] = [
    ("ztf", "gri"),
    ("ztf::", "gri"),
    ("lsst", "ugrizy"),
    ("atlas", "co"),
    ("ps1::", "grizyw"),
    ("sdss", "ugriz"),
    ("des", "ugrizy"),
    ("gaia::", "g"),
];
const MAGSYSTEMS: [&str; 9] = [
    "vega", "bd17", "vegahst", "csp", "ab", "ab_b12", "jla1", "ab-b12", "vega2",
];

/// # Errors
/// 400, for the first row that does not fit: none is stored then.
pub fn points(
    rows: &Rows,
    drafts: &[Draft],
    space: Space,
    owner: &Owner,
    verb: &str,
) -> Result<Vec<Point>, Refusal> {
    check_limits(drafts, space)?;
    for draft in drafts {
        check_names(rows, draft)?;
    }
    for draft in drafts {
        check_instrument(rows, draft, verb)?;
    }
    Ok(drafts
        .iter()
        .map(|draft| point(draft, space, owner))
        .collect())
}

fn check_limits(drafts: &[Draft], space: Space) -> Result<(), Refusal> {
    let lacks =
        |draft: &&Draft| draft.number("mag").is_none() && draft.number("limiting_mag").is_none();
    let affected: Vec<String> = drafts
        .iter()
        .filter(lacks)
        .filter_map(|draft| draft.number("mjd"))
        .map(json::repr_f64)
        .collect();
    if space == Space::Flux || affected.is_empty() {
        return Ok(());
    }
    let affected = affected.join(", ");
    Err(refused(format!(
        "Non-detections (mag=null) require a limiting_mag. Affected row(s) at MJD: [{affected}]."
    )))
}

fn check_names(rows: &Rows, draft: &Draft) -> Result<(), Refusal> {
    if !rows.objs.contains_key(&draft.obj_id) {
        return Err(refused(format!("Invalid object ID: {}", draft.obj_id)));
    }
    if !rows.instruments.contains_key(&draft.instrument_id) {
        return Err(refused(format!(
            "Invalid instrument ID: {}",
            draft.instrument_id
        )));
    }
    if !MAGSYSTEMS.contains(&draft.magsys.as_str()) {
        let known = MAGSYSTEMS.map(|name| format!("'{name}'")).join(", ");
        let message = format!(
            "'{}' not in registry. Registered names: {known}.",
            draft.magsys
        );
        return Err(refused(format!(
            "Error standardizing photometry data: {message}"
        )));
    }
    if !is_bandpass(&draft.filter) {
        let all = BANDPASSES
            .iter()
            .flat_map(|(prefix, bands)| bands.chars().map(move |band| format!("'{prefix}{band}'")));
        let all: Vec<String> = all.collect();
        return Err(refused(format!(
            "Filter(s) {{np.str_('{}')}} is not allowed. Allowed filters are: ({})",
            draft.filter,
            all.join(", ")
        )));
    }
    Ok(())
}

fn is_bandpass(filter: &str) -> bool {
    BANDPASSES.iter().any(|(prefix, bands)| {
        let band = filter.strip_prefix(prefix).unwrap_or("");
        band.len() == 1 && bands.contains(band)
    })
}

fn check_instrument(rows: &Rows, draft: &Draft, verb: &str) -> Result<(), Refusal> {
    let instrument = &rows.instruments[&draft.instrument_id];
    if instrument.kind != "imager" || instrument.filters.contains(&draft.filter) {
        return Ok(());
    }
    let reason = format!(
        "Instrument {} has no filter {}.",
        instrument.name, draft.filter
    );
    Err(traceback(
        verb,
        &format!("marshmallow.exceptions.ValidationError: {reason}"),
    ))
}

fn point(draft: &Draft, space: Space, owner: &Owner) -> Point {
    let number = |field: &str| draft.number(field);
    let measured = match space {
        Space::Mag => from_magnitudes(draft),
        Space::Flux => from_fluxes(draft),
    };
    Point {
        id: 0,
        obj_id: draft.obj_id.clone(),
        instrument_id: draft.instrument_id,
        filter: draft.filter.clone(),
        mjd: number("mjd").unwrap_or_default(),
        flux: measured.flux,
        fluxerr: measured.fluxerr,
        limiting_mag: number("limiting_mag"),
        ref_flux: measured.ref_flux,
        ref_fluxerr: measured.ref_fluxerr,
        ra: number("ra"),
        dec: number("dec"),
        ra_unc: number("ra_unc"),
        dec_unc: number("dec_unc"),
        origin: draft.origin.clone(),
        altdata: draft.altdata.clone(),
        group_ids: owner.group_ids.clone(),
        stream_ids: owner.stream_ids.clone(),
        owner_id: owner.user_id,
        created_at: Stamp::now(),
    }
}

struct Measured {
    flux: Option<f64>,
    fluxerr: f64,
    ref_flux: Option<f64>,
    ref_fluxerr: Option<f64>,
}

/// flux = 10^(-0.4 (m - 23.9)); its error is magerr · flux · ln 10 / 2.5; an upper limit has the error that makes the
/// limiting magnitude its n-sigma limit.
fn from_magnitudes(draft: &Draft) -> Measured {
    let flux = |mag: f64| 10_f64.powf(-0.4 * (mag - ZERO_POINT));
    let error = |magerr: f64, flux: f64| magerr / (2.5 / 10_f64.ln()) * flux;
    let (ref_flux, e_magref) = (draft.number("magref").map(flux), draft.number("e_magref"));
    let ref_fluxerr = ref_flux
        .zip(e_magref)
        .map(|(flux, magerr)| error(magerr, flux));
    match (
        draft.number("mag"),
        draft.number("magerr"),
        draft.number("limiting_mag"),
    ) {
        (Some(mag), Some(magerr), _) => {
            let flux = flux(mag);
            Measured {
                flux: Some(flux),
                fluxerr: error(magerr, flux),
                ref_flux,
                ref_fluxerr,
            }
        }
        (_, _, limit) => {
            let sigma = draft
                .number("limiting_mag_nsigma")
                .unwrap_or(DETECTION_SIGMA);
            let fluxerr = limit.map_or(f64::NAN, flux) / sigma;
            Measured {
                flux: None,
                fluxerr,
                ref_flux,
                ref_fluxerr,
            }
        }
    }
}

fn from_fluxes(draft: &Draft) -> Measured {
    let scale = |zp: f64| 10_f64.powf(-0.4 * (zp - ZERO_POINT));
    let factor = scale(draft.number("zp").unwrap_or(ZERO_POINT));
    let ref_factor = scale(draft.number("ref_zp").unwrap_or(ZERO_POINT));
    Measured {
        flux: draft.number("flux").map(|flux| flux * factor),
        fluxerr: draft.number("fluxerr").unwrap_or(f64::NAN) * factor,
        ref_flux: draft.number("ref_flux").map(|flux| flux * ref_factor),
        ref_fluxerr: draft.number("ref_fluxerr").map(|flux| flux * ref_factor),
    }
}
