//! Standard output, for people and for pipes.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write, stdout};
use std::process::exit;

/// A line on standard output. Where the reader has seen enough (`| head`) the program ends at once and
/// quietly, as others do.
macro_rules! say {
    ($($words:tt)*) => {
        $crate::cli::say::write(format_args!("{}\n", format_args!($($words)*)))
    };
}

pub(crate) use say;

pub(crate) fn write(text: Arguments<'_>) {
    match stdout().write_fmt(text) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => exit(0),
        Err(error) => {
            eprintln!("error: cannot write to standard output: {error}");
            exit(1)
        }
    }
}
