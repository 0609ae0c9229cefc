//! A module is tried on sample alerts before it runs: what it says of one must not depend on what
//! it saw before.
//!
//! In: a module with its parameters, and the samples. Out: nothing, or what it said of the same
//! alert on different occasions. Never here: a judgement whether a verdict is right.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde_json::Value as Json;

use crate::alert::Survey;
use crate::engine::{CallLimits, Isolation, Module};
use crate::simulate::{Cutouts, SimulateConfig, Simulator};
use crate::source::{Files, Message, Place};
use crate::store::Samples;
use crate::workbench::{Bench, Ruling, Said};

/// Alerts of each survey that a module is tried on.
const OF_EACH: usize = 16;
/// After so many faults of a module the rest would tell nothing new, and may cost much.
const MAX_FAULTS: usize = 3;
/// Objects in the simulated sky: several alerts of the same one follow each other.
const OBJECTS: usize = 8;

/// What modules are tried on: alerts that were kept, and simulated ones as long as they are few.
#[derive(Clone, Debug, Default)]
pub(super) struct Trials {
    kept: Option<Arc<Samples>>,
    simulated: Arc<OnceLock<[Vec<Message>; 2]>>,
}

const SURVEYS: [Survey; 2] = [Survey::Ztf, Survey::Lsst];

impl Trials {
    /// Kept in a state directory, if there is one.
    pub fn in_state(state: Option<&Path>) -> Self {
        let folder = state.map(|state| state.join("samples"));
        Trials {
            kept: folder
                .and_then(|folder| Samples::open(&folder))
                .map(Arc::new),
            ..Trials::default()
        }
    }

    /// Where alerts are offered to be kept.
    pub fn samples(&self) -> Option<Arc<Samples>> {
        self.kept.clone()
    }

    /// Tries a module: each alert alone in fresh memory, then forwards and backwards in one instance.
    ///
    /// # Errors
    /// In words for its author, where it says different things of one alert.
    pub fn hold(
        &self,
        module: &Module,
        parameters: &BTreeMap<String, Json>,
        limits: CallLimits,
    ) -> Result<(), String> {
        let surveys = SURVEYS.into_iter().enumerate();
        let wanted = surveys.filter(|(_, survey)| module.manifest().understands(*survey));
        let alerts: Vec<Message> = wanted
            .flat_map(|(place, survey)| self.alerts(place, survey))
            .collect();
        let bench = |isolation| {
            let bench = Bench::new(module, parameters, Some(limits));
            bench
                .map(|bench| bench.isolated(isolation))
                .map_err(|error| error.to_string())
        };
        let mut alone = bench(Isolation::Strict)?;
        let mut faults = 0;
        let mut known = Vec::new();
        for alert in &alerts {
            let ruling = rule(&mut alone, alert);
            faults += usize::from(matches!(
                ruling,
                Some(Outcome {
                    said: Said::Faulted(..),
                    ..
                })
            ));
            known.push((alert, ruling));
            if faults == MAX_FAULTS {
                break;
            }
        }
        if faults > 0 {
            let why = known
                .iter()
                .find_map(|(_, ruling)| match ruling.as_ref()?.said {
                    Said::Faulted(_, ref why) => Some(why.as_str()),
                    _ => None,
                });
            tracing::warn!(
                module = module.name(),
                hash = %module.hash(),
                "it fails on {faults} of {} sample alerts: {}",
                known.len(),
                why.unwrap_or_default()
            );
        }
        let mut many = bench(Isolation::default())?;
        for (alert, expected) in &known {
            compare(&mut many, alert, expected, "forwards")?;
        }
        for (alert, expected) in known.iter().rev() {
            compare(&mut many, alert, expected, "backwards")?;
        }
        Ok(())
    }

    fn alerts(&self, place: usize, survey: Survey) -> Vec<Message> {
        let mut alerts = self.kept(survey);
        // From all over what was kept, not its first topic alone.
        let step = alerts.len().div_ceil(OF_EACH).max(1);
        alerts = alerts.into_iter().step_by(step).collect();
        let simulated = self.simulated.get_or_init(|| SURVEYS.map(simulate));
        let missing = OF_EACH.saturating_sub(alerts.len());
        alerts.extend(simulated[place].iter().take(missing).cloned());
        alerts
    }

    fn kept(&self, survey: Survey) -> Vec<Message> {
        let folders = self
            .kept
            .iter()
            .flat_map(|kept| kept.folders(survey.name()));
        // What is just being replaced is left out.
        let files = folders.filter_map(|folder| Files::open(&[folder], None).ok());
        files.flatten().filter_map(Result::ok).collect()
    }
}

fn simulate(survey: Survey) -> Vec<Message> {
    let config = SimulateConfig {
        objects: OBJECTS,
        cutouts: Cutouts::Small,
        ..SimulateConfig::new(survey, 1)
    };
    let alerts = Simulator::new(config).take(OF_EACH).enumerate();
    alerts
        .map(|(number, alert)| Message {
            place: Place::Kafka {
                topic: alert.topic.as_str().into(),
                partition: 0,
                offset: number as i64,
            },
            key: alert.key,
            value: alert.value,
            timestamp_ms: None,
        })
        .collect()
}

/// What a module said of one alert.
struct Outcome {
    alert_id: i64,
    said: Said,
    values: String,
}

