//! The `skysieve` program; everything it does is in the library.
#![forbid(unsafe_code)]

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    skysieve::cli::main().await
}
