//! One living instance of a module: its store, its functions, its buffer.

use wasmtime::{Instance, InstancePre, Memory, Store, TypedFunc, WasmParams, WasmResults};

use super::exports::{Export, Exports};
use super::fault::{Fault, HostFault};
use super::limits::{CallLimits, Limiter};
use super::log::LogBuffer;

/// What the host keeps beside an instance.
pub(super) struct State {
    pub limiter: Limiter,
    pub log: LogBuffer,
    /// The export that runs, for faults inside imports.
    pub running: Export,
}

/// The buffer that the guest reserved for the host.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Buffer {
    pub address: u32,
    capacity: u32,
}

pub(super) struct Living {
    store: Store<State>,
    instance: Instance,
    memory: Memory,
    buffer: Buffer,
    reserve: TypedFunc<u32, u32>,
    filter: Option<TypedFunc<u32, u64>>,
    map: Option<TypedFunc<u32, u64>>,
    reset: Option<TypedFunc<(), ()>>,
}

/// The limits of a call, with the deadline in ticks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    pub limits: CallLimits,
    pub ticks: u64,
}

impl Living {
    /// Makes a fresh instance, running its start function under the limits.
    pub fn new(
        pre: &InstancePre<State>,
        exports: Exports,
        allowance: &Allowance,
    ) -> Result<Self, Fault> {
        let limits = &allowance.limits;
        let state = State {
            limiter: Limiter::new(limits),
            log: LogBuffer::default(),
            running: Export::Start,
        };
        let mut store = Store::new(pre.module().engine(), state);
        store.limiter(|state| &mut state.limiter);
        prepare(&mut store, Export::Start, allowance);
        let instance = pre
            .instantiate(&mut store)
            .map_err(|error| Fault::of_start(&error, limits, store.data()))?;
        Self::bind(store, &instance, exports)
    }

    fn bind(mut store: Store<State>, instance: &Instance, exports: Exports) -> Result<Self, Fault> {
        let memory = instance
            .get_memory(&mut store, "memory")
            .ok_or_else(|| Fault::Instantiate("the export `memory` is gone".into()))?;
        Ok(Living {
            instance: *instance,
            memory,
            buffer: Buffer::default(),
            reserve: function(&mut store, instance, Export::Reserve)?,
            filter: optional(&mut store, instance, Export::Filter, exports.filter)?,
            map: optional(&mut store, instance, Export::Map, exports.map)?,
            reset: optional(&mut store, instance, Export::Reset, exports.reset)?,
            store,
        })
    }

    /// Makes sure that the guest's buffer holds `len` bytes, and returns it.
    pub fn reserve(
        &mut self,
        len: usize,
        growing: bool,
        allowance: &Allowance,
    ) -> Result<Buffer, Fault> {
        if len <= self.buffer.capacity as usize {
            return Ok(self.buffer);
        }
        // Records with lists differ from alert to alert: leave room, so that one call serves most.
        let wanted = if growing {
            (len + len / 2).next_multiple_of(4096)
        } else {
            len
        };
        let Ok(capacity) = i32::try_from(wanted).map(i32::unsigned_abs) else {
            return Err(Fault::Host(HostFault::Record(len)));
        };
        let store = &mut self.store;
        let address = Self::run(store, Export::Reserve, &self.reserve, capacity, allowance)?;
        self.check_buffer(address, capacity)?;
        self.buffer = Buffer { address, capacity };
        Ok(self.buffer)
    }

    fn check_buffer(&self, address: u32, len: u32) -> Result<(), Fault> {
        let end = u64::from(address) + u64::from(len);
        let why = if address == 0 {
            "the module has no room (`limits.memory_mib`)"
        } else if !address.is_multiple_of(8) {
            "the buffer must be 8-byte aligned"
        } else if end > self.memory.data_size(&self.store) as u64 {
            "the buffer is not inside the memory"
        } else {
            return Ok(());
        };
        Err(Fault::BadBuffer { len, address, why })
    }

    /// The `len` bytes of the buffer, to be filled with a record.
    pub fn record(&mut self, len: usize) -> &mut [u8] {
        let start = self.buffer.address as usize;
        // In range: the buffer was checked, and a memory never shrinks.
        &mut self.memory.data_mut(&mut self.store)[start..start + len]
    }

    pub fn memory(&self) -> &[u8] {
        self.memory.data(&self.store)
    }

    pub fn buffer(&self) -> Buffer {
        self.buffer
    }

    pub fn log(&mut self) -> &mut LogBuffer {
        &mut self.store.data_mut().log
    }

    /// Asked for once, at load.
    pub fn manifest(&mut self, allowance: &Allowance) -> Result<u64, Fault> {
        let call = function(&mut self.store, &self.instance, Export::Manifest)?;
        Self::run(&mut self.store, Export::Manifest, &call, (), allowance)
    }

    pub fn filter(&mut self, allowance: &Allowance) -> Result<u64, Fault> {
        match &self.filter {
            Some(call) => Self::run(
                &mut self.store,
                Export::Filter,
                call,
                self.buffer.address,
                allowance,
            ),
            None => Err(Fault::Host(HostFault::NoExport(Export::Filter))),
        }
    }

    pub fn map(&mut self, allowance: &Allowance) -> Result<u64, Fault> {
        match &self.map {
            Some(call) => Self::run(
                &mut self.store,
                Export::Map,
                call,
                self.buffer.address,
                allowance,
            ),
            None => Err(Fault::Host(HostFault::NoExport(Export::Map))),
        }
    }

    /// Frees what the call allocated; `false` if the module cannot, and a fresh instance is needed.
    pub fn reset(&mut self, allowance: &Allowance) -> Result<bool, Fault> {
        let Some(call) = &self.reset else {
            return Ok(false);
        };
        Self::run(&mut self.store, Export::Reset, call, (), allowance)?;
        Ok(true)
    }

    /// Fuel that the last call used.
    pub fn fuel_used(&self, allowance: &Allowance) -> u64 {
        let left = self.store.get_fuel().unwrap_or(0);
        allowance.limits.fuel.saturating_sub(left)
    }

    fn run<P: WasmParams, R: WasmResults>(
        store: &mut Store<State>,
        export: Export,
        function: &TypedFunc<P, R>,
        params: P,
        allowance: &Allowance,
    ) -> Result<R, Fault> {
        prepare(store, export, allowance);
        function
            .call(&mut *store, params)
            .map_err(|error| Fault::of_call(&error, export, &allowance.limits, store.data()))
    }
}

fn prepare(store: &mut Store<State>, export: Export, allowance: &Allowance) {
    // It fails only where the engine counts no fuel, and ours does.
    let _ = store.set_fuel(allowance.limits.fuel);
    store.set_epoch_deadline(allowance.ticks);
    let state = store.data_mut();
    state.running = export;
    state.log.open(allowance.limits.log);
    state.limiter.begin();
}

fn function<P: WasmParams, R: WasmResults>(
    store: &mut Store<State>,
    instance: &Instance,
    export: Export,
) -> Result<TypedFunc<P, R>, Fault> {
    instance
        .get_typed_func(store, export.name())
        .map_err(|error| Fault::Instantiate(error.to_string()))
}

fn optional<P: WasmParams, R: WasmResults>(
    store: &mut Store<State>,
    instance: &Instance,
    export: Export,
    there: bool,
) -> Result<Option<TypedFunc<P, R>>, Fault> {
    there.then(|| function(store, instance, export)).transpose()
}
