//! Replays the recorded calls of a real SkyPortal 1.4.0 against the stand-in and compares every answer: status, keys,
//! types and values, which ids are the same and which are new, and the messages of errors.
//!
//! The recordings lie in a folder `shared/skyportal` beside the repository; without it the test says so and passes,
//! unless `SKYSIEVE_REQUIRE_SHARED=1`.

mod compare;
mod ids;
mod recording;
mod requests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};
use stand_in_skyportal::{Fault, Only, Setup, StandIn, UserSeed};

use compare::compare;
use ids::Ids;
use recording::Recording;

/// What we do not stand in for, or cannot in a replay. The test fails when one of these matches after all.
const NOT_COVERED: &[(&str, &str)] = &[
    ("page.classification", "lists the rows of earlier runs"),
    (
        "x.annot.admin-default-groups.readback",
        "lists the groups of earlier runs",
    ),
    (
        "telescope.find.P48",
        "tonight's twilight times are not computed",
    ),
    (
        "telescope.find.Rubin",
        "tonight's twilight times are not computed",
    ),
    (
        "race.source.new.1",
        "one lock: two calls never meet in the database",
    ),
    (
        "race.source.new.2",
        "one lock: two calls never meet in the database",
    ),
    (
        "race.source.new.3",
        "one lock: two calls never meet in the database",
    ),
    (
        "race.group.same.1",
        "one lock: two calls never meet in the database",
    ),
    (
        "race.group.same.2",
        "one lock: two calls never meet in the database",
    ),
    (
        "race.group.same.3",
        "one lock: two calls never meet in the database",
    ),
];

/// Twenty calls at once: which of them pass hangs on the moment. `front::rate` has the rule and its tests.
const TIMED: &str = "limit.burst.";

#[tokio::test]
async fn the_stand_in_answers_as_the_recorded_server() {
    let Some(recordings) = recording::load() else {
        assert_ne!(
            std::env::var("SKYSIEVE_REQUIRE_SHARED").as_deref(),
            Ok("1"),
            "the recordings are required"
        );
        eprintln!("skipped: no `shared/skyportal/recordings.jsonl` beside the repository");
        return;
    };
    let mut replay = Replay::start(&recordings).await;
    let mut differing = BTreeMap::new();
    for recording in recordings
        .iter()
        .filter(|recording| !recording.label.starts_with(TIMED))
    {
        if let Err(difference) = replay.step(recording).await {
            differing.insert(recording.label.clone(), difference);
        }
    }
    let expected: BTreeSet<&str> = NOT_COVERED.iter().map(|(label, _)| *label).collect();
    let found: BTreeSet<&str> = differing.keys().map(String::as_str).collect();
    let report: Vec<String> = found
        .difference(&expected)
        .map(|label| format!("differs: {label}: {}", differing[*label]))
        .chain(
            expected
                .difference(&found)
                .map(|label| format!("matches now, take it off the list: {label}")),
        )
        .collect();
    println!(
        "{} recordings, {} differ",
        recordings.len(),
        differing.len()
    );
    assert!(report.is_empty(), "{}", report.join("\n"));
}

struct Replay {
    portal: StandIn,
    client: reqwest::Client,
    tokens: HashMap<String, String>,
    ids: Ids,
}

impl Replay {
    async fn start(recordings: &[Recording]) -> Replay {
        let setup = Setup {
            users: vec![UserSeed::new(
                "provisioned-admin",
                "Super admin",
                &stand_in_skyportal::EVERYTHING,
            )],
            ..Setup::default()
        };
        let portal = StandIn::start(setup).await.expect("a free port");
        let tokens = HashMap::from([
            ("admin".to_owned(), portal.admin_token()),
            (
                "nobody".to_owned(),
                "00000000-0000-0000-0000-000000000000".to_owned(),
            ),
        ]);
        let client = reqwest::Client::builder()
            .pool_max_idle_per_host(0)
            .build()
            .expect("a client");
        let replay = Replay {
            portal,
            client,
            tokens,
            ids: Ids::default(),
        };
        replay.leftovers(recordings).await;
        replay
    }

