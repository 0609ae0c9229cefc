//! `skysieve simulate`: simulated alerts to files or to Kafka, at a rate.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use tokio::time::Instant;

use super::output::{Files, Output, Stream};
use super::{Case, Cutouts, History, Message, Mix, SimulateConfig, Simulator, Troubles};
use crate::alert::Survey;
use crate::cli::say::say;

/// Which streams to simulate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Surveys {
    Ztf,
    Lsst,
    /// An alert of each in turn.
    Both,
}

impl Surveys {
    fn list(self) -> &'static [Survey] {
        match self {
            Surveys::Ztf => &[Survey::Ztf],
            Surveys::Lsst => &[Survey::Lsst],
            Surveys::Both => &[Survey::Ztf, Survey::Lsst],
        }
    }
}

/// Make simulated Fink alerts, with plausible light curves, the same for the same seed.
#[derive(Clone, Debug, Args)]
pub struct SimulateArgs {
    /// Which survey's alerts to make
    #[arg(long, value_enum, default_value = "ztf")]
    pub survey: Surveys,
    /// How many alerts to make
    #[arg(long, default_value_t = 1000)]
    pub alerts: u64,
    /// How many objects there are at a time [default: a tenth of the alerts, 5 to 2000]
    #[arg(long)]
    pub objects: Option<usize>,
    /// The same seed gives the same alerts
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Kinds of objects and their weights: supernova, kilonova, variable, asteroid, artefact
    #[arg(long, value_name = "KIND=WEIGHT,…")]
    pub mix: Option<Mix>,
    /// Alerts a second [default: as fast as possible]
    #[arg(long, value_name = "ALERTS_PER_SECOND")]
    pub rate: Option<f64>,
    /// As LSST sends them: 10,000 × SCALE alerts within 5 s, every 37 s, an exposure
    #[arg(long, value_name = "SCALE", conflicts_with = "rate")]
    pub bursts: Option<f64>,
    /// Write `DIR/<topic>/key.json` and `DIR/<topic>/<object>_<alert>.bin`
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with = "servers",
        required_unless_present = "servers"
    )]
    pub out: Option<PathBuf>,
    /// Produce to these Kafka brokers, as Fink does
    #[arg(long, value_name = "HOST:PORT,…")]
    pub servers: Option<String>,
    /// At most so many points of the past in an alert, and visits enough to have them
    #[arg(long, value_name = "POINTS", conflicts_with = "dense")]
    pub history: Option<usize>,
    /// Deep-drilling fields: every night, again and again
    #[arg(long)]
    pub dense: bool,
    /// Images of 5×5 pixels, for speed
    #[arg(long)]
    pub small_cutouts: bool,
    /// What goes wrong, as shares of all messages: duplicates, corrupted, truncated, nan,
    /// null_structs, late, negative_flux
    #[arg(long, value_name = "TROUBLE=RATE,…")]
    pub trouble: Option<Troubles>,
    /// Only alerts that this filter of Fink passes, as `ztf-sn-candidates`, in its topic
    #[arg(long, value_name = "FILTER", conflicts_with_all = ["survey", "trouble"])]
    pub pass: Option<String>,
    /// Only alerts that fail this cut of the filter and pass all its others
    #[arg(long, value_name = "FILTER:CUT", conflicts_with_all = ["survey", "trouble", "pass"])]
    pub fail: Option<String>,
}

/// When each alert is due.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Pace {
    /// So many a second.
    Even(f64),
    /// So many in each exposure.
    Bursts(u64),
}

impl Pace {
    /// LSST's alerts of one exposure, and how close they come: 10,000 within 5 s. The next exposure
    /// begins after 37 s (15 s each for two snaps, read-out, slew).
    const EXPOSURE: f64 = 10_000.0;
    const WITHIN: f64 = 5.0;
    const EVERY: f64 = 37.0;

    fn lsst(scale: f64) -> Self {
        Pace::Bursts((Self::EXPOSURE * scale).round().max(1.0) as u64)
    }

    /// Since the start, of the alert with this number (from 0).
    fn time_of(self, number: u64) -> Duration {
        Duration::from_secs_f64(match self {
            Pace::Even(rate) => number as f64 / rate,
            Pace::Bursts(count) => {
                let (exposure, place) = (number / count, number % count);
                exposure as f64 * Self::EVERY + place as f64 / count as f64 * Self::WITHIN
            }
        })
    }
}

impl SimulateArgs {
    fn config(&self, survey: Survey) -> SimulateConfig {
        let tenth = (self.alerts / 10).clamp(5, 2000) as usize;
        SimulateConfig {
            survey,
            seed: self.seed,
            objects: self.objects.unwrap_or(tenth),
            mix: self.mix.clone().unwrap_or_default(),
            history: match (self.history, self.dense) {
                (Some(points), _) => History::Points(points),
                (None, true) => History::Dense,
                (None, false) => History::Survey,
            },
            cutouts: if self.small_cutouts {
                Cutouts::Small
            } else {
                Cutouts::Real
            },
            troubles: self.trouble.clone().unwrap_or_default(),
        }
    }

