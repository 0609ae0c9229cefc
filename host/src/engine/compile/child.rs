//! The compiler as a process of its own: both of its ends.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, setrlimit};

use super::super::runtime::config_of_code;
use super::here;
use super::{CompileLimits, CompileRefusal};

/// The argument that makes a program its own compiler; a person has no use for it.
pub(super) const WORD: &str = "compile-module";

/// The first byte of an answer.
const CODE: u8 = 0;
const REFUSAL: u8 = 1;

/// Bytes of an answer, and of what a failing compiler may say.
const MAX_ANSWER: u64 = 1 << 30;
const MAX_COMPLAINT: u64 = 4096;

/// Between two looks whether it has ended.
const LOOK: Duration = Duration::from_millis(2);

/// Signals by which a limit, the kernel or a person ends the child.
const INTERRUPTED: i32 = 2;
const ABORTED: i32 = 6;
const KILLED: i32 = 9;
const TERMINATED: i32 = 15;
const OUT_OF_PROCESSOR_TIME: i32 = 24;

/// Compiles in a child process of `program`; the code that it made.
pub(super) fn compile(
    program: &Path,
    limits: &CompileLimits,
    bytes: &[u8],
) -> Result<Vec<u8>, CompileRefusal> {
    let absent = |error: io::Error| {
        CompileRefusal::Absent(format!("`{} {WORD}`: {error}", program.display()))
    };
    let mut child = Command::new(program)
        .arg(WORD)
        .arg(limits.processor.as_secs().max(1).to_string())
        .arg(limits.memory.to_string())
        // Secrets of ours may stand in the environment.
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(absent)?;
    let (question, answer, complaint) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let ended = thread::scope(|scope| {
        // Each pipe by a thread of its own: a child that stops reading stops nobody.
        scope.spawn(|| question.map(|mut pipe| pipe.write_all(bytes)));
        let answer = scope.spawn(|| drain(answer, MAX_ANSWER));
        let complaint = scope.spawn(|| drain(complaint, MAX_COMPLAINT));
        let status = wait(&mut child, limits.clock);
        let text =
            |thread: thread::ScopedJoinHandle<'_, Vec<u8>>| thread.join().unwrap_or_default();
        (status, text(answer), text(complaint))
    });
    let (status, answer, complaint) = ended;
    let status = status.map_err(absent)?;
    let Some(status) = status else {
        return Err(CompileRefusal::Clock {
            seconds: limits.clock.as_secs(),
        });
    };
    understand(status, answer, &String::from_utf8_lossy(&complaint), limits)
}

/// How the child ended; none if it had to be ended.
fn wait(child: &mut Child, patience: Duration) -> io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + patience;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(Some(status)),
            Ok(None) if Instant::now() < deadline => thread::sleep(LOOK),
            ended => {
                // Whatever happened, it does not outlive this call.
                let _ = child.kill();
                let _ = child.wait();
                return ended.map(|_| None);
            }
        }
    }
}

fn drain(pipe: Option<impl Read>, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        // A pipe that breaks has told what it had to tell. The rest is read and forgotten, or the
        // child would wait for a reader.
        let _ = pipe.by_ref().take(limit).read_to_end(&mut bytes);
        let _ = io::copy(&mut pipe, &mut io::sink());
    }
    bytes
}

fn understand(
    status: ExitStatus,
    mut answer: Vec<u8>,
    complaint: &str,
    limits: &CompileLimits,
) -> Result<Vec<u8>, CompileRefusal> {
    let memory = CompileRefusal::Memory {
        mib: limits.memory >> 20,
    };
    let no_memory =
        complaint.contains("memory allocation") || complaint.contains("allocate memory");
    match (status.signal(), answer.first()) {
        (Some(OUT_OF_PROCESSOR_TIME), _) => Err(CompileRefusal::Processor {
            seconds: limits.processor.as_secs(),
        }),
        // By the kernel, for want of memory on the machine, or by a person: no word on the module.
        (Some(KILLED | INTERRUPTED | TERMINATED), _) => Err(CompileRefusal::Killed),
        (Some(ABORTED), _) if no_memory => Err(memory),
        (None, Some(&CODE)) if status.success() => {
            answer.remove(0);
            Ok(answer)
        }
        (None, Some(&REFUSAL)) if status.success() => {
            let text = String::from_utf8_lossy(&answer[1..]).into_owned();
            if text.contains("Cannot allocate memory") {
                return Err(memory);
            }
            Err(CompileRefusal::Said(text))
        }
        _ if no_memory => Err(memory),
        _ => {
            let said = complaint.lines().next().unwrap_or("it said nothing");
            Err(CompileRefusal::Broken(format!("{status}: {said}")))
        }
    }
}

/// What the child does: limits itself, reads a module, answers. Returns its exit code.
pub(super) fn main(arguments: &[OsString]) -> i32 {
    match serve(arguments) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("{error}");
            1
        }
    }
}

fn serve(arguments: &[OsString]) -> io::Result<()> {
    let number = |place: usize| -> io::Result<u64> {
        let text = arguments.get(place).and_then(|text| text.to_str());
        let number = text.and_then(|text| text.parse().ok());
        number.ok_or_else(|| {
            io::Error::other("expected seconds of processor time and bytes of memory")
        })
    };
    limit(number(0)?, number(1)?)?;
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    let (kind, answer) = match compile_here(&bytes) {
        Ok(code) => (CODE, code),
        Err(text) => (REFUSAL, text.into_bytes()),
    };
    let mut out = io::stdout().lock();
    out.write_all(&[kind])?;
    out.write_all(&answer)?;
    out.flush()
}

/// From here on the system ends this process where it goes beyond, and it can open no file for
/// writing and leave no core behind.
fn limit(seconds: u64, memory: u64) -> io::Result<()> {
    for (resource, amount) in [
        (Resource::Cpu, seconds),
        (Resource::As, memory),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
    ] {
        let limit = Rlimit {
            current: Some(amount),
            maximum: Some(amount + u64::from(resource == Resource::Cpu)),
        };
        setrlimit(resource, limit)?;
    }
    Ok(())
}

fn compile_here(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let engine = wasmtime::Engine::new(&config_of_code()).map_err(|error| format!("{error:#}"))?;
    let module = here::compile(&engine, bytes).map_err(|refusal| refusal.to_string())?;
    module.serialize().map_err(|error| format!("{error:#}"))
}
