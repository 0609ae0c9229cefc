//! Lines for people who debug a module. The host caps them; a verdict never depends on them.

/// How loud a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Error = 0,
    Warning = 1,
    Info = 2,
    Debug = 3,
}

/// Hands one line to the host's log; in a native build, to standard error.
pub fn log(level: Level, text: &str) {
    #[cfg(target_arch = "wasm32")]
    crate::memory::guest::log(level as i32, text.as_bytes());
    #[cfg(not(target_arch = "wasm32"))]
    std::eprintln!("{level:?}: {text}");
}
