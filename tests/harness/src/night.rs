//! A simulated night: alerts of both surveys whose packets can still be read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use skysieve::alert::Survey;
use skysieve::config::Config;
use skysieve::pipeline::{Event, Judgement, Replay, Said};
use skysieve::simulate::{Alert, Cutouts, SimulateConfig, Simulator};

/// So many alerts of each survey, in turn, with small images.
pub fn alerts(seed: u64, objects: usize, of_each: usize) -> Vec<Alert> {
    let mut simulators = [Survey::Ztf, Survey::Lsst].map(|survey| {
        Simulator::new(SimulateConfig {
            objects,
            cutouts: Cutouts::Small,
            ..SimulateConfig::new(survey, seed)
        })
    });
    (0..of_each)
        .flat_map(|_| simulators.each_mut().map(Simulator::next_alert))
        .collect()
}

/// Writes alerts as files that a replay can read; returns each alert's file.
///
/// # Errors
/// Where the disk does not take them.
pub fn write(alerts: &[Alert], folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for alert in alerts {
        let message = alert.message();
        let folder = folder.join(&message.topic);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("key.json"), &message.key)?;
        let file = folder.join(format!("{}.bin", message.truth.alert_id));
        std::fs::write(&file, &message.value)
            .with_context(|| format!("cannot write `{}`", file.display()))?;
        files.push(file);
    }
    Ok(files)
}

/// The routes on which each alert passes, by (topic, alert id) and then by `group/filter`.
pub type Verdicts = BTreeMap<(String, i64), BTreeMap<String, Vec<String>>>;

/// What the filters say, asked on files: without Kafka, without deliveries.
///
/// # Errors
/// Where a file cannot be read or judged.
pub async fn verdicts(config: &Config, alerts: &[Alert]) -> Result<Verdicts> {
    let folder = tempfile::tempdir()?;
    write(alerts, folder.path())?;
    let paths = [folder.path().to_owned()];
    let mut replay = Replay::open(config, &paths, None, false, |_| {}).await?;
    let mut verdicts = Verdicts::new();
    let mut trouble = None;
    let mut tell = |event| match event {
        Event::Judged(message, Judgement::Judged(judged)) => {
            let topic = message.place.topic().unwrap_or_default().to_owned();
            let passed = judged.verdicts.iter().filter_map(|(filter, said)| {
                let Said::Passed { routes, .. } = said else {
                    return None;
                };
                Some((filter.to_string(), routes.clone()))
            });
            verdicts.insert((topic, judged.head.alert_id), passed.collect());
        }
        Event::Judged(message, other) => trouble = Some(format!("{}: {other:?}", message.place)),
        Event::File(error) => trouble = Some(error.to_string()),
        Event::Failed { .. } | Event::Delivered { .. } => {}
    };
    replay.run(&mut tell).await;
    match trouble {
        None => Ok(verdicts),
        Some(trouble) => Err(anyhow::Error::msg(trouble)),
    }
}
