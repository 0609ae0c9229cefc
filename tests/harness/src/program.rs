//! A program under test: started, watched, ended. It does not outlive its handle.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long anything may take that is to happen at all: a busy machine is no failure.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at a condition.
const LOOK: Duration = Duration::from_millis(20);

/// A running program; killed when it is dropped.
pub struct Program {
    child: Child,
    stdout: Stream,
    stderr: Stream,
}

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// What a program has written so far.
struct Stream {
    text: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Program {
    /// Starts the command, its output captured.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{command:?}"))?;
        let stdout = Stream::of(child.stdout.take());
        let stderr = Stream::of(child.stderr.take());
        Ok(Program {
            child,
            stdout,
            stderr,
        })
    }

    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// Standard error: the log.
    pub fn log(&self) -> String {
        self.stderr.text()
    }

    /// Waits until something is so.
    ///
    /// # Errors
    /// Where the program ends first, or it takes too long; with the program's log.
    pub async fn until(&mut self, what: &str, mut is_so: impl FnMut() -> bool) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !is_so() {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended ({status}) before {what}:\n{}", self.story());
            }
            if Instant::now() > deadline {
                bail!("no {what} in {PATIENCE:?}:\n{}", self.story());
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Waits for words in the log.
    ///
    /// # Errors
    /// As [`Program::until`].
    pub async fn until_log(&mut self, words: &str) -> Result<()> {
        let log = Arc::clone(&self.stderr.text);
        let says = || String::from_utf8_lossy(&held(&log)).contains(words);
        self.until(&format!("`{words}` in the log"), says).await
    }

    /// SIGTERM: asks it to end in order.
    ///
    /// # Errors
    /// Where the signal cannot be sent.
    pub fn terminate(&self) -> Result<()> {
        // The standard library sends SIGKILL only; every shell has `kill` built in.
        let kill = format!("kill -TERM {}", self.child.id());
        let status = Command::new("sh").args(["-c", &kill]).status()?;
        if !status.success() {
            bail!("`{kill}`: {status}");
        }
        Ok(())
    }

    /// SIGKILL: ends it where it stands.
    ///
    /// # Errors
    /// Where it had ended by itself.
    pub fn kill(mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("it had ended ({status}) already:\n{}", self.story());
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// Where it takes too long; it is killed then.
    pub async fn end(mut self) -> Result<Ended> {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if Instant::now() > deadline {
                bail!("it did not end in {PATIENCE:?}:\n{}", self.story());
            }
            tokio::time::sleep(LOOK).await;
        };
        Ok(Ended {
            status,
            stdout: self.stdout.whole(),
            stderr: self.stderr.whole(),
        })
    }

    fn story(&self) -> String {
        format!("{}\n{}", self.stdout.text(), self.stderr.text())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Stream {
    fn of(source: Option<impl Read + Send + 'static>) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&text);
        let reader = source.map(|source| std::thread::spawn(move || keep(source, &kept)));
        Stream { text, reader }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&held(&self.text)).into_owned()
    }

    /// To the last byte: the program has ended.
    fn whole(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            // A reader that panicked has kept what came before.
            let _ = reader.join();
        }
        self.text()
    }
}

fn keep(mut source: impl Read, kept: &Mutex<Vec<u8>>) {
    let mut chunk = [0; 4096];
    while let Ok(count) = source.read(&mut chunk) {
        if count == 0 {
            return;
        }
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(&chunk[..count]);
    }
}

fn held(text: &Mutex<Vec<u8>>) -> std::sync::MutexGuard<'_, Vec<u8>> {
    text.lock().unwrap_or_else(PoisonError::into_inner)
}
