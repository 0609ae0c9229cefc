//! The sky in time: which object gives the next alert, and the message that Fink would send of it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::fmt;

use bytes::Bytes;

use super::cadence::{History, Visit, Visits};
use super::clock;
use super::dice::Dice;
use super::fits::{Cutouts, Stamps, stamps};
use super::mix::Mix;
use super::packet::{Packet, PacketError};
use super::sky::{Kind, SkyObject};
use super::trouble::{Trouble, Troubles};
use super::value::Value;
use super::{lsst, ztf};
use crate::alert::{Passband, Survey};

/// Where the simulated time starts, MJD UTC: 2026-03-01.
pub const START: f64 = 61_100.0;
/// How many different sets of images there are of each kind.
const REALISATIONS: u64 = 16;

/// What to simulate. The same configuration gives the same bytes.
#[derive(Clone, Debug)]
pub struct SimulateConfig {
    pub survey: Survey,
    pub seed: u64,
    /// How many objects there are at a time; one that is gone is followed by a new one.
    pub objects: usize,
    pub mix: Mix,
    pub history: History,
    pub cutouts: Cutouts,
    pub troubles: Troubles,
}

impl SimulateConfig {
    /// A hundred objects of all kinds, as the survey sees them, without trouble.
    pub fn new(survey: Survey, seed: u64) -> Self {
        SimulateConfig {
            survey,
            seed,
            objects: 100,
            mix: Mix::default(),
            history: History::default(),
            cutouts: Cutouts::default(),
            troubles: Troubles::default(),
        }
    }
}

/// Everything that decides the bytes, for people.
impl fmt::Display for SimulateConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SimulateConfig { survey, seed, .. } = self;
        let (objects, mix) = (self.objects, &self.mix);
        write!(f, "{survey} (seed {seed}, {objects} objects: {mix}")?;
        match self.history {
            History::Survey => {}
            History::Points(points) => write!(f, "; history of {points} points")?,
            History::Dense => write!(f, "; deep-drilling fields")?,
        }
        if self.cutouts == Cutouts::Small {
            write!(f, "; small cutouts")?;
        }
        let troubles = self.troubles.to_string();
        if !troubles.is_empty() {
            write!(f, "; trouble {troubles}")?;
        }
        write!(f, ")")
    }
}

/// What the simulation knows of an alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    pub survey: Survey,
    pub kind: Kind,
    /// Counts the simulation's objects.
    pub object: u64,
    /// ZTF's `objectId`; LSST's `diaObjectId`, or an asteroid's designation.
    pub object_id: String,
    /// `candid` or `diaSourceId`; unique, and above 2^53.
    pub alert_id: i64,
    /// Start of the exposure, UTC.
    pub mjd_utc: f64,
    pub passband: Passband,
    /// The difference flux as measured and its 1σ, nJy.
    pub flux: f64,
    pub flux_err: f64,
    /// What was done to the message, if anything.
    pub trouble: Option<Trouble>,
}

/// An alert that can still be changed.
#[derive(Clone, Debug)]
pub struct Alert {
    pub topic: String,
    pub packet: Packet,
    /// When Fink sent it, milliseconds since 1970.
    pub timestamp_ms: i64,
    pub truth: Truth,
}

impl Alert {
    /// An alert from the middle of an object's life, with a past (an asteroid has none).
    pub fn typical(survey: Survey, kind: Kind, seed: u64) -> Alert {
        let mut simulator = Simulator::new(SimulateConfig {
            objects: 1,
            mix: Mix::only(kind),
            ..SimulateConfig::new(survey, seed)
        });
        for _ in 0..4 {
            simulator.next_alert();
        }
        simulator.next_alert()
    }

    /// The alert with one field changed; see [`Packet::set`].
    ///
    /// # Errors
    /// The path leads nowhere, or the value is of another type.
    pub fn with(mut self, path: &str, value: impl Into<Value>) -> Result<Alert, PacketError> {
        self.packet.set(path, value)?;
        Ok(self)
    }

    /// As it goes over the wire.
    pub fn message(&self) -> Message {
        Message {
            topic: self.topic.clone(),
            key: self.packet.schema().key(),
            value: self.packet.encode(),
            timestamp_ms: self.timestamp_ms,
            truth: self.truth.clone(),
        }
    }
}

/// A message of Fink's Kafka stream.
#[derive(Clone, Debug)]
pub struct Message {
    /// `fink_<filter>_ztf` or `fink_<filter>_lsst`.
    pub topic: String,
    /// The Avro schema as JSON text, the same for all messages of a survey.
    pub key: Bytes,
    /// The alert as a bare Avro datum.
    pub value: Bytes,
    /// When Fink sent it, milliseconds since 1970.
    pub timestamp_ms: i64,
    pub truth: Truth,
}

/// A packet of an object, as the surveys' own parts give it.
#[derive(Debug)]
pub struct Sighting {
    pub topic: &'static str,
    pub object_id: String,
    pub alert_id: i64,
    pub packet: Packet,
}

/// When Fink took an alert in, began and ended with it. MJD UTC.
pub struct BrokerTimes {
    pub ingest: f64,
    pub start: f64,
    pub end: f64,
}

/// Fink sends a ZTF alert some twenty minutes after the exposure, an LSST alert some minutes.
pub fn broker_times(survey: Survey, object: &SkyObject, visit: &Visit) -> BrokerTimes {
    let mut dice = object.dice(visit.ordinal << 32 | 1);
    let delay = match survey {
        Survey::Ztf => 1100.0,
        Survey::Lsst => 200.0,
    };
    let ingest = visit.mjd + delay * dice.between(0.7, 1.3) / 86_400.0;
    let start = ingest + dice.between(5.0, 60.0) / 86_400.0;
    BrokerTimes {
        ingest,
        start,
        end: start + dice.between(20.0, 90.0) / 86_400.0,
    }
}

