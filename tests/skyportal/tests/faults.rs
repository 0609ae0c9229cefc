//! Quirks and faults that no recording shows, over real sockets.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stand_in_skyportal::{
    Fault, FilterSeed, GroupSeed, Only, RateLimit, Setup, StandIn, StreamSeed,
};

const BOT: &str = stand_in_skyportal::BOT;

/// A portal with a group, a stream and a filter of id 1 that the bot can use.
async fn portal() -> StandIn {
    let setup = Setup {
        streams: vec![StreamSeed {
            name: "Fink ZTF".into(),
            auto_join: true,
            members: vec![],
        }],
        groups: vec![GroupSeed {
            name: "SN".into(),
            nickname: None,
            members: vec![(BOT.into(), true)],
            streams: vec![],
        }],
        filters: vec![FilterSeed {
            name: "early".into(),
            group: "SN".into(),
            stream: "Fink ZTF".into(),
        }],
        ..Setup::default()
    };
    StandIn::start(setup).await.expect("a free port")
}

struct Bot<'a> {
    portal: &'a StandIn,
    client: reqwest::Client,
}

impl<'a> Bot<'a> {
    fn of(portal: &'a StandIn) -> Bot<'a> {
        Bot {
            portal,
            client: reqwest::Client::new(),
        }
    }

    async fn send(
        &self,
        verb: &str,
        path: &str,
        body: &Value,
    ) -> Result<(u16, String), reqwest::Error> {
        let request = self.client.request(
            verb.parse().expect("a verb"),
            format!("{}{path}", self.portal.url()),
        );
        let request = request.header(
            "Authorization",
            format!("token {}", self.portal.bot_token()),
        );
        let answer = request.body(body.to_string()).send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    async fn data(&self, verb: &str, path: &str, body: Value) -> Value {
        let (status, text) = self.send(verb, path, &body).await.expect("an answer");
        assert_eq!(status, 200, "{text}");
        serde_json::from_str::<Value>(&text).expect("JSON")["data"].clone()
    }
}

fn candidate(id: &str) -> Value {
    json!({"id": id, "ra": 10.0, "dec": -5.0, "filter_ids": [1], "passed_at": "2026-08-20T05:12:33Z"})
}

fn point(id: &str) -> Value {
    json!({
        "obj_id": id, "instrument_id": 1, "magsys": "ab", "filter": "ztfg", "mjd": 61_272.217_05, "mag": 18.523,
        "magerr": 0.071, "limiting_mag": 20.61, "origin": "Fink",
    })
}

#[tokio::test]
async fn a_candidate_makes_its_object_once() {
    let portal = portal().await;
    let bot = Bot::of(&portal);
    let first = bot
        .data("POST", "/api/candidates", candidate("ZTF26a"))
        .await;
    let again = bot
        .data("POST", "/api/candidates", candidate("ZTF26a"))
        .await;
    assert_eq!(first, again);
    let rows = portal.rows();
    assert_eq!((rows.objs.len(), rows.candidates.len()), (1, 1));
    assert_eq!(
        rows.candidates_of("ZTF26a")[0].passed_at.to_string(),
        "2026-08-20T05:12:33"
    );
    assert_eq!(portal.count("POST /api/candidates"), 2);
    assert!(
        rows.summary()
            .contains("ZTF26a: passed [2026-08-20T05:12:33 by filter 1]"),
        "{}",
        rows.summary()
    );
}

#[tokio::test]
async fn points_are_told_apart_by_bits_and_not_by_filter() {
    let portal = portal().await;
    let bot = Bot::of(&portal);
    bot.data("POST", "/api/candidates", candidate("ZTF26a"))
        .await;
    bot.data("PUT", "/api/photometry", point("ZTF26a")).await;
    for (field, value, expected) in [
        ("filter", json!("ztfr"), 1),
        ("limiting_mag", json!(21.0), 1),
        ("mag", json!(18.523_000_000_000_003), 2),
        ("origin", Value::Null, 3),
        ("mjd", json!(61_272.217_050_000_01), 4),
    ] {
        let mut changed = point("ZTF26a");
        changed[field] = value;
        bot.data("PUT", "/api/photometry", changed).await;
        assert_eq!(portal.rows().photometry.len(), expected, "{field}");
    }
    let rows = portal.rows();
    let stored = rows.photometry_of("ZTF26a")[0];
    assert_eq!(
        (stored.filter.as_str(), stored.limiting_mag),
        ("ztfg", Some(20.61)),
        "values are never updated"
    );
    assert_eq!(stored.flux, Some(141.514_193_293_142_88));
}

#[tokio::test]
async fn an_altdata_list_is_kept_and_a_null_in_it_is_an_error() {
    let portal = portal().await;
    let bot = Bot::of(&portal);
    bot.data("POST", "/api/candidates", candidate("ZTF26a"))
        .await;
    let mut two = point("ZTF26a");
    two["mjd"] = json!([1.0, 2.0]);
    two["altdata"] = json!([{"candid": 2_345_678_901_234_567_891_i64, "fink": {"rf": 0.5}}, {}]);
    bot.data("PUT", "/api/photometry", two.clone()).await;
    assert_eq!(
        portal.rows().photometry_of("ZTF26a")[0].altdata,
        two["altdata"][0]
    );
    two["altdata"] = json!([null, {}]);
    two["mjd"] = json!([3.0, 4.0]);
    assert_eq!(
        bot.send("PUT", "/api/photometry", &two)
            .await
            .expect("an answer")
            .0,
        500
    );
}

#[tokio::test]
async fn what_timed_out_may_have_been_executed() {
    let portal = portal().await;
    let bot = Bot::of(&portal);
    portal.fault_next(
        Only::call("POST", "/api/candidates"),
        1,
        Fault::ExecutedThen(504),
    );
    let (status, text) = bot
        .send("POST", "/api/candidates", &candidate("ZTF26a"))
        .await
        .expect("an answer");
    assert_eq!(status, 504);
    assert!(text.contains("504 Gateway Time-out"));
    assert_eq!(portal.rows().candidates.len(), 1);
    portal.fault_next(Only::all(), 1, Fault::Page(502));
    assert_eq!(
        bot.send("POST", "/api/candidates", &candidate("ZTF26b"))
            .await
            .expect("an answer")
            .0,
        502
    );
    assert_eq!(portal.rows().candidates.len(), 1);
}

#[tokio::test]
async fn lines_break_before_and_in_the_middle_of_answers() {
    let portal = portal().await;
    let bot = Bot::of(&portal);
    portal.fault_next(Only::all(), 1, Fault::CloseAtOnce);
    bot.send("POST", "/api/candidates", &candidate("ZTF26a"))
        .await
        .expect_err("the line was closed");
    assert!(portal.rows().candidates.is_empty());
    portal.fault_next(Only::all(), 1, Fault::ResetMidBody);
    bot.send("GET", "/api/instrument", &json!({}))
        .await
        .expect_err("the line was reset");
    bot.send("GET", "/api/instrument", &json!({}))
        .await
        .expect("all is well again");
    let calls = portal.calls();
    assert_eq!((calls[0].status, calls[0].executed), (0, false));
    assert!(calls[1].executed);
}

#[tokio::test]
async fn answers_are_cut_mislabelled_or_late() {
    let portal = portal().await;
    let bot = Bot::of(&portal);
    portal.fault_next(Only::all(), 1, Fault::Truncated);
    let (status, text) = bot
        .send("GET", "/api/streams", &json!({}))
        .await
        .expect("an answer");
    assert_eq!(status, 200);
    serde_json::from_str::<Value>(&text).expect_err("half of a JSON text");
    portal.fault_next(Only::all(), 1, Fault::Delay(Duration::from_millis(120)));
    let start = Instant::now();
    bot.send("GET", "/api/streams", &json!({}))
        .await
        .expect("an answer");
    assert!(start.elapsed() >= Duration::from_millis(120));
    portal.fault_next(Only::path("/api/streams"), 1, Fault::WrongContentType);
    let request = reqwest::Client::new().get(format!("{}/api/streams", portal.url()));
    let request = request.header("Authorization", format!("token {}", portal.bot_token()));
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "text/html");
}

#[tokio::test]
async fn a_restart_keeps_the_rows_and_a_back_up_brings_old_ones() {
    let mut portal = portal().await;
    let token = portal.bot_token();
    let ask = |url: String, token: String| async move {
        reqwest::Client::new()
            .get(format!("{url}/api/sysinfo"))
            .header("Authorization", token)
            .send()
            .await
    };
    let yesterday = portal.rows();
    Bot::of(&portal)
        .data("POST", "/api/candidates", candidate("ZTF26a"))
        .await;
    portal.go_down().await;
    let error = ask(portal.url(), token.clone())
        .await
        .expect_err("nobody listens");
    assert!(error.is_connect(), "{error:?}");
    portal.come_up().await.expect("the same port");
    assert_eq!(
        ask(portal.url(), token).await.expect("an answer").status(),
        200
    );
    assert_eq!(portal.rows().candidates.len(), 1);
    portal.restore(yesterday);
    assert!(portal.rows().candidates.is_empty());
}

#[tokio::test]
async fn the_rate_limit_answers_html_and_counts_each_token_alone() {
    let portal = portal().await;
    portal.set_rate_limit(Some(RateLimit {
        per_second: 0.01,
        burst: 3.0,
    }));
    let bot = Bot::of(&portal);
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(
            bot.send("GET", "/api/streams", &json!({}))
                .await
                .expect("an answer")
                .0,
        );
    }
    assert_eq!(statuses, [200, 200, 200, 200, 429, 429]);
    let free = reqwest::get(format!("{}/api/sysinfo", portal.url()))
        .await
        .expect("an answer");
    assert_eq!(free.status(), 200, "no Authorization header, no limit");
}

