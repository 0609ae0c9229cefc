//! `skysieve replay`: every file gets a verdict or a reason; and the verdicts, classes and requests
//! are right, on simulated alerts and, where they are at hand, on Fink's own.

mod examples;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use harness::deployment::Deployment;
use harness::program::Ended;
use harness::{expected, night, reference};
use serde_json::Value;
use skysieve::simulate::Alert;

async fn deployment() -> Result<Deployment> {
    Deployment::new(env!("CARGO_BIN_EXE_skysieve")).await
}

async fn replay(deployment: &Deployment, paths: &[&Path]) -> Result<Ended> {
    let paths = paths.iter().map(|path| path.to_str().unwrap_or_default());
    let arguments: Vec<&str> = ["replay"].into_iter().chain(paths).collect();
    deployment.run(&arguments).await
}

/// The requests that a replay shows, with their bodies.
fn requests(shown: &str) -> Vec<(String, Value)> {
    let indented = shown.lines().filter(|line| line.starts_with("    "));
    let request = |line: &str| {
        let line = line.trim_start();
        let (call, body) = line.split_once(" {").unwrap_or((line, ""));
        let body = serde_json::from_str(&format!("{{{body}")).unwrap_or(Value::Null);
        (call.to_owned(), body)
    };
    indented.map(request).collect()
}

/// What each filter says, by place.
fn verdicts(shown: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut verdicts = BTreeMap::<String, BTreeMap<String, String>>::new();
    let mut place = String::new();
    for line in shown.lines() {
        let verdict = line
            .strip_prefix("  ")
            .filter(|line| !line.starts_with(' '));
        if let Some((filter, said)) = verdict.and_then(|line| line.split_once(": ")) {
            let of_place = verdicts.entry(place.clone()).or_default();
            // A receipt of a route has a name of three parts.
            if filter.split('/').count() == 2 {
                of_place.insert(filter.to_owned(), said.to_owned());
            }
        } else if let Some((_, rest)) = line.split_once(" (") {
            place = rest.trim_end_matches(')').to_owned();
        }
    }
    verdicts
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_the_simulation_are_judged_and_the_requests_shown() -> Result<()> {
    let deployment = deployment().await?;
    let out = deployment.folder().join("alerts");
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_skysieve"))
        .args([
            "simulate",
            "--survey",
            "both",
            "--alerts",
            "120",
            "--small-cutouts",
        ])
        .args(["--seed", "11", "--objects", "15", "--out"])
        .arg(&out)
        .output()?;
    ensure!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );

    let ended = replay(&deployment, &[&out]).await?;
    ensure!(ended.status.success(), "{}{}", ended.stdout, ended.stderr);
    let alerts = night::alerts(11, 15, 60);
    let verdicts = verdicts(&ended.stdout);
    assert_eq!(verdicts.len(), 120, "one verdict an alert");
    for alert in &alerts {
        let place = format!("{}/{}", alert.topic, file_name(alert));
        let said = verdicts.iter().find(|(found, _)| found.ends_with(&place));
        let said = said.with_context(|| format!("no verdict on {place}"))?.1;
        assert!(
            said.contains_key("transients/fast-transient"),
            "{place}: {said:?}"
        );
    }
    for account in ["transients/fast-transient", "files"] {
        assert_eq!(harness::accounts::line(&ended.stdout, account)[0], 120);
    }
    has_the_requests(&deployment, &alerts, &requests(&ended.stdout)).await?;

    // The same in short.
    let path = out.to_str().context("not text")?;
    let short = deployment.run(&["replay", path, "--summary"]).await?;
    ensure!(short.status.success(), "{}{}", short.stdout, short.stderr);
    for account in ["transients/fast-transient", "files"] {
        assert_eq!(harness::accounts::line(&short.stdout, account)[0], 120);
    }
    let posts = requests(&ended.stdout);
    let posts = posts
        .iter()
        .filter(|(call, _)| call == "POST /api/candidates");
    let line = format!("{:>8}  POST /api/candidates", posts.count());
    assert!(short.stdout.contains(&line), "{}", short.stdout);
    assert!(short.stdout.lines().count() < 60, "{}", short.stdout);

    // A reader that has seen enough ends it quietly.
    let mut command = deployment.command(&["replay", path])?;
    command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut child = command.spawn()?;
    drop(child.stdout.take());
    let ended = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(
        ended.status.success() && said.is_empty(),
        "{}: {said}",
        ended.status
    );
    Ok(())
}

fn file_name(alert: &Alert) -> String {
    let object = alert.truth.object_id.replace(' ', "_");
    format!("{object}_{}.bin", alert.truth.alert_id)
}

