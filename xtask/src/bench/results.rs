//! What criterion measured, read from its folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// One measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    pub name: String,
    /// Nanoseconds, the median, and the bounds of its confidence.
    pub time: f64,
    pub bounds: (f64, f64),
    /// Bytes that were read in that time.
    pub bytes: Option<u64>,
}

/// The measurements of each group, in the order in which they ran.
pub type Results = BTreeMap<String, Vec<Measured>>;

/// Reads `target/criterion`.
pub fn read(folder: &Path) -> Result<Results, String> {
    let mut found = Vec::new();
    for group in folders(folder)? {
        for function in folders(&group)? {
            let new = function.join("new");
            if !new.join("estimates.json").is_file() {
                continue;
            }
            let about = json(&new.join("benchmark.json"))?;
            let estimates = json(&new.join("estimates.json"))?;
            let written = fs::metadata(new.join("estimates.json")).and_then(|file| file.modified());
            found.push((
                written.ok(),
                measured(&about, &estimates)
                    .ok_or_else(|| format!("`{}` is not as criterion writes it", new.display()))?,
            ));
        }
    }
    found.sort_by_key(|(written, _)| *written);
    let mut results = Results::new();
    for (_, (group, measured)) in found {
        results.entry(group).or_default().push(measured);
    }
    Ok(results)
}

fn measured(about: &Value, estimates: &Value) -> Option<(String, Measured)> {
    let median = &estimates["median"];
    let bound = |which: &str| median["confidence_interval"][which].as_f64();
    Some((
        about["group_id"].as_str()?.to_owned(),
        Measured {
            name: about["function_id"].as_str()?.to_owned(),
            time: median["point_estimate"].as_f64()?,
            bounds: (bound("lower_bound")?, bound("upper_bound")?),
            bytes: about["throughput"]["Bytes"].as_u64(),
        },
    ))
}

fn json(path: &Path) -> Result<Value, String> {
    let text = fs::read(path).map_err(|error| format!("`{}`: {error}", path.display()))?;
    serde_json::from_slice(&text).map_err(|error| format!("`{}`: {error}", path.display()))
}

fn folders(folder: &Path) -> Result<Vec<std::path::PathBuf>, String> {
    let entries =
        fs::read_dir(folder).map_err(|error| format!("`{}`: {error}", folder.display()))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(paths.filter(|path| path.is_dir()).collect())
}
