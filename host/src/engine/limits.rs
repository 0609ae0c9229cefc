//! What one call may use, and the gate through which memory and tables grow.

use std::time::Duration;

use wasmtime::ResourceLimiter;

const MIB: usize = 1024 * 1024;
/// Tables that one module may have; compilers make one.
pub(super) const MAX_TABLES: u32 = 4;

/// The limits of one call of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// Units of work, about one WebAssembly instruction each, a byte of a bulk operation too. The
    /// same verdict everywhere, hence the limit to tune.
    pub fuel: u64,
    /// Wall clock: what stops a call when the fuel limit was set too high. A call that meets it is
    /// tried once more, since the machine may have been busy.
    pub deadline: Duration,
    /// Bytes of linear memory.
    pub memory: usize,
    /// Elements of each table.
    pub table_elements: usize,
    /// Bytes of a mapping's answer.
    pub output: usize,
    /// Bytes of log lines that one call may write; the rest is dropped.
    pub log: usize,
}

impl CallLimits {
    /// For filters: thousands of calls a second.
    pub const FILTER: CallLimits = CallLimits {
        fuel: 10_000_000,
        deadline: Duration::from_millis(100),
        memory: 16 * MIB,
        table_elements: 10_000,
        output: MIB,
        log: 4096,
    };

    /// For mappings, which run for the few alerts that passed.
    pub const MAPPING: CallLimits = CallLimits {
        fuel: 50_000_000,
        deadline: Duration::from_millis(500),
        ..CallLimits::FILTER
    };

    /// For the one call at load: generous, since nobody waits for it.
    pub(super) const MANIFEST: CallLimits = CallLimits {
        fuel: 100_000_000,
        deadline: Duration::from_secs(2),
        memory: 64 * MIB,
        ..CallLimits::FILTER
    };
}

impl Default for CallLimits {
    fn default() -> Self {
        CallLimits::FILTER
    }
}

/// Lets memory and tables grow up to the limits, and remembers that it refused: a trap that follows
/// is then explained by it.
#[derive(Debug)]
pub(super) struct Limiter {
    memory: usize,
    table_elements: usize,
    refused: Option<usize>,
}

impl Limiter {
    pub fn new(limits: &CallLimits) -> Self {
        Limiter {
            memory: limits.memory,
            table_elements: limits.table_elements,
            refused: None,
        }
    }

    /// Forgets what an earlier call was refused, and survived.
    pub fn begin(&mut self) {
        self.refused = None;
    }

    /// The size in bytes that the memory last asked for in vain.
    pub fn refused(&self) -> Option<usize> {
        self.refused
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let allowed = desired <= self.memory;
        if !allowed {
            self.refused = Some(desired);
        }
        Ok(allowed)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= self.table_elements)
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        MAX_TABLES as usize
    }

    fn memories(&self) -> usize {
        1
    }
}