/// All candidates with their times, and the whole light curves.
async fn has_the_requests(
    deployment: &Deployment,
    alerts: &[Alert],
    requests: &[(String, Value)],
) -> Result<()> {
    let verdicts = night::verdicts(&deployment.config, alerts).await?;
    let expected = expected::science(&deployment.config, alerts, &verdicts);
    let of = |call: &str| {
        let wanted = call.to_owned();
        requests
            .iter()
            .filter(move |(found, _)| *found == wanted)
            .map(|(_, body)| body)
    };
    let posted: BTreeSet<(String, i64)> = of("POST /api/candidates")
        .map(|body| {
            let id = body["id"].as_str().unwrap_or_default().to_owned();
            (id, body["passing_alert_id"].as_i64().unwrap_or_default())
        })
        .collect();
    let wanted = expected.candidates.iter();
    let wanted: BTreeSet<(String, i64)> = wanted.map(|c| (c.object.clone(), c.alert)).collect();
    assert_eq!(posted, wanted);
    for alert in alerts {
        let id = Value::from(alert.truth.alert_id);
        for body in of("POST /api/candidates").filter(|body| body["passing_alert_id"] == id) {
            let passed_at = &body["passed_at"];
            let stamp = stand_in_skyportal::Stamp::parse(passed_at).map_err(anyhow::Error::msg)?;
            assert_eq!(
                stamp.0,
                expected::micros(expected::mjd(alert)),
                "{passed_at}"
            );
        }
    }
    // A point is put once for each team that sees it.
    let put: usize = of("PUT /api/photometry")
        .map(|body| body["mjd"].as_array().map_or(0, Vec::len))
        .sum();
    let wanted: usize = expected.points.iter().map(|point| point.groups.len()).sum();
    assert_eq!(put, wanted, "points");
    for body in of("PUT /api/photometry") {
        assert_eq!(
            body["group_ids"].as_array().map(Vec::len),
            Some(1),
            "{body}"
        );
        assert_eq!(
            (&body["magsys"], &body["zp"]),
            (&Value::from("ab"), &Value::from(23.9))
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_alert_is_named_with_its_reason_and_the_rest_is_judged() -> Result<()> {
    let deployment = deployment().await?;
    let folder = deployment.folder().join("files");
    let alert = &night::alerts(12, 5, 1)[0];
    let good = night::write(std::slice::from_ref(alert), &folder)?;
    let keyless = folder.join("keyless/lost.bin");
    std::fs::create_dir_all(folder.join("keyless"))?;
    std::fs::copy(&good[0], &keyless)?;
    let framed = folder.join("framed.avro");
    std::fs::write(&framed, [0, 0, 0, 2, 188, 1, 2, 3])?;
    let other = folder.join("holiday.avro");
    std::fs::write(&other, "\u{fffd}JFIF")?;
    let cut = folder.join("cut.avro");
    let container = container(alert)?;
    std::fs::write(&cut, &container[..container.len() / 2])?;
    let short = folder.join("short/short.bin");
    std::fs::create_dir_all(folder.join("short"))?;
    let message = alert.message();
    std::fs::write(folder.join("short/key.json"), &message.key)?;
    std::fs::write(&short, &message.value[..message.value.len() / 2])?;

    let ended = replay(&deployment, &[&folder]).await?;
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stdout);
    let line = |file: &Path| {
        let file = file.display().to_string();
        let mut lines = ended.stdout.lines();
        lines.find(|line| line.contains(&file)).unwrap_or_default()
    };
    for (file, words) in [
        (
            &keyless,
            "without its key: put the key's bytes beside it as `key.json`",
        ),
        (&framed, "its schema is number 700"),
        (&other, "neither an Avro object container, nor framed"),
        (&cut, "is damaged"),
        (&short, "undecodable"),
    ] {
        assert!(line(file).contains(words), "{words}: {}", ended.stdout);
    }
    assert!(
        ended.stdout.contains("3 files gave no alert"),
        "{}",
        ended.stdout
    );
    let verdicts = verdicts(&ended.stdout);
    let good = good[0].display().to_string();
    let said = verdicts.get(&good).with_context(|| ended.stdout.clone())?;
    assert!(said.contains_key("transients/fast-transient"));

    // The whole container is read as the message was.
    let whole = folder.join("whole.avro");
    std::fs::write(&whole, &container)?;
    let ended = replay(&deployment, &[&whole]).await?;
    assert_eq!(
        ended.status.code(),
        Some(0),
        "{}{}",
        ended.stdout,
        ended.stderr
    );
    let again = self::verdicts(&ended.stdout);
    let again = again
        .values()
        .next()
        .with_context(|| ended.stdout.clone())?;
    let filter = "transients/fast-transient";
    assert_eq!(again.get(filter), said.get(filter));
    Ok(())
}

/// An Avro object container with the alert's message, without a codec.
fn container(alert: &Alert) -> Result<Vec<u8>> {
    let message = alert.message();
    let mut bytes = b"Obj\x01".to_vec();
    long(2, &mut bytes);
    for (name, value) in [("avro.schema", &message.key[..]), ("avro.codec", b"null")] {
        for part in [name.as_bytes(), value] {
            long(i64::try_from(part.len())?, &mut bytes);
            bytes.extend(part);
        }
    }
    long(0, &mut bytes);
    let marker = *b"sixteen bytes ok";
    bytes.extend(marker);
    long(1, &mut bytes);
    long(i64::try_from(message.value.len())?, &mut bytes);
    bytes.extend(&message.value[..]);
    bytes.extend(marker);
    Ok(bytes)
}

/// Avro's variable-length integer.
fn long(value: i64, bytes: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest > 127 {
        bytes.push(rest as u8 & 127 | 128);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_judge_is_an_error_that_names_the_path() -> Result<()> {
    let deployment = deployment().await?;
    let empty = deployment.folder().join("empty");
    std::fs::create_dir(&empty)?;
    let missing = deployment.folder().join("missing.avro");
    for (path, words) in [
        (&empty, "holds no alert: expected"),
        (&missing, "cannot read"),
    ] {
        let ended = replay(&deployment, &[path]).await?;
        assert_eq!(ended.status.code(), Some(1));
        let named = format!("`{}`", path.display());
        assert!(ended.stderr.contains("error: "), "{}", ended.stderr);
        assert!(
            ended.stderr.contains(&named) && ended.stderr.contains(words),
            "{}",
            ended.stderr
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_real_alert_is_judged_as_fink_judged_it() -> Result<()> {
    let Some(shared) = reference::shared("every_real_alert_is_judged_as_fink_judged_it") else {
        return Ok(());
    };
    let devset = shared.join("fink/devset");
    let deployment = deployment().await?;
    let folders = [devset.join("ztf_fink/wire"), devset.join("lsst_fink/wire")];
    let ended = replay(&deployment, &[&folders[0], &folders[1]]).await?;
    // Some of the older schemas lack what a filter asks for, which is told.
    ensure!(ended.status.code() == Some(1), "{}", ended.stderr);
    let verdicts = verdicts(&ended.stdout);
    let table = std::fs::read_to_string(devset.join("expected_filters.csv"))?;
    let (mut compared, mut copies) = (0, 0);
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let filter = match columns[4] {
            "sn_candidates" => "supernovae/sn-candidates",
            "extragalactic_new_candidate" => "supernovae/extragalactic-new",
            _ => continue,
        };
        let place = devset.join(columns[2]).display().to_string();
        let said = verdicts.get(&place).and_then(|said| said.get(filter));
        let Some(said) = said else {
            // Ids of one data set went through a float, and some are those of another alert.
            let copy = |line: &str| line.contains("a copy of an alert") && line.contains(&place);
            ensure!(
                ended.stdout.lines().any(copy),
                "no verdict of {filter} on {place}"
            );
            copies += 1;
            continue;
        };
        let words = match columns[6] {
            "true" => "passed on ",
            "false" => "rejected at ",
            _ => "fault (schema): ",
        };
        assert!(said.starts_with(words), "{filter} on {place}: {said}");
        compared += 1;
    }
    assert!(
        compared >= 88 && compared + copies == 94,
        "{compared} compared"
    );
    classes_are_finks(&devset, &ended.stdout)
}

/// What is posted of a real ZTF alert is the class that Fink gives it.
fn classes_are_finks(devset: &Path, shown: &str) -> Result<()> {
    let table = std::fs::read_to_string(devset.join("expected_classification.csv"))?;
    let mut of_object = BTreeMap::<String, BTreeSet<String>>::new();
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let classes = of_object.entry(columns[4].to_owned()).or_default();
        classes.insert(columns[5].to_owned());
    }
    let mut compared = 0;
    for (call, body) in requests(shown) {
        let (object, class) = (body["obj_id"].as_str(), body["classification"].as_str());
        if call != "POST /api/classification" || !object.is_some_and(|id| id.starts_with("ZTF")) {
            continue;
        }
        let known = &of_object[object.unwrap_or_default()];
        let class = class.unwrap_or_default();
        let class = class.strip_prefix("(SIMBAD) ").unwrap_or(class);
        assert!(known.contains(class), "{body}: Fink has {known:?}");
        compared += 1;
    }
    ensure!(compared > 10, "only {compared} classes were compared");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_real_file_is_judged_or_named_with_its_reason() -> Result<()> {
    let Some(shared) = reference::shared("every_other_real_file_is_judged_or_named") else {
        return Ok(());
    };
    let devset = shared.join("fink/devset");
    let deployment = deployment().await?;
    let folders = ["ztf_raw", "lsst_raw", "synthetic"].map(|name| devset.join(name));
    let paths: Vec<&Path> = folders.iter().map(|folder| folder.as_path()).collect();
    let ended = replay(&deployment, &paths).await?;
    assert_eq!(ended.status.code(), Some(1), "some cannot be read");
    let mut files = Vec::new();
    for folder in &folders {
        search(folder, &mut files)?;
    }
    assert!(files.len() >= 20, "{files:?}");
    for file in files {
        let told = ended.stdout.lines().any(|line| line.contains(&file));
        assert!(told, "nothing is told of {file}: {}", ended.stdout);
        let framed = std::fs::read(&file)?.starts_with(&[0]);
        let named = ended
            .stdout
            .lines()
            .any(|line| line.contains(&file) && line.contains("framed for a schema registry"));
        assert_eq!(framed, named, "{file}");
    }
    Ok(())
}

fn search(folder: &Path, files: &mut Vec<String>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            search(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "avro" || e == "bin") {
            files.push(path.display().to_string());
        }
    }
    Ok(())
}
