//! Modules are compiled by a child process under limits, and what it made is kept.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use harness::guests;
use skysieve::engine::{CompileLimits, CompileRefusal, Compiling, Engine, EngineSettings, Refusal};

const NOBODY: &str = "/nonexistent/skysieve";

fn engine(program: &str, limits: CompileLimits, cache: Option<&Path>) -> Result<Engine> {
    Ok(Engine::new(EngineSettings {
        instances: 4,
        compiling: Compiling::Apart {
            program: program.into(),
            limits,
            cache: cache.map(Path::to_owned),
        },
        ..EngineSettings::default()
    })?)
}

fn skysieve(cache: Option<&Path>) -> Result<Engine> {
    let program = env!("CARGO_BIN_EXE_skysieve");
    engine(program, CompileLimits::default(), cache)
}

/// Loads only what was kept.
fn kept(cache: &Path) -> Result<Engine> {
    engine(NOBODY, CompileLimits::default(), Some(cache))
}

fn honest() -> Result<Vec<u8>> {
    Ok(fs::read(guests::folder().join("fast_transient.wasm"))?)
}

fn only_file(folder: &Path) -> Result<PathBuf> {
    let mut files = fs::read_dir(folder)?;
    Ok(files.next().context("nothing was kept")??.path())
}

#[test]
fn compiled_code_is_kept_in_a_private_place() -> Result<()> {
    let state = tempfile::tempdir()?;
    let cache = state.path().join("code");
    let bytes = honest()?;
    let module = skysieve(Some(&cache))?.load("a.wasm", &bytes)?;
    assert_eq!(module.manifest().name, "fast-transient");
    let file = only_file(&cache)?;
    let mode = |path: &Path| fs::metadata(path).map(|data| data.permissions().mode() & 0o777);
    assert_eq!((mode(&cache)?, mode(&file)?), (0o700, 0o600));
    let again = kept(&cache)?.load("a.wasm", &bytes)?;
    assert_eq!(again.manifest(), module.manifest());

    // Of other bytes nothing was kept, and there is no compiler.
    let mut other = bytes.clone();
    other.extend([0, 2, 1, b'x']);
    let refusal = kept(&cache)?.load("a.wasm", &other).unwrap_err();
    assert!(refusal.to_string().contains(NOBODY), "{refusal}");
    Ok(())
}

/// Something that happens to a file.
type Harm<'a> = &'a dyn Fn(&Path) -> Result<()>;

#[test]
fn kept_code_that_is_not_as_we_left_it_is_not_run() -> Result<()> {
    let state = tempfile::tempdir()?;
    let cache = state.path().join("code");
    let bytes = honest()?;
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    let harms: [Harm; 4] = [
        &|file| {
            let mut code = fs::read(file)?;
            let middle = code.len() / 2;
            code[middle] ^= 1;
            Ok(fs::write(file, code)?)
        },
        &|file| {
            let code = fs::read(file)?;
            Ok(fs::write(file, &code[..code.len() / 2])?)
        },
        &|file| Ok(mode(file, 0o622)?),
        &|file| {
            let aside = state.path().join("aside");
            fs::rename(file, &aside)?;
            Ok(std::os::unix::fs::symlink(&aside, file)?)
        },
    ];
    for harm in harms {
        skysieve(Some(&cache))?.load("a.wasm", &bytes)?;
        kept(&cache)?.load("a.wasm", &bytes)?;
        harm(&only_file(&cache)?)?;
        let refusal = kept(&cache)?.load("a.wasm", &bytes).unwrap_err();
        assert!(refusal.to_string().contains(NOBODY), "{refusal}");
    }
    skysieve(Some(&cache))?.load("a.wasm", &bytes)?;
    mode(&cache, 0o777)?;
    let refusal = kept(&cache)?.load("a.wasm", &bytes).unwrap_err();
    assert!(refusal.to_string().contains(NOBODY), "{refusal}");
    Ok(())
}

/// A module with these functions beside a start of one.
fn bomb(functions: impl Iterator<Item = String>) -> Result<Vec<u8>> {
    let text: String = functions.collect();
    Ok(wat::parse_str(format!("(module {text})"))?)
}

fn refused(limits: CompileLimits, bytes: &[u8]) -> Result<CompileRefusal> {
    let engine = engine(env!("CARGO_BIN_EXE_skysieve"), limits, None)?;
    match *engine.load("bomb.wasm", bytes).unwrap_err().refusal {
        Refusal::Compile(why) => Ok(why),
        other => anyhow::bail!("{other}"),
    }
}

const LITTLE: CompileLimits = CompileLimits {
    processor: Duration::from_secs(1),
    memory: 1 << 30,
    clock: Duration::from_secs(120),
};

#[test]
fn a_compile_bomb_is_stopped_by_its_processor_time() -> Result<()> {
    // One function of many blocks, each of which every local lives through.
    let locals = "(local i64)".repeat(400);
    let step = |n: usize| {
        let (a, b) = (n * 7 % 400, n * 13 % 400);
        format!(
            "(if (i64.eqz (local.get {a})) (then (local.set {b} (i64.add (local.get {a}) (local.get {b})))))"
        )
    };
    let body: String = (0..60_000).map(step).collect();
    let bytes = bomb([format!("(func {locals} {body})")].into_iter())?;
    let why = refused(LITTLE, &bytes)?;
    assert_eq!(why, CompileRefusal::Processor { seconds: 1 });
    // The next module does not notice.
    skysieve(None)?.load("a.wasm", &honest()?)?;
    Ok(())
}

#[test]
fn a_compile_bomb_is_stopped_by_its_memory() -> Result<()> {
    let function = "(func (local i64) (local.set 0 (i64.mul (local.get 0) (i64.const 3))))";
    let bytes = bomb((0..300_000).map(|_| function.to_owned()))?;
    let limits = CompileLimits {
        memory: 200 << 20,
        processor: Duration::from_secs(600),
        ..LITTLE
    };
    let why = refused(limits, &bytes)?;
    assert_eq!(why, CompileRefusal::Memory { mib: 200 });
    Ok(())
}

#[test]
fn a_compiler_that_does_not_end_is_ended() -> Result<()> {
    let limits = CompileLimits {
        clock: Duration::ZERO,
        ..LITTLE
    };
    let why = refused(limits, &honest()?)?;
    assert!(why.may_pass(), "{why}");
    Ok(())
}

#[test]
fn very_many_locals_are_refused_at_once() -> Result<()> {
    let bytes = bomb([format!("(func {})", "(local i64)".repeat(60_000))].into_iter())?;
    let why = refused(CompileLimits::default(), &bytes)?;
    assert!(why.to_string().contains("too many locals"), "{why}");
    Ok(())
}

#[test]
fn a_refusal_reads_the_same_from_the_child() -> Result<()> {
    let wasi = r#"(module (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32))))"#;
    let here = Engine::new(EngineSettings {
        instances: 4,
        ..EngineSettings::default()
    })?;
    let bytes = wat::parse_str(wasi)?;
    let expected = here.load("a.wasm", &bytes).unwrap_err().to_string();
    let found = skysieve(None)?.load("a.wasm", &bytes).unwrap_err();
    assert_eq!(found.to_string(), expected);
    Ok(())
}
