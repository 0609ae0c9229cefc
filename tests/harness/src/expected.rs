//! What should stand in SkyPortal, from the packets' own fields and the filters' verdicts: written
//! down a second time, without the product's decoder, light curves or deliveries.

use std::collections::{BTreeMap, BTreeSet};

use skysieve::alert::Survey;
use skysieve::config::{Config, Save};
use skysieve::simulate::{Alert, Value};

use crate::night::Verdicts;
use crate::rows::{Candidate, Class, Point, Science, millionths};

/// Days; all of the simulated nights have 37 leap seconds.
const TAI_MINUS_UTC: f64 = 37.0 / 86_400.0;

/// SIMBAD's newer spellings of what the Fink taxonomy in SkyPortal has under the older ones.
const OLDER_CLASS: [(&str, &str); 2] = [
    ("TTau*_Candidate", "Candidate_TTau*"),
    ("YSO_Candidate", "Candidate_YSO"),
];

/// A label that a filter gave an object, and the alert's time.
type Labels = BTreeMap<(String, String, String), (f64, String, Option<f64>)>;

/// The rows that the alerts must leave, whatever the order in which they come.
pub fn science(config: &Config, alerts: &[Alert], verdicts: &Verdicts) -> Science {
    let mut science = Science::default();
    let mut points = BTreeMap::<PointKey, Point>::new();
    let mut labels = Labels::new();
    for alert in alerts {
        let key = (alert.topic.clone(), alert.truth.alert_id);
        for (filter, routes) in &verdicts[&key] {
            let (group, filter) = filter.split_once('/').expect("`group/filter`");
            let group = config.groups.iter().find(|g| g.name == group);
            let group = group.expect("a group of the configuration");
            let of_config = group.filters.iter().find(|f| f.name == filter);
            let routes_of_config = &of_config.expect("a filter of the group").routes;
            let object = object_id(alert);
            let team = group.skyportal_group.clone();
            if routes.is_empty() {
                continue;
            }
            let candidate = Candidate {
                object: object.clone(),
                group: team.clone(),
                filter: filter.to_owned(),
                passed_at: micros(mjd(alert)),
                alert: alert.truth.alert_id,
            };
            // An alert of two topics is one candidate.
            if !science.candidates.contains(&candidate) {
                science.candidates.push(candidate);
            }
            if routes
                .iter()
                .any(|r| routes_of_config[r].save == Save::Source)
            {
                science.sources.insert((object.clone(), team.clone()));
            }
            for point in light_curve(alert, &object) {
                let known = points.entry(point.key()).or_insert(point);
                known.groups.insert(team.clone());
                known.streams.insert(group.stream.clone());
            }
            if let Some((label, probability)) = label(alert) {
                let key = (object.clone(), team.clone(), filter.to_owned());
                let newest = labels.get(&key).map_or(f64::MIN, |(mjd, ..)| *mjd);
                if mjd(alert) >= newest {
                    labels.insert(key, (mjd(alert), label, probability));
                }
            }
        }
    }
    science.points = points.into_values().collect();
    science.classes = labels
        .into_iter()
        .map(|((object, group, _), (_, class, probability))| Class {
            object,
            group,
            class,
            probability: millionths(probability),
        })
        .collect();
    science
}

/// What makes a point the same point.
type PointKey = (String, String, String, u64, u64, Option<u64>);

impl Point {
    fn key(&self) -> PointKey {
        (
            self.object.clone(),
            self.origin.clone(),
            self.filter.clone(),
            self.mjd.to_bits(),
            self.flux_err.to_bits(),
            self.flux.map(f64::to_bits),
        )
    }
}

/// The object's name in SkyPortal.
pub fn object_id(alert: &Alert) -> String {
    let id = &alert.truth.object_id;
    let solar_system = alert.truth.survey == Survey::Lsst
        && field(alert, "diaSource.diaObjectId").is_none_or(|id| id.as_i64() == Some(0));
    if !solar_system {
        return id.clone();
    }
    let name = id.replace([' ', '/'], "_");
    if name.replace('_', "").parse::<f64>().is_ok() {
        let number = field(alert, "diaSource.ssObjectId").and_then(|id| id.as_i64());
        return format!("SSO{}", number.unwrap_or_default());
    }
    name
}

