//! A version that fails is taken out of service, a person can say otherwise, and both survive a
//! restart.

use std::fs;

use anyhow::{Context, Result, ensure};
use harness::deployment::Deployment;
use harness::{accounts, night};
use serde_json::Value;
use skysieve::config::{FaultPolicy, Faults};

use super::{FILE, FILTER, NONE, judge, replace, version};

/// Fails on every alert, and fits the configuration of fast-transient.
fn failing() -> Result<Vec<u8>> {
    let manifest = r#"{"abi":1,"name":"failing","version":"6.6.6","cuts":[{"name":"x"}],"routes":["main","urgent"]}"#;
    let data = manifest.replace('"', "\\22");
    let word = (manifest.len() as u64) << 32 | 1024;
    Ok(wat::parse_str(format!(
        r#"(module
            (memory (export "memory") 2)
            (data (i32.const 1024) "{data}")
            (func (export "skysieve_manifest") (result i64) (i64.const {word}))
            (func (export "skysieve_reserve") (param i32) (result i32) (i32.const 65536))
            (func (export "skysieve_filter") (param i32) (result i64) (unreachable)))"#
    ))?)
}

/// The module's line of `skysieve modules list --json`.
async fn listed(deployment: &Deployment) -> Result<Value> {
    let said = deployment.run(&["modules", "list", "--json"]).await?;
    ensure!(said.status.success(), "{}", said.stderr);
    let files: Vec<Value> = serde_json::from_str(&said.stdout)?;
    let mut files = files.into_iter();
    let file = files.find(|file| file["file"] == FILE);
    file.context("it is not listed")
}

async fn modules(deployment: &Deployment, arguments: &[&str]) -> Result<String> {
    let said = deployment.run(&[&["modules"], arguments].concat()).await?;
    ensure!(said.status.success(), "{arguments:?}: {}", said.stderr);
    Ok(said.stdout)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_version_is_quarantined_and_commands_survive_a_restart() -> Result<()> {
    let mut deployment = Deployment::new(env!("CARGO_BIN_EXE_skysieve")).await?;
    let filter = &mut deployment.config.groups[0].filters[0];
    filter.parameters.clear();
    filter.faults = Faults {
        policy: FaultPolicy::DeadLetter,
        quarantine_after: 3,
        within: 50,
        ..Faults::default()
    };
    let folder = deployment.config.groups[0].modules.clone();
    fs::copy(folder.join(FILE), folder.join("nobody.wasm"))?;
    let first = fs::read(folder.join(FILE))?;
    let alerts = night::alerts(11, 20, 60);
    let mut parts = alerts.chunks(20);
    let mut next = || parts.next().unwrap_or_default();
    let mut program = deployment.start().await?;
    program.until_log("nothing will use it").await?;
    judge(&mut deployment, &mut program, next()).await?;

    // It fails on every alert, three of them in one source or the other.
    replace(&folder, &failing()?)?;
    program.until_log("version=\"6.6.6\"").await?;
    judge(&mut deployment, &mut program, next()).await?;
    let log = program.log();
    ensure!(
        log.contains("quarantined, the last good version takes over: 3 faults within"),
        "{log}"
    );
    let file = listed(&deployment).await?;
    assert_eq!(file["running"]["version"], "0.1.0");
    assert_eq!(file["running"]["duty"], "judges");
    assert_eq!(file["barred"][0]["kind"], "quarantine");
    let told = modules(&deployment, &["list"]).await?;
    ensure!(told.contains("in quarantine since"), "{told}");
    ensure!(
        told.contains("nobody.wasm") && told.contains("judges, unused"),
        "{told}"
    );
    let history = modules(&deployment, &["history", FILE]).await?;
    let from = "`transients/fast-transient` on fink_";
    for (what, detail) in [
        ("took over", from),
        ("quarantined", "3 faults"),
        ("took over", "offset"),
    ] {
        let mut lines = history.lines();
        let told = lines.any(|line| line.contains(what) && line.contains(detail));
        ensure!(told, "`{what}` with `{detail}` is not in:\n{history}");
    }
    let letters = deployment.run(&["dead-letters", "list"]).await?.stdout;
    let kept = letters
        .lines()
        .filter(|l| l.contains("unreachable"))
        .count() as u64;

    // After a restart the file is still the failing one, and still does not run.
    program.terminate()?;
    let ended = program.end().await?;
    assert_eq!(accounts::open(&ended.stdout), NONE, "{}", ended.stdout);
    // judged = passed + rejected + faulted: each source had its own three at most.
    let faulted = accounts::line(&ended.stdout, FILTER)[3];
    ensure!(
        (3..=6).contains(&faulted) && faulted == kept,
        "{faulted}, {kept}: {letters}"
    );
    deployment.inherit_as("again")?;
    let mut program = deployment.start().await?;
    let file = listed(&deployment).await?;
    assert_eq!(file["running"]["version"], "0.1.0");
    ensure!(
        file["refused"]["reason"]
            .as_str()
            .is_some_and(|why| why.contains("3 faults"))
    );

    // On probation, one fault is enough.
    modules(&deployment, &["release", &format!("transients/{FILE}")]).await?;
    program.until_log("version=\"6.6.6\"").await?;
    judge(&mut deployment, &mut program, next()).await?;
    ensure!(program.log().contains("a fault while on probation"));
    assert_eq!(listed(&deployment).await?["running"]["version"], "0.1.0");

    // A pin holds what comes back.
    replace(&folder, &version(&first, "0.2.0")?)?;
    program.until_log("version=\"0.2.0\"").await?;
    modules(&deployment, &["pin", FILE]).await?;
    replace(&folder, &version(&first, "0.3.0")?)?;
    program.until_log("version=\"0.3.0\"").await?;
    let file = listed(&deployment).await?;
    assert_eq!(file["running"]["version"], "0.2.0");
    assert_eq!(
        (&file["pinned"], &file["waiting"]["version"]),
        (&true.into(), &"0.3.0".into())
    );
    program.terminate()?;
    program.end().await?;
    deployment.inherit_as("and again")?;
    let program = deployment.start().await?;
    let file = listed(&deployment).await?;
    assert_eq!(
        (&file["running"]["version"], &file["pinned"]),
        (&"0.2.0".into(), &true.into())
    );
    modules(&deployment, &["release", FILE]).await?;
    assert_eq!(listed(&deployment).await?["running"]["version"], "0.3.0");
    modules(&deployment, &["rollback", FILE]).await?;
    assert_eq!(listed(&deployment).await?["running"]["version"], "0.2.0");
    modules(&deployment, &["pin", FILE, "0.1.0"]).await?;
    assert_eq!(listed(&deployment).await?["running"]["version"], "0.1.0");

    let unknown = deployment.run(&["modules", "pin", "x.wasm"]).await?;
    ensure!(!unknown.status.success() && unknown.stderr.contains("there is no module `x.wasm`"));
    program.terminate()?;
    program.end().await?;
    let nobody = deployment.run(&["modules", "list"]).await?;
    ensure!(!nobody.status.success() && nobody.stderr.contains("no skysieve runs"));
    Ok(())
}