    /// The recorded server had been used before: its earlier streams, groups and taxonomies.
    async fn leftovers(&self, recordings: &[Recording]) {
        let of = |label: &str| {
            recordings
                .iter()
                .find(|recording| recording.label == label)
                .and_then(Recording::body)
        };
        let list = |label: &str| {
            of(label)
                .and_then(|body| body["data"].as_array().cloned())
                .unwrap_or_default()
        };
        let ours = |row: &&Value| {
            row["name"]
                .as_str()
                .is_some_and(|name| name.contains(recording::RUN))
        };
        for stream in list("stream.list.admin").iter().filter(|row| !ours(row)) {
            let (name, altdata, auto_join) =
                (&stream["name"], &stream["altdata"], &stream["auto_join"]);
            self.seed(
                "/api/streams",
                json!({"name": name, "altdata": altdata, "auto_join": auto_join}),
            )
            .await;
            if auto_join == &json!(true) {
                let name = name.as_str().unwrap_or_default().replace("LSST", "KN");
                self.seed("/api/groups", json!({"name": name, "group_admins": [1]}))
                    .await;
            }
        }
        let mut taxonomies = list("taxonomy.list.bot");
        taxonomies.sort_by_key(|row| row["id"].as_i64());
        for row in taxonomies.iter().filter(|row| !ours(row)) {
            let mut taxonomy = json!({});
            for field in ["name", "version", "hierarchy", "provenance", "isLatest"] {
                taxonomy[field] = row[field].clone();
            }
            self.seed("/api/taxonomy", taxonomy).await;
        }
    }

    async fn seed(&self, path: &str, body: Value) {
        let request = self.client.post(format!("{}{path}", self.portal.url()));
        let request = request
            .header("Authorization", format!("token {}", self.tokens["admin"]))
            .body(body.to_string());
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path} {body}");
    }

    async fn step(&mut self, recording: &Recording) -> Result<(), String> {
        if recording.label == "outage.get" {
            self.portal.fault_always(Only::all(), Fault::Outage);
        }
        if recording.status == 0 {
            self.portal.go_down().await;
        }
        let sent = self.send(recording).await;
        let (status, content_type, text) = match (sent, recording.status) {
            (Err(error), 0) if error.is_connect() => return Ok(()),
            (Err(error), _) => return Err(error.to_string()),
            (Ok(answer), _) => answer,
        };
        if status != recording.status {
            return Err(format!(
                "status {status} instead of {}: {}",
                recording.status,
                &text[..text.len().min(300)]
            ));
        }
        let json = content_type.starts_with("application/json");
        if recording.method != "HEAD" && json != recording.is_json {
            return Err(format!("content type `{content_type}`"));
        }
        let Some(theirs) = recording.body() else {
            return match &recording.text {
                Some(theirs)
                    if !json
                        && !recording.is_cut()
                        && theirs.trim().replace('\r', "") != text.trim().replace('\r', "") =>
                {
                    Err(format!("text `{text}`"))
                }
                _ => Ok(()),
            };
        };
        let ours: Value =
            serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
        self.learn_token(recording, &ours);
        compare(
            recording,
            &theirs,
            &self.without_tokens(ours),
            &mut self.ids,
        )
    }

    async fn send(&self, recording: &Recording) -> Result<(u16, String, String), reqwest::Error> {
        let path = self.ids.path(&recording.path).replace(' ', "%20");
        let method = recording.method.parse().expect("a verb");
        let query = recording
            .query
            .as_ref()
            .map(|query| self.ids.query(query))
            .unwrap_or_default();
        let mut request = self
            .client
            .request(method, format!("{}{path}{query}", self.portal.url()));
        if let Some(header) = requests::authorization(recording, &self.tokens) {
            request = request.header("Authorization", header);
        }
        let answer = request
            .body(requests::body(recording, &self.ids))
            .send()
            .await?;
        let status = answer.status().as_u16();
        let content_type = answer
            .headers()
            .get("content-type")
            .and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        Ok((status, content_type, answer.text().await?))
    }

    fn learn_token(&mut self, recording: &Recording, ours: &Value) {
        if let (Some(name), Some(token)) = (
            recording.label.strip_prefix("token.create."),
            ours["data"]["token_id"].as_str(),
        ) {
            self.tokens.insert(name.to_owned(), token.to_owned());
        }
    }

    fn without_tokens(&self, ours: Value) -> Value {
        let mut text = ours.to_string();
        for (name, token) in &self.tokens {
            text = text.replace(token, &format!("<token:{name}>"));
        }
        serde_json::from_str(&text).expect("still JSON")
    }
}