/// The alert's own time: MJD, UTC.
pub fn mjd(alert: &Alert) -> f64 {
    match alert.truth.survey {
        Survey::Ztf => number(alert, "candidate.jd") - 2_400_000.5,
        Survey::Lsst => number(alert, "diaSource.midpointMjdTai") - TAI_MINUS_UTC,
    }
}

/// Microseconds since 1970.
pub fn micros(mjd: f64) -> i64 {
    let day = mjd.floor();
    (day as i64 - 40_587) * 86_400_000_000 + ((mjd - day) * 86_400e6).round() as i64
}

/// Every measurement of the packet that belongs into SkyPortal.
pub fn light_curve(alert: &Alert, object: &str) -> Vec<Point> {
    let points = match alert.truth.survey {
        Survey::Ztf => ztf(alert, object),
        Survey::Lsst => lsst(alert, object),
    };
    let fit = |point: &Point| {
        point.mjd <= mjd(alert)
            && point.flux_err.is_finite()
            && point.flux_err > 0.0
            && point.flux.is_none_or(f64::is_finite)
    };
    points.into_iter().filter(fit).collect()
}

fn ztf(alert: &Alert, object: &str) -> Vec<Point> {
    let past = alert.packet.len_of("prv_candidates");
    let past = (0..past).map(|i| format!("prv_candidates[{i}]"));
    let point = |place: String| {
        let at = |name: &str| format!("{place}.{name}");
        let mag = number(alert, &at("magpsf"));
        let limit = number(alert, &at("diffmaglim"));
        let band = ["g", "r", "i"][number(alert, &at("fid")) as usize - 1];
        let (flux, flux_err) = if mag.is_nan() {
            (None, microjansky(limit) / 5.0)
        } else {
            let size = microjansky(as_repeated(mag, 1e4));
            let sigma = as_repeated(number(alert, &at("sigmapsf")), 1e6);
            let sign = field(alert, &at("isdiffpos"));
            let up = sign.is_some_and(|sign| matches!(sign.as_str(), Some("t" | "1")));
            let flux = if up { size } else { -size };
            (Some(flux), sigma * size * std::f64::consts::LN_10 / 2.5)
        };
        Point {
            object: object.to_owned(),
            origin: "Fink".to_owned(),
            filter: format!("ztf{band}"),
            mjd: number(alert, &at("jd")) - 2_400_000.5,
            flux,
            flux_err,
            id: flux.and(field(alert, &at("candid")).and_then(|id| id.as_i64())),
            groups: BTreeSet::new(),
            streams: BTreeSet::new(),
        }
    };
    let present = |place: &String| field(alert, &format!("{place}.jd")).is_some();
    let places = past.chain(["candidate".to_owned()]).filter(present);
    places.map(point).collect()
}

fn lsst(alert: &Alert, object: &str) -> Vec<Point> {
    let point = |place: &str, id: &str, origin: &str| {
        let at = |name: &str| format!("{place}.{name}");
        let band = field(alert, &at("band"))?.as_str()?.to_owned();
        Some(Point {
            object: object.to_owned(),
            origin: origin.to_owned(),
            filter: format!("lsst{band}"),
            mjd: number(alert, &at("midpointMjdTai")) - TAI_MINUS_UTC,
            flux: Some(number(alert, &at("psfFlux")) / 1000.0),
            flux_err: number(alert, &at("psfFluxErr")) / 1000.0,
            id: field(alert, &at(id)).and_then(|id| id.as_i64()),
            groups: BTreeSet::new(),
            streams: BTreeSet::new(),
        })
    };
    let own = point("diaSource", "diaSourceId", "Fink");
    let each =
        |list: &'static str| (0..alert.packet.len_of(list)).map(move |i| format!("{list}[{i}]"));
    let past = each("prvDiaSources").filter_map(|place| point(&place, "diaSourceId", "Fink"));
    let forced = each("prvDiaForcedSources")
        .filter_map(|place| point(&place, "diaForcedSourceId", "Fink forced photometry"));
    own.into_iter().chain(past).chain(forced).collect()
}

