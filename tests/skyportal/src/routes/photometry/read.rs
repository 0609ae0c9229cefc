//! Points as the server shows them.

use serde_json::{Value, json};

use super::standard::ZERO_POINT;
use crate::call::Call;
use crate::envelope::{Answer, refused};
use crate::state::{Point, Rows};

/// How many sigma the limit is that is shown for a point posted without one.
const SHOWN_SIGMA: f64 = 5.0;

/// `GET /api/sources/{obj}/photometry?format=mag|flux|both`.
pub fn get(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let obj_id = call.param(0);
    if !rows.objs.contains_key(obj_id) {
        return Err(refused("Invalid object id."));
    }
    let (mags, fluxes) = match call.query("format").unwrap_or("mag") {
        "mag" => (true, false),
        "flux" => (false, true),
        "both" => (true, true),
        other => {
            return Err(refused(format!(
                "Invalid output format specified. Must be one of ['flux', 'mag', 'both'], got '{other}'."
            )));
        }
    };
    let points = rows.photometry_of(obj_id);
    let visible = points
        .iter()
        .filter(|point| rows.can_read_point(call.caller, point));
    Ok(visible
        .map(|point| shown(rows, point, mags, fluxes))
        .collect())
}

/// AB magnitude of a flux in µJy; none for what is not positive.
pub fn magnitude(flux: f64) -> Option<f64> {
    (flux > 0.0).then(|| -2.5 * flux.log10() + ZERO_POINT)
}

fn magnitude_error(flux: f64, fluxerr: f64) -> Option<f64> {
    (flux > 0.0).then(|| 2.5 / 10_f64.ln() * fluxerr / flux)
}

fn shown(rows: &Rows, point: &Point, mags: bool, fluxes: bool) -> Value {
    let groups = point
        .group_ids
        .iter()
        .filter_map(|id| rows.groups.get(id))
        .map(|group| {
            json!({
                "id": group.id, "name": group.name, "nickname": group.nickname,
                "single_user_group": group.single_user_group,
            })
        });
    let mut shown = json!({
        "id": point.id, "obj_id": point.obj_id, "instrument_id": point.instrument_id,
        "instrument_name": rows.instruments.get(&point.instrument_id).map(|instrument| &instrument.name),
        "filter": point.filter, "mjd": point.mjd, "snr": point.flux.map(|flux| flux / point.fluxerr),
        "ra": point.ra, "dec": point.dec, "ra_unc": point.ra_unc, "dec_unc": point.dec_unc,
        "origin": point.origin, "altdata": point.altdata, "groups": groups.collect::<Vec<_>>(),
        "created_at": point.created_at.to_string(), "magsys": "ab",
    });
    if mags {
        let limit = point
            .limiting_mag
            .or_else(|| magnitude(SHOWN_SIGMA * point.fluxerr));
        shown["mag"] = json!(point.flux.and_then(magnitude));
        shown["magerr"] = json!(
            point
                .flux
                .and_then(|flux| magnitude_error(flux, point.fluxerr))
        );
        shown["limiting_mag"] = json!(limit);
    }
    if fluxes {
        shown["flux"] = json!(point.flux);
        shown["fluxerr"] = json!(point.fluxerr);
        shown["zp"] = json!(ZERO_POINT);
    }
    if let Some(ref_flux) = point.ref_flux {
        with_reference(&mut shown, point, ref_flux);
    }
    shown
}

/// All of these, whichever format was asked for.
fn with_reference(shown: &mut Value, point: &Point, ref_flux: f64) {
    let total = point.flux.map(|flux| flux + ref_flux);
    let ref_err = point.ref_fluxerr.unwrap_or_default();
    let total_err = point.fluxerr.hypot(ref_err);
    shown["ref_flux"] = json!(ref_flux);
    shown["ref_fluxerr"] = json!(point.ref_fluxerr);
    shown["tot_flux"] = json!(total);
    shown["tot_fluxerr"] = json!(total_err);
    shown["magref"] = json!(magnitude(ref_flux));
    shown["e_magref"] = json!(magnitude_error(ref_flux, ref_err));
    shown["magtot"] = json!(total.and_then(magnitude));
    shown["e_magtot"] = json!(total.and_then(|total| magnitude_error(total, total_err)));
}