    /// What the alerts are made for, if they are made for a filter.
    fn case(&self) -> anyhow::Result<Option<Case>> {
        Ok(match (&self.pass, &self.fail) {
            (Some(filter), _) => Some(Case::pass(filter)?),
            (None, Some(cut)) => {
                let Some((filter, cut)) = cut.split_once(':') else {
                    bail!("`--fail {cut}`: expected `FILTER:CUT`, as in `ztf-sn-candidates:young`")
                };
                Some(Case::fail(filter, cut)?)
            }
            (None, None) => None,
        })
    }

    fn surveys(&self, case: Option<Case>) -> Vec<Survey> {
        case.map_or_else(|| self.survey.list().to_vec(), |case| vec![case.survey()])
    }

    /// Everything that decides the bytes, for the note that is left beside the files.
    fn description(&self, surveys: &[Survey]) -> String {
        let configs: Vec<String> = surveys
            .iter()
            .map(|survey| self.config(*survey).to_string())
            .collect();
        let made = match (&self.pass, &self.fail) {
            (Some(filter), _) => format!(" that pass {filter}"),
            (None, Some(cut)) => format!(" that fail {cut}"),
            (None, None) => String::new(),
        };
        format!("{} alerts{made} of {}", self.alerts, configs.join(" and "))
    }

    fn pace(&self) -> anyhow::Result<Option<Pace>> {
        let sensible = |number: f64| number.is_finite() && number > 0.0;
        match (self.rate, self.bursts) {
            (None, None) => Ok(None),
            (Some(rate), _) if sensible(rate) => Ok(Some(Pace::Even(rate))),
            (Some(rate), _) => {
                bail!("`--rate {rate}`: expected a number of alerts a second above 0")
            }
            (None, Some(scale)) if sensible(scale) => Ok(Some(Pace::lsst(scale))),
            (None, Some(scale)) => bail!(
                "`--bursts {scale}`: expected a number above 0, as 1 for LSST's 10,000 alerts an exposure"
            ),
        }
    }

    fn output(&self, surveys: &[Survey]) -> anyhow::Result<Output> {
        if self.objects == Some(0) {
            bail!("`--objects 0`: expected at least one object");
        }
        match (&self.out, &self.servers) {
            (Some(folder), None) => {
                let files = Files::into(folder.clone(), &self.description(surveys));
                Ok(Output::Files(files.with_context(|| {
                    format!("`--out {}`", folder.display())
                })?))
            }
            (None, Some(servers)) => {
                let stream = Stream::to(servers, surveys);
                Ok(Output::Stream(
                    stream.with_context(|| format!("`--servers {servers}`"))?,
                ))
            }
            _ => bail!("expected either `--out DIR` or `--servers HOST:PORT`"),
        }
    }
}

/// Makes the alerts, says how far it is every ten seconds, and what it wrote in the end.
///
/// # Errors
/// A flag's value makes no sense, the folder holds something else, or the brokers do not take the
/// messages.
pub async fn run(args: SimulateArgs) -> anyhow::Result<()> {
    let pace = args.pace()?;
    let case = args.case()?;
    let surveys = args.surveys(case);
    let mut output = args.output(&surveys)?;
    let mut simulators: Vec<Simulator> = surveys
        .iter()
        .map(|survey| Simulator::new(args.config(*survey)))
        .collect();
    let mut tally = Tally::default();
    let started = Instant::now();
    let mut said = started;
    let streams = simulators.len() as u64;
    for number in 0..args.alerts {
        if let Some(pace) = pace {
            tokio::time::sleep_until(started + pace.time_of(number)).await;
        }
        let turn = (number % streams) as usize;
        let Some(message) = next(&mut simulators[turn], case)? else {
            break;
        };
        tally.count(&message);
        output.write(message).await?;
        if said.elapsed() > Duration::from_secs(10) {
            said = Instant::now();
            say!(
                "{} of {} alerts, {}",
                tally.alerts,
                args.alerts,
                size(tally.bytes)
            );
        }
    }
    let target = output.finish().await?;
    tally.print(&target, started.elapsed());
    Ok(())
}

fn next(simulator: &mut Simulator, case: Option<Case>) -> anyhow::Result<Option<Message>> {
    Ok(match case {
        None => simulator.next(),
        Some(case) => Some(case.apply(simulator.next_alert())?.message()),
    })
}

/// What was written.
#[derive(Default)]
struct Tally {
    alerts: u64,
    bytes: u64,
    topics: BTreeMap<String, u64>,
    kinds: BTreeMap<&'static str, u64>,
    troubles: BTreeMap<&'static str, u64>,
}

