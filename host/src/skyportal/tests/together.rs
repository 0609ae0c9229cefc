//! Many alerts in few requests.

use super::mock::{Fault, error};
use super::*;

/// A portal that waits for company, and destinations of two groups.
async fn sociable(mock: &Mock) -> (Portal, Vec<Ready>) {
    let config = config::SkyPortal {
        batch_seconds: 0.2,
        ..config(&mock.url)
    };
    let stop = CancellationToken::new();
    let portal = Portal::connect(&config, Secret::new(TOKEN), hurry(), None, stop).unwrap();
    let both = [
        destination("Fink SN", "early"),
        destination("Fink KN", "fast"),
    ];
    let ready = portal
        .set_up(&both)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    mock.forget_calls();
    (portal, ready)
}

fn object(number: usize, ready: &Ready) -> Order {
    Order {
        object_id: format!("ZTF26aa{number:05}"),
        save: Save::Candidate,
        annotations: Map::new(),
        comment: None,
        ..order(ready)
    }
}

async fn deliver_all(portal: &Portal, orders: Vec<Order>) -> Vec<Result<Receipt, Undelivered>> {
    let tasks: Vec<_> = orders
        .into_iter()
        .map(|order| {
            let portal = portal.clone();
            tokio::spawn(async move { portal.deliver(&order).await })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

#[tokio::test]
async fn light_curves_and_classes_of_many_objects_share_a_request() {
    let mock = Mock::start().await;
    let (portal, ready) = sociable(&mock).await;
    let orders = (0..20).map(|n| object(n, &ready[0])).collect();
    for result in deliver_all(&portal, orders).await {
        assert_eq!(result.unwrap().photometry.sent, 4);
    }
    assert_eq!(mock.count("POST", "/api/candidates"), 20);
    assert!(mock.count("PUT", "/api/photometry") < 6);
    assert!(mock.count("POST", "/api/classification") < 6);
    let state = mock.state();
    assert_eq!((state.points.len(), state.classifications.len()), (80, 20));
    assert!(state.calls.len() < 20 * 2 + 12, "{}", state.calls.len());
}

#[tokio::test]
async fn one_purged_object_or_bad_row_does_not_hold_up_the_others() {
    let mock = Mock::start().await;
    let (portal, ready) = sociable(&mock).await;
    let mut orders: Vec<Order> = (0..10).map(|n| object(n, &ready[0])).collect();
    mock.state().bad_times = vec![61_000.5];
    let bad = point(61_000.5, Kind::Detection, 1.0, None);
    orders[3].light_curve.as_mut().unwrap().points.push(bad);
    // Purged between its candidate and its points.
    let gone = error(&format!("Invalid object ID: {}", orders[7].object_id));
    mock.fault("PUT", "/api/photometry", Fault::Answer(400, gone));
    let results = deliver_all(&portal, orders).await;
    for (number, result) in results.into_iter().enumerate() {
        let photometry = result.unwrap().photometry;
        assert_eq!(photometry.sent, 4, "object {number}");
        assert_eq!(photometry.refused.len(), usize::from(number == 3));
    }
    let state = mock.state();
    assert_eq!((state.points.len(), state.classifications.len()), (40, 10));
}

#[tokio::test]
async fn one_class_that_is_refused_does_not_double_or_lose_the_others() {
    let mock = Mock::start().await;
    let (portal, ready) = sociable(&mock).await;
    let bad = object(5, &ready[0]).object_id;
    mock.state().unclassifiable = Some(bad.clone());
    let orders = (0..10).map(|n| object(n, &ready[0])).collect();
    for (number, result) in deliver_all(&portal, orders).await.into_iter().enumerate() {
        assert_eq!(result.is_err(), number == 5, "{result:?}");
    }
    assert_eq!(mock.state().classifications.len(), 9);
}

#[tokio::test]
async fn a_bulk_that_was_carried_out_unseen_is_looked_up() {
    let mock = Mock::start().await;
    let (portal, ready) = sociable(&mock).await;
    let gateway = Fault::RunThenAnswer(502, "<html>502 Bad Gateway</html>".to_owned());
    mock.fault("POST", "/api/classification", gateway);
    let orders = (0..5).map(|n| object(n, &ready[0])).collect();
    for result in deliver_all(&portal, orders).await {
        result.unwrap();
    }
    assert_eq!(mock.state().classifications.len(), 5);
}

#[tokio::test]
async fn an_alert_that_passes_for_several_groups_is_one_candidate_post() {
    let mock = Mock::start().await;
    let (portal, ready) = sociable(&mock).await;
    let orders: Vec<Order> = ready.iter().map(|ready| object(1, ready)).collect();
    portal.announce(&orders.iter().collect::<Vec<_>>()).await;
    for result in deliver_all(&portal, orders).await {
        result.unwrap();
    }
    assert_eq!(mock.count("POST", "/api/candidates"), 1);
    let posted = &mock.last("POST", "/api/candidates")["filter_ids"];
    assert_eq!(posted.as_array().unwrap().len(), 2);
    assert_eq!(mock.state().classifications.len(), 2);
    assert_eq!(mock.count("GET", "/api/source_exists"), 1);
}
