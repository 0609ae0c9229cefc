//! SkyPortal's bad days: nothing is lost, nothing is doubled, nothing hangs.

use stand_in_skyportal::{RateLimit, StandIn};

use super::mock::{Fault, error};
use super::*;

/// Every row of [`order`] stands in SkyPortal exactly once.
fn all_there_once(mock: &Mock) {
    let state = mock.state();
    assert_eq!(state.candidates.len(), 1);
    assert_eq!(state.sources.len(), 1);
    assert_eq!(state.points.len(), 4);
    assert_eq!(state.classifications.len(), 1);
    assert_eq!(state.annotations.len(), 1);
    assert_eq!(state.comments.len(), 1);
}

#[tokio::test]
async fn an_outage_in_the_middle_is_waited_out() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let order = order(&ready(&portal).await);
    for (method, path) in [
        ("POST", "/api/candidates"),
        ("HEAD", "/api/sources"),
        ("POST", "/api/sources"),
        ("PUT", "/api/photometry"),
        ("POST", "/api/classification"),
        ("POST", "/api/sources/ZTF26aa063207a/annotations"),
        ("POST", "/api/sources/ZTF26aa063207a/comments"),
    ] {
        for _ in 0..4 {
            mock.outage(method, path);
        }
    }
    let busy = Fault::Answer(429, "<html>429 Too Many Requests</html>".to_owned());
    mock.fault("PUT", "/api/photometry", busy);
    let provisioning = Fault::Answer(503, error("System provisioning"));
    mock.fault("GET", "/api/sources", provisioning);
    portal.deliver(&order).await.unwrap();
    all_there_once(&mock);
}

#[tokio::test]
async fn what_was_carried_out_unseen_is_not_carried_out_again() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let order = order(&ready(&portal).await);
    let gateway = || Fault::RunThenAnswer(502, "<html>502 Bad Gateway</html>".to_owned());
    for (method, path) in [
        ("POST", "/api/candidates"),
        ("POST", "/api/sources"),
        ("PUT", "/api/photometry"),
        ("POST", "/api/classification"),
        ("POST", "/api/sources/ZTF26aa063207a/annotations"),
        ("POST", "/api/sources/ZTF26aa063207a/comments"),
    ] {
        mock.fault(method, path, gateway());
    }
    portal.deliver(&order).await.unwrap();
    all_there_once(&mock);
    assert_eq!(mock.count("POST", "/api/classification"), 1);
}

#[tokio::test]
async fn a_request_that_ran_and_was_never_answered_is_looked_up() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let order = order(&ready(&portal).await);
    mock.fault("POST", "/api/sources", Fault::RunThenHang);
    mock.fault("POST", "/api/classification", Fault::RunThenHang);
    mock.fault("POST", "/api/candidates", Fault::RunThenHang);
    portal.deliver(&order).await.unwrap();
    all_there_once(&mock);
    assert_eq!(mock.count("POST", "/api/classification"), 1);
    assert_eq!(mock.count("POST", "/api/candidates"), 2);
}

#[tokio::test]
async fn a_request_that_did_not_run_after_all_is_sent_again() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let order = order(&ready(&portal).await);
    let lost = || Fault::Answer(504, "<html>504 Gateway Time-out</html>".to_owned());
    mock.fault("POST", "/api/sources", lost());
    mock.fault("POST", "/api/classification", lost());
    mock.fault("POST", "/api/classification", lost());
    portal.deliver(&order).await.unwrap();
    all_there_once(&mock);
    assert_eq!(mock.count("POST", "/api/classification"), 3);
}

#[tokio::test]
async fn a_race_for_the_object_is_run_again_at_once() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let order = order(&ready(&portal).await);
    let race = error("Failed to post source: UniqueViolation \"objs_pkey\" already exists.");
    mock.fault("POST", "/api/sources", Fault::Answer(400, race));
    let receipt = portal.deliver(&order).await.unwrap();
    assert_eq!(receipt.source, SourceOutcome::Saved);
    all_there_once(&mock);
}

#[tokio::test]
async fn an_unknown_error_is_tried_a_few_times_and_no_more() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let order = order(&ready(&portal).await);
    for _ in 0..3 {
        mock.fault("PUT", "/api/photometry", Fault::Answer(500, error("boom")));
    }
    let failed = portal.deliver(&order).await.unwrap_err();
    assert_eq!(
        (failed.step, failed.class),
        (Step::Photometry, Class::Unknown500)
    );
    assert_eq!(mock.count("PUT", "/api/photometry"), 3);
    let text = failed.to_string();
    for part in [
        "fink_sn_candidates_ztf partition 3 offset 17",
        "ZTF26aa063207a",
        "boom",
        "Fink SN",
    ] {
        assert!(text.contains(part), "{text}");
    }
    portal.deliver(&order).await.unwrap();
    all_there_once(&mock);
}

#[tokio::test]
async fn bad_data_is_not_repeated() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let order = bare(&ready(&portal).await);
    mock.fault(
        "POST",
        "/api/candidates",
        Fault::Answer(400, error("never")),
    );
    let failed = portal.deliver(&order).await.unwrap_err();
    assert_eq!(
        (failed.step, failed.class),
        (Step::Candidate, Class::Permanent)
    );
    assert_eq!(mock.count("POST", "/api/candidates"), 1);
}

#[tokio::test]
async fn an_object_that_was_purged_is_made_again_with_all_that_hangs_on_it() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let mut order = order(&ready(&portal).await);
    portal.deliver(&order).await.unwrap();
    let purged = error("Invalid object ID: ZTF26aa063207a");
    mock.state().points.clear();
    mock.fault("PUT", "/api/photometry", Fault::Answer(400, purged));
    let curve = order.light_curve.as_mut().unwrap();
    curve
        .points
        .push(point(61_273.25, Kind::Detection, 9.0, Some(12)));
    let receipt = portal.deliver(&order).await.unwrap();
    assert_eq!(receipt.photometry.sent, 5);
    assert_eq!(mock.state().points.len(), 5);
}