#[derive(Debug)]
enum Story {
    Ztf(ztf::Story),
    Lsst(lsst::Story),
}

/// An object, what is known of it, and when it is looked at next.
#[derive(Debug)]
struct Watch {
    object: SkyObject,
    visits: Visits,
    next: Visit,
    story: Story,
}

/// The endless stream of a survey's alerts, in the order of their exposures.
#[derive(Debug)]
pub struct Simulator {
    config: SimulateConfig,
    watches: Vec<Watch>,
    /// Time of the next visit (its bits sort as it does) and whose it is.
    agenda: BinaryHeap<Reverse<(u64, usize)>>,
    created: u64,
    stamps: HashMap<(Kind, u64), Stamps>,
    trouble: Dice,
    sent: u64,
    held: Vec<(u64, Message)>,
}

impl Simulator {
    pub fn new(config: SimulateConfig) -> Self {
        let trouble = Dice::new(config.seed, super::dice::Purpose::Trouble, 0);
        let mut simulator = Simulator {
            watches: Vec::new(),
            agenda: BinaryHeap::new(),
            created: 0,
            stamps: HashMap::new(),
            trouble,
            sent: 0,
            held: Vec::new(),
            config,
        };
        for slot in 0..simulator.config.objects.max(1) {
            let watch = simulator.watch(START, true);
            simulator
                .agenda
                .push(Reverse((watch.next.mjd.to_bits(), slot)));
            simulator.watches.push(watch);
        }
        simulator
    }

    /// The next alert, never in trouble.
    pub fn next_alert(&mut self) -> Alert {
        loop {
            let Some(Reverse((_, slot))) = self.agenda.pop() else {
                unreachable!("every slot is put back on the agenda, and there is at least one")
            };
            let alert = self.watches[slot].look(self.config.survey, true);
            let next = &self.watches[slot].next;
            if next.mjd > self.watches[slot].object.ends {
                self.watches[slot] = self.watch(next.mjd, false);
            }
            let time = self.watches[slot].next.mjd.to_bits();
            self.agenda.push(Reverse((time, slot)));
            if let Some(alert) = alert {
                return alert;
            }
        }
    }

    /// A new object, its past until `now` already observed.
    fn watch(&mut self, now: f64, starting: bool) -> Watch {
        let (survey, seed) = (self.config.survey, self.config.seed);
        let kind = self.config.mix.next();
        let object = SkyObject::new(survey, kind, seed, self.created, now, starting);
        self.created += 1;
        let stamps = self.stamps(&object);
        let story = match survey {
            Survey::Ztf => Story::Ztf(ztf::Story::of(&object, self.config.history, seed, stamps)),
            Survey::Lsst => {
                Story::Lsst(lsst::Story::of(&object, self.config.history, seed, stamps))
            }
        };
        let mut visits = Visits::of(&object, survey, self.config.history);
        let mut watch = Watch {
            next: visits.next(&object),
            object,
            visits,
            story,
        };
        while watch.next.mjd < now {
            watch.look(survey, false);
        }
        watch
    }

    fn stamps(&mut self, object: &SkyObject) -> Stamps {
        let realisation = object.index % REALISATIONS;
        let SimulateConfig {
            survey,
            seed,
            cutouts,
            ..
        } = self.config;
        let made = self.stamps.entry((object.kind, realisation));
        made.or_insert_with(|| stamps(survey, object.kind, cutouts, seed, realisation))
            .clone()
    }
}

impl Watch {
    /// Makes the next visit.
    fn look(&mut self, survey: Survey, wanted: bool) -> Option<Alert> {
        let following = self.visits.next(&self.object);
        let visit = std::mem::replace(&mut self.next, following);
        let seen = visit.clone();
        let sighting = match &mut self.story {
            Story::Ztf(story) => story.observe(&self.object, visit, wanted),
            Story::Lsst(story) => story.observe(&self.object, visit, wanted),
        }?;
        let sent = broker_times(survey, &self.object, &seen).end;
        Some(Alert {
            topic: sighting.topic.to_owned(),
            packet: sighting.packet,
            timestamp_ms: clock::unix_ms(sent),
            truth: Truth {
                survey,
                kind: self.object.kind,
                object: self.object.index,
                object_id: sighting.object_id,
                alert_id: sighting.alert_id,
                mjd_utc: seen.mjd,
                passband: seen.passband,
                flux: seen.flux,
                flux_err: seen.flux_err,
                trouble: None,
            },
        })
    }
}

/// The messages, with the trouble that was asked for; never ends.
impl Iterator for Simulator {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(due) = self.held.iter().position(|(due, _)| *due <= self.sent) {
                self.sent += 1;
                return Some(self.held.swap_remove(due).1);
            }
            let mut alert = self.next_alert();
            let Some(trouble) = self.config.troubles.draw(&mut self.trouble) else {
                self.sent += 1;
                return Some(alert.message());
            };
            trouble.befall(&mut alert, &mut self.trouble);
            let mut message = alert.message();
            trouble.damage(&mut message, &mut self.trouble);
            match trouble {
                Trouble::Late => {
                    let later = self.sent + 20 + self.trouble.below(180);
                    message.truth.trouble = Some(trouble);
                    self.held.push((later, message));
                    continue;
                }
                Trouble::Duplicate => {
                    let mut again = message.clone();
                    again.truth.trouble = Some(trouble);
                    let later = self.sent + 1 + self.trouble.below(20);
                    self.held.push((later, again));
                }
                _ => message.truth.trouble = Some(trouble),
            }
            self.sent += 1;
            return Some(message);
        }
    }
}