/// None where the alert was not judged, or a limit decided: an instance that was used before may have
/// memory and work behind it that a fresh one has not.
fn rule(bench: &mut Bench, alert: &Message) -> Option<Outcome> {
    let Ruling {
        head, said, values, ..
    } = bench.judge(alert, false).ok()?;
    if matches!(
        said,
        Said::Faulted("deadline" | "fuel" | "host" | "schema", _)
    ) {
        return None;
    }
    Some(Outcome {
        alert_id: head.alert_id,
        said,
        // As text, since a NaN is like itself here.
        values: format!("{values:?}"),
    })
}

fn compare(
    bench: &mut Bench,
    alert: &Message,
    expected: &Option<Outcome>,
    order: &str,
) -> Result<(), String> {
    let (Some(expected), Some(found)) = (expected, rule(bench, alert)) else {
        return Ok(());
    };
    let same = match (&found.said, &expected.said) {
        // The words may tell of addresses.
        (Said::Faulted(found, _), Said::Faulted(expected, _)) => found == expected,
        (found, expected) => found == expected,
    };
    if same && found.values == expected.values {
        return Ok(());
    }
    let show = |outcome: &Outcome| match (&outcome.said, outcome.values.as_str()) {
        (said, "[]") => format!("{said:?}"),
        (said, values) => format!("{said:?} with {values}"),
    };
    Err(format!(
        "what it says depends on what it saw before: of the sample alert {} it says {} alone and {} after others ({order}); free everything in `skysieve_reset`, or configure `isolation: strict`",
        expected.alert_id,
        show(expected),
        show(&found)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Engine, EngineSettings};

    fn load(rest: &str) -> Module {
        let manifest = r#"{"abi":1,"name":"t","version":"1","fields":[{"path":"alert.mag","type":"f64"}],"cuts":[{"name":"c"}]}"#;
        let data = manifest.replace('"', "\\22");
        let word = (manifest.len() as u64) << 32 | 1024;
        let text = format!(
            r#"(module
                (memory (export "memory") 2)
                (global $seen (mut i64) (i64.const 0))
                (data (i32.const 1024) "{data}")
                (func (export "skysieve_manifest") (result i64) (i64.const {word}))
                (func (export "skysieve_reserve") (param i32) (result i32) (i32.const 65536))
                {rest})"#
        );
        let settings = EngineSettings {
            instances: 4,
            ..EngineSettings::default()
        };
        let engine = Engine::new(settings).unwrap();
        engine
            .load("t.wasm", &wat::parse_str(text).unwrap())
            .unwrap()
    }

    fn hold(rest: &str) -> Result<(), String> {
        let trials = Trials::default();
        trials.hold(&load(rest), &BTreeMap::new(), CallLimits::FILTER)
    }

    /// Every third call passes.
    const KEEPS_STATE: &str = r#"(func (export "skysieve_filter") (param i32) (result i64)
        (global.set $seen (i64.add (global.get $seen) (i64.const 1)))
        (select (i64.const 0x8000000000000000) (i64.const 0)
          (i32.wrap_i64 (i64.rem_u (global.get $seen) (i64.const 3)))))"#;

    #[test]
    fn a_module_that_remembers_what_it_saw_is_refused() {
        let why = hold(&format!(
            r#"{KEEPS_STATE} (func (export "skysieve_reset"))"#
        ))
        .unwrap_err();
        assert!(why.contains("depends on what it saw before"), "{why}");
        assert!(why.contains("`isolation: strict`"), "{why}");
        // Without a reset every alert gets fresh memory, and with a right one it is as good.
        hold(KEEPS_STATE).unwrap();
        let reset = r#"(func (export "skysieve_reset") (global.set $seen (i64.const 0)))"#;
        hold(&format!("{KEEPS_STATE} {reset}")).unwrap();
    }

    #[test]
    fn a_cut_on_the_alert_alone_is_no_memory() {
        let filter = r#"(func (export "skysieve_filter") (param $r i32) (result i64)
            (select (i64.const 0) (i64.const 0x8000000000000000)
              (f64.lt (f64.load offset=24 (local.get $r)) (f64.const 19))))
            (func (export "skysieve_reset"))"#;
        hold(filter).unwrap();
    }

    #[test]
    fn a_module_that_always_fails_is_told_and_costs_little() {
        hold(r#"(func (export "skysieve_filter") (param i32) (result i64) (unreachable))"#)
            .unwrap();
        let endless = r#"(func (export "skysieve_filter") (param i32) (result i64)
            (loop $l (br $l)) (i64.const 0))"#;
        hold(endless).unwrap();
    }

    #[test]
    fn kept_alerts_come_before_simulated_ones() {
        let state = tempfile::tempdir().unwrap();
        let trials = Trials::in_state(Some(state.path()));
        let simulated = simulate(Survey::Ztf);
        let samples = trials.samples().unwrap();
        for alert in &simulated[..3] {
            let topic = alert.place.topic().unwrap();
            samples.offer("ztf", topic, &alert.key, &alert.value);
        }
        let kept = || {
            let alerts = trials.alerts(0, Survey::Ztf).into_iter();
            let files = alerts.filter(|alert| matches!(alert.place, Place::File { .. }));
            files.count()
        };
        let start = std::time::Instant::now();
        while kept() < 3 {
            assert!(start.elapsed() < std::time::Duration::from_secs(30));
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert_eq!(trials.alerts(0, Survey::Ztf).len(), OF_EACH);
    }
}
