//! What a guest logs: kept while it runs, bounded, and handed to `tracing` afterwards.

use std::time::{Duration, Instant};

use super::load::Module;

/// Bytes of one line that are kept.
pub(super) const MAX_LINE_BYTES: usize = 1024;
const MAX_LINES_PER_CALL: usize = 64;
const MAX_LINES_PER_SECOND: u32 = 50;

/// The lines of the running call.
#[derive(Debug, Default)]
pub(super) struct LogBuffer {
    lines: Vec<(i32, String)>,
    room: usize,
    dropped: u64,
}

impl LogBuffer {
    /// Room in bytes for the next call.
    pub fn open(&mut self, room: usize) {
        self.room = room;
    }

    pub fn push(&mut self, level: i32, text: &[u8]) {
        if text.len() > self.room || self.lines.len() == MAX_LINES_PER_CALL {
            self.dropped += 1;
            return;
        }
        self.room -= text.len();
        // A terminal must not obey a guest.
        let text = String::from_utf8_lossy(text).replace(char::is_control, " ");
        self.lines.push((level, text));
    }

    /// What the guest complained of in this call: panic handlers log before they trap.
    pub fn complaint(&self) -> String {
        let errors = self.lines.iter().filter(|(level, _)| *level <= 0);
        let texts: Vec<&str> = errors.map(|(_, text)| text.as_str()).collect();
        // The last ones lie nearest to the trap.
        texts[texts.len().saturating_sub(4)..].join(" ")
    }

    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.dropped == 0
    }
}

/// How many more lines this guest may write in the current second. The clock decides what is
/// shown, never what is judged.
#[derive(Debug)]
pub(super) struct LogBudget {
    second: Instant,
    lines: u32,
    dropped: u64,
}

impl LogBudget {
    pub fn new() -> Self {
        LogBudget {
            second: Instant::now(),
            lines: 0,
            dropped: 0,
        }
    }

    /// Empties the buffer into `tracing`.
    pub fn forward(&mut self, buffer: &mut LogBuffer, module: &Module) {
        if buffer.is_empty() {
            return;
        }
        self.turn_second(module);
        self.dropped += std::mem::take(&mut buffer.dropped);
        for (level, text) in buffer.lines.drain(..) {
            if self.lines == MAX_LINES_PER_SECOND {
                self.dropped += 1;
                continue;
            }
            self.lines += 1;
            emit(level, &text, module);
        }
    }

    fn turn_second(&mut self, module: &Module) {
        if self.second.elapsed() < Duration::from_secs(1) {
            return;
        }
        if self.dropped > 0 {
            tracing::warn!(
                module = module.name(),
                hash = %module.hash(),
                dropped = self.dropped,
                "the module logs too much: lines were dropped"
            );
        }
        *self = LogBudget::new();
    }
}

/// Levels: 0 error, 1 warning, 2 information, 3 debugging, 4 and above tracing; what is below 0
/// counts as an error.
fn emit(level: i32, text: &str, module: &Module) {
    let (name, hash) = (module.name(), module.hash());
    match level {
        1 => tracing::warn!(target: "skysieve::guest", module = name, %hash, "{text}"),
        2 => tracing::info!(target: "skysieve::guest", module = name, %hash, "{text}"),
        3 => tracing::debug!(target: "skysieve::guest", module = name, %hash, "{text}"),
        4.. => tracing::trace!(target: "skysieve::guest", module = name, %hash, "{text}"),
        ..=0 => tracing::error!(target: "skysieve::guest", module = name, %hash, "{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_and_control_characters_are_gone() {
        let mut buffer = LogBuffer::default();
        buffer.open(4096);
        buffer.push(3, b"red \x1b[31m");
        for _ in 0..1000 {
            buffer.push(3, b"again");
        }
        assert_eq!(buffer.lines[0], (3, "red  [31m".to_owned()));
        assert_eq!(buffer.lines.len(), MAX_LINES_PER_CALL);
        assert_eq!(buffer.dropped, 1001 - MAX_LINES_PER_CALL as u64);
    }

    #[test]
    fn a_line_beyond_the_room_is_dropped() {
        let mut buffer = LogBuffer::default();
        buffer.open(8);
        buffer.push(3, b"12345");
        buffer.push(3, b"67890");
        assert_eq!((buffer.lines.len(), buffer.dropped), (1, 1));
    }
}
