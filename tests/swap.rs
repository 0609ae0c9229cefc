//! A team deploys a module while alerts flow: it takes over, or what runs runs on, and no alert goes
//! unjudged or is judged twice.

#[path = "swap/apart.rs"]
mod apart;
#[path = "swap/quarantine.rs"]
mod quarantine;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use harness::deployment::Deployment;
use harness::night::{self, Verdicts};
use harness::program::Program;
use harness::rows::Science;
use harness::{accounts, expected};
use skysieve::simulate::Alert;

const NONE: [&str; 0] = [];
const FILE: &str = "fast_transient.wasm";
const FILTER: &str = "transients/fast-transient";

#[tokio::test(flavor = "multi_thread")]
async fn modules_are_exchanged_under_way_and_every_alert_is_judged_once() -> Result<()> {
    let mut deployment = Deployment::new(env!("CARGO_BIN_EXE_skysieve")).await?;
    // Much passes, and all of it on the urgent route, so with a comment.
    let parameters = &mut deployment.config.groups[0].filters[0].parameters;
    for cut in ["urgent_rate", "min_rate", "min_significance"] {
        parameters.insert(cut.to_owned(), 0.0.into());
    }
    parameters.insert("max_age".to_owned(), 10_000.0.into());
    let alerts = night::alerts(10, 30, 240);
    let verdicts = night::verdicts(&deployment.config, &alerts).await?;
    let expected = expected::science(&deployment.config, &alerts, &verdicts);
    let folder = deployment.config.groups[0].modules.clone();
    let first = fs::read(folder.join(FILE))?;
    let mut parts = alerts.chunks(60);
    let mut next = || parts.next().unwrap_or_default();
    let mut program = deployment.start().await?;

    let part = next();
    judge(&mut deployment, &mut program, part).await?;
    tells_of(&deployment, &verdicts, part, "0.1.0");

    // As a careful deployment does it: beside, then by one rename.
    let second = version(&first, "0.2.0")?;
    replace(&folder, &second)?;
    program.until_log("version=\"0.2.0\"").await?;
    let part = next();
    judge(&mut deployment, &mut program, part).await?;
    ensure!(program.log().contains("a new version takes over"));
    tells_of(&deployment, &verdicts, part, "0.2.0");

    // As a careless one does it: in place, slowly, while alerts come.
    let third = version(&first, "0.3.0")?;
    let mut file = File::create(folder.join(FILE))?;
    file.write_all(&third[..third.len() / 3])?;
    file.sync_all()?;
    judge(&mut deployment, &mut program, next()).await?;
    file.write_all(&third[third.len() / 3..])?;
    drop(file);
    program.until_log("version=\"0.3.0\"").await?;
    let part = next();
    judge(&mut deployment, &mut program, part).await?;
    tells_of(&deployment, &verdicts, part, "0.3.0");

    // Ten times a second, while alerts come.
    let versions = (40..60).map(|n| version(&first, &format!("0.{}.{}", n / 10, n % 10)));
    let versions = versions.collect::<Result<Vec<_>>>()?;
    let there = folder.clone();
    let flood = tokio::spawn(async move {
        for version in versions {
            replace(&there, &version)?;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::Ok(())
    });
    judge(&mut deployment, &mut program, next()).await?;
    flood.await??;
    // Nobody judges with it before an alert comes, and the last one wins.
    program.until_log("version=\"0.5.9\"").await?;
    let part = next();
    judge(&mut deployment, &mut program, part).await?;
    tells_of(&deployment, &verdicts, part, "0.5.9");

    // Not a module at all.
    replace(&folder, b"PNG? no, and not WebAssembly either")?;
    program
        .until_log("module refused, what runs runs on")
        .await?;
    let part = next();
    judge(&mut deployment, &mut program, part).await?;
    tells_of(&deployment, &verdicts, part, "0.5.9");

    // No file at all.
    fs::remove_file(folder.join(FILE))?;
    program.until_log("its last good version runs on").await?;
    let part = next();
    judge(&mut deployment, &mut program, part).await?;
    tells_of(&deployment, &verdicts, part, "0.5.9");

    let log = program.log();
    program.terminate()?;
    let ended = program.end().await?;
    ensure!(ended.status.success(), "{}", ended.stderr);
    let printed = &ended.stdout;
    assert_eq!(accounts::open(printed), NONE, "{printed}");
    let account = accounts::line(printed, FILTER);
    let passed = verdicts.values().filter(|said| said.contains_key(FILTER));
    let (all, passed) = (alerts.len() as u64, passed.count() as u64);
    // judged = passed + rejected + faulted
    assert_eq!(account, [all, passed, all - passed, 0], "{printed}");
    let found = deployment.portal.read(Science::of);
    assert_eq!(expected.differences(&found), NONE);
    for line in log.lines().filter(|line| line.contains("module refused")) {
        ensure!(
            line.contains(FILE) && line.contains("runs runs on: "),
            "{line}"
        );
    }
    Ok(())
}

async fn judge(deployment: &mut Deployment, program: &mut Program, part: &[Alert]) -> Result<()> {
    ensure!(!part.is_empty(), "no alerts left");
    deployment.send(part).await?;
    deployment.until_all_done(program).await
}

/// The comments of the alerts that passed on the urgent route name the version that judged.
fn tells_of(deployment: &Deployment, verdicts: &Verdicts, part: &[Alert], version: &str) {
    let urgent = part.iter().filter(|alert| {
        let said = &verdicts[&(alert.topic.clone(), alert.truth.alert_id)];
        said.get(FILTER)
            .is_some_and(|routes| routes.contains(&"urgent".to_owned()))
    });
    let objects: Vec<String> = urgent.map(expected::object_id).collect();
    assert!(
        !objects.is_empty(),
        "no urgent alert to tell of version {version}"
    );
    let words = format!("fast-transient {version}, ");
    for object in objects {
        let tells = deployment.portal.read(|rows| {
            let comments = rows.comments_of(&object);
            comments
                .iter()
                .any(|comment| comment.text.starts_with(&words))
        });
        assert!(tells, "no comment on {object} tells of version {version}");
    }
}

/// The same module with another version in its manifest.
fn version(module: &[u8], version: &str) -> Result<Vec<u8>> {
    let old = b"0.1.0";
    let mut module = module.to_vec();
    let at = module.windows(old.len()).position(|window| window == old);
    let at = at.ok_or_else(|| anyhow::Error::msg("the module is not of version 0.1.0"))?;
    module[at..at + old.len()].copy_from_slice(version.as_bytes());
    Ok(module)
}

fn replace(folder: &Path, bytes: &[u8]) -> Result<()> {
    let beside: PathBuf = folder.join("fast_transient.new");
    fs::write(&beside, bytes)?;
    Ok(fs::rename(&beside, folder.join(FILE))?)
}
