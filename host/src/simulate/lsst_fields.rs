//! The fields of an LSST packet as Fink distributes it (lsst.v10_0, Fink 4.1).

use super::schema::Type::{
    Boolean, Bytes, Double, Float, Int, Long, Map, Record as Struct, String as Text,
};
use super::schema::{Field, Record, Run, list, nested, nested_name, push, record};
use super::ztf_fields::FEATURES;

/// The passbands in the survey's own order.
const BANDS: [char; 6] = ['u', 'g', 'r', 'i', 'z', 'y'];

const DIA_SOURCE: &[Run] = &[
    (Long, "diaSourceId visit"),
    (Int, "detector"),
    (Long, "diaObjectId ssObjectId parentDiaSourceId"),
    (Double, "midpointMjdTai ra"),
    (Float, "raErr"),
    (Double, "dec"),
    (Float, "decErr ra_dec_Cov x xErr y yErr"),
    (Boolean, "centroid_flag"),
    (Float, "apFlux apFluxErr"),
    (
        Boolean,
        "apFlux_flag apFlux_flag_apertureTruncated isNegative",
    ),
    (Float, "snr psfFlux psfFluxErr psfLnL psfChi2"),
    (Int, "psfNdata"),
    (
        Boolean,
        "psfFlux_flag psfFlux_flag_edge psfFlux_flag_noGoodPixels",
    ),
    (Float, "trailFlux trailFluxErr"),
    (Double, "trailRa"),
    (Float, "trailRaErr"),
    (Double, "trailDec"),
    (
        Float,
        "trailDecErr trailLength trailLengthErr trailAngle trailAngleErr trailChi2",
    ),
    (Int, "trailNdata"),
    (Boolean, "trail_flag_edge"),
    (
        Float,
        "dipoleMeanFlux dipoleMeanFluxErr dipoleFluxDiff dipoleFluxDiffErr",
    ),
    (Float, "dipoleLength dipoleAngle dipoleChi2"),
    (Int, "dipoleNdata"),
    (Float, "scienceFlux scienceFluxErr"),
    (
        Boolean,
        "forced_PsfFlux_flag forced_PsfFlux_flag_edge forced_PsfFlux_flag_noGoodPixels",
    ),
    (
        Float,
        "templateFlux templateFluxErr ixx iyy ixy ixxPSF iyyPSF ixyPSF",
    ),
    (
        Boolean,
        "shape_flag shape_flag_no_pixels shape_flag_not_contained shape_flag_parent_source",
    ),
    (Float, "extendedness reliability"),
    (Text, "band"),
    (Boolean, "isDipole dipoleFitAttempted"),
    (Double, "timeProcessedMjdTai timeWithdrawnMjdTai"),
    (Int, "bboxSize"),
    (Boolean, PIXEL_FLAGS),
    (Boolean, "glint_trail"),
];

/// What is wrong with the pixels under a source.
pub const PIXEL_FLAGS: &str = "pixelFlags pixelFlags_bad pixelFlags_cr pixelFlags_crCenter \
    pixelFlags_edge pixelFlags_nodata pixelFlags_nodataCenter pixelFlags_interpolated \
    pixelFlags_interpolatedCenter pixelFlags_offimage pixelFlags_saturated \
    pixelFlags_saturatedCenter pixelFlags_suspect pixelFlags_suspectCenter pixelFlags_streak \
    pixelFlags_streakCenter pixelFlags_injected pixelFlags_injectedCenter \
    pixelFlags_injected_template pixelFlags_injected_templateCenter";

const FORCED_SOURCE: &[Run] = &[
    (Long, "diaForcedSourceId diaObjectId"),
    (Double, "ra dec"),
    (Long, "visit"),
    (Int, "detector"),
    (Float, "psfFlux psfFluxErr"),
    (Double, "midpointMjdTai"),
    (Float, "scienceFlux scienceFluxErr"),
    (Text, "band"),
    (Double, "timeProcessedMjdTai timeWithdrawnMjdTai"),
];

const SS_SOURCE: &[Run] = &[
    (Long, "diaSourceId ssObjectId"),
    (Text, "designation"),
    (Double, "eclLambda eclBeta galLon galLat"),
    (
        Float,
        "elongation phaseAngle topoRange topoRangeRate helioRange helioRangeRate",
    ),
    (Double, "ephRa ephDec"),
    (Float, "ephVmag ephRate ephRateRa ephRateDec ephOffset"),
    (Double, "ephOffsetRa ephOffsetDec"),
    (Float, "ephOffsetAlongTrack ephOffsetCrossTrack"),
    (
        Float,
        "helio_x helio_y helio_z helio_vx helio_vy helio_vz helio_vtot",
    ),
    (
        Float,
        "topo_x topo_y topo_z topo_vx topo_vy topo_vz topo_vtot",
    ),
    (Int, "diaDistanceRank"),
];