#[tokio::test]
async fn a_filter_that_was_deleted_is_made_again() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let ready = ready(&portal).await;
    let before = ready.filter_id();
    mock.state().filters.clear();
    portal.deliver(&bare(&ready)).await.unwrap();
    assert_ne!(ready.filter_id(), before, "all clones see the new one");
    assert_eq!(mock.state().filters.len(), 1);
}

#[tokio::test]
async fn a_right_that_was_taken_away_disables_its_step_only() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let order = order(&ready(&portal).await);
    mock.state().rights.retain(|right| right != "Classify");
    let unauthorized = error("HTTP 401: Unauthorized");
    mock.fault(
        "POST",
        "/api/classification",
        Fault::Answer(401, unauthorized),
    );
    let receipt = portal.deliver(&order).await.unwrap();
    assert_eq!(
        receipt.classifications,
        [ClassOutcome::Disabled("SN candidate".to_owned())]
    );
    assert!(receipt.annotated && receipt.commented);
}

#[tokio::test]
async fn a_token_that_expired_stops_the_delivery_with_an_alarm() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let ready = ready(&portal).await;
    let wrong = Secret::new("another-token");
    let stop = CancellationToken::new();
    let stranger = Portal::connect(&config(&mock.url), wrong, hurry(), None, stop).unwrap();
    let failed = stranger.deliver(&bare(&ready)).await.unwrap_err();
    assert_eq!(
        (failed.step, failed.class),
        (Step::SetUp, Class::Credentials)
    );
    assert!(failed.to_string().contains("check the token"), "{failed}");
    assert!(mock.state().candidates.is_empty());
}

#[tokio::test]
async fn another_users_annotation_is_not_touched() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let order = order(&ready(&portal).await);
    let theirs = json!({"id": 5, "obj_id": order.object_id, "origin": "Fink SN:early", "author_id": 2, "data": {}});
    mock.state().annotations.push(theirs);
    let failed = portal.deliver(&order).await.unwrap_err();
    assert_eq!(
        (failed.step, failed.class),
        (Step::Annotation, Class::Permanent)
    );
    assert!(failed.words.contains("another user"), "{failed}");
}

#[tokio::test]
async fn a_stop_ends_the_longest_wait() {
    let mock = Mock::start().await;
    let stop = CancellationToken::new();
    let portal = connect_until(&mock, stop.clone());
    let order = bare(&ready(&portal).await);
    let asked = "<html>429 Too Many Requests</html>".to_owned();
    for _ in 0..10_000 {
        mock.fault("POST", "/api/candidates", Fault::Answer(429, asked.clone()));
    }
    let (result, ()) = tokio::join!(portal.deliver(&order), async {
        tokio::time::sleep(Duration::from_millis(60)).await;
        stop.cancel();
    });
    assert_eq!(result.unwrap_err().class, Class::Cancelled);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_waited_for() {
    let mock = Mock::start().await;
    let url = mock.url.clone();
    drop(mock);
    let stop = CancellationToken::new();
    let portal = Portal::connect(
        &config(&url),
        Secret::new(TOKEN),
        hurry(),
        None,
        stop.clone(),
    )
    .unwrap();
    let destinations = [destination("Fink SN", "early")];
    let (mut all, ()) = tokio::join!(portal.set_up(&destinations), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        stop.cancel();
    });
    let problem = all.remove(0).unwrap_err().problem;
    assert!(
        matches!(&*problem, SetUpProblem::Call(failure) if failure.class == Class::Cancelled),
        "{problem}"
    );
}

#[tokio::test]
async fn two_replicas_share_what_one_token_is_allowed() {
    let limit = RateLimit {
        per_second: 100.0,
        burst: 10.0,
    };
    let server = StandIn::start(stand_in_skyportal::Setup {
        rate_limit: Some(limit),
        ..Default::default()
    });
    let server = server.await.unwrap();
    let config = config::SkyPortal {
        requests_per_second: 100.0,
        burst: 10,
        timeout_seconds: 60.0,
        ..config(&server.url())
    };
    let replica = || {
        let stop = CancellationToken::new();
        let token = Secret::new(server.bot_token());
        let portal = Portal::connect(&config, token, hurry(), None, stop).unwrap();
        async move {
            for _ in 0..150 {
                portal.call(&Request::get("/api/streams")).await.unwrap();
            }
        }
    };
    tokio::join!(replica(), replica());
    let calls = server.calls();
    let taken = calls.iter().filter(|call| call.status == 200).count();
    let too_many = calls.iter().filter(|call| call.status == 429).count();
    assert_eq!(taken, 300);
    assert!(too_many < taken / 2, "{too_many} refused");
}

#[tokio::test]
async fn requests_keep_to_the_pace() {
    let mock = Mock::start().await;
    let slow = config::SkyPortal {
        requests_per_second: 50.0,
        burst: 2,
        ..config(&mock.url)
    };
    let stop = CancellationToken::new();
    let portal = Portal::connect(&slow, Secret::new(TOKEN), hurry(), None, stop).unwrap();
    let started = std::time::Instant::now();
    for _ in 0..7 {
        portal.call(&Request::get("/api/streams")).await.unwrap();
    }
    // Two at once, then five at 20 ms each.
    assert!(
        started.elapsed() >= Duration::from_millis(95),
        "{:?}",
        started.elapsed()
    );
}
