//! The `skysieve` program; everything it does is in the library.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    skysieve::engine::serve_as_compiler();
    skysieve::cli::main()
}
