//! The simulation as a whole: what a consumer sees of it.

use std::collections::{HashMap, HashSet};

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Avro;
use sha2::{Digest, Sha256};

use super::*;
use crate::alert::Survey;

const BOTH: [Survey; 2] = [Survey::Ztf, Survey::Lsst];

fn config(survey: Survey, seed: u64) -> SimulateConfig {
    SimulateConfig {
        objects: 22,
        cutouts: Cutouts::Small,
        ..SimulateConfig::new(survey, seed)
    }
}

fn alerts(survey: Survey, count: usize) -> Vec<Alert> {
    let mut simulator = Simulator::new(config(survey, 5));
    (0..count).map(|_| simulator.next_alert()).collect()
}

fn of_kind(survey: Survey, kind: Kind, count: usize) -> Vec<Alert> {
    let mix = Mix::only(kind);
    let mut simulator = Simulator::new(SimulateConfig {
        mix,
        objects: 3,
        ..config(survey, 5)
    });
    (0..count).map(|_| simulator.next_alert()).collect()
}

fn number(alert: &Alert, path: &str) -> f64 {
    let value = alert
        .packet
        .get(path)
        .unwrap_or_else(|error| panic!("{error}"));
    value
        .as_f64()
        .unwrap_or_else(|| panic!("`{path}` is {value:?}"))
}

fn text<'a>(alert: &'a Alert, path: &str) -> &'a str {
    alert.packet.get(path).unwrap().as_str().unwrap()
}

fn flag(alert: &Alert, path: &str) -> bool {
    alert.packet.get(path).unwrap().as_bool().unwrap()
}

fn is_null(alert: &Alert, path: &str) -> bool {
    *alert.packet.get(path).unwrap() == Value::Null
}

fn parsed(survey: Survey) -> apache_avro::Schema {
    let key = Schema::of(survey).key();
    apache_avro::Schema::parse_str(std::str::from_utf8(&key).unwrap()).unwrap()
}

/// Reads the whole of the bytes.
fn decode(schema: &apache_avro::Schema, bytes: &[u8]) -> Avro {
    let reader = GenericDatumReader::builder(schema).build().unwrap();
    let mut rest = bytes;
    let value = reader.read_value(&mut rest).unwrap();
    assert!(rest.is_empty(), "{} bytes left", rest.len());
    value
}

/// Compares a decoded value with the tree that was written.
fn same(ours: &Value, theirs: &Avro, path: &str) {
    match (ours, theirs) {
        (Value::Record(_), Avro::Record(_)) | (_, Avro::Union(..)) => {}
        (ours, theirs) => assert!(equal(ours, theirs), "{path}: {ours:?} but {theirs:?}"),
    }
    match (ours, theirs) {
        (ours, Avro::Union(branch, inner)) => {
            assert_eq!(*branch == 1, *ours == Value::Null, "{path}");
            if *branch == 0 {
                same(ours, inner, path);
            }
        }
        (Value::Record(ours), Avro::Record(theirs)) => {
            assert_eq!(ours.len(), theirs.len(), "{path}");
            for (ours, (name, theirs)) in ours.iter().zip(theirs) {
                same(ours, theirs, &format!("{path}.{name}"));
            }
        }
        _ => {}
    }
}

fn equal(ours: &Value, theirs: &Avro) -> bool {
    match (ours, theirs) {
        (Value::Boolean(a), Avro::Boolean(b)) => a == b,
        (Value::Int(a), Avro::Int(b)) => a == b,
        (Value::Long(a), Avro::Long(b)) => a == b,
        (Value::Float(a), Avro::Float(b)) => a.to_bits() == b.to_bits(),
        (Value::Double(a), Avro::Double(b)) => a.to_bits() == b.to_bits(),
        (Value::String(a), Avro::String(b)) => a == b,
        (Value::Bytes(a), Avro::Bytes(b)) => a == b,
        (Value::List(a), Avro::Array(b)) => {
            a.iter().zip(b).for_each(|(a, b)| same(a, b, "[]"));
            a.len() == b.len()
        }
        (Value::Map(a), Avro::Map(b)) => {
            a.iter()
                .for_each(|(key, a)| same(a, &b[&key.to_string()], key));
            a.len() == b.len()
        }
        _ => false,
    }
}

