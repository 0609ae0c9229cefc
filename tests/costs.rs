//! What an alert costs, in numbers that are the same on every machine.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use harness::counting;
use harness::guests;
use harness::judging::{Judging, message};
use skysieve::alert::Survey;
use skysieve::engine::{Engine, EngineSettings};
use skysieve::simulate::{SimulateConfig, Simulator};
use skysieve::source::Message;
use skysieve::workbench::Bench;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

const TOPIC: &str = "fink_stream";

/// Alerts of each survey.
const ALERTS: usize = 100;

/// How far the fuel of a filter may move before the table has to be looked at: compilers and
/// libraries change a little.
const TOLERANCE: f64 = 0.05;

fn alerts(survey: Survey) -> Vec<Message> {
    let topic: Arc<str> = TOPIC.into();
    let simulator = Simulator::new(SimulateConfig {
        objects: 40,
        ..SimulateConfig::new(survey, 11)
    });
    let messages = simulator.skip(100).take(ALERTS).enumerate();
    messages
        .map(|(offset, alert)| message(&topic, offset, alert.key, alert.value))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_alert_asks_for_no_memory() -> Result<()> {
    for survey in [Survey::Ztf, Survey::Lsst] {
        let mut judging = Judging::of(survey, 4, TOPIC).await?;
        let alerts = alerts(survey);
        // Once for the memory that is kept from alert to alert. The same place read again is judged
        // again.
        let rejected: Vec<&Message> = alerts
            .iter()
            .filter(|alert| judging.rejects(alert))
            .collect();
        ensure!(rejected.len() > ALERTS / 2, "{survey}: {}", rejected.len());
        for alert in rejected {
            let (rejected, allocations) = counting::allocations(|| judging.rejects(alert));
            ensure!(rejected, "{}: it passed", alert.place);
            ensure!(
                allocations == 0,
                "{}: memory was asked for {allocations} times",
                alert.place
            );
        }
    }
    Ok(())
}

/// `module<TAB>fuel` of the mean alert, one a line.
fn table(path: &Path) -> Result<BTreeMap<String, f64>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (module, fuel) = line.split_once('\t').context("a tab between two columns")?;
            Ok((module.to_owned(), fuel.parse()?))
        })
        .collect()
}

/// The mean fuel of all calls for an alert, over both surveys' alerts that the module understands.
fn fuel(engine: &Engine, module: &str, alerts: &[Message]) -> Result<f64> {
    let path = guests::folder().join(module);
    let mut bench = Bench::open(engine, &path, &BTreeMap::new(), None)?;
    let fuel: Vec<u64> = alerts
        .iter()
        .filter_map(|alert| Some(bench.judge(alert, false).ok()?.fuel))
        .collect();
    ensure!(!fuel.is_empty(), "`{module}` understands no alert");
    Ok(fuel.iter().sum::<u64>() as f64 / fuel.len() as f64)
}

#[test]
fn filters_use_the_fuel_that_the_table_says() -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/costs.tsv");
    let engine = Engine::new(EngineSettings::default())?;
    let alerts: Vec<Message> = [Survey::Ztf, Survey::Lsst]
        .into_iter()
        .flat_map(alerts)
        .collect();
    let mut now = String::from("# Fuel of a filter for the mean alert of `tests/costs.rs`.\n");
    let mut moved = Vec::new();
    for (module, before) in table(&path)? {
        if module.contains(".as.") && !guests::folder().join(&module).is_file() {
            eprintln!("SKIPPED {module}: AssemblyScript was not built");
            continue;
        }
        let fuel = fuel(&engine, &module, &alerts)?;
        now += &format!("{module}\t{fuel:.0}\n");
        if (fuel / before - 1.0).abs() > TOLERANCE {
            moved.push(format!("{module}: {before:.0}, now {fuel:.0}"));
        }
    }
    ensure!(
        moved.is_empty(),
        "the cost of filters moved by more than {:.0} %:\n{}\nif that is meant, this is `tests/costs.tsv` now:\n{now}",
        100.0 * TOLERANCE,
        moved.join("\n"),
    );
    Ok(())
}
