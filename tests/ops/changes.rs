//! The configuration's file changes while alerts flow: groups come, change and go, or the file is
//! refused whole. The accounts stay closed, and every alert is judged by exactly one configuration.

use anyhow::{Context, Result};
use harness::guests;
use serde_json::Value;
use stand_in_skyportal::{Setup, StreamSeed};

use super::desk::{Desk, LSST_TOPIC, Running, ZTF_TOPIC, poll};
use super::{provisioned, supernova, value};

/// With the streams of three groups; a fourth's nobody made.
fn three_streams() -> Setup {
    let mut setup = provisioned();
    for name in ["second_stream", "third_stream"] {
        setup.streams.push(StreamSeed {
            name: name.to_owned(),
            auto_join: true,
            members: Vec::new(),
        });
    }
    setup
}

/// A group that passes every ZTF alert.
fn group(desk: &Desk, name: &str, filter: &str) -> Result<String> {
    let modules = ["pass_all.wasm", "standard_mapping.wasm"];
    guests::install(&desk.folder().join(name), &modules)?;
    Ok(format!(
        "
  - name: {name}
    skyportal_group: Group {name}
    stream: {name}_stream
    modules: {name}
    filters:
      - name: {filter}
        topics: [{ZTF_TOPIC}]
        module: pass_all.wasm
        routes: {{ main: {{ mapping: {{ ztf: standard_mapping.wasm }} }} }}
"
    ))
}

/// A running skysieve, and how many alerts it was sent.
struct Night {
    desk: Desk,
    running: Running,
    sent: u64,
}

impl Night {
    async fn start(setup: Setup) -> Result<Self> {
        let desk = Desk::new(setup, &[ZTF_TOPIC, LSST_TOPIC]).await?;
        let running = Running::start(&desk).await?;
        Ok(Night {
            desk,
            running,
            sent: 0,
        })
    }

    async fn send(&mut self, alerts: u64) -> Result<()> {
        for _ in 0..alerts {
            self.sent += 1;
            let (key, value) = supernova(self.sent);
            self.desk
                .kafka
                .send(ZTF_TOPIC, &key, &value, self.sent)
                .await?;
        }
        Ok(())
    }

    async fn status(&self) -> Result<Value> {
        let (_, status) = self.running.get("/status").await?;
        Ok(serde_json::from_str(&status)?)
    }

    /// Waits until all that was sent was judged.
    async fn until_judged(&self) -> Result<Value> {
        let judged = poll("all alerts judged", || async {
            let status = self.status().await?;
            Ok((status["sources"]["ztf"]["judged"] == self.sent).then_some(status))
        });
        judged.await.with_context(|| self.running.log())
    }

    async fn until_changed(&self, times: u64) -> Result<Value> {
        let changed = poll("the changed configuration to rule", || async {
            let status = self.status().await?;
            Ok((status["configuration"]["changes"] == times).then_some(status))
        });
        changed.await.with_context(|| self.running.log())
    }

    async fn until_refused(&self, because: &str) -> Result<()> {
        let what = format!("a refusal for `{because}`");
        let refused = poll(&what, || async {
            let status = self.status().await?;
            let reason = status["configuration"]["refused"]["reason"].as_str();
            Ok(reason.is_some_and(|r| r.contains(because)).then_some(()))
        });
        refused.await.with_context(|| self.running.log())
    }
}

fn judged(status: &Value, filter: &str) -> Option<u64> {
    status["filters"][filter]["judged"].as_u64()
}