#[test]
fn every_message_decodes_with_apache_avro_to_the_values_written() {
    for survey in BOTH {
        let schema = parsed(survey);
        let names = Schema::of(survey).record.fields.iter();
        for alert in alerts(survey, 120) {
            let message = alert.message();
            let Avro::Record(fields) = decode(&schema, &message.value) else {
                panic!("no record")
            };
            for (field, (name, theirs)) in names.clone().zip(&fields) {
                assert_eq!(&field.name, name);
                same(alert.packet.get(name).unwrap(), theirs, name);
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    for survey in BOTH {
        let digest = |seed| {
            let mut hash = Sha256::new();
            for message in Simulator::new(config(survey, seed)).take(60) {
                hash.update(&message.topic);
                hash.update(&message.value);
                hash.update(message.timestamp_ms.to_le_bytes());
            }
            format!("{:x}", hash.finalize())
        };
        assert_eq!(digest(1), digest(1));
        assert_ne!(digest(1), digest(2));
    }
}

#[test]
fn alerts_come_in_time_with_ids_of_their_own() {
    for survey in BOTH {
        let alerts = alerts(survey, 600);
        let times: Vec<f64> = alerts.iter().map(|alert| alert.truth.mjd_utc).collect();
        assert!(times.is_sorted());
        assert!((61_100.0..61_104.0).contains(&times[0]), "{}", times[0]);
        let ids: HashSet<i64> = alerts.iter().map(|alert| alert.truth.alert_id).collect();
        assert_eq!(ids.len(), alerts.len());
        assert!(ids.iter().all(|id| *id > 1 << 53));
        let kinds: HashSet<Kind> = alerts.iter().map(|alert| alert.truth.kind).collect();
        assert_eq!(kinds.len(), Kind::ALL.len(), "{kinds:?}");
    }
}

/// Every measurement that an alert reported must be in the later alerts of its object, unchanged.
#[test]
fn ztf_history_repeats_earlier_alerts_rounded() {
    let mut reported: HashMap<i64, Alert> = HashMap::new();
    let mut compared = 0;
    for alert in alerts(Survey::Ztf, 500) {
        for index in 0..alert.packet.len_of("prv_candidates") {
            let at = |field: &str| format!("prv_candidates[{index}].{field}");
            if is_null(&alert, &at("candid")) {
                assert!(is_null(&alert, &at("magpsf")) && is_null(&alert, &at("ra")));
                assert!(number(&alert, &at("diffmaglim")) > 15.0);
                continue;
            }
            let candid = alert.packet.get(&at("candid")).unwrap().as_i64().unwrap();
            let Some(earlier) = reported.get(&candid) else {
                continue;
            };
            assert_eq!(earlier.truth.object, alert.truth.object);
            assert_eq!(number(&alert, &at("jd")), number(earlier, "candidate.jd"));
            assert_eq!(number(&alert, &at("ra")), number(earlier, "candidate.ra"));
            let exact = number(earlier, "candidate.magpsf");
            let rounded = number(&alert, &at("magpsf"));
            assert!((exact - rounded).abs() < 6e-5, "{exact} {rounded}");
            assert!(
                (rounded * 1e4 - (rounded * 1e4).round()).abs() < 0.02,
                "{rounded}"
            );
            assert_eq!(
                text(&alert, &at("isdiffpos")),
                text(earlier, "candidate.isdiffpos")
            );
            compared += 1;
        }
        reported.insert(alert.truth.alert_id, alert);
    }
    assert!(compared > 500, "{compared}");
}

#[test]
fn lsst_history_repeats_earlier_alerts_and_their_forced_photometry() {
    let mut reported: HashMap<i64, Alert> = HashMap::new();
    let mut forced: HashMap<(u64, i64), f64> = HashMap::new();
    let (mut compared, mut repeated, mut negative) = (0, 0, 0);
    for alert in alerts(Survey::Lsst, 300) {
        let object = alert.truth.object;
        for index in 0..alert.packet.len_of("prvDiaSources") {
            let id = format!("prvDiaSources[{index}].diaSourceId");
            let id = alert.packet.get(&id).unwrap().as_i64().unwrap();
            let Some(earlier) = reported.get(&id) else {
                continue;
            };
            for field in [
                "psfFlux",
                "psfFluxErr",
                "midpointMjdTai",
                "ra",
                "reliability",
                "ixx",
            ] {
                let past = number(&alert, &format!("prvDiaSources[{index}].{field}"));
                assert_eq!(past, number(earlier, &format!("diaSource.{field}")));
            }
            compared += 1;
        }
        for index in 0..alert.packet.len_of("prvDiaForcedSources") {
            let at = |field: &str| format!("prvDiaForcedSources[{index}].{field}");
            let id = alert
                .packet
                .get(&at("diaForcedSourceId"))
                .unwrap()
                .as_i64()
                .unwrap();
            let flux = number(&alert, &at("psfFlux"));
            negative += usize::from(flux < 0.0);
            if let Some(before) = forced.insert((object, id), flux) {
                assert_eq!(before, flux);
                repeated += 1;
            }
        }
        reported.insert(alert.truth.alert_id, alert);
    }
    assert!(
        compared > 300 && repeated > 300 && negative > 300,
        "{compared} {repeated} {negative}"
    );
}

#[test]
fn every_topic_is_announced() {
    for survey in [Survey::Ztf, Survey::Lsst] {
        let announced = topics(survey);
        for alert in alerts(survey, 1_000) {
            assert!(announced.contains(&alert.topic.as_str()), "{}", alert.topic);
        }
    }
}

#[test]
fn ztf_kinds_look_like_themselves() {
    for alert in of_kind(Survey::Ztf, Kind::Asteroid, 20) {
        assert_eq!(number(&alert, "roid"), 3.0);
        assert_ne!(text(&alert, "candidate.ssnamenr"), "null");
        assert!(is_null(&alert, "prv_candidates"));
        assert_eq!(alert.topic, "fink_sso_ztf_candidates_ztf");
    }
    let stars = of_kind(Survey::Ztf, Kind::Variable, 60);
    let signs: HashSet<&str> = stars
        .iter()
        .map(|alert| text(alert, "candidate.isdiffpos"))
        .collect();
    assert_eq!(signs, HashSet::from(["t", "f"]));
    assert!(
        stars
            .iter()
            .any(|alert| text(alert, "cdsxmatch") == "TTau*_Candidate")
    );
    for alert in of_kind(Survey::Ztf, Kind::Artefact, 20) {
        assert!(number(&alert, "candidate.drb") < 0.5 && number(&alert, "candidate.rb") < 0.7);
    }
    for alert in alerts(Survey::Ztf, 300) {
        assert_eq!(text(&alert, "objectId"), alert.truth.object_id);
        assert_eq!(alert.truth.object_id.len(), 12);
        let flux = 10f64.powf(0.4 * (31.4 - number(&alert, "candidate.magpsf")));
        assert!((flux / alert.truth.flux.abs() - 1.0).abs() < 1e-5);
        assert_eq!(
            text(&alert, "candidate.isdiffpos") == "t",
            alert.truth.flux > 0.0
        );
        assert!(number(&alert, "candidate.rb") >= 0.55 && number(&alert, "candidate.nbad") == 0.0);
    }
}

#[test]
fn lsst_kinds_look_like_themselves() {
    for alert in of_kind(Survey::Lsst, Kind::Asteroid, 20) {
        assert!(flag(&alert, "pred.is_sso") && is_null(&alert, "pred.is_first"));
        assert_eq!(number(&alert, "diaSource.diaObjectId"), 0.0);
        assert!(
            is_null(&alert, "diaObject.diaObjectId") && is_null(&alert, "diaObject.nDiaSources")
        );
        assert!(is_null(&alert, "prvDiaSources") && is_null(&alert, "prvDiaForcedSources"));
        assert_eq!(text(&alert, "ssSource.designation"), alert.truth.object_id);
        assert_eq!(
            text(&alert, "mpc_orbits.designation"),
            alert.truth.object_id
        );
        let document = text(&alert, "mpc_orbits.mpc_orb_jsonb");
        assert!((5000..7000).contains(&document.len()), "{}", document.len());
        assert!(serde_json::from_str::<serde_json::Value>(document).is_ok());
    }
    for alert in of_kind(Survey::Lsst, Kind::Artefact, 10) {
        assert!(
            flag(&alert, "diaSource.isDipole") && number(&alert, "diaSource.reliability") < 0.5
        );
    }
    for alert in alerts(Survey::Lsst, 200) {
        let moving = alert.truth.kind == Kind::Asteroid;
        assert_eq!(is_null(&alert, "ssSource.ssObjectId"), !moving);
        let flux = number(&alert, "diaSource.psfFlux");
        assert_eq!(flux, f64::from(alert.truth.flux as f32));
        assert_eq!(flag(&alert, "diaSource.isNegative"), flux < 0.0);
        if !moving {
            assert_eq!(number(&alert, "diaSource.ssObjectId"), 0.0);
            let count = number(&alert, "diaObject.nDiaSources");
            // Sources older than a year have left the packet.
            assert!(count >= 1.0 + alert.packet.len_of("prvDiaSources") as f64);
            assert_eq!(flag(&alert, "pred.is_first"), count == 1.0);
            let band = alert.truth.passband.letter();
            assert!(number(&alert, &format!("diaObject.{band}_psfFluxNdata")) >= 1.0);
            let mean = number(&alert, &format!("lc_features.{band}.mean"));
            let lowest = number(&alert, &format!("diaObject.{band}_psfFluxMin"));
            assert!(mean >= lowest - 1e-3 * lowest.abs());
        }
    }
}

/// The cuts of Fink's filters, as far as they concern what is simulated.
#[test]
fn alerts_pass_the_cut_of_their_topic() {
    let mut topics = HashSet::new();
    for survey in BOTH {
        for alert in alerts(survey, 700) {
            let passes = match survey {
                Survey::Ztf => passes_ztf(&alert),
                Survey::Lsst => passes_lsst(&alert),
            };
            assert!(passes, "{} {:?}", alert.topic, alert.truth);
            topics.insert(alert.topic);
        }
    }
    for topic in [
        "fink_sn_candidates_ztf",
        "fink_early_sn_candidates_ztf",
        "fink_kn_candidates_ztf",
        "fink_sso_ztf_candidates_ztf",
        "fink_unknowns_ztf",
        "fink_extragalactic_new_candidate_lsst",
        "fink_sn_near_galaxy_candidate_lsst",
        "fink_fast_transient_gvom_lsst",
        "fink_is_solar_system_lsst",
        "fink_in_simbad_lsst",
    ] {
        assert!(topics.contains(topic), "no alert in {topic}: {topics:?}");
    }
}

fn passes_ztf(alert: &Alert) -> bool {
    let is = |path: &str| number(alert, path);
    let age = is("candidate.jd") - is("candidate.jdstarthist");
    let extragalactic = ["Unknown", "Galaxy"].contains(&text(alert, "cdsxmatch"));
    let good = is("candidate.drb") > 0.5 && is("candidate.classtar") > 0.4;
    let supernova = is("snn_snia_vs_nonia") > 0.5 || is("snn_sn_vs_all") > 0.5;
    let count = is("candidate.ndethist");
    match alert.topic.as_str() {
        "fink_sn_candidates_ztf" => {
            supernova && extragalactic && good && age <= 90.0 && count > 1.0
        }
        "fink_early_sn_candidates_ztf" => {
            supernova && extragalactic && good && count <= 20.0 && is("rf_snia_vs_nonia") > 0.5
        }
        "fink_kn_candidates_ztf" => {
            is("rf_kn_vs_nonkn") > 0.5 && good && age < 5.0 && count < 20.0 && extragalactic
        }
        "fink_sso_ztf_candidates_ztf" => is("roid") == 3.0,
        "fink_vra_ztf" => {
            text(alert, "cdsxmatch") == "Unknown"
                && is("candidate.magpsf") > 19.5
                && is("candidate.drb") > 0.5
        }
        "fink_unknowns_ztf" => extragalactic && is("roid") == 0.0 && !supernova,
        "fink_yso_candidates_ztf" => {
            ["YSO_Candidate", "TTau*_Candidate"].contains(&text(alert, "cdsxmatch"))
        }
        _ => false,
    }
}

fn passes_lsst(alert: &Alert) -> bool {
    let is = |path: &str| number(alert, path);
    let sso = flag(alert, "pred.is_sso");
    let good = !flag(alert, "diaSource.isDipole")
        && is("diaSource.psfFlux") > 0.0
        && is("diaSource.psfFlux") / is("diaSource.psfFluxErr") >= 6.0 - 1e-6;
    let age = is("diaSource.midpointMjdTai") - is("misc.firstDiaSourceMjdTaiFink");
    let hosted = || is("xm.legacydr8_zphot") > 0.0 && is_null(alert, "xm.gaiadr3_DR3Name");
    let magnitude = 31.4 - 2.5 * is("diaSource.psfFlux").log10();
    let band = alert.truth.passband.letter();
    match alert.topic.as_str() {
        "fink_is_solar_system_lsst" => sso,
        "fink_in_simbad_lsst" => !is_null(alert, "xm.simbad_otype"),
        "fink_remove_unlikely_transients_lsst" => {
            !sso && !good && is("diaSource.snr") > 10.0 && is("diaObject.nDiaSources") >= 2.0
        }
        "fink_in_tns_lsst" => !is_null(alert, "xm.tns_fullname"),
        "fink_sn_near_galaxy_candidate_lsst" => {
            good && hosted() && is("diaObject.nDiaSources") > 5.0
        }
        "fink_extragalactic_svom_lsst" => good && hosted() && age < 5.0 && magnitude < 24.0,
        "fink_extragalactic_new_candidate_lsst" => {
            let points = is(&format!("diaObject.{band}_psfFluxNdata"));
            good && hosted() && age < 5.0 && points >= 2.0 && magnitude < 24.0
        }
        "fink_fast_transient_gvom_lsst" => good && age < 5.0 && magnitude < 21.0,
        _ => false,
    }
}

#[test]
fn sizes_are_those_of_the_surveys() {
    let sizes = |config: SimulateConfig| -> Vec<usize> {
        Simulator::new(config)
            .take(40)
            .map(|message| message.value.len())
            .collect()
    };
    for size in sizes(SimulateConfig::new(Survey::Ztf, 3)) {
        assert!((35_000..90_000).contains(&size), "{size}");
    }
    for size in sizes(SimulateConfig::new(Survey::Lsst, 3)) {
        assert!((103_000..620_000).contains(&size), "{size}");
    }
    let dense = SimulateConfig {
        objects: 2,
        mix: Mix::only(Kind::Variable),
        history: History::Dense,
        ..SimulateConfig::new(Survey::Lsst, 3)
    };
    let largest = sizes(dense).into_iter().max().unwrap();
    assert!((450_000..650_000).contains(&largest), "{largest}");
}

#[test]
fn history_is_as_long_as_asked_for() {
    for (survey, list) in [
        (Survey::Ztf, "prv_candidates"),
        (Survey::Lsst, "prvDiaForcedSources"),
    ] {
        for points in [0, 15, 200] {
            let mut simulator = Simulator::new(SimulateConfig {
                history: History::Points(points),
                mix: Mix::only(Kind::Variable),
                objects: 2,
                ..config(survey, 3)
            });
            let lengths: Vec<usize> = (0..30)
                .map(|_| simulator.next_alert().packet.len_of(list))
                .collect();
            let largest = *lengths.iter().max().unwrap();
            assert!(
                largest <= points && largest * 10 >= points * 8,
                "{points}: {lengths:?}"
            );
        }
    }
}

#[test]
fn an_alert_can_be_changed_by_path() {
    let alert = Alert::typical(Survey::Ztf, Kind::Supernova, 1);
    assert!(alert.packet.len_of("prv_candidates") > 3);
    let changed = alert
        .with("candidate.drb", 0.4)
        .and_then(|alert| alert.with("candidate.fid", 2_i64))
        .and_then(|alert| alert.with("prv_candidates[].magpsf", Value::Null))
        .and_then(|alert| alert.with("prv_candidates[1].jd", 2_461_100.5))
        .and_then(|alert| alert.with("mangrove.lum_dist", "12.5"))
        .and_then(|alert| alert.with("lc_features_r", Value::Null))
        .unwrap();
    assert_eq!(number(&changed, "candidate.drb"), f64::from(0.4_f32));
    assert_eq!(number(&changed, "prv_candidates[1].jd"), 2_461_100.5);
    assert!(is_null(&changed, "prv_candidates[0].magpsf"));
    assert!(is_null(&changed, "lc_features_r.mean"));
    assert_eq!(text(&changed, "mangrove.lum_dist"), "12.5");
    let error =
        |path: &str, value: Value| changed.clone().with(path, value).unwrap_err().to_string();
    assert!(error("candidate.nothing", Value::Null).contains("no field `nothing`"));
    assert!(error("candidate.drb", "x".into()).contains("is a float"));
    assert!(error("candidate.fid", (1_i64 << 40).into()).contains("is a int"));
    assert!(error("prv_candidates[9999].jd", 1.0.into()).contains("no item 9999"));
    assert!(error("prv_candidates.jd", 1.0.into()).contains("leads into a list"));
}

#[test]
fn an_edited_packet_does_not_change_the_object_s_later_packets() {
    let mut simulator = Simulator::new(config(Survey::Ztf, 5));
    let mut untouched = Simulator::new(config(Survey::Ztf, 5));
    for _ in 0..150 {
        let mut alert = simulator.next_alert();
        assert_eq!(
            alert.message().value,
            untouched.next_alert().message().value
        );
        alert.packet.set("prv_candidates[].magpsf", -1.0).unwrap();
    }
}

#[test]
fn each_trouble_befalls_messages() {
    for survey in BOTH {
        let schema = parsed(survey);
        for trouble in Trouble::ALL {
            let troubles = Troubles::none().with(trouble, 0.3).unwrap();
            let simulator = Simulator::new(SimulateConfig {
                troubles,
                ..config(survey, 5)
            });
            let messages: Vec<Message> = simulator.take(250).collect();
            let befallen: Vec<&Message> = messages
                .iter()
                .filter(|message| message.truth.trouble.is_some())
                .collect();
            assert!(
                (25..110).contains(&befallen.len()),
                "{trouble:?} {}",
                befallen.len()
            );
            let ids: HashSet<i64> = messages
                .iter()
                .map(|message| message.truth.alert_id)
                .collect();
            let repeated = messages.len() - ids.len();
            assert_eq!(repeated > 0, trouble == Trouble::Duplicate, "{repeated}");
            let in_order = messages.is_sorted_by_key(|message| message.truth.mjd_utc);
            assert_eq!(
                in_order,
                !matches!(trouble, Trouble::Late | Trouble::Duplicate)
            );
            let clean: HashMap<i64, Message> = Simulator::new(config(survey, 5))
                .take(500)
                .map(|message| (message.truth.alert_id, message))
                .collect();
            for message in befallen {
                let (value, clean) = (&message.value, &clean[&message.truth.alert_id].value);
                match trouble {
                    Trouble::Duplicate | Trouble::Late => assert_eq!(value, clean),
                    Trouble::Truncated => {
                        assert!(value.len() < clean.len() && clean.starts_with(value));
                    }
                    Trouble::Corrupted => {
                        assert!(value.len() == clean.len() && value != clean);
                    }
                    Trouble::Nan | Trouble::NullStruct | Trouble::NegativeFlux => {
                        decode(&schema, value);
                        let already = message.truth.flux < 0.0;
                        assert!(value != clean || already, "{trouble:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn real_messages_of_the_survey_have_the_simulated_shape() {
    for (survey, folder) in [
        (
            Survey::Ztf,
            "fink/devset/ztf_fink/wire/ztf_2026_datatransfer",
        ),
        (
            Survey::Lsst,
            "fink/devset/lsst_fink/wire/lsst_20260310_tutorial",
        ),
    ] {
        let Some(folder) = test_support::shared(folder) else {
            continue;
        };
        let schema = parsed(survey);
        let mut decoded = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "bin") {
                let bytes = std::fs::read(&path).unwrap();
                decode(&schema, &bytes);
                decoded += 1;
            }
        }
        assert!(decoded > 5, "{decoded}");
    }
}

/// The bytes of the first messages, apart from the compressed images: a change of the generator must
/// be meant, since benchmarks and demonstrations are compared over time.
#[test]
fn the_bytes_stay_the_same_for_ever() {
    for (survey, expected) in [
        (Survey::Ztf, "e0fdaf538b8bad31"),
        (Survey::Lsst, "0e42309c1e2791b5"),
    ] {
        let mut hash = Sha256::new();
        for mut alert in alerts(survey, 100) {
            if survey == Survey::Ztf {
                for cutout in ["cutoutScience", "cutoutTemplate", "cutoutDifference"] {
                    alert.packet.set(cutout, Value::Null).unwrap();
                }
            }
            let message = alert.message();
            hash.update(&message.topic);
            hash.update(&message.value);
            hash.update(message.timestamp_ms.to_le_bytes());
        }
        let digest = format!("{:x}", hash.finalize());
        assert_eq!(&digest[..16], expected, "{survey}");
    }
}
