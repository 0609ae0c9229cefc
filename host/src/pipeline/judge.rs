//! Judging: a message in, what every filter says of it and what is to be delivered out.
//!
//! No I/O and no waiting here: a judge can be run on any thread, and again.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use super::copies::Copies;
use super::orders;
use super::plans::Plans;
use super::seat::Seat;
use crate::alert::{
    EnvelopeError, GivenSchemas, Head, KeyError, Opened, ReadError, Row, SchemaCache, Survey,
};
use crate::engine::{Fault, Fields, Input, Verdict};
use crate::skyportal::Order;
use crate::source::{Message, Place};
use crate::telemetry::{RouteAccount, SourceAccount};

/// Runs every filter that reads the message's topic.
pub struct Judge {
    seats: Vec<Seat>,
    account: Arc<SourceAccount>,
    /// The survey that the source promises; none for files, which say themselves.
    survey: Option<Survey>,
    schemas: SchemaCache,
    plans: Vec<Plans>,
    copies: Copies,
    rows: Rows,
    /// What the alert before was answered with, for its memory.
    spare: Option<Box<Judged>>,
}

/// Memory that is kept from alert to alert.
#[derive(Default)]
pub(super) struct Rows {
    pub early: Row,
    pub late: Row,
    pub packet: Row,
    pub mapping: Row,
}

/// What became of a message.
#[derive(Debug)]
pub enum Judgement {
    Undecodable(Undecodable),
    /// The alert was read before from the same topic.
    Copy(Head),
    Judged(Box<Judged>),
}

/// Why a message is no alert.
#[derive(Debug, thiserror::Error)]
pub enum Undecodable {
    #[error("{0}")]
    Key(#[from] KeyError),
    #[error("{0}")]
    Value(#[from] ReadError),
    #[error("the source is configured for {expected}, and the schema is of {found}")]
    OtherSurvey { expected: Survey, found: Survey },
}

impl Undecodable {
    /// A short name for counters.
    pub fn kind(&self) -> &'static str {
        match self {
            Undecodable::Key(KeyError::Envelope(EnvelopeError::NoKey)) => "no key",
            Undecodable::Key(KeyError::Envelope(EnvelopeError::NotText)) => "key is no schema",
            Undecodable::Key(KeyError::Envelope(EnvelopeError::Container(_))) => {
                "damaged object container"
            }
            Undecodable::Key(KeyError::NotAtHand(_) | KeyError::Incomplete(_)) => {
                "schema not at hand"
            }
            Undecodable::Key(_) => "unusable schema",
            Undecodable::Value(ReadError::Decode(_)) => "value does not fit its schema",
            Undecodable::Value(ReadError::NotAnAlert(_)) => "not an alert",
            Undecodable::OtherSurvey { .. } => "another survey",
        }
    }
}

/// An alert that was judged.
#[derive(Debug)]
pub struct Judged {
    pub head: Head,
    /// What each filter said, by `group/filter`.
    pub verdicts: Vec<(Arc<str>, Said)>,
    /// The routes on which it passed.
    pub passed: Vec<PassedOn>,
    /// The filters that failed on it and want it kept as a dead letter, each with its reason.
    pub kept: Vec<(Arc<str>, String)>,
}

/// What a filter said.
#[derive(Debug)]
pub enum Said {
    Passed {
        routes: Vec<String>,
        values: Vec<(String, crate::engine::Value)>,
    },
    Rejected {
        cut: Arc<str>,
    },
    Faulted {
        kind: &'static str,
        why: String,
    },
}

/// One route on which an alert passed.
#[derive(Debug)]
pub struct PassedOn {
    /// `group/filter/route`.
    pub route: Arc<str>,
    pub account: Arc<RouteAccount>,
    pub what: Passed,
}

/// What is to be done with it.
#[derive(Debug)]
pub enum Passed {
    Deliver(Box<Order>),
    /// The mapping has nothing to deliver.
    Declined,
    /// It cannot be delivered: kept as a dead letter.
    Failed(String),
}

impl Judge {
    pub(super) fn new(
        seats: Vec<Seat>,
        account: Arc<SourceAccount>,
        survey: Option<Survey>,
    ) -> Self {
        Judge {
            seats,
            account,
            survey,
            schemas: SchemaCache::default(),
            plans: Vec::new(),
            copies: Copies::default(),
            rows: Rows::default(),
            spare: None,
        }
    }