#[tokio::test]
async fn no_call_of_the_log_holds_a_token() {
    let portal = portal().await;
    Bot::of(&portal)
        .data("GET", "/api/internal/profile", json!({}))
        .await;
    let printed = format!("{:?} {:?}", portal.calls(), portal.rows().tokens.values());
    assert!(!printed.contains(&portal.bot_token()));
}

#[tokio::test]
async fn the_page_shows_what_came_and_escapes_it() {
    let portal = portal().await;
    let bot = Bot::of(&portal);
    bot.data("POST", "/api/candidates", candidate("ZTF26a"))
        .await;
    bot.data(
        "POST",
        "/api/candidates",
        candidate("<script>alert(1)</script>"),
    )
    .await;
    bot.data("PUT", "/api/photometry", point("ZTF26a")).await;
    let page = reqwest::get(portal.url())
        .await
        .expect("a page")
        .text()
        .await
        .expect("text");
    for part in [
        "ZTF26a",
        "<b>SN</b> early",
        "class=\"point g\"",
        "RA 10.00000°",
        "&lt;script&gt;alert(1)",
    ] {
        assert!(page.contains(part), "`{part}` is not in {page}");
    }
    assert!(!page.contains("<script>alert"));
    assert!(
        !page.contains("http://") && !page.contains("https://"),
        "nothing from elsewhere"
    );
    let few = reqwest::get(format!("{}/page/cards?limit=1", portal.url()))
        .await
        .expect("cards")
        .text()
        .await;
    assert!(few.expect("text").contains("and 1 earlier object<"));
}