impl Tally {
    fn count(&mut self, message: &Message) {
        self.alerts += 1;
        self.bytes += message.value.len() as u64;
        *self.topics.entry(message.topic.clone()).or_default() += 1;
        *self.kinds.entry(message.truth.kind.name()).or_default() += 1;
        if let Some(trouble) = message.truth.trouble {
            *self.troubles.entry(trouble.name()).or_default() += 1;
        }
    }

    fn print(&self, target: &str, took: Duration) {
        let rate = self.alerts as f64 / took.as_secs_f64().max(1e-9);
        say!(
            "{} alerts, {} of values, to {target} in {:.1} s ({rate:.0} a second)",
            self.alerts,
            size(self.bytes),
            took.as_secs_f64()
        );
        for (topic, count) in &self.topics {
            say!("  {count:>8}  {topic}");
        }
        let listed = |counts: &BTreeMap<&'static str, u64>| {
            let pairs: Vec<String> = counts
                .iter()
                .map(|(name, count)| format!("{name} {count}"))
                .collect();
            pairs.join(", ")
        };
        say!("  kinds: {}", listed(&self.kinds));
        if !self.troubles.is_empty() {
            say!("  trouble: {}", listed(&self.troubles));
        }
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: SimulateArgs,
    }

    fn parse(line: &str) -> Result<SimulateArgs, String> {
        let words = std::iter::once("simulate").chain(line.split_whitespace());
        let parsed = Line::try_parse_from(words);
        parsed
            .map(|line| line.args)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn errors_name_the_flag() {
        let error = |line: &str| parse(line).unwrap_err();
        assert!(error("--out x --mix nova=1").contains("--mix"));
        assert!(error("--out x --trouble late=3").contains("--trouble"));
        assert!(error("").contains("--out"));
        assert!(error("--out x --servers y").contains("--servers"));
        let rate = parse("--out x --rate 0").unwrap().pace().unwrap_err();
        assert!(rate.to_string().contains("`--rate 0`"));
        let bursts = parse("--out x --bursts 0").unwrap().pace().unwrap_err();
        assert!(bursts.to_string().contains("`--bursts 0`"));
        let case = |line: &str| parse(line).unwrap().case().unwrap_err().to_string();
        assert!(case("--out x --pass sn").contains("`ztf-sn-candidates`"));
        assert!(case("--out x --fail ztf-sn-candidates").contains("`FILTER:CUT`"));
        assert!(case("--out x --fail ztf-sn-candidates:new").contains("`young`"));
        assert!(error("--out x --pass a --fail a:b").contains("--fail"));
    }

    #[test]
    fn bursts_come_as_lsst_exposes() {
        let pace = parse("--out x --bursts 0.01").unwrap().pace().unwrap();
        let pace = pace.unwrap();
        let seconds = |number| pace.time_of(number).as_secs_f64();
        assert_eq!(
            [0, 50, 100, 150, 200].map(seconds),
            [0.0, 2.5, 37.0, 39.5, 74.0]
        );
        assert!(seconds(99) < 5.0);
        assert_eq!(Pace::lsst(1.0), Pace::Bursts(10_000));
    }

    #[tokio::test]
    async fn alerts_made_for_a_filter_come_in_its_topic() {
        let folder = tempfile::tempdir().unwrap();
        let line = format!(
            "--fail ztf-sn-candidates:young --alerts 3 --small-cutouts --out {}",
            folder.path().display()
        );
        run(parse(&line).unwrap()).await.unwrap();
        let topic = folder.path().join("fink_sn_candidates_ztf");
        assert_eq!(std::fs::read_dir(topic).unwrap().count(), 3 + 1);
        let other = parse(&line.replace(":young", ":real-bogus")).unwrap();
        let error = format!("{:#}", run(other).await.unwrap_err());
        assert!(error.contains("another simulation"), "{error}");
    }

    #[tokio::test]
    async fn writes_both_surveys_at_a_rate() {
        let folder = tempfile::tempdir().unwrap();
        let line = format!(
            "--survey both --alerts 20 --seed 3 --rate 100 --small-cutouts --out {}",
            folder.path().display()
        );
        let started = Instant::now();
        run(parse(&line).unwrap()).await.unwrap();
        assert!(started.elapsed() >= Duration::from_millis(190));
        let topics = std::fs::read_dir(folder.path()).unwrap();
        let topics: Vec<String> = topics
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert!(
            topics.iter().any(|topic| topic.ends_with("_ztf")),
            "{topics:?}"
        );
        assert!(
            topics.iter().any(|topic| topic.ends_with("_lsst")),
            "{topics:?}"
        );
        run(parse(&line).unwrap()).await.unwrap();
        let other = line.replace("--seed 3", "--seed 4");
        let error = format!("{:#}", run(parse(&other).unwrap()).await.unwrap_err());
        assert!(
            error.contains("--out") && error.contains("another simulation"),
            "{error}"
        );
    }
}
