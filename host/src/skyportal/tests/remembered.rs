//! What is known outlives the process, and gives way where SkyPortal says otherwise.

use super::*;

fn later(order: &Order, days: f64) -> Order {
    Order {
        alert_id: order.alert_id + (days * 10.0) as i64,
        mjd: order.mjd + days,
        ..order.clone()
    }
}

#[tokio::test]
async fn a_repeat_after_a_restart_costs_its_candidate_and_no_more() {
    let (mock, state) = (Mock::start().await, tempfile::tempdir().unwrap());
    for life in 0..2 {
        let portal = connect_with(&mock, state.path());
        let order = order(&ready(&portal).await);
        mock.forget_calls();
        let receipt = portal.deliver(&order).await.unwrap();
        let calls = mock.state().calls.len();
        assert_eq!(calls == 1, life == 1, "{calls} calls in life {life}");
        assert_eq!(receipt.photometry.sent, if life == 0 { 4 } else { 0 });
    }
    assert_eq!(mock.state().points.len(), 4);
}

#[tokio::test]
async fn an_unsaved_source_stays_unsaved_after_a_restart_whoever_else_holds_it() {
    let (mock, state) = (Mock::start().await, tempfile::tempdir().unwrap());
    let object = "ZTF26aa063207a".to_owned();
    let mut of_ours = None;
    for life in 0..2 {
        let portal = connect_with(&mock, state.path());
        let order = later(&order(&ready(&portal).await), f64::from(life));
        let receipt = portal.deliver(&order).await.unwrap();
        let key = (object.clone(), order.destination.group_id());
        if life == 0 {
            assert_eq!(receipt.source, SourceOutcome::Saved);
            // A person unsaves it; another team of ours holds it.
            mock.state().sources.insert((object.clone(), 77), true);
            mock.state().sources.insert(key.clone(), false);
        }
        of_ours = Some(key);
    }
    assert!(!mock.state().sources[&of_ours.unwrap()]);
}

#[tokio::test]
async fn an_older_alert_after_a_restart_changes_no_label() {
    let (mock, state) = (Mock::start().await, tempfile::tempdir().unwrap());
    for (days, class) in [(0.0, "SN candidate"), (2.0, "SN Ia"), (1.0, "SN candidate")] {
        let portal = connect_with(&mock, state.path());
        let mut order = later(&order(&ready(&portal).await), days);
        order.classifications[0].class = class.to_owned();
        order.annotations.insert("days".to_owned(), json!(days));
        portal.deliver(&order).await.unwrap();
    }
    let state = mock.state();
    assert_eq!(state.classifications.len(), 1);
    assert_eq!(state.classifications[0]["classification"], "(TNS) SN Ia");
    assert_eq!(state.annotations[0]["data"]["days"], 2.0);
}

#[tokio::test]
async fn a_restored_skyportal_is_sent_everything_again() {
    let (mock, state) = (Mock::start().await, tempfile::tempdir().unwrap());
    let portal = connect_with(&mock, state.path());
    let first = order(&ready(&portal).await);
    portal.deliver(&first).await.unwrap();
    let other = Order {
        object_id: "ZTF26bb".to_owned(),
        ..first.clone()
    };
    portal.deliver(&other).await.unwrap();
    mock.restore_from_before_the_objects();
    for order in [&first, &other] {
        portal.deliver(&later(order, 1.0)).await.unwrap();
    }
    let rows = mock.state();
    assert_eq!(rows.points.len(), 8);
    assert_eq!(rows.classifications.len(), 2);
    assert_eq!(rows.annotations.len(), 2);
    assert_eq!(rows.sources.len(), 2);
}

#[tokio::test]
async fn a_row_that_is_gone_makes_us_doubt_the_others_of_its_object() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let first = order(&ready(&portal).await);
    portal.deliver(&first).await.unwrap();
    mock.state().classifications.clear();
    mock.state().points.truncate(1);
    let mut second = later(&first, 1.0);
    second.classifications[0].class = "SN Ia".to_owned();
    portal.deliver(&second).await.unwrap();
    assert_eq!(mock.state().classifications.len(), 1);
    assert_eq!(mock.state().points.len(), 4);
}

#[tokio::test]
async fn points_of_the_python_bridge_and_of_a_life_before_are_known_again() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let ready = ready(&portal).await;
    let group = json!({"id": ready.group_id(), "name": "Fink SN", "single_user_group": false});
    let bot = json!({"id": 99, "name": "bot", "single_user_group": true});
    let point = |mjd: f64, origin: &str, flux: f64, groups: &[&Value]| {
        json!({
            "obj_id": "ZTF26aa063207a", "instrument_id": 1, "origin": origin, "filter": "ztfr",
            "mjd": mjd, "flux": flux, "fluxerr": 1.5, "groups": groups,
        })
    };
    mock.state().objects.insert("ZTF26aa063207a".to_owned());
    mock.state().points = vec![
        // The bridge's: 37 s late, another flux.
        point(61_272.25 + 37.0 / 86_400.0, "None", 0.3, &[&group, &bot]),
        // Ours, with the last bits lost on the way.
        point(61_271.25, "Fink", -f64::from(18.523_f32), &[&group, &bot]),
        // Another team's: our group does not see it.
        point(61_271.25, "Fink forced photometry", 7.25, &[&bot]),
    ];
    let receipt = portal.deliver(&order(&ready)).await.unwrap();
    assert_eq!(receipt.photometry.sent_before, 2);
    assert_eq!(receipt.photometry.sent, 2, "a limit and the forced one");
    assert_eq!(
        mock.count("GET", "/api/sources/ZTF26aa063207a/photometry"),
        1
    );
}

#[tokio::test]
async fn an_object_that_was_deleted_unsaved_is_sent_whole_again() {
    let (mock, state) = (Mock::start().await, tempfile::tempdir().unwrap());
    let doubtful = Patience {
        sure_for: Duration::ZERO,
        ..hurry()
    };
    for days in [0.0, 9.0] {
        let portal = connect_patiently(&mock, state.path(), doubtful);
        let order = Order {
            save: Save::Candidate,
            ..later(&order(&ready(&portal).await), days)
        };
        portal.deliver(&order).await.unwrap();
        let mut rows = mock.state();
        assert_eq!(rows.points.len(), 4, "after {days} days");
        if days == 0.0 {
            // As SkyPortal does with what nobody saved; the ids go on.
            rows.objects.clear();
            rows.candidates.clear();
            rows.points.clear();
            rows.classifications.clear();
            rows.annotations.clear();
            rows.comments.clear();
        }
    }
    assert_eq!(mock.state().classifications.len(), 1);
}
