//! On what the benchmarks ran.

use std::fs;
use std::process::Command;

/// The machine, and how busy it was.
pub struct Machine {
    processor: String,
    processors: usize,
    compiler: String,
    load: (String, String),
    quick: bool,
}

impl Machine {
    pub fn look() -> Self {
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpus
            .lines()
            .find_map(|line| line.strip_prefix("model name"));
        let processor = model.map(|model| model.trim_start_matches([' ', '\t', ':']));
        let compiler = Command::new("rustc").arg("--version").output().ok();
        Machine {
            processor: processor.unwrap_or("unknown processor").to_owned(),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            compiler: compiler
                .and_then(|output| String::from_utf8(output.stdout).ok())
                .map_or_else(
                    || "unknown compiler".to_owned(),
                    |text| text.trim().to_owned(),
                ),
            load: (load(), String::new()),
            quick: false,
        }
    }

    /// The same when all is done.
    pub fn after(mut self, quick: bool) -> Self {
        self.load.1 = load();
        self.quick = quick;
        self
    }

    pub fn words(&self) -> String {
        let settings = if self.quick { "quick" } else { "thorough" };
        format!(
            "{}, {} processors; {}; load average {} before and {} after; {settings} settings",
            self.processor, self.processors, self.compiler, self.load.0, self.load.1
        )
    }

    /// Whether others had the processors while this ran.
    pub fn is_noisy(&self) -> bool {
        [&self.load.0, &self.load.1]
            .iter()
            .filter_map(|load| load.parse::<f64>().ok())
            .any(|load| load > self.processors as f64)
    }
}

/// Of the last minute.
fn load() -> String {
    let loads = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    loads.split(' ').next().unwrap_or("?").to_owned()
}