#[tokio::test]
async fn groups_come_change_and_go_and_no_alert_is_judged_twice_or_by_none() -> Result<()> {
    let mut night = Night::start(three_streams()).await?;
    let first = night.desk.config()?;
    night.send(5).await?;
    let status = night.until_judged().await?;
    let passed = status["filters"]["team/sn"]["passed"].clone();
    assert_ne!(passed, 0, "the cut below proves nothing");

    // A group comes; another, whose set-up fails, is disabled by name.
    let second = group(&night.desk, "second", "one")?;
    let fourth = group(&night.desk, "fourth", "lost")?;
    night.desk.configure(&format!("{first}{second}{fourth}"))?;
    let status = night.until_changed(1).await?;
    let disabled = status["disabled_routes"].to_string();
    assert!(disabled.contains("fourth/lost/main"), "{disabled}");
    assert!(!disabled.contains("second"), "{disabled}");
    let log = night.running.log();
    assert!(log.contains("fourth_stream"), "{log}");
    night.send(5).await?;
    let status = night.until_judged().await?;
    assert_eq!(judged(&status, "team/sn"), Some(10));
    assert_eq!(judged(&status, "second/one"), Some(5));
    assert_eq!(judged(&status, "fourth/lost"), Some(5));

    // While alerts flow: one filter gives way to another, a cut moves, a group goes.
    let other = second.replace("name: one", "name: two");
    let strict = first.replace(
        "module: ztf_sn_candidates.wasm",
        "module: ztf_sn_candidates.wasm\n        parameters: { min_drb: 1.0 }",
    );
    night.desk.configure(&format!("{strict}{other}"))?;
    while night.status().await?["configuration"]["changes"] == 1 {
        night.send(3).await?;
    }
    night.send(5).await?;
    let status = night.until_judged().await?;
    let of = |filter| judged(&status, filter).unwrap_or(0);
    assert_eq!(of("team/sn"), night.sent);
    assert_eq!(of("second/one") + of("second/two"), night.sent - 5);
    assert_eq!(of("fourth/lost"), of("second/one"));
    assert!(of("second/two") >= 5);
    assert!(
        status["disabled_routes"]
            .as_array()
            .is_some_and(Vec::is_empty)
    );
    let strictly = status["filters"]["team/sn"]["passed"].clone();
    night.send(5).await?;
    let status = night.until_judged().await?;
    assert_eq!(status["filters"]["team/sn"]["passed"], strictly);

    // Every alert that passed is in SkyPortal, and the accounts close.
    let of_second = format!("{}", of("second/one") + 5 + of("second/two"));
    let delivered = poll("all deliveries", || async {
        let status = night.status().await?;
        let routes = &status["routes"];
        let of = |route: &str| routes[route]["delivered"].as_u64().unwrap_or(0);
        let sum = of("second/one/main") + of("second/two/main");
        Ok((of("team/all/main") == night.sent && sum.to_string() == of_second).then_some(status))
    });
    let status = delivered.await.with_context(|| night.running.log())?;
    assert_eq!(
        status["routes"]["fourth/lost/main"]["dead_lettered"],
        status["routes"]["fourth/lost/main"]["passed"]
    );
    let groups: Vec<String> = night.desk.portal.read(|rows| {
        let groups = rows.groups.values();
        groups.map(|group| group.name.clone()).collect()
    });
    assert!(groups.contains(&"Group second".to_owned()), "{groups:?}");
    night.running.stop().await.map(drop)
}

#[tokio::test]
async fn a_file_that_cannot_take_over_is_refused_whole_with_the_reason() -> Result<()> {
    let mut night = Night::start(three_streams()).await?;
    let first = night.desk.config()?;
    night.send(2).await?;
    night.until_judged().await?;
    let second = group(&night.desk, "second", "one")?;

    let elsewhere = first.replace("kafka_group: ops-ztf", "kafka_group: another");
    night.desk.configure(&format!("{elsewhere}{second}"))?;
    let because = "`sources[ztf].kafka_group` cannot change while skysieve runs: restart";
    night.until_refused(because).await?;
    let (code, ready) = night.running.get("/readyz").await?;
    assert_eq!(code, 200);
    assert!(ready.contains("the changed file is refused"), "{ready}");
    let metrics = night.running.get("/metrics").await?.1;
    assert_eq!(value(&metrics, "skysieve_configuration_refused"), Some(1.0));

    night.desk.configure("groups: [")?;
    night.until_refused("skysieve.yaml").await?;
    let without = second.replace("module: pass_all.wasm", "module: not_there.wasm");
    night.desk.configure(&format!("{first}{without}"))?;
    night.until_refused("not_there.wasm").await?;

    // What ran runs on, and no half of the new file does.
    night.send(2).await?;
    let status = night.until_judged().await?;
    assert_eq!(judged(&status, "team/sn"), Some(4));
    assert_eq!(judged(&status, "second/one"), None);
    assert_eq!(status["configuration"]["changes"], 0);

    // As it was: nothing is refused any more.
    night.desk.configure(&first)?;
    poll("no refusal", || async {
        let status = night.status().await?;
        Ok(status["configuration"]["refused"].is_null().then_some(()))
    })
    .await?;

    // A set-up that failed is tried again on request, once somebody made the stream.
    let fourth = group(&night.desk, "fourth", "late")?;
    night.desk.configure(&format!("{first}{fourth}"))?;
    night.until_changed(1).await?;
    night.desk.make_stream("fourth_stream").await?;
    night.running.signal("HUP").await?;
    let status = night.until_changed(2).await?;
    assert!(
        status["disabled_routes"]
            .as_array()
            .is_some_and(Vec::is_empty)
    );
    let log = night.running.stop().await?;
    let refusals = log.matches("the changed configuration is refused").count();
    assert_eq!(refusals, 3, "each is said once:\n{log}");
    Ok(())
}
