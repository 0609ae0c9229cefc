//! The configurations in `examples/`: their modules fit, and what Fink would send to their topics is
//! judged and delivered.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use harness::{accounts, guests};
use serde_json::Value;
use skysieve::config::{Config, Filter};
use skysieve::simulate::Case;
use tempfile::TempDir;

use super::requests;

/// Alerts for each topic.
const ALERTS: usize = 3;

/// An example's configuration in a folder of its own, with its modules.
struct Example {
    folder: TempDir,
    config: Config,
}

impl Example {
    fn open(name: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let path = root.join("examples").join(name).join("skysieve.yaml");
        let yaml = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        std::fs::write(folder.path().join("skysieve.yaml"), &yaml)?;
        let config = Config::from_yaml(&yaml, folder.path(), name)?;
        for group in &config.groups {
            let modules = group.filters.iter().flat_map(modules);
            guests::install(&group.modules, &modules.collect::<Vec<_>>())?;
        }
        Ok(Example { folder, config })
    }

    /// Alerts that Fink's filters send to the topics; none of a filter that is no module.
    fn alerts(&self) -> Result<PathBuf> {
        let out = self.folder.path().join("alerts");
        let sources = self.config.sources.iter();
        let topics = sources.flat_map(|source| &source.topics);
        for (number, topic) in topics.enumerate() {
            let Some(filter) = fink_filter(topic) else {
                continue;
            };
            let into = out.join(topic);
            let into = into.to_str().context("a temporary folder of odd bytes")?;
            // Another seed is another sky: no alert comes in two topics.
            let (seed, alerts) = (number.to_string(), ALERTS.to_string());
            let made = ["--pass", filter, "--seed", &seed, "--alerts", &alerts];
            self.skysieve(&[&["simulate"], &made[..], &["--out", into]].concat())?;
        }
        Ok(out)
    }

    fn skysieve(&self, arguments: &[&str]) -> Result<String> {
        let ended = Command::new(env!("CARGO_BIN_EXE_skysieve"))
            .args(arguments)
            .current_dir(self.folder.path())
            // A dry replay logs in nowhere.
            .env("SKYPORTAL_TOKEN", "none")
            .output()?;
        let said = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.success(), "{arguments:?}: {said}");
        Ok(String::from_utf8(ended.stdout)?)
    }

    fn filters(&self) -> impl Iterator<Item = (String, &Filter)> {
        self.config.groups.iter().flat_map(|group| {
            let filters = group.filters.iter();
            filters.map(|filter| (format!("{}/{}", group.name, filter.name), filter))
        })
    }
}

fn modules(filter: &Filter) -> impl Iterator<Item = &str> {
    let mappings = filter.routes.values().flat_map(|r| r.mapping.values());
    std::iter::once(filter.module.as_str()).chain(mappings.map(String::as_str))
}

/// The module that makes alerts for a topic.
fn fink_filter(topic: &str) -> Option<&'static str> {
    Case::filters().find(|filter| Case::pass(filter).is_ok_and(|case| case.topic() == topic))
}

fn every_filter_delivers(name: &str) -> Result<String> {
    let example = Example::open(name)?;
    let alerts = example.alerts()?;
    let alerts = alerts.to_str().context("a temporary folder of odd bytes")?;
    let shown = example.skysieve(&["replay", "--config", "skysieve.yaml", alerts])?;
    for (filter, config) in example.filters() {
        let account = accounts::line(&shown, &filter);
        let [judged, passed, _, faulted] = account[..] else {
            panic!("no account of {filter}: {shown}");
        };
        let topics = config.topics.iter();
        let made = topics.filter(|topic| fink_filter(topic).is_some()).count();
        assert_eq!(judged, (made * ALERTS) as u64, "{filter}: {shown}");
        assert_eq!(faulted, 0, "{filter}: {shown}");
        assert!(passed > 0, "{filter} passes nothing: {shown}");
        for route in config.routes.keys() {
            let account = accounts::line(&shown, &format!("{filter}/{route}"));
            assert_eq!(account[0], account[1], "{filter}/{route}: {shown}");
        }
    }
    Ok(shown)
}

/// How many points each request for photometry has.
fn points(shown: &str) -> Vec<usize> {
    let requests = requests(shown).into_iter();
    let photometry = requests.filter(|(call, _)| call == "PUT /api/photometry");
    let len = |body: Value| body["mjd"].as_array().map_or(0, Vec::len);
    photometry.map(|(_, body)| len(body)).collect()
}

#[test]
fn a_kilonova_shift() -> Result<()> {
    every_filter_delivers("kilonova").map(drop)
}

#[test]
fn a_supernova_group() -> Result<()> {
    let shown = every_filter_delivers("supernovae")?;
    assert!(points(&shown).iter().any(|points| *points > 1), "{shown}");
    Ok(())
}

#[test]
fn the_solar_system_in_one_point_each() -> Result<()> {
    let shown = every_filter_delivers("solar-system")?;
    let lean = points(&shown).iter().filter(|points| **points == 1).count();
    assert!(lean >= 2 * ALERTS, "{shown}");
    Ok(())
}
