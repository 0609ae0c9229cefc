//! One worker's own copy of a module, judging alert after alert.

use super::delivery::Delivery;
use super::exports::Export;
use super::fault::{Fault, HostFault};
use super::instance::{Allowance, Living};
use super::limits::CallLimits;
use super::load::Module;
use super::log::LogBudget;
use super::memory::{self, Span};
use super::params::BoundParams;
use super::record::{Fields, Input, Layout};
use super::values::{self, Value};
use super::verdict::Verdict;

/// A module with its parameters and limits, and the instance that runs it.
///
/// One per worker, module and configured filter. Verdicts depend on the alert and the parameters
/// alone: between alerts the instance is reset, or replaced where the module cannot; after a fault
/// it is always replaced.
pub struct Guest {
    module: Module,
    params: BoundParams,
    allowance: Allowance,
    living: Option<Living>,
    state: State,
    fuel_used: u64,
    log_budget: LogBudget,
    isolation: Isolation,
    /// Alerts that the instance has seen.
    uses: u32,
}

/// How far apart the alerts of one guest are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Fresh memory for every alert, whatever the module does: 3 µs each. To be chosen for a module
    /// whose reset nobody trusts.
    Strict,
    /// One instance, reset between alerts, for so many of them: what a reset forgets to free does
    /// not add up for ever. A call costs no more than the module's own work.
    Reuse { alerts: u32 },
}

impl Default for Isolation {
    fn default() -> Self {
        Isolation::Reuse { alerts: 100_000 }
    }
}

impl Isolation {
    fn uses(self) -> u32 {
        match self {
            Isolation::Strict => 1,
            Isolation::Reuse { alerts } => alerts,
        }
    }
}

/// What the instance holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing of any alert.
    Clean,
    /// The values of the filter's last call, and whatever it allocated.
    Judged,
    /// Whatever the mapping's last call allocated.
    Mapped,
}

impl Guest {
    /// Makes the first instance.
    ///
    /// # Errors
    /// Where the parameters belong to another manifest, the memory limit is above the engine's
    /// ceiling, or no instance can be made.
    pub fn new(module: &Module, params: BoundParams, limits: CallLimits) -> Result<Self, Fault> {
        if !params.fits(module.manifest()) {
            return Err(Fault::Host(HostFault::Parameters));
        }
        let ceiling = module.memory_ceiling();
        if limits.memory > ceiling {
            let limit = limits.memory;
            return Err(Fault::Host(HostFault::MemoryLimit { limit, ceiling }));
        }
        let allowance = module.allowance(limits);
        Ok(Guest {
            living: Some(module.instantiate(&allowance)?),
            module: module.clone(),
            params,
            allowance,
            state: State::Clean,
            fuel_used: 0,
            log_budget: LogBudget::new(),
            isolation: Isolation::default(),
            uses: 0,
        })
    }

    /// The same guest, its alerts kept apart in this way.
    pub fn isolated(mut self, isolation: Isolation) -> Self {
        self.isolation = isolation;
        self
    }

    pub fn module(&self) -> &Module {
        &self.module
    }

    pub fn params(&self) -> &BoundParams {
        &self.params
    }

    /// Fuel that the last `filter` or `map` used; the same for the same alert everywhere.
    pub fn fuel_used(&self) -> u64 {
        self.fuel_used
    }

    /// Bytes of memory that the instance has now; 0 where there is none.
    pub fn memory(&self) -> usize {
        self.living
            .as_ref()
            .map_or(0, |living| living.memory().len())
    }

    /// Judges one alert.
    ///
    /// After a pass, or when explaining, [`Guest::values`] may be read until the next call.
    ///
    /// # Errors
    /// A fault that belongs to this alert. A missed deadline is tried once more before it counts.
    ///
    /// # Panics
    /// Where a slot lies outside its row.
    pub fn filter(&mut self, input: &Input<'_>) -> Result<Verdict, Fault> {
        self.twice(|guest| guest.judge(input))
    }

    /// The values that the filter wrote in its last call, in the manifest's order.
    ///
    /// # Errors
    /// Where a value is not what the manifest says, or there was no such call.
    pub fn values(&mut self) -> Result<Vec<(String, Value)>, Fault> {
        let values = self.read_values();
        if values.is_err() {
            self.discard();
        }
        values
    }

    /// Asks the mapping what to deliver; `None` = nothing.
    ///
    /// # Errors
    /// As for [`Guest::filter`].
    ///
    /// # Panics
    /// Where a slot lies outside its row.
    pub fn map(&mut self, fields: Fields<'_>) -> Result<Option<Delivery>, Fault> {
        self.twice(|guest| guest.translate(fields))
    }

    /// Ends the alert: frees what the module allocated for it. `filter` does so by itself once
    /// nothing can be read any more; call it after the outputs of a passed alert were read, so that
    /// a fault in the module's reset is counted against the alert that caused it.
    ///
    /// # Errors
    /// A fault in the module's own reset; the instance is replaced.
    pub fn settle(&mut self) -> Result<(), Fault> {
        let settled = self.clean();
        if settled.is_err() {
            self.discard();
        }
        settled
    }

