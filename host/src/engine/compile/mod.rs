//! From the bytes of a module to code that may run.
//!
//! In: bytes that nobody has looked at. Out: compiled code whose imports and exports are those of
//! the guest contract, or a refusal in words.
//! Never here: a compiler that cannot be stopped. It cannot be interrupted from within, so the
//! modules of teams are compiled in a child process under limits, and what it made is kept.

mod cache;
mod child;
mod code;
mod here;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use cache::{Cache, Key};
pub(super) use here::invalid;

use super::hash::Hash;
use super::load::Refusal;

/// What one compilation may use. An honest filter of 50 kB needs a fifth of a second and 50 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// Of processor time, whole seconds.
    pub processor: Duration,
    /// Bytes of address space, the program's own code included.
    pub memory: u64,
    /// Of the clock: a machine that is busy with other things needs more than the processor's.
    pub clock: Duration,
}

impl Default for CompileLimits {
    fn default() -> Self {
        CompileLimits {
            processor: Duration::from_secs(20),
            memory: 1 << 30,
            clock: Duration::from_secs(120),
        }
    }
}

/// Where modules are compiled.
#[derive(Clone, Debug, Default)]
pub enum Compiling {
    /// In this process, without limits: for modules that one trusts, or wrote oneself.
    #[default]
    Here,
    /// In a child process each.
    Apart {
        /// A program that begins with [`serve_as_compiler`].
        program: PathBuf,
        limits: CompileLimits,
        /// A private directory where compiled code is kept for the next start.
        cache: Option<PathBuf>,
    },
}

static OWN_PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// To be called first thing in `main`, before any thread is started: this program is then also the
/// compiler of its own modules, and where it was started as one this does not return.
pub fn serve_as_compiler() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().as_deref() == Some(child::WORD.as_ref()) {
        let arguments: Vec<OsString> = arguments.collect();
        std::process::exit(child::main(&arguments));
    }
    // By this name even after an upgrade replaced the file on disk.
    let this = PathBuf::from("/proc/self/exe");
    let program = match this.exists() {
        true => Ok(this),
        false => std::env::current_exe(),
    };
    if let Ok(program) = program {
        OWN_PROGRAM.get_or_init(|| program);
    }
}

impl Compiling {
    /// For the modules of teams: apart wherever this program can be its own compiler.
    pub fn for_teams(cache: Option<PathBuf>) -> Self {
        match OWN_PROGRAM.get() {
            None => Compiling::Here,
            Some(program) => Compiling::Apart {
                program: program.clone(),
                limits: CompileLimits::default(),
                cache,
            },
        }
    }

    /// Compiles, or takes what was compiled before.
    pub(super) fn compile(
        &self,
        wasm: &wasmtime::Engine,
        hash: Hash,
        bytes: &[u8],
    ) -> Result<wasmtime::Module, Refusal> {
        here::check_header(bytes)?;
        let Compiling::Apart {
            program,
            limits,
            cache,
        } = self
        else {
            return here::compile(wasm, bytes);
        };
        let key = Key::new(wasm, hash);
        let cache = cache.as_deref().and_then(Cache::open);
        let kept = cache.as_ref().and_then(|cache| cache.get(&key));
        if let Some(module) = kept.and_then(|code| code::load(wasm, &code).ok()) {
            return Ok(module);
        }
        let code = child::compile(program, limits, bytes)?;
        let module = code::load(wasm, &code).map_err(|error| {
            CompileRefusal::Broken(format!("its code cannot be used: {error:#}"))
        })?;
        if let Some(cache) = cache {
            cache.put(&key, &code);
        }
        Ok(module)
    }
}

/// Why a module was not compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileRefusal {
    #[error(
        "compiling it took more than {seconds} s of processor time: make its functions smaller or fewer (Rust: `opt-level = \"s\"`, no large tables in code)"
    )]
    Processor { seconds: u64 },
    #[error(
        "compiling it took more than {mib} MiB of memory: make its functions smaller or fewer (Rust: `opt-level = \"s\"`, no large tables in code)"
    )]
    Memory { mib: u64 },
    #[error(
        "compiling it was not done after {seconds} s: either the machine is very busy, or the module is far too large; it is tried again"
    )]
    Clock { seconds: u64 },
    #[error(
        "the compiler was killed from outside, perhaps for want of memory on this machine; it is tried again"
    )]
    Killed,
    #[error("{0}")]
    Said(String),
    #[error("the compiler failed: {0}")]
    Broken(String),
    #[error("the compiler cannot be started, it is tried again: {0}")]
    Absent(String),
}

impl CompileRefusal {
    /// Whether the next try may end otherwise: it says nothing about the module.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            CompileRefusal::Clock { .. } | CompileRefusal::Killed | CompileRefusal::Absent(_)
        )
    }
}
