//! An object as ZTF sees it and Fink sends it: the sequence of its alerts.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use super::cadence::{History, Visit, cap, window};
use super::clock;
use super::features::{Sample, features};
use super::fits::Stamps;
use super::packet::{Draft, Packet};
use super::schema::{Record, Schema};
use super::simulator::{Sighting, broker_times};
use super::sky::{Kind, SkyObject, flux, mag};
use super::value::Value;
use super::ztf_candidate::{Context, POGSON, Place, candid, candidate, history};
use super::ztf_fields::ANOMALY_SCORES;
use crate::alert::{Passband, Survey};

/// What is known of an object so far.
#[derive(Debug)]
pub struct Story {
    schema: &'static Schema,
    seed: u64,
    stamps: Stamps,
    place: Place,
    object_id: String,
    points: usize,
    past: VecDeque<(f64, Value)>,
    detections: Vec<Visit>,
    last_limit: [Option<(f64, f64)>; 6],
    visits: u64,
    /// The star's class, and the topic that goes with it.
    class: (&'static str, &'static str),
}

/// Fink's own judgement of an alert.
struct Verdict {
    topic: &'static str,
    cdsxmatch: &'static str,
    roid: i32,
    rf_snia: f64,
    snn_snia: f64,
    snn_sn: f64,
    rf_kn: f64,
    is_transient: bool,
}

impl Story {
    pub fn of(object: &SkyObject, history: History, seed: u64, stamps: Stamps) -> Self {
        let classes = [
            ("TTau*_Candidate", "fink_yso_candidates_ztf"),
            ("YSO_Candidate", "fink_yso_candidates_ztf"),
        ];
        Story {
            schema: Schema::of(Survey::Ztf),
            seed,
            stamps,
            place: Place::of(object),
            object_id: object_id(seed, object, 0),
            points: cap(Survey::Ztf, history),
            past: VecDeque::new(),
            detections: Vec::new(),
            last_limit: [None; 6],
            visits: 0,
            class: classes[(object.index % 2) as usize],
        }
    }

    /// Takes note of a visit; an alert if something was found, and it is `wanted`. Every ZTF alert
    /// passes one of Fink's filters.
    pub fn observe(&mut self, object: &SkyObject, visit: Visit, wanted: bool) -> Option<Sighting> {
        self.visits += 1;
        if object.kind == Kind::Asteroid {
            // At every place it is a new object without a past.
            self.past.clear();
            self.detections.clear();
            self.object_id = object_id(self.seed, object, visit.ordinal);
        }
        if visit.is_detection() {
            self.detections.push(visit.clone());
        }
        let sighting = (wanted && visit.is_detection()).then(|| self.sighting(object, &visit));
        self.remember(object, visit);
        sighting
    }

    fn remember(&mut self, object: &SkyObject, visit: Visit) {
        if !visit.is_detection() {
            self.last_limit[visit.passband as usize] = Some((visit.mjd, visit.limit));
        }
        if self.points > 0 && object.kind != Kind::Asteroid {
            let record = Draft::inner(&self.schema.record, "prv_candidates");
            self.past
                .push_back((visit.mjd, history(record, object, &self.place, &visit)));
        }
        let oldest = visit.mjd - window(Survey::Ztf);
        while self.past.len() > self.points
            || self.past.front().is_some_and(|(mjd, _)| *mjd < oldest)
        {
            self.past.pop_front();
        }
    }

    fn sighting(&self, object: &SkyObject, visit: &Visit) -> Sighting {
        let verdict = self.verdict(object, visit);
        let packet = self.packet(object, visit, &verdict);
        Sighting {
            topic: verdict.topic,
            object_id: self.object_id.clone(),
            alert_id: candid(object, &self.place, visit),
            packet,
        }
    }

    fn packet(&self, object: &SkyObject, visit: &Visit, verdict: &Verdict) -> Packet {
        let record = &*self.schema.record;
        let times = broker_times(Survey::Ztf, object, visit);
        let candidate_record = Draft::inner(record, "candidate");
        let context = Context {
            detections: self.detections.len(),
            first: self.detections[0].mjd,
            visits: self.visits,
        };
        let draft = Draft::new(record)
            .put("schemavsn", "4.02")
            .put("publisher", "Fink")
            .put("objectId", self.object_id.clone())
            .put("candid", candid(object, &self.place, visit))
            .put(
                "candidate",
                candidate(candidate_record, object, &self.place, visit, &context),
            )
            .put("prv_candidates", self.past());
        let draft = self.cutouts(draft, object, visit);
        let draft = draft
            .put("brokerIngestTimestamp", clock::text(times.ingest))
            .put("brokerStartProcessTimestamp", clock::text(times.start))
            .put("fink_broker_version", "4.1")
            .put("fink_science_version", "8.41.0");
        let draft = crossmatches(draft, object, &self.place, verdict);
        let draft = self.scores(draft, object, visit, verdict);
        let draft = self.rates(draft, visit);
        let packet = draft
            .put(
                "blazar_stats",
                map(["m1", "m2", "m0"].map(|key| (key, Value::Float(-1.0)))),
            )
            .put("is_transient", verdict.is_transient)
            .put("slsn_score", -1.0)
            .put("brokerEndProcessTimestamp", clock::text(times.end));
        Packet::new(self.schema, packet.done())
    }