    /// The machine may have been busy: what missed its deadline gets a second try, afresh.
    fn twice<T>(
        &mut self,
        mut call: impl FnMut(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut result = call(self);
        if let Err(Fault::Deadline { .. }) = result {
            self.discard();
            result = call(self);
        }
        if result.is_err() {
            self.discard();
        }
        result
    }

    fn judge(&mut self, input: &Input<'_>) -> Result<Verdict, Fault> {
        self.begin();
        let Self {
            module,
            params,
            allowance,
            living,
            ..
        } = self;
        let living = alive(module, allowance, living)?;
        write_record(living, module.filter_layout(), input, params, allowance)?;
        let returned = living.filter(allowance);
        self.state = State::Judged;
        self.account();
        let verdict = self.decode(returned?, input)?;
        let readable = input.explain || matches!(verdict, Verdict::Passed { .. });
        if !readable {
            self.clean()?;
        }
        Ok(verdict)
    }

    fn decode(&self, bits: u64, input: &Input<'_>) -> Result<Verdict, Fault> {
        let manifest = self.module.manifest();
        let verdict = Verdict::decode(bits, manifest.cuts.len(), manifest.routes.len())?;
        let bad = |why: &str| {
            let why = why.to_owned();
            Err(Fault::BadVerdict { bits, why })
        };
        match verdict {
            Verdict::WantsLate if !self.module.has_late_fields() => {
                bad("it asks for late fields, but the manifest marks none as `late`")
            }
            Verdict::WantsLate if input.late.is_some() => {
                bad("it asks for the late fields, which are there (flag bit 1 of the record)")
            }
            verdict => Ok(verdict),
        }
    }

    fn translate(&mut self, fields: Fields<'_>) -> Result<Option<Delivery>, Fault> {
        self.begin();
        let Self {
            module,
            params,
            allowance,
            living,
            ..
        } = self;
        let living = alive(module, allowance, living)?;
        let input = Input {
            fields,
            late: None,
            explain: false,
        };
        write_record(living, module.map_layout(), &input, params, allowance)?;
        let returned = living.map(allowance);
        self.state = State::Mapped;
        self.account();
        let word = returned?;
        if word == 0 {
            return Ok(None);
        }
        let limit = self.allowance.limits.output;
        let memory = self.living.as_ref().map_or(&[][..], Living::memory);
        let json = memory::output(memory, Export::Map, Span::from_word(word), limit)?;
        Ok(Some(Delivery::parse(json)?))
    }

    fn read_values(&self) -> Result<Vec<(String, Value)>, Fault> {
        let nothing = Fault::Host(HostFault::NothingToRead);
        let Some(living) = self.living.as_ref().filter(|_| self.state == State::Judged) else {
            return Err(nothing);
        };
        let memory = living.memory();
        let start = living.buffer().address as usize + self.module.filter_layout().values_at();
        let words = memory.get(start..).unwrap_or_default().as_chunks::<8>().0;
        let specs = self.module.manifest().values.iter();
        let values = specs.zip(words).map(|(spec, word)| {
            let value = values::read(spec, u64::from_le_bytes(*word), memory)?;
            Ok((spec.name.clone(), value))
        });
        values.collect()
    }

    /// A call never meets what an earlier one left behind, even if nobody settled it.
    fn begin(&mut self) {
        if let Err(fault) = self.settle() {
            tracing::warn!(
                module = self.module.name(),
                hash = %self.module.hash(),
                "the module's reset failed, a fresh instance takes over: {fault}"
            );
        }
    }

    fn clean(&mut self) -> Result<(), Fault> {
        if self.state == State::Clean {
            return Ok(());
        }
        self.state = State::Clean;
        self.uses += 1;
        if self.uses >= self.isolation.uses() {
            self.discard();
        }
        let Some(living) = &mut self.living else {
            return Ok(());
        };
        let reset = living.reset(&self.allowance);
        self.log_budget.forward(living.log(), &self.module);
        if !reset? {
            self.discard();
        }
        Ok(())
    }

    fn discard(&mut self) {
        self.living = None;
        self.state = State::Clean;
        self.uses = 0;
    }

    fn account(&mut self) {
        if let Some(living) = &mut self.living {
            self.fuel_used = living.fuel_used(&self.allowance);
            self.log_budget.forward(living.log(), &self.module);
        }
    }
}

impl std::fmt::Debug for Guest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guest")
            .field("module", &self.module)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// The instance, a fresh one if there is none.
fn alive<'a>(
    module: &Module,
    allowance: &Allowance,
    living: &'a mut Option<Living>,
) -> Result<&'a mut Living, Fault> {
    match living {
        Some(living) => Ok(living),
        None => Ok(living.insert(module.instantiate(allowance)?)),
    }
}

fn write_record(
    living: &mut Living,
    layout: &Layout,
    input: &Input<'_>,
    params: &BoundParams,
    allowance: &Allowance,
) -> Result<(), Fault> {
    for fields in [Some(input.fields), input.late].into_iter().flatten() {
        if fields.slots.len() != layout.field_count() {
            return Err(Fault::Host(HostFault::Fields {
                given: fields.slots.len(),
                expected: layout.field_count(),
            }));
        }
    }
    let len = layout.len(input, params.row());
    let buffer = living.reserve(len, layout.varies(), allowance)?;
    layout.write(living.record(len), buffer.address, input, params.row());
    Ok(())
}