    /// The same judge, with schemas for messages that only name theirs.
    pub fn with_given(mut self, given: GivenSchemas) -> Self {
        self.schemas = SchemaCache::with_given(given);
        self
    }

    /// Other rules from the next message on. Filters of groups that stay keep their seats.
    pub(super) fn change(&mut self, stays: &BTreeSet<String>, seats: Vec<Seat>) {
        self.seats.retain(|seat| stays.contains(&seat.group));
        self.seats.extend(seats);
        self.plans.clear();
    }

    /// The message's topic, where messages name their schema by it and it was not learnt yet.
    pub fn lacks_schema_of<'m>(&self, message: &'m Message) -> Option<&'m str> {
        let topic = message.place.topic()?;
        let named = message.key == topic.as_bytes();
        (named && !self.schemas.given().has(topic)).then_some(topic)
    }

    /// Adds a schema that was fetched for messages with the key `name`.
    pub fn learn(&mut self, name: &str, schema: &str) {
        self.schemas.learn(name, schema);
    }

    /// Judges one message and counts what it says.
    pub fn judge(&mut self, message: &Message) -> Judgement {
        self.follow_shelves(&message.place);
        self.account.read.add_one();
        let judgement = match self.read(message) {
            Ok((plans, head, datum)) => {
                // From here on all are alike: a bare datum, as the livestream brings it.
                let message = &Message {
                    value: datum,
                    ..message.clone()
                };
                if self.copies.is_copy(&message.place, head.alert_id) {
                    Judgement::Copy(head)
                } else {
                    Judgement::Judged(self.verdicts(message, plans, head))
                }
            }
            Err(undecodable) => Judgement::Undecodable(undecodable),
        };
        match &judgement {
            Judgement::Undecodable(why) => {
                self.account.undecodable.add_one();
                self.account.reasons.add_one(why.kind());
            }
            Judgement::Copy(_) => self.account.copies.add_one(),
            Judgement::Judged(_) => self.account.judged.add_one(),
        }
        judgement
    }

    /// Between two alerts: exactly one version of a module judges each.
    fn follow_shelves(&mut self, place: &Place) {
        let mut changed = false;
        for seat in &mut self.seats {
            changed |= seat.follow_shelf(place);
        }
        if changed {
            self.plans.clear();
        }
    }

    /// Reads what the filters need; the place of the schema's plans, what every alert has, and the
    /// datum.
    fn read(&mut self, message: &Message) -> Result<(usize, Head, Bytes), Undecodable> {
        let Opened { schema, datum } = self.schemas.open(&message.key, &message.value)?;
        if let Some(expected) = self.survey
            && expected != schema.survey()
        {
            let found = schema.survey();
            return Err(Undecodable::OtherSurvey { expected, found });
        }
        let known = self
            .plans
            .iter()
            .position(|p| Arc::ptr_eq(&p.schema, &schema));
        let plans = known.unwrap_or_else(|| {
            self.plans.push(Plans::compile(schema, &self.seats));
            self.plans.len() - 1
        });
        let topic = message.place.topic();
        let early = &self.plans[plans].early;
        let head = early.read(&datum, topic, &mut self.rows.early)?;
        Ok((plans, head, datum))
    }

    /// Takes a judgement back that was dealt with: the next one uses its memory.
    pub fn reuse(&mut self, mut judged: Box<Judged>) {
        judged.verdicts.clear();
        judged.passed.clear();
        judged.kept.clear();
        self.spare = Some(judged);
    }

    fn verdicts(&mut self, message: &Message, plans: usize, head: Head) -> Box<Judged> {
        let plans = &self.plans[plans];
        let rows = &mut self.rows;
        let mut late_read = false;
        let mut judged = match self.spare.take() {
            Some(mut spare) => {
                spare.head = head;
                spare
            }
            None => Box::new(Judged {
                head,
                verdicts: Vec::with_capacity(self.seats.len()),
                passed: Vec::new(),
                kept: Vec::new(),
            }),
        };
        for number in 0..self.seats.len() {
            let seat = &mut self.seats[number];
            if !seat.judges(message.place.topic(), judged.head.survey) {
                continue;
            }
            let verdict = match (&plans.seats[number].misfit, seat.quarantined()) {
                (Some(why), _) => {
                    tell_misfit(seat, plans, why);
                    Err(Trouble::Schema(why.clone()))
                }
                (None, Some(why)) => Err(Trouble::Quarantine(why.to_owned())),
                (None, None) => ask(seat, number, plans, message, rows, &mut late_read),
            };
            match &verdict {
                Ok(_) => seat.did_well(),
                Err(Trouble::Fault(fault)) => seat.failed(fault, &message.place),
                Err(_) => {}
            }
            let said = match verdict {
                Ok(verdict @ Verdict::Passed { .. }) => {
                    orders::pass(seat, number, plans, message, rows, verdict, &mut judged)
                }
                Ok(Verdict::Rejected { cut }) => {
                    let cut = &seat.cuts[usize::from(cut)];
                    cut.rejected.add_one();
                    Said::Rejected {
                        cut: cut.name.clone(),
                    }
                }
                Ok(Verdict::WantsLate) => Said::Faulted {
                    kind: "verdict",
                    why: "it asks for late fields for ever".to_owned(),
                },
                Err(trouble) => {
                    tell_fault(seat, message, &judged.head, &trouble);
                    let why = trouble.to_string();
                    if seat.keeps_faulted() && trouble.is_the_modules() {
                        judged.kept.push((seat.name.clone(), why.clone()));
                    }
                    Said::Faulted {
                        kind: trouble.kind(),
                        why,
                    }
                }
            };
            count(seat, &said);
            judged.verdicts.push((seat.name.clone(), said));
        }
        judged
    }
}

