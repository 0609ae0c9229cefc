//! An object as LSST sees it and Fink sends it: the sequence of its alerts.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use super::cadence::{History, Visit, cap, window};
use super::clock;
use super::features::{Sample, features};
use super::fits::Stamps;
use super::lsst_object::summary;
use super::lsst_orbit::Orbit;
use super::lsst_source::{Ids, forced, midpoint, source, source_id};
use super::packet::{Draft, Packet};
use super::schema::{Record, Schema, Type};
use super::simulator::{Sighting, broker_times};
use super::sky::{Kind, SkyObject, luminosity_distance, mag};
use super::value::Value;
use crate::alert::{Passband, Survey};

/// What is known of an object so far.
#[derive(Debug)]
pub struct Story {
    schema: &'static Schema,
    stamps: Stamps,
    seed: u64,
    points: usize,
    dense: bool,
    orbit: Option<Orbit>,
    sources: VecDeque<(f64, Value)>,
    forced: VecDeque<(f64, Visit)>,
    detections: Vec<Visit>,
    /// Forced photometry in the packets' form; made when the object gets its id.
    written: VecDeque<Value>,
}

/// Fink's own judgement of an alert.
struct Verdict {
    topic: &'static str,
    tns: Option<String>,
}

impl Story {
    pub fn of(object: &SkyObject, history: History, seed: u64, stamps: Stamps) -> Self {
        Story {
            schema: Schema::of(Survey::Lsst),
            stamps,
            seed,
            points: cap(Survey::Lsst, history),
            dense: history == History::Dense,
            orbit: (object.kind == Kind::Asteroid).then(|| Orbit::of(object)),
            sources: VecDeque::new(),
            forced: VecDeque::new(),
            detections: Vec::new(),
            written: VecDeque::new(),
        }
    }

    /// Takes note of a visit; an alert if something was found, one of Fink's filters passes it, and
    /// it is `wanted`.
    pub fn observe(&mut self, object: &SkyObject, visit: Visit, wanted: bool) -> Option<Sighting> {
        if self.orbit.is_some() {
            return (wanted && visit.is_detection()).then(|| self.asteroid(object, &visit));
        }
        self.force(object, &visit);
        if !visit.is_detection() {
            return None;
        }
        self.detections.push(visit.clone());
        let ids = self.ids(object, &visit);
        let record = Draft::inner(&self.schema.record, "diaSource");
        let found = source(record, object, &visit, ids);
        let sighting = self
            .verdict(object, &visit)
            .filter(|_| wanted)
            .map(|verdict| self.sighting(object, &visit, &found, &verdict));
        self.remember(&visit, found);
        sighting
    }

    /// The object is named after its first source.
    fn ids(&self, object: &SkyObject, visit: &Visit) -> Ids {
        let first = self.detections.first().unwrap_or(visit);
        Ids {
            source: source_id(self.seed, object, visit),
            object: source_id(self.seed, object, first),
            solar_system: 0,
        }
    }

    /// Forced photometry of every visit, even of those before the object was found.
    fn force(&mut self, object: &SkyObject, visit: &Visit) {
        self.forced.push_back((visit.mjd, visit.clone()));
        let oldest = visit.mjd - window(Survey::Lsst);
        while self.forced.len() > self.points
            || self.forced.front().is_some_and(|(mjd, _)| *mjd < oldest)
        {
            self.forced.pop_front();
            self.written.pop_front();
        }
        if !self.detections.is_empty() {
            self.write_forced(object);
        }
    }

    fn write_forced(&mut self, object: &SkyObject) {
        let record = Draft::inner(&self.schema.record, "prvDiaForcedSources");
        for (_, visit) in self.forced.iter().skip(self.written.len()) {
            let ids = self.ids(object, visit);
            self.written.push_back(forced(record, object, visit, ids));
        }
    }

    fn remember(&mut self, visit: &Visit, found: Value) {
        // In the past the absent id of an asteroid is null, in the alert itself it is 0.
        let record = Draft::inner(&self.schema.record, "diaSource");
        let mut found = found;
        if let (Value::Record(fields), Some(place)) = (&mut found, record.position("ssObjectId")) {
            Arc::make_mut(fields)[place] = Value::Null;
        }
        self.sources.push_back((visit.mjd, found));
        let oldest = visit.mjd - window(Survey::Lsst);
        while self.sources.len() > self.points
            || self.sources.front().is_some_and(|(mjd, _)| *mjd < oldest)
        {
            self.sources.pop_front();
        }
    }

