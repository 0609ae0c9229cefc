//! From the bytes of a file to a module that may judge.

use std::fmt;
use std::sync::Arc;

use wasmtime::InstancePre;

use super::compile::{self, CompileRefusal};
use super::exports::{self, Export, Exports};
use super::fault::Fault;
use super::hash::Hash;
use super::imports::{self, ImportRefusal};
use super::instance::{Allowance, Living, State};
use super::limits::CallLimits;
use super::log::LogBudget;
use super::manifest::{Manifest, ManifestError};
use super::memory::{self, Span};
use super::record::Layout;
use super::runtime::{Engine, Inner};

/// Bytes of a module.
pub(super) const MAX_MODULE_BYTES: usize = 16 * 1024 * 1024;
const MAX_MANIFEST_BYTES: usize = 1024 * 1024;

/// A module was refused; nothing else changes.
#[derive(Debug, thiserror::Error)]
#[error("cannot use module `{module}` ({hash}): {refusal}")]
pub struct LoadError {
    pub module: String,
    pub hash: Hash,
    #[source]
    pub refusal: Box<Refusal>,
}

/// Why a module is refused, in words that tell its author what to do.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error(
        "{bytes} bytes are more than the {limit} allowed: build with optimisation and without debug information (`strip = true`, `wasm-opt -Oz`)"
    )]
    TooLarge { bytes: usize, limit: usize },
    #[error("this is not WebAssembly: a module begins with the bytes `\\0asm`{0}")]
    NotWasm(&'static str),
    #[error(
        "this is a WebAssembly component: the guest contract wants a core module (Rust: target `wasm32-unknown-unknown`, not `wasm32-wasip2`)"
    )]
    Component,
    #[error("the module ends too early ({0}): was it still being written, or copied in part?")]
    Truncated(String),
    #[error("the module is not valid in version 1 of the guest contract: {reason}{hint}")]
    Invalid { reason: String, hint: &'static str },
    #[error("import `{module}.{name}` is refused: {why}")]
    Import {
        module: String,
        name: String,
        why: ImportRefusal,
    },
    #[error("import `{module}.{name}` has the type `{found}`, expected `{expected}`")]
    ImportType {
        module: String,
        name: String,
        expected: &'static str,
        found: String,
    },
    #[error("export `{name}` is missing: expected `{signature}`")]
    MissingExport {
        name: &'static str,
        signature: &'static str,
    },
    #[error("export `{name}` has the type `{found}`, expected `{expected}`")]
    ExportType {
        name: &'static str,
        expected: &'static str,
        found: String,
    },
    #[error("export `{name}` is not part of the guest contract{suggestion}")]
    UnknownExport { name: String, suggestion: String },
    #[error(
        "the module exports neither `skysieve_filter` nor `skysieve_map`: there is nothing to call"
    )]
    NeitherFilterNorMapping,
    #[error("the memory starts with {bytes} bytes, more than the {limit} allowed at load")]
    Memory { bytes: u64, limit: usize },
    #[error("the manifest has {bytes} bytes, more than the {limit} allowed")]
    ManifestTooLarge { bytes: usize, limit: usize },
    #[error("the manifest is refused: {0}")]
    Manifest(#[from] ManifestError),
    #[error("the manifest cannot be read: {0}")]
    Run(#[from] Fault),
    #[error("{0}")]
    Compile(#[from] CompileRefusal),
}

/// A module that may judge; a clone is the same module.
#[derive(Clone)]
pub struct Module(Arc<Loaded>);

struct Loaded {
    name: String,
    hash: Hash,
    manifest: Manifest,
    exports: Exports,
    filter_layout: Layout,
    map_layout: Layout,
    pre: InstancePre<State>,
    // Keeps the clock of the deadlines running while a guest lives.
    engine: Arc<Inner>,
}

impl Module {
    /// The name under which it was loaded: its file's.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub fn hash(&self) -> Hash {
        self.0.hash
    }

    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    pub fn is_filter(&self) -> bool {
        self.0.exports.filter
    }

    pub fn is_mapping(&self) -> bool {
        self.0.exports.map
    }

    /// Whether one instance may judge alert after alert; if not, each gets a fresh one.
    pub fn can_reset(&self) -> bool {
        self.0.exports.reset
    }

    /// Whether its filter may ask for late fields.
    pub fn has_late_fields(&self) -> bool {
        self.0.filter_layout.has_late_fields()
    }

    pub(super) fn filter_layout(&self) -> &Layout {
        &self.0.filter_layout
    }

    pub(super) fn map_layout(&self) -> &Layout {
        &self.0.map_layout
    }

    pub(super) fn memory_ceiling(&self) -> usize {
        self.0.engine.settings.memory_ceiling
    }

    pub(super) fn allowance(&self, limits: CallLimits) -> Allowance {
        let ticks = self.0.engine.ticks(limits.deadline);
        Allowance { limits, ticks }
    }

    pub(super) fn instantiate(&self, allowance: &Allowance) -> Result<Living, Fault> {
        Living::new(&self.0.pre, self.0.exports, allowance)
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Module({} {})", self.0.name, self.0.hash)
    }
}

impl Engine {
    /// Compiles a module, checks it against the contract, and reads its manifest. It takes as long
    /// as the compiler does (a tenth of a second for 50 kB): not a thing for the hot path.
    ///
    /// # Errors
    /// A [`Refusal`] with the name and hash of the module.
    pub fn load(&self, name: &str, bytes: &[u8]) -> Result<Module, LoadError> {
        let hash = Hash::of(bytes);
        self.try_load(name, hash, bytes)
            .map_err(|refusal| LoadError {
                module: name.to_owned(),
                hash,
                refusal: Box::new(refusal),
            })
    }

    fn try_load(&self, name: &str, hash: Hash, bytes: &[u8]) -> Result<Module, Refusal> {
        let compiling = &self.0.settings.compiling;
        let compiled = compiling.compile(&self.0.wasm, hash, bytes)?;
        // Of kept code too: what this version of the contract allows is decided here.
        imports::check(&compiled)?;
        let ceiling = self.0.settings.memory_ceiling;
        let limits = CallLimits {
            memory: CallLimits::MANIFEST.memory.min(ceiling),
            ..CallLimits::MANIFEST
        };
        let exports = exports::check(&compiled, limits.memory)?;
        let pre = self
            .0
            .linker
            .instantiate_pre(&compiled)
            .map_err(|error| compile::invalid(&error))?;
        let allowance = Allowance {
            limits,
            ticks: self.0.ticks(limits.deadline),
        };
        let mut living = Living::new(&pre, exports, &allowance)?;
        let manifest = read_manifest(&mut living, &allowance)?;
        let module = Module(Arc::new(Loaded {
            name: name.to_owned(),
            hash,
            filter_layout: Layout::of_filter(&manifest),
            map_layout: Layout::of_mapping(&manifest),
            manifest,
            exports,
            pre,
            engine: Arc::clone(&self.0),
        }));
        LogBudget::new().forward(living.log(), &module);
        Ok(module)
    }
}

fn read_manifest(living: &mut Living, allowance: &Allowance) -> Result<Manifest, Refusal> {
    let span = Span::from_word(living.manifest(allowance)?);
    let bytes = memory::bytes(living.memory(), Export::Manifest, span)?;
    if bytes.len() > MAX_MANIFEST_BYTES {
        return Err(Refusal::ManifestTooLarge {
            bytes: bytes.len(),
            limit: MAX_MANIFEST_BYTES,
        });
    }
    Ok(Manifest::parse(bytes)?)
}