/// Why a filter has no verdict on an alert.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("the schema does not fit the filter: {0}")]
    Schema(String),
    #[error("{0}")]
    Fault(#[from] Fault),
    #[error("its module is in quarantine: {0}")]
    Quarantine(String),
    #[error("the late fields cannot be read: {0}")]
    Late(#[from] ReadError),
}

impl Trouble {
    fn kind(&self) -> &'static str {
        match self {
            Trouble::Schema(_) => "schema",
            Trouble::Fault(fault) => fault.kind(),
            Trouble::Quarantine(_) => "quarantine",
            Trouble::Late(_) => "late fields",
        }
    }

    /// A schema that does not fit says nothing about the module, and may concern millions of alerts.
    fn is_the_modules(&self) -> bool {
        matches!(self, Trouble::Fault(_) | Trouble::Quarantine(_))
    }
}

/// Asks the filter, a second time with the late fields if it wants them.
fn ask(
    seat: &mut Seat,
    number: usize,
    plans: &Plans,
    message: &Message,
    rows: &mut Rows,
    late_read: &mut bool,
) -> Result<Verdict, Trouble> {
    let slots = &plans.seats[number];
    let fields = Fields {
        row: &rows.early,
        slots: &slots.early,
    };
    let mut input = Input {
        fields,
        late: None,
        explain: false,
    };
    let verdict = seat.guest.filter(&input)?;
    if verdict != Verdict::WantsLate {
        return Ok(verdict);
    }
    if !*late_read {
        let topic = message.place.topic();
        plans.late.read(&message.value, topic, &mut rows.late)?;
        *late_read = true;
    }
    input.late = Some(Fields {
        row: &rows.late,
        slots: &slots.late,
    });
    Ok(seat.guest.filter(&input)?)
}

fn count(seat: &Seat, said: &Said) {
    let account = &seat.account;
    account.judged.add_one();
    match said {
        Said::Passed { .. } => account.passed.add_one(),
        // Its cut has counted it.
        Said::Rejected { .. } => account.rejected.add_one(),
        Said::Faulted { kind, .. } => {
            account.faulted.add_one();
            account.faults.add_one(kind);
        }
    }
}

/// Once for each schema: the stream may bring millions of its alerts.
fn tell_misfit(seat: &mut Seat, plans: &Plans, why: &str) {
    if seat.told.insert(plans.schema.fingerprint().to_owned()) {
        tracing::warn!(
            filter = %seat.name,
            module = seat.guest.module().name(),
            hash = %seat.guest.module().hash(),
            schema = plans.schema.fingerprint(),
            "alerts of this schema cannot be judged: {why}"
        );
    }
}

fn tell_fault(seat: &Seat, message: &Message, head: &Head, trouble: &Trouble) {
    // Each of the two was told once, and concerns alert after alert.
    if matches!(trouble, Trouble::Schema(_) | Trouble::Quarantine(_)) {
        return;
    }
    tracing::warn!(
        filter = %seat.name,
        module = seat.guest.module().name(),
        hash = %seat.guest.module().hash(),
        alert = head.alert_id,
        object = %head.object_id,
        place = %message.place,
        "fault: {trouble}"
    );
}