    fn sighting(
        &self,
        object: &SkyObject,
        visit: &Visit,
        found: &Value,
        verdict: &Verdict,
    ) -> Sighting {
        let record = &*self.schema.record;
        let ids = self.ids(object, visit);
        let is_first = self.detections.len() == 1;
        let past = match self.sources.is_empty() {
            true => Value::Null,
            false => self
                .sources
                .iter()
                .map(|(_, item)| item.clone())
                .collect::<Vec<_>>()
                .into(),
        };
        let forced: Vec<Value> = self.written.iter().cloned().collect();
        let about = summary(
            Draft::inner(record, "diaObject"),
            ids.object,
            &self.detections,
        );
        let draft = self
            .start(visit, ids, found.clone())
            .put("prvDiaSources", past)
            .put("prvDiaForcedSources", forced)
            .put("diaObject", about);
        let draft = self.middle(draft, object, visit);
        let draft = draft
            .put("lc_features", self.features())
            .put("clf", self.scores(object, visit))
            .put(
                "xm",
                crossmatches(Draft::inner(record, "xm"), object, verdict),
            )
            .put("pred", self.predictions(object, Some(is_first)));
        Sighting {
            topic: verdict.topic,
            object_id: ids.object.to_string(),
            alert_id: ids.source,
            packet: self.end(draft, object, visit),
        }
    }

    /// A known asteroid has an orbit instead of an object and a past.
    fn asteroid(&self, object: &SkyObject, visit: &Visit) -> Sighting {
        let record = &*self.schema.record;
        let (orbit_id, designation) = self.orbit.as_ref().map_or((0, String::new()), |orbit| {
            (orbit.id, orbit.designation.clone())
        });
        let ids = Ids {
            source: source_id(self.seed, object, visit),
            object: 0,
            solar_system: orbit_id,
        };
        let found = source(Draft::inner(record, "diaSource"), object, visit, ids);
        let mut draft = self.start(visit, ids, found);
        if let Some(orbit) = &self.orbit {
            let expected = orbit.source(Draft::inner(record, "ssSource"), object, visit, ids);
            draft = draft.put("ssSource", expected).put(
                "mpc_orbits",
                orbit.record(Draft::inner(record, "mpc_orbits")),
            );
        }
        let draft = self.middle(draft, object, visit);
        let verdict = Verdict {
            topic: "fink_is_solar_system_lsst",
            tns: None,
        };
        let only = map([(visit.passband.letter(), self.feature(&[sample(visit)]))]);
        let draft = draft
            .put("lc_features", only)
            .put("clf", self.scores(object, visit))
            .put(
                "xm",
                crossmatches(Draft::inner(record, "xm"), object, &verdict),
            )
            .put("pred", self.predictions(object, None));
        Sighting {
            topic: verdict.topic,
            object_id: designation,
            alert_id: ids.source,
            packet: self.end(draft, object, visit),
        }
    }

