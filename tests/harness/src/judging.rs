//! Many groups' filters over alerts from memory: no Kafka, no SkyPortal, nothing sent.

use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use skysieve::alert::Survey;
use skysieve::config::{Config, DEFAULT_YAML};
use skysieve::pipeline::{Judgement, Replay};
use skysieve::source::{Message, Place};
use tempfile::TempDir;

use crate::guests;

/// The filters that the groups run, in turn: Rust and AssemblyScript, where that was built.
fn modules(survey: Survey) -> Vec<&'static str> {
    let all = match survey {
        Survey::Ztf => ["ztf_sn_candidates.wasm", "ztf_sn_candidates.as.wasm"],
        Survey::Lsst => [
            "lsst_extragalactic_new_candidate.wasm",
            "lsst_extragalactic_new_candidate.as.wasm",
        ],
    };
    let built = |file: &&str| guests::folder().join(file).is_file();
    all.into_iter().filter(built).collect()
}

/// A judge of so many groups, each with a filter of its own.
pub struct Judging {
    pub replay: Replay,
    _folder: TempDir,
}

impl Judging {
    /// Groups that read one topic.
    ///
    /// # Errors
    /// Where the modules were not built or are refused.
    pub async fn of(survey: Survey, groups: usize, topic: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let modules = modules(survey);
        let first = modules.first();
        first.context("no filter was built: run `cargo xtask guests`")?;
        let mut config = Config::from_yaml(DEFAULT_YAML, folder.path(), "the default")?;
        config.sources.retain(|source| source.survey == survey);
        for source in &mut config.sources {
            source.topics = vec![topic.to_owned()];
        }
        let text = serde_json::to_string(&config)?;
        let mut all: Map<String, Value> = serde_json::from_str(&text)?;
        let group = |number: usize, module: &str| {
            json!({
                "name": format!("group-{number}"),
                "skyportal_group": format!("Group {number}"),
                "stream": format!("group_{number}_stream"),
                "modules": folder.path().join(format!("group-{number}")),
                "filters": [{
                    "name": "filter",
                    "topics": [topic],
                    "module": module,
                    "routes": {"main": {"save": "candidate"}},
                }],
            })
        };
        let mut of_groups = Vec::new();
        for (number, module) in (0..groups).zip(modules.iter().cycle()) {
            guests::install(&folder.path().join(format!("group-{number}")), &[module])?;
            of_groups.push(group(number, module));
        }
        all.insert("groups".to_owned(), Value::Array(of_groups));
        let all = Value::Object(all).to_string();
        let config = Config::from_yaml(&all, folder.path(), "the groups")?;
        Ok(Judging {
            replay: Replay::open(&config, &[], None, false, |_| {}).await?,
            _folder: folder,
        })
    }

    /// Judges a message; whether all filters rejected it.
    pub fn rejects(&mut self, message: &Message) -> bool {
        match self.replay.judge().judge(message) {
            Judgement::Judged(judged) => {
                let rejected = judged.passed.is_empty();
                self.replay.judge().reuse(judged);
                rejected
            }
            Judgement::Copy(_) | Judgement::Undecodable(_) => false,
        }
    }
}

/// A message as Kafka would bring it.
pub fn message(topic: &Arc<str>, offset: usize, key: bytes::Bytes, value: bytes::Bytes) -> Message {
    Message {
        place: Place::Kafka {
            topic: topic.clone(),
            partition: 0,
            offset: offset as i64,
        },
        key,
        value,
        timestamp_ms: None,
    }
}
