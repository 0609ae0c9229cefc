//! What ends up in SkyPortal, and at what cost.

use super::*;

#[tokio::test]
async fn an_alert_becomes_the_six_kinds_of_row() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let ready = ready(&portal).await;
    let receipt = portal.deliver(&order(&ready)).await.unwrap();

    assert_eq!(
        mock.last("POST", "/api/candidates"),
        json!({
            "id": "ZTF26aa063207a", "ra": 217.3812, "dec": 32.5521,
            "filter_ids": [ready.filter_id()],
            "passed_at": "2026-08-20T06:00:00.000000", "passing_alert_id": ALERT,
        })
    );
    assert_eq!(
        mock.last("POST", "/api/sources"),
        json!({
            "id": "ZTF26aa063207a", "ra": 217.3812, "dec": 32.5521,
            "group_ids": [ready.group_id()], "refresh_source": false,
        })
    );
    assert_eq!(
        mock.state().comments,
        [json!({"text": "seen by skysieve", "group_ids": [ready.group_id()]})]
    );
    assert_eq!(
        mock.last("POST", "/api/classification"),
        json!({
            "obj_id": "ZTF26aa063207a", "classification": "SN candidate",
            "taxonomy_id": mock.state().taxonomies[0]["id"], "probability": 0.83,
            "origin": "Fink Fink SN:early", "ml": true, "vote": false, "label": false,
            "group_ids": [ready.group_id()],
        })
    );
    assert_eq!(mock.state().annotations[0]["origin"], "Fink SN:early");
    assert_eq!(mock.state().annotations[0]["data"]["rise_rate"], 0.12);
    assert_eq!(mock.state().sources.len(), 1);
    assert_eq!(receipt.source, SourceOutcome::Saved);
    assert_eq!(receipt.photometry.sent, 4);
    assert_eq!(
        receipt.classifications,
        [ClassOutcome::Posted("SN candidate".to_owned())]
    );
    assert!(receipt.annotated && receipt.commented);
}

#[tokio::test]
async fn photometry_goes_out_in_flux_with_its_origin_and_bit_for_bit() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let ready = ready(&portal).await;
    portal.deliver(&order(&ready)).await.unwrap();

    let state = mock.state();
    let puts: Vec<&Value> = state
        .calls
        .iter()
        .filter(|call| call.path == "/api/photometry")
        .map(|call| &call.body)
        .collect();
    let [found] = puts.as_slice() else {
        panic!("{puts:?}");
    };
    let (object, forced) = ("ZTF26aa063207a", "Fink forced photometry");
    assert_eq!(
        **found,
        json!({
            "obj_id": [object, object, object, object], "instrument_id": [1, 1, 1, 1],
            "origin": ["Fink", "Fink", forced, "Fink"],
            "magsys": "ab", "zp": 23.9,
            "group_ids": [ready.group_id()], "stream_ids": [13],
            "mjd": [61_270.25, 61_271.25, 61_271.25, 61_272.25],
            "filter": ["ztfr", "ztfr", "ztfr", "ztfr"],
            "flux": found["flux"],
            "fluxerr": [1.5, 1.5, 1.5, 1.5],
            "ra": [null, null, null, 217.3812], "dec": [null, null, null, 32.5521],
            "altdata": [{}, {"candid": 11}, {}, {"candid": ALERT}],
        })
    );
    // Read by eye: a reader of JSON may itself be off by a bit.
    let flux = [-f64::from(18.523_f32), 0.1 + 0.2];
    let text = "\"flux\":[null,-18.523000717163086,7.25,0.30000000000000004]";
    assert!(state.calls.iter().any(|call| call.text.contains(text)));
    for (written, meant) in ["-18.523000717163086", "0.30000000000000004"]
        .iter()
        .zip(flux)
    {
        assert_eq!(written.parse::<f64>().unwrap().to_bits(), meant.to_bits());
    }
}

#[tokio::test]
async fn a_repeat_costs_no_request_and_makes_no_row() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let order = order(&ready(&portal).await);
    let first = portal.deliver(&order).await.unwrap();
    mock.forget_calls();
    let second = portal.deliver(&order).await.unwrap();

    assert_eq!(second.candidate_ids, first.candidate_ids);
    assert_eq!(second.source, SourceOutcome::SavedBefore);
    assert_eq!(second.photometry.sent_before, 4);
    assert!(!second.annotated && !second.commented);
    assert!(mock.state().calls.is_empty(), "{:?}", mock.state().calls);
    assert_eq!(mock.state().classifications.len(), 1);
}

