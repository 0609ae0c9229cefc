//! The process's one WebAssembly engine: its settings, its pool of instances, its clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wasmtime::{Config, InstanceAllocationStrategy, Linker, PoolingAllocationConfig, WasmFeatures};

use super::compile::Compiling;
use super::imports;
use super::instance::State;
use super::limits::MAX_TABLES;

/// Version 1 of the guest contract; everything that is not named is off. `GC_TYPES` is off too, so
/// that of the reference types `funcref` alone is there.
const FEATURES: WasmFeatures = WasmFeatures::FLOATS
    .union(WasmFeatures::MUTABLE_GLOBAL)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::SIMD);

/// What the whole process grants to guests.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// Instances that may live at once: one per worker and configured filter or mapping, and a
    /// few more for loading. Each costs address space (4 GiB of it, none of it memory) only.
    pub instances: u32,
    /// The most that any call's memory limit may be, bytes.
    pub memory_ceiling: usize,
    /// How often deadlines are looked at.
    pub tick: Duration,
    /// Bytes of stack for WebAssembly; [`WORKER_STACK`] leaves room beyond the default.
    pub stack: usize,
    /// Where modules are compiled.
    pub compiling: Compiling,
}

/// Bytes of stack for WebAssembly, unless told otherwise: a hundred frames of a real filter.
const STACK: usize = 512 * 1024;

/// Bytes of stack that a thread needs which calls guests: theirs, and 1 MiB for the host's own
/// frames above and below them.
pub const WORKER_STACK: usize = STACK + 1024 * 1024;

impl Default for EngineSettings {
    fn default() -> Self {
        EngineSettings {
            instances: 256,
            memory_ceiling: 256 * 1024 * 1024,
            tick: Duration::from_millis(5),
            stack: STACK,
            compiling: Compiling::default(),
        }
    }
}

/// Why the engine could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(
        "cannot set up WebAssembly for {instances} instances: {reason}; if address space is limited (`ulimit -v`, a container's \
         limit), {instances} x 4 GiB of it are needed, so lower the number of instances or raise the limit"
    )]
    Setup { instances: u32, reason: String },
    #[error("cannot start the thread that watches the deadlines of WebAssembly calls: {0}")]
    Thread(#[from] std::io::Error),
}

/// One a process; a clone is the same engine.
#[derive(Clone)]
pub struct Engine(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub wasm: wasmtime::Engine,
    pub linker: Linker<State>,
    pub settings: EngineSettings,
    _ticker: Ticker,
}

impl Engine {
    /// Reserves the pool and starts the clock.
    ///
    /// # Errors
    /// Where the system grants neither the address space nor the thread.
    pub fn new(settings: EngineSettings) -> Result<Self, EngineError> {
        let setup = |error: wasmtime::Error| EngineError::Setup {
            instances: settings.instances,
            reason: format!("{error:#}"),
        };
        let wasm = wasmtime::Engine::new(&config(&settings)).map_err(setup)?;
        let mut linker = Linker::new(&wasm);
        imports::define(&mut linker).map_err(setup)?;
        let ticker = Ticker::start(wasm.clone(), settings.tick)?;
        Ok(Engine(Arc::new(Inner {
            wasm,
            linker,
            settings,
            _ticker: ticker,
        })))
    }

    pub fn settings(&self) -> &EngineSettings {
        &self.0.settings
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Engine").field(&self.0.settings).finish()
    }
}

impl Inner {
    /// How many ticks a call may see before its deadline has surely passed.
    pub fn ticks(&self, deadline: Duration) -> u64 {
        let ticks = deadline
            .as_nanos()
            .div_ceil(self.settings.tick.as_nanos().max(1));
        // The first tick may come at once.
        u64::try_from(ticks)
            .unwrap_or(u64::MAX / 2)
            .min(u64::MAX / 2)
            + 1
    }
}

fn config(settings: &EngineSettings) -> Config {
    let mut config = config_of_code();
    config
        .max_wasm_stack(settings.stack)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(settings)));
    config
}

/// What decides about the compiled code: the same for every engine, and for the child process that
/// compiles for them.
pub(super) fn config_of_code() -> Config {
    let mut config = Config::new();
    config
        .wasm_features(WasmFeatures::all().difference(FEATURES), false)
        .wasm_features(FEATURES, true)
        .cranelift_nan_canonicalization(true)
        .consume_fuel(true)
        .epoch_interruption(true);
    config
}

fn pool(settings: &EngineSettings) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(settings.instances)
        .total_memories(settings.instances)
        .total_tables(settings.instances.saturating_mul(MAX_TABLES))
        .max_tables_per_module(MAX_TABLES)
        .max_memory_size(settings.memory_ceiling)
        .linear_memory_keep_resident(256 * 1024)
        .table_keep_resident(4096);
    pool
}

/// Counts epochs: the only clock that guests are held to, and one that they cannot read.
struct Ticker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    fn start(wasm: wasmtime::Engine, tick: Duration) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let run = move || {
            while !stopped.load(Ordering::Relaxed) {
                thread::park_timeout(tick);
                wasm.increment_epoch();
            }
        };
        let thread = thread::Builder::new()
            .name("guest-deadlines".into())
            .spawn(run)?;
        Ok(Ticker {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It cannot have panicked, and a drop has nobody to tell.
            let _ = thread.join();
        }
    }
}
