//! LSST's summary of an object: `diaObject`, the statistics of all its sources so far.

use super::cadence::Visit;
use super::lsst_source::midpoint;
use super::packet::Draft;
use super::schema::Record;
use super::value::Value;
use crate::alert::Passband;

const PASSBANDS: [Passband; 6] = [
    Passband::U,
    Passband::G,
    Passband::R,
    Passband::I,
    Passband::Z,
    Passband::Y,
];

/// The summary after the last of the detections, of which there is at least one.
pub fn summary(record: &Record, id: i64, detections: &[Visit]) -> Value {
    let count = detections.len() as f64;
    let mean = |of: fn(&Visit) -> f64| detections.iter().map(of).sum::<f64>() / count;
    let error = 0.05 / 3600.0 / libm::sqrt(count);
    let latest = detections.last().map_or(f64::NAN, midpoint);
    let draft = Draft::new(record)
        .put("diaObjectId", id)
        .put("validityStartMjdTai", latest + 160.0 / 86_400.0)
        .put("ra", mean(|visit| visit.position.ra))
        .put("raErr", error)
        .put("dec", mean(|visit| visit.position.dec))
        .put("decErr", error)
        .put("ra_dec_Cov", 0.05 * error * error)
        .put("nDiaSources", detections.len() as i64);
    let draft = PASSBANDS.into_iter().fold(draft, |draft, passband| {
        let of_band: Vec<&Visit> = detections
            .iter()
            .filter(|visit| visit.passband == passband)
            .collect();
        statistics(draft, passband.letter(), &of_band)
    });
    draft.done()
}

fn statistics<'a>(draft: Draft<'a>, band: &str, visits: &[&Visit]) -> Draft<'a> {
    let name = |suffix: &str| format!("{band}_{suffix}");
    let draft = draft.put(&name("psfFluxNdata"), visits.len() as i64);
    if visits.is_empty() {
        return draft;
    }
    let count = visits.len() as f64;
    let sum = |of: &dyn Fn(&Visit) -> f64| visits.iter().map(|visit| of(visit)).sum::<f64>();
    let weight = |visit: &Visit| 1.0 / (visit.flux_err * visit.flux_err);
    let total = sum(&weight);
    let mean = sum(&|visit| weight(visit) * visit.flux) / total;
    let squares = sum(&|visit| (visit.flux - mean) * (visit.flux - mean));
    let deviation = (visits.len() > 1).then(|| libm::sqrt(squares / (count - 1.0)));
    let slopes = visits.windows(2).map(|pair| {
        let [before, after] = [pair[0], pair[1]];
        (after.flux - before.flux) / (after.mjd - before.mjd)
    });
    let fluxes = || visits.iter().map(|visit| visit.flux);
    let error = libm::sqrt(1.0 / total);
    draft
        .put(&name("psfFluxMean"), mean)
        .put(&name("psfFluxMeanErr"), error)
        .put(&name("psfFluxSigma"), deviation)
        .put(&name("scienceFluxMean"), mean + visits[0].reference)
        .put(&name("scienceFluxMeanErr"), 1.02 * error)
        .put(&name("psfFluxMin"), fluxes().fold(f64::INFINITY, f64::min))
        .put(
            &name("psfFluxMax"),
            fluxes().fold(f64::NEG_INFINITY, f64::max),
        )
        .put(&name("psfFluxMaxSlope"), slopes.reduce(f64::max))
        .put(
            &name("psfFluxErrMean"),
            sum(&|visit| visit.flux_err) / count,
        )
}