    fn start(&self, visit: &Visit, ids: Ids, found: Value) -> Draft<'_> {
        let wide = format!("template_blob_{}_33.0", visit.passband.letter());
        let reason = if self.dense {
            "ddf_cosmos".to_owned()
        } else {
            wide
        };
        let target = if self.dense {
            "ddf_cosmos, lowdust"
        } else {
            "lowdust"
        };
        Draft::new(&self.schema.record)
            .put("diaSourceId", ids.source)
            .put("observation_reason", reason)
            .put("target_name", target)
            .put("diaSource", found)
    }

    fn middle<'a>(&self, draft: Draft<'a>, object: &SkyObject, visit: &Visit) -> Draft<'a> {
        let times = broker_times(Survey::Lsst, object, visit);
        draft
            .put("cutoutDifference", self.stamps.difference.clone())
            .put("cutoutScience", self.stamps.science.clone())
            .put("cutoutTemplate", self.stamps.template.clone())
            .put("brokerIngestMjd", times.ingest)
            .put("lsst_schema_version", "lsst.v10_0")
            .put("brokerStartProcessTimestamp", clock::text(times.start))
            .put("fink_broker_version", "4.1")
            .put("fink_science_version", "8.39.0")
            .put("publisher", "Fink")
    }

    fn end(&self, draft: Draft<'_>, object: &SkyObject, visit: &Visit) -> Packet {
        let times = broker_times(Survey::Lsst, object, visit);
        let misc = Draft::new(Draft::inner(&self.schema.record, "misc"))
            .put("firstDiaSourceMjdTaiFink", self.first(visit))
            .done();
        let draft = draft
            .put("misc", misc)
            .put("brokerEndProcessTimestamp", clock::text(times.end));
        Packet::new(self.schema, draft.done())
    }

    /// MJD TAI of the oldest source in the packet.
    fn first(&self, visit: &Visit) -> f64 {
        let oldest = self.sources.front().map(|(mjd, _)| *mjd);
        let known = self.detections.iter().find(|past| Some(past.mjd) == oldest);
        midpoint(known.unwrap_or(visit))
    }

    /// The sources that the packet holds, by band.
    fn features(&self) -> Value {
        use Passband::{G, I, R, U, Y, Z};
        let held = self.sources.len() + 1;
        let recent = &self.detections[self.detections.len().saturating_sub(held)..];
        let entries = [Y, I, R, Z, G, U].into_iter().filter_map(|passband| {
            let of_band = recent.iter().filter(|visit| visit.passband == passband);
            let samples: Vec<Sample> = of_band.map(sample).collect();
            (!samples.is_empty()).then(|| (passband.letter(), self.feature(&samples)))
        });
        map(entries)
    }

    fn feature(&self, samples: &[Sample]) -> Value {
        let place = self.schema.record.position("lc_features");
        match place.map(|place| &self.schema.record.fields[place].ty) {
            Some(Type::Map(values)) => match &**values {
                Type::Record(record) => features(record, samples),
                _ => Value::Null,
            },
            _ => Value::Null,
        }
    }

    fn scores(&self, object: &SkyObject, visit: &Visit) -> Value {
        let mut dice = object.dice(visit.ordinal << 32 | 3);
        let (class, score) = match self.class(object) {
            -1 => (-1, 0.0),
            class => (class, dice.between(0.91, 0.999)),
        };
        let supernova = match object.kind {
            Kind::Supernova => dice.between(0.72, 0.98),
            _ => dice.between(0.02, 0.65),
        };
        let early = match object.kind {
            Kind::Supernova if self.detections.len() > 4 => dice.between(0.5, 0.9),
            _ => -1.0,
        };
        Draft::new(Draft::inner(&self.schema.record, "clf"))
            .put("snnSnVsOthers_score", supernova)
            .put("cats_class", class)
            .put("cats_score", score)
            .put("earlySNIa_score", early)
            .done()
    }

    /// CATS: 11 like a supernova, 12 fast, 21 periodic; −1 where there are too few points.
    fn class(&self, object: &SkyObject) -> i32 {
        match object.kind {
            _ if self.detections.len() < 3 => -1,
            Kind::Supernova => 11,
            Kind::Kilonova => 12,
            Kind::Variable => 21,
            Kind::Asteroid | Kind::Artefact => -1,
        }
    }

    fn predictions(&self, object: &SkyObject, is_first: Option<bool>) -> Value {
        Draft::new(Draft::inner(&self.schema.record, "pred"))
            .put("is_sso", object.kind == Kind::Asteroid)
            .put("is_first", is_first)
            .put("is_cataloged", object.kind == Kind::Variable)
            .put("main_label_classifier", self.class(object))
            .put("main_label_crossmatch", simbad(object))
            .done()
    }

    /// The topic whose cut the alert passes; none if it passes no filter, and is not sent.
    fn verdict(&self, object: &SkyObject, visit: &Visit) -> Option<Verdict> {
        let sent = |topic| Some(Verdict { topic, tns: None });
        match object.kind {
            Kind::Variable => return sent("fink_in_simbad_lsst"),
            Kind::Asteroid => return sent("fink_is_solar_system_lsst"),
            Kind::Artefact if visit.snr() > 10.0 && self.detections.len() > 1 => {
                return sent("fink_remove_unlikely_transients_lsst");
            }
            Kind::Artefact => return None,
            Kind::Supernova | Kind::Kilonova => {}
        }
        if visit.flux < 0.0 || visit.snr() < 6.0 {
            return None;
        }
        let age = midpoint(visit) - self.first(visit);
        if age >= 5.0 {
            let bright =
                self.brightest() - 5.0 * libm::log10(luminosity_distance(object.redshift)) - 25.0;
            let near = self.detections.len() > 5 && bright > -23.0 && bright < -13.0;
            return Some(Verdict {
                topic: if near {
                    "fink_sn_near_galaxy_candidate_lsst"
                } else {
                    "fink_in_tns_lsst"
                },
                tns: Some(tns_name(object)),
            });
        }
        match self.rates(visit) {
            Some(rates) if rates.steep && mag(visit.flux) < 21.0 => {
                sent("fink_fast_transient_gvom_lsst")
            }
            Some(rates) if rates.is_new(visit, age) => {
                sent("fink_extragalactic_new_candidate_lsst")
            }
            _ => sent("fink_extragalactic_svom_lsst"),
        }
    }

    fn brightest(&self) -> f64 {
        let fluxes = self.detections.iter().map(|visit| visit.flux);
        mag(fluxes.fold(f64::NAN, f64::max))
    }

    /// Against the last source of the same band.
    fn rates(&self, visit: &Visit) -> Option<Rates> {
        let (_, earlier) = self.detections.split_last()?;
        let last = earlier
            .iter()
            .rev()
            .find(|past| past.passband == visit.passband)?;
        let days = visit.mjd - last.mjd;
        let gain = (visit.flux - last.flux) / days;
        let error = libm::hypot(visit.flux_err, last.flux_err) / days;
        Some(Rates {
            magnitudes: (mag(visit.flux) - mag(last.flux)) / days,
            steep: gain > 0.3 * std::f64::consts::LN_10 / 2.5 * visit.flux && gain > 3.2 * error,
        })
    }
}