    fn past(&self) -> Value {
        if self.past.is_empty() {
            return Value::Null;
        }
        let items: Vec<Value> = self.past.iter().map(|(_, item)| item.clone()).collect();
        items.into()
    }

    fn cutouts<'a>(&self, mut draft: Draft<'a>, object: &SkyObject, visit: &Visit) -> Draft<'a> {
        let id = candid(object, &self.place, visit);
        let pid = id / 1_000_000;
        let subtraction = if visit.flux > 0.0 {
            "scimref"
        } else {
            "refmsci"
        };
        let files = [
            (
                "cutoutScience",
                format!("candid{id}_pid{pid}_targ_sci.fits.gz"),
                &self.stamps.science,
            ),
            (
                "cutoutTemplate",
                format!("candid{id}_ref.fits.gz"),
                &self.stamps.template,
            ),
            (
                "cutoutDifference",
                format!("candid{id}_pid{pid}_targ_{subtraction}.fits.gz"),
                &self.stamps.difference,
            ),
        ];
        for (field, name, stamp) in files {
            let record = Draft::inner(&self.schema.record, field);
            let cutout = Draft::new(record)
                .put("fileName", name)
                .put("stampData", stamp.clone());
            draft = draft.put(field, cutout.done());
        }
        draft
    }

    fn scores<'a>(
        &self,
        draft: Draft<'a>,
        object: &SkyObject,
        visit: &Visit,
        verdict: &Verdict,
    ) -> Draft<'a> {
        let (g, r) = (
            self.samples(visit, Passband::G),
            self.samples(visit, Passband::R),
        );
        let mut dice = object.dice(visit.ordinal << 32 | 2);
        let mut draft = draft
            .put("roid", verdict.roid)
            .put("rf_snia_vs_nonia", verdict.rf_snia)
            .put("snn_snia_vs_nonia", verdict.snn_snia)
            .put("snn_sn_vs_all", verdict.snn_sn)
            .put("mulens", 0.0)
            .put("nalerthist", (g.len() + r.len()) as i64)
            .put("rf_kn_vs_nonkn", verdict.rf_kn);
        if g.len() >= 3 && r.len() >= 3 {
            for name in ANOMALY_SCORES.split_whitespace() {
                draft = draft.put(name, dice.between(-0.06, -0.005));
            }
        }
        let record = |field| -> &Record { Draft::inner(&self.schema.record, field) };
        draft
            .put("lc_features_g", features(record("lc_features_g"), &g))
            .put("lc_features_r", features(record("lc_features_r"), &r))
    }

    /// The detections of a band that the packet holds, as apparent magnitudes: the difference and
    /// the nearest source of the reference together.
    fn samples(&self, visit: &Visit, passband: Passband) -> Vec<Sample> {
        let oldest = visit.mjd - window(Survey::Ztf);
        let reference = flux(self.place.magnr);
        self.detections
            .iter()
            .filter(|past| past.passband == passband && past.mjd >= oldest)
            .map(|past| {
                let total = (reference + past.flux).max(past.flux_err);
                Sample {
                    time: past.mjd,
                    value: mag(total),
                    error: POGSON * past.flux_err / total,
                }
            })
            .collect()
    }

    /// How fast the magnitude changes since the last point of the band: a detection, else a limit.
    fn rates<'a>(&self, draft: Draft<'a>, visit: &Visit) -> Draft<'a> {
        let first = clock::jd(self.detections[0].mjd);
        let draft = draft
            .put("jd_first_real_det", first)
            .put("jdstarthist_dt", 0.0);
        let (_, earlier) = self.detections.split_last().unwrap_or((visit, &[]));
        let last = earlier
            .iter()
            .rev()
            .find(|past| past.passband == visit.passband);
        let limit = self.last_limit[visit.passband as usize];
        let (then, before, error) = match (last, limit) {
            (Some(last), _) => (last.mjd, mag(last.flux.abs()), POGSON / last.snr()),
            (None, Some((mjd, limit))) => (mjd, limit, 0.0),
            (None, None) => return draft.put("from_upper", false),
        };
        let days = visit.mjd - then;
        let error = libm::hypot(error, POGSON / visit.snr()) / days;
        let rate = (mag(visit.flux.abs()) - before) / days;
        draft
            .put("mag_rate", rate)
            .put("sigma_rate", error)
            .put("lower_rate", rate - 1.645 * error)
            .put("upper_rate", rate + 1.645 * error)
            .put("delta_time", days)
            .put("from_upper", last.is_none())
    }

    /// What Fink's classifiers say, and the topic whose cut the alert then passes.
    fn verdict(&self, object: &SkyObject, visit: &Visit) -> Verdict {
        let mut dice = object.dice(visit.ordinal << 32 | 3);
        let (count, age) = (self.detections.len(), visit.mjd - self.detections[0].mjd);
        let mut verdict = Verdict {
            topic: "fink_unknowns_ztf",
            cdsxmatch: "Unknown",
            roid: 0,
            rf_snia: 0.0,
            snn_snia: dice.between(0.02, 0.3),
            snn_sn: dice.between(0.0, 0.3),
            rf_kn: 0.0,
            is_transient: false,
        };
        match object.kind {
            Kind::Supernova => {
                verdict.is_transient = true;
                if object.index.is_multiple_of(3) {
                    verdict.cdsxmatch = "Galaxy";
                }
                if count > 1 && age <= 90.0 {
                    verdict.snn_snia = dice.between(0.6, 0.98);
                    verdict.snn_sn = dice.between(0.7, 0.99);
                    verdict.topic = "fink_sn_candidates_ztf";
                }
                if (3..=20).contains(&count) && visit.mjd - object.begins < 22.0 {
                    verdict.rf_snia = dice.between(0.55, 0.92);
                    verdict.topic = "fink_early_sn_candidates_ztf";
                }
            }
            Kind::Kilonova => {
                verdict.is_transient = true;
                if (2..20).contains(&count) && age < 5.0 {
                    verdict.rf_kn = dice.between(0.55, 0.95);
                    verdict.topic = "fink_kn_candidates_ztf";
                }
            }
            Kind::Variable => (verdict.cdsxmatch, verdict.topic) = self.class,
            Kind::Asteroid => {
                verdict.roid = 3;
                verdict.topic = "fink_sso_ztf_candidates_ztf";
            }
            Kind::Artefact => {}
        }
        let faint = mag(visit.flux.abs()) > 19.5;
        let unknown = verdict.topic == "fink_unknowns_ztf" && verdict.cdsxmatch == "Unknown";
        if faint && unknown && object.kind != Kind::Artefact {
            verdict.topic = "fink_vra_ztf";
        }
        verdict
    }
}

