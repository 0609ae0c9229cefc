//! What the packets are read for.

use skysieve::alert::{Field, Survey};

/// What a filter of a few cuts reads.
pub fn ten_numbers(survey: Survey) -> Vec<Field> {
    let paths: &[&str] = match survey {
        Survey::Ztf => &[
            "candidate.rb",
            "candidate.drb",
            "candidate.classtar",
            "candidate.jd",
            "candidate.jdstarthist",
            "candidate.magpsf",
            "snn_sn_vs_all",
            "snn_snia_vs_nonia",
            "rf_snia_vs_nonia",
            "rf_kn_vs_nonkn",
        ],
        Survey::Lsst => &[
            "diaSource.psfFlux",
            "diaSource.psfFluxErr",
            "diaSource.ra",
            "diaSource.dec",
            "diaSource.snr",
            "diaSource.midpointMjdTai",
            "diaSource.reliability",
            "misc.firstDiaSourceMjdTaiFink",
            "xm.mangrove_lum_dist",
            "clf.snnSnVsOthers_score",
        ],
    };
    paths.iter().map(|path| field(path, "f64")).collect()
}

/// The columns of the history, as they stand in the packet.
pub fn lists(survey: Survey) -> Vec<Field> {
    let paths: &[(&str, &str)] = match survey {
        Survey::Ztf => &[
            ("prv_candidates[].jd", "list<f64>"),
            ("prv_candidates[].fid", "list<i64>"),
            ("prv_candidates[].magpsf", "list<f64>"),
            ("prv_candidates[].sigmapsf", "list<f64>"),
        ],
        Survey::Lsst => &[
            ("prvDiaSources[].midpointMjdTai", "list<f64>"),
            ("prvDiaSources[].psfFlux", "list<f64>"),
            ("prvDiaSources[].psfFluxErr", "list<f64>"),
            ("prvDiaForcedSources[].midpointMjdTai", "list<f64>"),
            ("prvDiaForcedSources[].psfFlux", "list<f64>"),
            ("prvDiaForcedSources[].psfFluxErr", "list<f64>"),
        ],
    };
    paths.iter().map(|(path, ty)| field(path, ty)).collect()
}

/// The light curve of both surveys: sorted, in UTC and microjansky.
pub fn light_curve() -> Vec<Field> {
    ["mjd", "flux", "flux_err"]
        .map(|column| field(&format!("alert.lightcurve.{column}"), "list<f64>"))
        .into()
}

fn field(path: &str, ty: &str) -> Field {
    Field {
        path: path.to_owned(),
        ty: ty.parse().expect("a type of the contract"),
        optional: false,
        survey: None,
        late: false,
    }
}