#[tokio::test]
async fn a_repeat_after_a_restart_makes_no_row_either() {
    let mock = Mock::start().await;
    for _ in 0..2 {
        let portal = connect(&mock);
        let order = order(&ready(&portal).await);
        portal.deliver(&order).await.unwrap();
    }
    let state = mock.state();
    assert_eq!(state.groups.len(), 1);
    assert_eq!(state.filters.len(), 1);
    assert_eq!(state.taxonomies.len(), 1);
    assert_eq!(state.candidates.len(), 1);
    assert_eq!(state.points.len(), 4);
    assert_eq!(state.classifications.len(), 1);
    assert_eq!(state.annotations.len(), 1);
    assert_eq!(state.comments.len(), 1);
    let posts = state
        .calls
        .iter()
        .filter(|call| call.method == "POST" && call.path == "/api/sources");
    assert_eq!(posts.count(), 1);
}

#[tokio::test]
async fn a_source_that_somebody_unsaved_stays_unsaved() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let ready = ready(&portal).await;
    let key = ("ZTF26aa063207a".to_owned(), ready.group_id());
    mock.state().sources.insert(key.clone(), false);
    let receipt = portal.deliver(&order(&ready)).await.unwrap();
    assert_eq!(receipt.source, SourceOutcome::Unsaved);
    assert!(!mock.state().sources[&key]);
}

#[tokio::test]
async fn a_source_of_another_group_is_saved_to_ours_too() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let ready = ready(&portal).await;
    let object = "ZTF26aa063207a".to_owned();
    mock.state().sources.insert((object.clone(), 77), true);
    let receipt = portal.deliver(&order(&ready)).await.unwrap();
    assert_eq!(receipt.source, SourceOutcome::Saved);
    assert!(mock.state().sources[&(object, ready.group_id())]);
}

#[tokio::test]
async fn a_candidate_is_not_saved_and_nothing_else_is_asked_for() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let ready = ready(&portal).await;
    mock.forget_calls();
    let receipt = portal.deliver(&bare(&ready)).await.unwrap();
    assert_eq!(receipt.source, SourceOutcome::NotAsked);
    // Whether the object is there, and the candidate.
    assert_eq!(mock.state().calls.len(), 2);
}

#[tokio::test]
async fn a_changed_label_changes_the_row_and_an_older_alert_does_not() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let ready = ready(&portal).await;
    let labelled = |class: &str, days: f64| {
        let mut order = order(&ready);
        order.classifications[0].class = class.to_owned();
        order.mjd += days;
        order.annotations.insert("days".to_owned(), json!(days));
        order
    };
    portal
        .deliver(&labelled("SN candidate", 0.0))
        .await
        .unwrap();
    let newer = portal.deliver(&labelled("SN Ia", 2.0)).await.unwrap();
    let older = portal
        .deliver(&labelled("SN candidate", 1.0))
        .await
        .unwrap();

    assert_eq!(
        newer.classifications,
        [ClassOutcome::Changed("(TNS) SN Ia".to_owned())]
    );
    assert_eq!(
        older.classifications,
        [ClassOutcome::Outdated("SN candidate".to_owned())]
    );
    assert!(!older.annotated);
    let state = mock.state();
    assert_eq!(state.classifications.len(), 1);
    assert_eq!(state.classifications[0]["classification"], "(TNS) SN Ia");
    assert_eq!(state.classifications[0]["ml"], true);
    assert_eq!(state.annotations[0]["data"]["days"], 2.0);
}

#[tokio::test]
async fn two_filters_do_not_overwrite_each_others_label() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let both = [
        destination("Fink SN", "early"),
        destination("Fink KN", "fast"),
    ];
    let both: Vec<Ready> = portal
        .set_up(&both)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    for _ in 0..2 {
        for (ready, class) in both.iter().zip(["SN candidate", "Kilonova candidate"]) {
            let mut order = order(ready);
            order.classifications[0].class = class.to_owned();
            portal.deliver(&order).await.unwrap();
        }
    }
    let state = mock.state();
    let classes: Vec<&Value> = state
        .classifications
        .iter()
        .map(|row| &row["classification"])
        .collect();
    assert_eq!(classes, ["SN candidate", "Kilonova candidate"]);
    assert_eq!(
        mock_groups(&state.classifications),
        [both[0].group_id(), both[1].group_id()]
    );
}

