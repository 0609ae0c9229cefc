//! One module, called with one alert after the other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::reading::Reading;
use crate::alert::{Field, Head, KeyError, ReadError, Row, SchemaCache, Survey};
use crate::engine::{
    CallLimits, Delivery, Engine, Fault, Fields, Guest, Input, Isolation, LoadError, Module,
    ParamError, Value, Verdict,
};
use crate::source::Message;

/// What a mapping is told of the filter before it, where there is none.
const NO_FILTER: [(&str, &str); 3] = [
    ("filter.name", "no-filter"),
    ("filter.version", "0"),
    ("filter.route", "main"),
];

/// A module with its parameters, ready to judge. A module that is both filter and mapping is called
/// as a filter.
pub struct Bench {
    guest: Guest,
    fields: Vec<Field>,
    schemas: SchemaCache,
    readings: Vec<Reading>,
    pub(super) early: Row,
    pub(super) late: Row,
    mapping: Row,
    memory: usize,
}

/// Why a module cannot be put on the bench.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error("cannot read module `{path}`: {source}")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("module `{module}`: {error}")]
    Param { module: String, error: ParamError },
    #[error("module `{module}`: {fault}")]
    Instance { module: String, fault: Fault },
}

/// Why a message was not judged; the module is not to blame.
#[derive(Debug, thiserror::Error)]
pub enum Skipped {
    #[error("its key gives no schema: {0}")]
    Key(#[from] KeyError),
    #[error("{0}")]
    Value(#[from] ReadError),
    #[error("it is an alert of {0}, which the module's manifest does not name under `surveys`")]
    OtherSurvey(Survey),
}

/// What the module said of one alert, and what it cost.
#[derive(Debug)]
pub struct Ruling {
    pub head: Head,
    pub said: Said,
    /// In the manifest's order; empty where nobody may read them.
    pub values: Vec<(String, Value)>,
    /// Whether it asked for the late fields.
    pub asked_late: bool,
    /// Of all calls for this alert together.
    pub fuel: u64,
    /// Wall clock of the calls; different each time.
    pub time: Duration,
}

/// What a module says.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// On these routes.
    Passed(Vec<String>),
    /// The first cut that failed, by its number.
    Rejected(usize),
    /// A mapping's delivery; `None` = nothing to deliver.
    Delivered(Option<Box<Delivery>>),
    /// The kind of the fault, and why.
    Faulted(&'static str, String),
}

impl Bench {
    /// Loads a module's file and gives it its parameters.
    ///
    /// # Errors
    /// Where the file is no module that may judge, or a parameter is not one of its own.
    pub fn open(
        engine: &Engine,
        path: &Path,
        params: &BTreeMap<String, Json>,
        limits: Option<CallLimits>,
    ) -> Result<Self, BenchError> {
        let bytes = std::fs::read(path).map_err(|source| BenchError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        let module = engine.load(&name.to_string_lossy(), &bytes)?;
        Self::new(&module, params, limits)
    }

    /// The same for a module that is loaded. Without limits, those of a filter or mapping hold that
    /// is configured without any.
    ///
    /// # Errors
    /// Where a parameter is not the module's, or no instance can be made.
    pub fn new(
        module: &Module,
        params: &BTreeMap<String, Json>,
        limits: Option<CallLimits>,
    ) -> Result<Self, BenchError> {
        let manifest = module.manifest();
        let name = || module.name().to_owned();
        let params = manifest.bind(params).map_err(|error| BenchError::Param {
            module: name(),
            error,
        })?;
        let (fields, usual) = if module.is_filter() {
            (manifest.fields.clone(), CallLimits::FILTER)
        } else {
            // A mapping gets all its fields at once.
            let fields = manifest.map_fields.iter();
            let early = |field: &Field| Field {
                late: false,
                ..field.clone()
            };
            (fields.map(early).collect(), CallLimits::MAPPING)
        };
        let guest = Guest::new(module, params, limits.unwrap_or(usual)).map_err(|fault| {
            BenchError::Instance {
                module: name(),
                fault,
            }
        })?;
        Ok(Bench {
            guest,
            fields,
            schemas: SchemaCache::default(),
            readings: Vec::new(),
            early: Row::default(),
            late: Row::default(),
            mapping: Row::default(),
            memory: 0,
        })
    }

    /// The same, its alerts kept apart in this way.
    pub fn isolated(mut self, isolation: Isolation) -> Self {
        self.guest = self.guest.isolated(isolation);
        self
    }

    pub fn module(&self) -> &Module {
        self.guest.module()
    }

    pub fn guest(&self) -> &Guest {
        &self.guest
    }

    /// The most memory that the module had after any call, bytes.
    pub fn memory(&self) -> usize {
        self.memory
    }

    pub(super) fn fields(&self) -> &[Field] {
        &self.fields
    }

    pub(super) fn reading_of(&self, survey: Survey) -> Option<&Reading> {
        // The newest: `explain` asks right after its one alert.
        let mut readings = self.readings.iter().rev();
        readings.find(|reading| reading.schema.survey() == survey)
    }

    /// Judges one message. `explain` lets the values of a rejected alert be read too.
    ///
    /// # Errors
    /// Where the message is no alert, or none that the module takes.
    pub fn judge(&mut self, message: &Message, explain: bool) -> Result<Ruling, Skipped> {
        let schema = self.schemas.get(&message.key)?;
        if !self.module().manifest().understands(schema.survey()) {
            return Err(Skipped::OtherSurvey(schema.survey()));
        }
        let known = self
            .readings
            .iter()
            .position(|reading| Arc::ptr_eq(&reading.schema, &schema));
        let number = known.unwrap_or_else(|| {
            let reading = Reading::compile(schema, &self.fields);
            self.readings.push(reading);
            self.readings.len() - 1
        });
        let topic = message.place.topic();
        let early = &self.readings[number].early;
        let head = early.read(&message.value, topic, &mut self.early)?;
        let mut ruling = Ruling {
            head,
            said: Said::Passed(Vec::new()),
            values: Vec::new(),
            asked_late: false,
            fuel: 0,
            time: Duration::ZERO,
        };
        let said = match &self.readings[number].misfit {
            Some(why) => Ok(Said::Faulted("schema", why.clone())),
            None if self.module().is_filter() => {
                self.filter(number, message, explain, &mut ruling)?
            }
            None => self.map(number, &mut ruling),
        };
        ruling.said = said.unwrap_or_else(|fault| Said::Faulted(fault.kind(), fault.to_string()));
        self.memory = self.memory.max(self.guest.memory());
        Ok(ruling)
    }

    /// The outer error is the packet's, the inner one the module's.
    fn filter(
        &mut self,
        number: usize,
        message: &Message,
        explain: bool,
        ruling: &mut Ruling,
    ) -> Result<Result<Said, Fault>, ReadError> {
        let reading = &self.readings[number];
        let mut input = Input {
            fields: Fields {
                row: &self.early,
                slots: &reading.early_slots,
            },
            late: None,
            explain,
        };
        let mut verdict = timed(&mut self.guest, ruling, |guest| guest.filter(&input));
        if let Ok(Verdict::WantsLate) = verdict {
            ruling.asked_late = true;
            let topic = message.place.topic();
            reading.late.read(&message.value, topic, &mut self.late)?;
            input.late = Some(Fields {
                row: &self.late,
                slots: &reading.late_slots,
            });
            verdict = timed(&mut self.guest, ruling, |guest| guest.filter(&input));
        }
        let verdict = match verdict {
            Ok(verdict) => verdict,
            Err(fault) => return Ok(Err(fault)),
        };
        let said = match verdict {
            Verdict::Rejected { cut } => Said::Rejected(usize::from(cut)),
            verdict => {
                let routes = &self.module().manifest().routes;
                let names = verdict.routes().map(|route| routes[route].clone());
                Said::Passed(names.collect())
            }
        };
        if explain || matches!(said, Said::Passed(_)) {
            match self.guest.values().and_then(|values| {
                self.guest.settle()?;
                Ok(values)
            }) {
                Ok(values) => ruling.values = values,
                Err(fault) => return Ok(Err(fault)),
            }
        }
        Ok(Ok(said))
    }

    fn map(&mut self, number: usize, ruling: &mut Ruling) -> Result<Said, Fault> {
        let slots = &self.readings[number].early_slots;
        let row = &mut self.mapping;
        row.reset(self.fields.iter().map(|field| field.ty));
        for (i, field) in self.fields.iter().enumerate() {
            if let Some(place) = slots[i] {
                row.copy_from(i, &self.early, place, field.ty);
            } else if let Some((_, text)) = NO_FILTER.iter().find(|(path, _)| *path == field.path) {
                row.set_str(i, text);
            }
        }
        let slots: Vec<Option<usize>> = (0..self.fields.len()).map(Some).collect();
        let fields = Fields {
            row: &self.mapping,
            slots: &slots,
        };
        let delivery = timed(&mut self.guest, ruling, |guest| guest.map(fields))?;
        self.guest.settle()?;
        Ok(Said::Delivered(delivery.map(Box::new)))
    }

    /// What a field of the mapping or filter holds, after [`Bench::judge`].
    pub(super) fn row_of(
        &self,
        reading: &Reading,
        field: usize,
        late: bool,
    ) -> Option<(&Row, usize)> {
        if !self.module().is_filter() {
            return Some((&self.mapping, field));
        }
        let late = late.then_some(&self.late);
        reading.find(field, &self.early, late)
    }
}

fn timed<T>(guest: &mut Guest, ruling: &mut Ruling, call: impl FnOnce(&mut Guest) -> T) -> T {
    let start = Instant::now();
    let result = call(guest);
    ruling.time += start.elapsed();
    ruling.fuel += guest.fuel_used();
    result
}
