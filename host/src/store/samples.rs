//! A few recent alerts of each survey and schema, for modules to be tried on before they run.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::SystemTime;

use bytes::Bytes;
use rand::Rng as _;
use sha2::{Digest, Sha256};

/// Alerts that are kept of each topic under one schema.
const OF_EACH: usize = 4;
/// Schemas that are kept of each survey, the newest.
const SCHEMAS: usize = 3;
/// The first so many alerts are kept as far as there is room; then one in `STRIDE`, at random,
/// takes the place of another.
const FIRST: u64 = 256;
const STRIDE: u32 = 256;
/// Alerts that wait to be written; more are let go.
const WAITING: usize = 8;

/// The reservoir in the state directory. What it does not take costs a message one count.
#[derive(Debug)]
pub struct Samples {
    folder: PathBuf,
    seen: AtomicU64,
    writer: SyncSender<Sample>,
}

/// An alert as it came.
#[derive(Debug)]
struct Sample {
    survey: String,
    topic: String,
    key: Bytes,
    value: Bytes,
}

impl Samples {
    /// The reservoir in this directory, which is made if it is absent. None, told in the log, where
    /// it cannot be had.
    pub fn open(folder: &Path) -> Option<Self> {
        let open = || {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o700).create(folder)?;
            let (writer, samples) = sync_channel::<Sample>(WAITING);
            let place = folder.to_owned();
            let thread = thread::Builder::new().name("samples".into());
            // It ends with the last sender.
            thread.spawn(move || samples.iter().for_each(|sample| keep(&place, &sample)))?;
            Ok::<_, io::Error>(Samples {
                folder: folder.to_owned(),
                seen: AtomicU64::new(0),
                writer,
            })
        };
        open()
            .inspect_err(|error| {
                tracing::warn!(
                    directory = %folder.display(),
                    "alerts are not kept as samples, modules are tried on simulated ones: {error}"
                );
            })
            .ok()
    }

    /// Takes the alert, or lets it go. Never waits. Only messages that carry their schema can be
    /// read again without anything else.
    pub fn offer(&self, survey: &str, topic: &str, key: &Bytes, value: &Bytes) {
        let seen = self.seen.fetch_add(1, Ordering::Relaxed);
        let wanted = seen < FIRST || rand::rng().random_ratio(1, STRIDE);
        let plain = |name: &str| {
            let mut letters = name.chars();
            letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        };
        if wanted && key.first() == Some(&b'{') && plain(topic) && !topic.is_empty() {
            // Where many wait, another one comes.
            let _ = self.writer.try_send(Sample {
                survey: survey.to_owned(),
                topic: topic.to_owned(),
                key: key.clone(),
                value: value.clone(),
            });
        }
    }

    /// The folder of a survey, if alerts of it were kept: one folder a schema, the newest first.
    pub fn folders(&self, survey: &str) -> Vec<PathBuf> {
        let Ok(schemas) = newest_first(&self.folder.join(survey)) else {
            return Vec::new();
        };
        schemas
    }
}

fn keep(folder: &Path, sample: &Sample) {
    if let Err(error) = write(folder, sample) {
        tracing::warn!(directory = %folder.display(), "a sample is not kept: {error}");
    }
}

fn write(folder: &Path, sample: &Sample) -> io::Result<()> {
    let digest = Sha256::digest(&sample.key);
    let schema: String = digest[..8].iter().map(|b| format!("{b:02x}")).collect();
    let survey = folder.join(&sample.survey);
    let known = survey.join(&schema).is_dir();
    let place = survey.join(schema).join(&sample.topic);
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700).create(&place)?;
    if !known {
        forget_old_schemas(&survey)?;
    }
    let key = place.join("key.json");
    if !key.exists() {
        replace(&key, &sample.key)?;
    }
    let taken: BTreeMap<usize, ()> = (0..OF_EACH)
        .filter(|n| place.join(format!("{n}.bin")).exists())
        .map(|n| (n, ()))
        .collect();
    let slot = match (0..OF_EACH).find(|n| !taken.contains_key(n)) {
        Some(free) => free,
        None => rand::rng().random_range(0..OF_EACH),
    };
    replace(&place.join(format!("{slot}.bin")), &sample.value)
}

fn forget_old_schemas(survey: &Path) -> io::Result<()> {
    for old in newest_first(survey)?.into_iter().skip(SCHEMAS) {
        fs::remove_dir_all(old)?;
    }
    Ok(())
}

fn newest_first(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        found.push((entry.metadata()?.modified()?, entry.path()));
    }
    found.sort_by(|a, b| b.cmp(a));
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// Whole or not at all: somebody may be reading.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("draft");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(bytes)?;
    fs::rename(draft, path)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn files(folder: &Path) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(folder) else {
            return Vec::new();
        };
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .flat_map(|path| match path.is_dir() {
                true => files(&path),
                false => vec![path],
            })
            .collect()
    }

    #[test]
    fn it_fills_and_stays_bounded() {
        let state = tempfile::tempdir().unwrap();
        let samples = Samples::open(state.path()).unwrap();
        for schema in 0..5 {
            let key = Bytes::from(format!("{{\"schema\":{schema}}}"));
            for n in 0..20 {
                let sample = Sample {
                    survey: "ztf".to_owned(),
                    topic: "fink_x_ztf".to_owned(),
                    key: key.clone(),
                    value: Bytes::from(vec![n; 10]),
                };
                write(state.path(), &sample).unwrap();
            }
        }
        assert_eq!(samples.folders("ztf").len(), SCHEMAS);
        assert_eq!(files(state.path()).len(), SCHEMAS * (OF_EACH + 1));
        assert!(samples.folders("lsst").is_empty());
    }

    #[test]
    fn what_is_offered_is_kept_unless_it_cannot_be_read_again() {
        let state = tempfile::tempdir().unwrap();
        let samples = Samples::open(state.path()).unwrap();
        let value = Bytes::from_static(b"datum");
        samples.offer(
            "ztf",
            "fink_x_ztf",
            &Bytes::from_static(b"fink_x_ztf"),
            &value,
        );
        samples.offer("ztf", "../../etc", &Bytes::from_static(b"{}"), &value);
        samples.offer("ztf", "fink_x_ztf", &Bytes::from_static(b"{}"), &value);
        let start = Instant::now();
        while files(state.path()).len() < 2 {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "nothing was kept"
            );
            thread::sleep(Duration::from_millis(5));
        }
        let mut kept = files(state.path());
        kept.sort();
        assert_eq!(kept.len(), 2);
        assert_eq!(fs::read(&kept[0]).unwrap(), b"datum");
    }
}