const MPC_ORBITS: &[Run] = &[
    (Int, "id"),
    (Text, "designation packed_primary_provisional_designation"),
    (
        Text,
        "unpacked_primary_provisional_designation mpc_orb_jsonb",
    ),
    (Long, "created_at updated_at"),
    (Int, "orbit_type_int u_param nopp"),
    (Double, "arc_length_total arc_length_sel"),
    (Int, "nobs_total nobs_total_sel"),
    (Double, ORBIT_ELEMENTS),
    (
        Double,
        "a_unc q_unc e_unc i_unc node_unc argperi_unc peri_time_unc yarkovsky_unc srp_unc",
    ),
    (
        Double,
        "a1_unc a2_unc a3_unc dt_unc mean_anomaly_unc period_unc mean_motion_unc",
    ),
    (
        Double,
        "epoch_mjd h g not_normalized_rms normalized_rms earth_moid",
    ),
    (Long, "fitting_datetime"),
];

/// The elements of an orbit, each of which has an `_unc` too.
pub const ORBIT_ELEMENTS: &str = "a q e i node argperi peri_time yarkovsky srp a1 a2 a3 dt \
    mean_anomaly period mean_motion";

const CLF: &[Run] = &[
    (Float, "snnSnVsOthers_score"),
    (Int, "cats_class"),
    (Float, "cats_score"),
    (Double, "earlySNIa_score"),
    (Float, "elephant_kstest_science elephant_kstest_template"),
];

const XM: &[Run] = &[
    (Text, "simbad_otype gaiadr3_DR3Name"),
    (Float, "gaiadr3_Plx gaiadr3_e_Plx"),
    (Int, "gaiadr3_VarFlag"),
    (Float, "legacydr8_zphot legacydr8_e_zphot legacydr8_pstar"),
    (Int, "legacydr8_fqual"),
    (Text, "tns_fullname tns_type"),
    (Float, "tns_redshift"),
    (Text, "gcvs_type x3hsp_type x4lac_type vsx_Type spicy_class"),
    (Text, "mangrove_HyperLEDA_name mangrove_2MASS_name"),
    (Float, "mangrove_lum_dist mangrove_ang_dist"),
];

const PRED: &[Run] = &[
    (Boolean, "is_sso is_first is_cataloged"),
    (Int, "main_label_classifier"),
    (Text, "main_label_crossmatch"),
];

/// The fields of a packet in the order in which Fink writes them.
pub fn packet() -> Vec<Field> {
    let mut fields = Vec::new();
    push(
        &mut fields,
        &[
            (Long, "diaSourceId"),
            (Text, "observation_reason target_name"),
        ],
    );
    fields.push(nested("diaSource", DIA_SOURCE));
    fields.push(list("prvDiaSources", DIA_SOURCE));
    fields.push(list("prvDiaForcedSources", FORCED_SOURCE));
    fields.push(dia_object());
    fields.push(nested("ssSource", SS_SOURCE));
    fields.push(nested("mpc_orbits", MPC_ORBITS));
    // Records inside a map carry the bare name.
    let features = record("topLevelRecord".into(), FEATURES);
    push(
        &mut fields,
        &[
            (Bytes, "cutoutDifference cutoutScience cutoutTemplate"),
            (Double, "brokerIngestMjd"),
            (Text, "lsst_schema_version brokerStartProcessTimestamp"),
            (Text, "fink_broker_version fink_science_version publisher"),
            (Map(Box::new(Struct(features))), "lc_features"),
        ],
    );
    fields.push(nested("clf", CLF));
    fields.push(nested("xm", XM));
    fields.push(nested("pred", PRED));
    fields.push(nested("misc", &[(Double, "firstDiaSourceMjdTaiFink")]));
    push(&mut fields, &[(Text, "brokerEndProcessTimestamp")]);
    fields
}

/// The object's summary: the same statistics for each band, in three blocks.
fn dia_object() -> Field {
    let mut fields = Vec::new();
    push(
        &mut fields,
        &[
            (Long, "diaObjectId"),
            (Double, "validityStartMjdTai ra"),
            (Float, "raErr"),
            (Double, "dec"),
            (Float, "decErr ra_dec_Cov"),
        ],
    );
    let blocks: [&[Run]; 3] = [
        &[
            (Float, "psfFluxMean psfFluxMeanErr psfFluxSigma"),
            (Int, "psfFluxNdata"),
            (Float, "fpFluxMean fpFluxMeanErr"),
        ],
        &[(Float, "scienceFluxMean scienceFluxMeanErr")],
        &[(
            Float,
            "psfFluxMin psfFluxMax psfFluxMaxSlope psfFluxErrMean",
        )],
    ];
    for block in blocks {
        for band in BANDS {
            let mut of_band = Vec::new();
            push(&mut of_band, block);
            fields.extend(of_band.into_iter().map(|field| Field {
                name: format!("{band}_{}", field.name),
                ty: field.ty,
            }));
        }
    }
    push(
        &mut fields,
        &[
            (Double, "firstDiaSourceMjdTai lastDiaSourceMjdTai"),
            (Int, "nDiaSources"),
        ],
    );
    Field {
        name: "diaObject".into(),
        ty: Struct(std::sync::Arc::new(Record {
            name: nested_name("diaObject"),
            fields,
        })),
    }
}
