//! What can go wrong with one call of one module.

use std::fmt;
use std::time::Duration;

use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};

use super::delivery::DeliveryError;
use super::exports::Export;
use super::instance::State;
use super::limits::CallLimits;

/// A fault belongs to one alert and one module, and nobody else notices it. The instance that
/// caused it is gone by the time that it is returned.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    #[error("`{export}` trapped: {kind}{}{}{}", refused_text(*.refused_memory), said_text(.said), backtrace_text(.backtrace))]
    Trap {
        export: Export,
        /// WebAssembly's own name of the trap.
        kind: String,
        /// Bytes of memory that the guest asked for in vain during the call.
        refused_memory: Option<usize>,
        /// What the guest logged as errors in the same call, such as its panic message.
        said: String,
        /// Function names, innermost first, where the module carries names.
        backtrace: Vec<String>,
    },
    #[error(
        "`{export}` used up its {fuel} units of fuel: an endless loop, or too much work for one alert (`limits.fuel`)"
    )]
    OutOfFuel { export: Export, fuel: u64 },
    #[error("`{export}` did not return within {} ms (`limits.milliseconds`)", .deadline.as_millis())]
    Deadline { export: Export, deadline: Duration },
    #[error("the module aborted: {0}")]
    Abort(Box<Abort>),
    #[error(
        "`{export}` gave pointer {ptr:#x} with length {len}, which is not inside its memory of {memory} bytes"
    )]
    BadPointer {
        export: Export,
        ptr: u32,
        len: u32,
        memory: usize,
    },
    #[error("`skysieve_reserve({len})` returned {address:#x}: {why}")]
    BadBuffer {
        len: u32,
        address: u32,
        why: &'static str,
    },
    #[error("`skysieve_filter` returned {bits:#018x}, which is no verdict: {why}")]
    BadVerdict { bits: u64, why: String },
    #[error("`{export}` returned {len} bytes, more than the {limit} allowed (`limits.output_kib`)")]
    OutputTooLong {
        export: Export,
        len: usize,
        limit: usize,
    },
    #[error("the value `{name}` that the filter wrote is wrong: {why}")]
    BadValue { name: String, why: String },
    #[error("`skysieve_map` returned a delivery that cannot be used: {0}")]
    BadDelivery(#[from] DeliveryError),
    #[error("the module cannot be instantiated: {0}")]
    Instantiate(String),
    #[error("{0}")]
    Host(HostFault),
}

/// The host's own part of what can go wrong: never the module author's doing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostFault {
    #[error("no room for one more instance: raise the number of instances of the engine ({0})")]
    NoSlot(String),
    #[error("the system has no memory for one more instance: {0}")]
    System(String),
    #[error("the module has no `{0}`")]
    NoExport(Export),
    #[error("{given} field positions were given for a manifest of {expected} fields")]
    Fields { given: usize, expected: usize },
    #[error("the parameters were bound for another manifest")]
    Parameters,
    #[error("a memory limit of {limit} bytes is above the engine's ceiling of {ceiling}")]
    MemoryLimit { limit: usize, ceiling: usize },
    #[error("a record of {0} bytes does not fit WebAssembly's address space")]
    Record(usize),
    #[error("there is nothing to read: values live from a filter's verdict to the next call")]
    NothingToRead,
}

/// What AssemblyScript's `abort` said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abort {
    pub message: String,
    pub file: String,
    pub line: i32,
    pub column: i32,
}

impl fmt::Display for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &str, none: &'static str| match text {
            "" => none.to_owned(),
            some => some.to_owned(),
        };
        let message = or(&self.message, "(no message)");
        let file = or(&self.file, "(unknown file)");
        write!(f, "{message} at {file}:{}:{}", self.line, self.column)
    }
}

fn refused_text(refused: Option<usize>) -> String {
    refused.map_or(String::new(), |bytes| {
        format!(", after it was refused {bytes} bytes of memory (`limits.memory_mib`)")
    })
}

fn said_text(said: &str) -> String {
    match said {
        "" => String::new(),
        said => format!(", saying \"{said}\""),
    }
}

fn backtrace_text(names: &[String]) -> String {
    match names {
        [] => String::new(),
        names => format!(", in `{}`", names.join("` from `")),
    }
}

impl Fault {
    /// A short name for counters.
    pub fn kind(&self) -> &'static str {
        match self {
            Fault::Trap { .. } => "trap",
            Fault::OutOfFuel { .. } => "fuel",
            Fault::Deadline { .. } => "deadline",
            Fault::Abort(_) => "abort",
            Fault::BadPointer { .. } => "pointer",
            Fault::BadBuffer { .. } => "buffer",
            Fault::BadVerdict { .. } => "verdict",
            Fault::OutputTooLong { .. } => "output",
            Fault::BadValue { .. } => "value",
            Fault::BadDelivery(_) => "delivery",
            Fault::Instantiate(_) => "instantiate",
            Fault::Host(_) => "host",
        }
    }

    /// Whether the module's author is to blame; the rest says nothing about the module.
    pub fn blames_module(&self) -> bool {
        !matches!(self, Fault::Host(_))
    }

    /// Reads what wasmtime says of a call that did not return.
    pub(super) fn of_call(
        error: &wasmtime::Error,
        export: Export,
        limits: &CallLimits,
        state: &State,
    ) -> Self {
        if let Some(fault) = error.downcast_ref::<Fault>() {
            return fault.clone();
        }
        let kind = match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => {
                return Fault::OutOfFuel {
                    export,
                    fuel: limits.fuel,
                };
            }
            Some(Trap::Interrupt) => {
                return Fault::Deadline {
                    export,
                    deadline: limits.deadline,
                };
            }
            Some(trap) => trap.to_string(),
            None => error.root_cause().to_string(),
        };
        Fault::Trap {
            export,
            kind: kind.trim_start_matches("wasm trap: ").to_owned(),
            refused_memory: state.limiter.refused(),
            said: state.log.complaint(),
            backtrace: function_names(error),
        }
    }

    /// Reads what wasmtime says of an instance that could not be made.
    pub(super) fn of_start(error: &wasmtime::Error, limits: &CallLimits, state: &State) -> Self {
        if error.is::<PoolConcurrencyLimitError>() {
            return Fault::Host(HostFault::NoSlot(error.root_cause().to_string()));
        }
        if error.is::<Trap>() || error.is::<Fault>() {
            return Fault::of_call(error, Export::Start, limits, state);
        }
        if error.root_cause().is::<std::io::Error>() {
            return Fault::Host(HostFault::System(error.root_cause().to_string()));
        }
        let refused = refused_text(state.limiter.refused());
        Fault::Instantiate(format!("{}{refused}", error.root_cause()))
    }
}

/// A few names are enough to find the place, and cheap.
fn function_names(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    let frames = backtrace.frames().iter().take(4);
    frames
        .filter_map(|frame| frame.func_name().map(str::to_owned))
        .collect()
}
