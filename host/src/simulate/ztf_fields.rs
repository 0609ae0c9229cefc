//! The fields of a ZTF packet as Fink distributes it (ZTF 4.02 without forced photometry, Fink 4.1).

use super::schema::Type::{Boolean, Bytes, Double, Float, Int, Long, Map, String as Text};
use super::schema::{Field, Run, list, nested, push};

/// What `candidate` and `prv_candidates` have in common, up to the nearest reference source.
const MEASUREMENT: &[Run] = &[
    (Double, "jd"),
    (Int, "fid"),
    (Long, "pid"),
    (Float, "diffmaglim"),
    (Text, "pdiffimfilename programpi"),
    (Int, "programid"),
    (Long, "candid"),
    (Text, "isdiffpos"),
    (Long, "tblid"),
    (Int, "nid rcid field"),
    (Float, "xpos ypos"),
    (Double, "ra dec"),
    (
        Float,
        "magpsf sigmapsf chipsf magap sigmagap distnr magnr sigmagnr chinr sharpnr sky magdiff",
    ),
    (
        Float,
        "fwhm classtar mindtoedge magfromlim seeratio aimage bimage aimagerat bimagerat elong",
    ),
    (Int, "nneg nbad"),
    (Float, "rb ssdistnr ssmagnr"),
    (Text, "ssnamenr"),
    (Float, "sumrat magapbig sigmagapbig"),
    (Double, "ranr decnr"),
];

const CANDIDATE: &[Run] = &[
    (Float, "sgmag1 srmag1 simag1 szmag1 sgscore1 distpsnr1"),
    (Int, "ndethist ncovhist"),
    (Double, "jdstarthist jdendhist scorr"),
    (Int, "tooflag"),
    (Long, "objectidps1 objectidps2"),
    (Float, "sgmag2 srmag2 simag2 szmag2 sgscore2 distpsnr2"),
    (Long, "objectidps3"),
    (Float, "sgmag3 srmag3 simag3 szmag3 sgscore3 distpsnr3"),
    (Int, "nmtchps"),
    (Long, "rfid"),
    (Double, "jdstartref jdendref"),
    (Int, "nframesref"),
    (Text, "rbversion"),
    (
        Float,
        "dsnrms ssnrms dsdiff magzpsci magzpsciunc magzpscirms",
    ),
    (Int, "nmatches"),
    (Float, "clrcoeff clrcounc zpclrcov zpmed clrmed clrrms"),
    (
        Float,
        "neargaia neargaiabright maggaia maggaiabright exptime drb",
    ),
    (Text, "drbversion"),
];

const HISTORY: &[Run] = &[
    (Double, "scorr"),
    (Float, "magzpsci magzpsciunc magzpscirms clrcoeff clrcounc"),
    (Text, "rbversion"),
];

const CUTOUT: &[Run] = &[(Text, "fileName"), (Bytes, "stampData")];

/// The light-curve features of one band, which LSST has too.
pub const FEATURES: &[Run] = &[
    (
        Double,
        "mean weighted_mean standard_deviation median amplitude beyond_1_std cusum",
    ),
    (
        Double,
        "inter_percentile_range_10 kurtosis linear_trend linear_trend_sigma",
    ),
    (
        Double,
        "linear_trend_noise linear_fit_slope linear_fit_slope_sigma linear_fit_reduced_chi2",
    ),
    (
        Double,
        "magnitude_percentage_ratio_40_5 magnitude_percentage_ratio_20_10 maximum_slope",
    ),
    (
        Double,
        "median_absolute_deviation median_buffer_range_percentage_10 percent_amplitude",
    ),
    (
        Double,
        "mean_variance anderson_darling_normal chi2 skew stetson_K",
    ),
];

/// The anomaly scores, the public model first.
pub const ANOMALY_SCORES: &str = "anomaly_score anomaly_score_beta anomaly_score_anais \
    anomaly_score_emille anomaly_score_julien anomaly_score_maria anomaly_score_emille_30days \
    anomaly_score_varvara";

/// The fields of a packet in the order in which Fink writes them.
pub fn packet() -> Vec<Field> {
    let mut fields = Vec::new();
    push(
        &mut fields,
        &[(Text, "schemavsn publisher objectId"), (Long, "candid")],
    );
    fields.push(nested("candidate", &[MEASUREMENT, CANDIDATE].concat()));
    fields.push(list("prv_candidates", &[MEASUREMENT, HISTORY].concat()));
    for cutout in ["cutoutScience", "cutoutTemplate", "cutoutDifference"] {
        fields.push(nested(cutout, CUTOUT));
    }
    push(
        &mut fields,
        &[
            (Text, "brokerIngestTimestamp brokerStartProcessTimestamp"),
            (
                Text,
                "fink_broker_version fink_science_version cdsxmatch tns DR3Name",
            ),
            (Float, "Plx e_Plx"),
            (Int, "gaiaVarFlag"),
            (Text, "gaiaClass vsx"),
            (Int, "spicy_id"),
            (Text, "spicy_class gcvs x3hsp x4lac"),
            (Map(Box::new(Text)), "mangrove"),
            (Int, "roid"),
            (
                Double,
                "rf_snia_vs_nonia snn_snia_vs_nonia snn_sn_vs_all mulens",
            ),
            (Int, "nalerthist"),
            (Double, "rf_kn_vs_nonkn"),
            (Double, ANOMALY_SCORES),
        ],
    );
    fields.push(nested("lc_features_g", FEATURES));
    fields.push(nested("lc_features_r", FEATURES));
    push(
        &mut fields,
        &[
            (Double, "jd_first_real_det jdstarthist_dt"),
            (
                Double,
                "mag_rate sigma_rate lower_rate upper_rate delta_time",
            ),
            (Boolean, "from_upper"),
            (Map(Box::new(Float)), "blazar_stats"),
            (Boolean, "is_transient"),
            (Double, "slsn_score"),
            (Text, "brokerEndProcessTimestamp"),
        ],
    );
    fields
}