fn crossmatches<'a>(
    draft: Draft<'a>,
    object: &SkyObject,
    place: &Place,
    verdict: &Verdict,
) -> Draft<'a> {
    let mut dice = object.dice(u64::MAX - 2);
    let star = object.kind == Kind::Variable;
    let id = 590_000_000_000_000_000 + dice.below(1_000_000_000_000_000);
    let (parallax, parallax_error) = match star {
        true => (libm::pow(10.0, 0.2 * (5.0 - place.magnr)) * 50.0, 0.03),
        false => (f64::NAN, f64::NAN),
    };
    let nearby = object.redshift > 0.0 && object.redshift < 0.03;
    let distance = super::sky::luminosity_distance(object.redshift);
    let mangrove = |text: String| Value::from(if nearby { text } else { "None".to_owned() });
    let stretch = (1.0 + object.redshift) * (1.0 + object.redshift);
    draft
        .put("cdsxmatch", verdict.cdsxmatch)
        .put("tns", "")
        .put(
            "DR3Name",
            if star {
                format!("Gaia DR3 {id}")
            } else {
                "nan".to_owned()
            },
        )
        .put("Plx", parallax)
        .put("e_Plx", parallax_error)
        .put("gaiaVarFlag", i32::from(star))
        .put(
            "gaiaClass",
            if verdict.cdsxmatch == "TTau*_Candidate" {
                "YSO"
            } else {
                "nan"
            },
        )
        .put(
            "vsx",
            if verdict.cdsxmatch == "TTau*_Candidate" {
                "TTS"
            } else {
                "nan"
            },
        )
        .put("spicy_id", -1)
        .put("spicy_class", "Unknown")
        .put("gcvs", "Unknown")
        .put("x3hsp", "Unknown")
        .put("x4lac", "Unknown")
        .put(
            "mangrove",
            map([
                (
                    "HyperLEDA_name",
                    mangrove(format!("{}", 10_000 + object.index)),
                ),
                ("2MASS_name", mangrove("None".to_owned())),
                ("lum_dist", mangrove(format!("{distance:.6}"))),
                ("ang_dist", mangrove(format!("{:.6}", distance / stretch))),
            ]),
        )
}

fn map<const N: usize>(entries: [(&'static str, Value); N]) -> Value {
    let entries = entries
        .into_iter()
        .map(|(key, value)| (Cow::Borrowed(key), value));
    Value::Map(Arc::new(entries.collect()))
}

/// `ZTF`, the year of the survey's discovery, seven letters; unique for 100 seeds, a million
/// objects, and the hundred places of an asteroid.
fn object_id(seed: u64, object: &SkyObject, place: u64) -> String {
    let (year, _, _) = clock::date(object.begins);
    let mut rest = (seed % 80) * 100_000_000 + (object.index % 1_000_000) * 100 + place % 100;
    let mut letters = [b'a'; 7];
    for letter in letters.iter_mut().rev() {
        *letter += (rest % 26) as u8;
        rest /= 26;
    }
    format!("ZTF{:02}{}", year % 100, String::from_utf8_lossy(&letters))
}