struct Rates {
    /// mag a day; negative while rising.
    magnitudes: f64,
    /// More than 0.3 mag a day upwards, at 3σ.
    steep: bool,
}

impl Rates {
    /// Rising by 0.2 mag a day when young, or fading fast for the band.
    fn is_new(&self, visit: &Visit, age: f64) -> bool {
        let fading = match visit.passband {
            Passband::R | Passband::I => 0.2,
            Passband::G | Passband::U => 0.5,
            Passband::Z | Passband::Y => f64::INFINITY,
        };
        (self.magnitudes < -0.2 && age < 3.0) || self.magnitudes > fading
    }
}

fn sample(visit: &Visit) -> Sample {
    Sample {
        time: midpoint(visit),
        value: visit.flux,
        error: visit.flux_err,
    }
}

/// SIMBAD's short code.
fn simbad(object: &SkyObject) -> Option<&'static str> {
    (object.kind == Kind::Variable).then_some("RR*")
}

fn crossmatches(record: &Record, object: &SkyObject, verdict: &Verdict) -> Value {
    let mut dice = object.dice(u64::MAX - 2);
    let draft = Draft::new(record)
        .put("simbad_otype", simbad(object))
        .put("gaiadr3_VarFlag", i32::from(object.kind == Kind::Variable));
    match object.kind {
        Kind::Variable => draft
            .put(
                "gaiadr3_DR3Name",
                format!(
                    "Gaia DR3 {}",
                    3_835_000_000_000_000_000 + dice.word() % 1_000_000_000_000_000
                ),
            )
            .put("gaiadr3_Plx", dice.between(0.05, 0.4))
            .put("gaiadr3_e_Plx", dice.between(0.03, 0.1))
            .put("vsx_Type", "RRAB")
            .done(),
        Kind::Supernova | Kind::Kilonova => host(draft, object)
            .put("tns_fullname", verdict.tns.clone())
            .done(),
        Kind::Asteroid | Kind::Artefact => draft.done(),
    }
}

/// The host: its redshift from the Legacy surveys, and from Mangrove if it is near.
fn host<'a>(draft: Draft<'a>, object: &SkyObject) -> Draft<'a> {
    let redshift = object.redshift;
    let distance = luminosity_distance(redshift);
    let draft = draft
        .put("legacydr8_zphot", redshift)
        .put("legacydr8_e_zphot", 0.02 + 0.1 * redshift)
        .put("legacydr8_pstar", 0.001)
        .put("legacydr8_fqual", 1);
    if redshift > 0.03 {
        return draft;
    }
    draft
        .put(
            "mangrove_HyperLEDA_name",
            (40_000 + object.index).to_string(),
        )
        .put("mangrove_2MASS_name", "None")
        .put("mangrove_lum_dist", distance)
        .put(
            "mangrove_ang_dist",
            distance / ((1.0 + redshift) * (1.0 + redshift)),
        )
}

/// `AT 2026abc`
fn tns_name(object: &SkyObject) -> String {
    let (year, _, _) = clock::date(object.begins);
    let mut rest = object.index;
    let mut letters = [b'a'; 3];
    for letter in letters.iter_mut().rev() {
        *letter += (rest % 26) as u8;
        rest /= 26;
    }
    format!("AT {year}{}", String::from_utf8_lossy(&letters))
}

fn map(entries: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let entries = entries
        .into_iter()
        .map(|(key, value)| (Cow::Borrowed(key), value));
    Value::Map(Arc::new(entries.collect()))
}