/// µJy of an AB magnitude.
fn microjansky(mag: f64) -> f64 {
    10f64.powf((23.9 - mag) / 2.5)
}

/// ZTF repeats a measurement rounded, as a 32-bit float.
fn as_repeated(value: f64, scale: f64) -> f64 {
    f64::from(((value * scale).round() / scale) as f32)
}

/// Fink's label of the alert as SkyPortal's taxonomy has it, and the score behind it.
pub fn label(alert: &Alert) -> Option<(String, Option<f64>)> {
    if alert.truth.survey == Survey::Lsst {
        return Some((label_of_topic(&alert.topic), None));
    }
    let simbad = field(alert, "cdsxmatch").and_then(|value| value.as_str().map(str::to_owned));
    let simbad = simbad.unwrap_or_else(|| "Unknown".to_owned());
    let nothing = ["Unknown", "Transient"].contains(&simbad.as_str())
        || simbad.starts_with("Fail")
        || simbad.starts_with("Galaxy");
    if !nothing {
        let older = OLDER_CLASS.iter().find(|(newer, _)| *newer == simbad);
        let class = older.map_or(simbad.as_str(), |(_, older)| older);
        return Some((format!("(SIMBAD) {class}"), None));
    }
    let score = |path: &str| number(alert, path);
    let roid = score("roid");
    let (ia, sn) = (score("snn_snia_vs_nonia"), score("snn_sn_vs_all"));
    let age = score("candidate.jd") - score("candidate.jdstarthist");
    let detections = score("candidate.ndethist");
    let real = score("candidate.drb") > 0.5 && score("candidate.classtar") > 0.4;
    let like_sn = real && (ia > 0.5 || sn > 0.5);
    let supernova = like_sn && age <= 90.0 && detections > 1.0 && roid != 3.0;
    let early = like_sn && detections <= 20.0 && score("rf_snia_vs_nonia") > 0.5;
    let kilonova =
        real && score("rf_kn_vs_nonkn") > 0.5 && age < 5.0 && detections < 20.0 && roid != 3.0;
    let lens = score("mulens") > 0.0;
    let claims = [lens, supernova, roid == 2.0, roid == 3.0];
    let said = |label: &str, score: Option<f64>| Some((label.to_owned(), score));
    if claims.iter().filter(|claim| **claim).count() > 1 {
        said("Ambiguous", None)
    } else if roid == 3.0 {
        said("Solar System MPC", None)
    } else if roid == 2.0 {
        said("Solar System candidate", None)
    } else if kilonova {
        said("Kilonova candidate", Some(score("rf_kn_vs_nonkn")))
    } else if early {
        said("Early SN Ia candidate", Some(score("rf_snia_vs_nonia")))
    } else if supernova {
        said("SN candidate", Some(ia.max(sn)))
    } else if lens {
        said("Microlensing candidate", Some(score("mulens")))
    } else {
        None
    }
}

/// `fink_in_tns_lsst` → `In Tns`
fn label_of_topic(topic: &str) -> String {
    let words = topic.split('_').skip(1);
    let words: Vec<&str> = words.filter(|word| *word != "lsst").collect();
    let capital = |word: &&str| format!("{}{}", word[..1].to_uppercase(), &word[1..]);
    words.iter().map(capital).collect::<Vec<_>>().join(" ")
}

fn field<'a>(alert: &'a Alert, path: &str) -> Option<&'a Value> {
    let value = alert.packet.get(path).expect("a field of the schema");
    (*value != Value::Null).then_some(value)
}

/// NaN where null.
fn number(alert: &Alert, path: &str) -> f64 {
    field(alert, path)
        .and_then(Value::as_f64)
        .unwrap_or(f64::NAN)
}