fn mock_groups(rows: &[Value]) -> Vec<i64> {
    rows.iter()
        .map(|row| row["group_ids"][0].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn a_label_without_a_class_is_left_out_and_loses_nothing_else() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let mut order = order(&ready(&portal).await);
    order.classifications[0].class = "Unknown".to_owned();
    let receipt = portal.deliver(&order).await.unwrap();
    assert_eq!(
        receipt.classifications,
        [ClassOutcome::NoSuchClass("Unknown".to_owned())]
    );
    assert!(receipt.commented);
}

#[tokio::test]
async fn one_bad_row_does_not_lose_the_others() {
    let mock = Mock::start().await;
    mock.state().bad_times = vec![61_005.0];
    let portal = connect(&mock);
    let mut order = order(&ready(&portal).await);
    let points =
        (0..40).map(|n| point(61_000.0 + f64::from(n), Kind::Detection, f64::from(n), None));
    order.light_curve = Some(LightCurve {
        points: points.collect(),
    });
    let receipt = portal.deliver(&order).await.unwrap();
    assert_eq!(receipt.photometry.sent, 39);
    assert_eq!(receipt.photometry.refused.len(), 1);
    assert_eq!(receipt.photometry.refused[0].mjd, 61_005.0);
    assert_eq!(mock.state().points.len(), 39);
}

#[tokio::test]
async fn unfit_and_double_rows_and_unknown_filters_never_leave() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let mut order = order(&ready(&portal).await);
    let good = point(61_000.0, Kind::Detection, 3.0, None);
    let points = vec![
        good,
        good,
        Point { flux: 0.0, ..good },
        Point { flux: -0.0, ..good },
        Point {
            flux_err: 0.0,
            ..good
        },
        Point {
            flux_err: f64::NAN,
            ..good
        },
        Point {
            flux: f64::NAN,
            ..good
        },
        Point {
            mjd: f64::INFINITY,
            ..good
        },
        Point {
            passband: Passband::I,
            ..good
        },
    ];
    order.light_curve = Some(LightCurve { points });
    let tally = portal.deliver(&order).await.unwrap().photometry;
    assert_eq!((tally.sent, tally.unfit), (2, 4));
    assert_eq!(
        tally.unknown_filter,
        BTreeMap::from([("ztfi".to_owned(), 1)])
    );
    assert_eq!(
        mock.last("PUT", "/api/photometry")["flux"],
        json!([3.0, 0.0])
    );
}

#[tokio::test]
async fn long_light_curves_go_out_a_thousand_rows_at_a_time() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let mut order = order(&ready(&portal).await);
    let points = (0..2500).map(|n| point(60_000.0 + f64::from(n), Kind::Detection, 1.0, None));
    order.light_curve = Some(LightCurve {
        points: points.collect(),
    });
    mock.forget_calls();
    assert_eq!(portal.deliver(&order).await.unwrap().photometry.sent, 2500);
    assert_eq!(mock.count("PUT", "/api/photometry"), 3);
}

#[tokio::test]
async fn an_order_that_skyportal_could_not_hold_is_not_sent() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let ready = ready(&portal).await;
    mock.forget_calls();
    let wrong = [
        Order {
            object_id: "n c/1".to_owned(),
            ..bare(&ready)
        },
        Order {
            object_id: "..".to_owned(),
            ..bare(&ready)
        },
        Order {
            dec: 123.0,
            ..bare(&ready)
        },
        Order {
            ra: f64::NAN,
            ..bare(&ready)
        },
        Order {
            mjd: 2_460_907.7,
            ..bare(&ready)
        },
    ];
    for order in wrong {
        let error = portal.deliver(&order).await.unwrap_err();
        assert_eq!(
            (error.step, error.class),
            (Step::Check, Class::Permanent),
            "{error}"
        );
    }
    assert!(mock.state().calls.is_empty());
}

#[test]
fn a_delivery_may_run_on_any_thread() {
    fn sendable<T: Send>(_: &T) {}
    let portal = Portal::dry(&config("http://unused"), |_| {});
    let destinations = [];
    sendable(&portal.set_up(&destinations));
    let deliver = |order: Order| async move { portal.deliver(&order).await.is_ok() };
    let _ = |order: Order| sendable(&deliver(order));
}

#[tokio::test]
async fn an_object_is_posted_at_one_position_whatever_a_later_alert_says() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let first = order(&ready(&portal).await);
    portal.deliver(&first).await.unwrap();
    let moved = Order {
        alert_id: first.alert_id + 1,
        mjd: first.mjd + 1.0,
        ra: first.ra + 1e-4,
        ..first.clone()
    };
    portal.deliver(&moved).await.unwrap();
    assert_eq!(mock.count("POST", "/api/candidates"), 2);
    assert_eq!(mock.last("POST", "/api/candidates")["ra"], json!(first.ra));
}
