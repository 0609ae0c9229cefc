//! A replay shows the very requests that a delivery would make.

use std::sync::{Arc, Mutex};

use super::*;

#[tokio::test]
async fn a_dry_delivery_shows_every_request_and_sends_none() {
    let shown: Arc<Mutex<Vec<Request>>> = Arc::default();
    let sink = Arc::clone(&shown);
    let portal = Portal::dry(&config("http://192.0.2.1:1"), move |request| {
        sink.lock().unwrap().push(request.clone());
    });
    let ready = ready(&portal).await;
    let set_up: Vec<String> = shown
        .lock()
        .unwrap()
        .drain(..)
        .map(|one| one.to_string())
        .collect();
    assert!(
        set_up.contains(&"POST /api/groups".to_owned()),
        "{set_up:?}"
    );
    assert!(
        set_up.contains(&"GET /api/groups?name=Fink SN".to_owned()),
        "{set_up:?}"
    );
    let receipt = portal.deliver(&order(&ready)).await.unwrap();
    assert_eq!(receipt.photometry.sent, 4);
    assert_eq!(receipt.source, SourceOutcome::Saved);
    let delivery: Vec<String> = shown
        .lock()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        delivery,
        [
            "GET /api/source_exists/ZTF26aa063207a",
            "POST /api/candidates",
            "HEAD /api/sources/ZTF26aa063207a",
            "POST /api/sources",
            "PUT /api/photometry",
            "POST /api/classification",
            "POST /api/sources/ZTF26aa063207a/annotations",
            "POST /api/sources/ZTF26aa063207a/comments",
        ]
    );
}

#[tokio::test]
async fn a_dry_delivery_shows_the_bodies_that_a_real_one_sends() {
    let mock = Mock::start().await;
    let portal = connect(&mock);
    let real = ready(&portal).await;
    portal.deliver(&order(&real)).await.unwrap();

    let shown: Arc<Mutex<Vec<Request>>> = Arc::default();
    let sink = Arc::clone(&shown);
    let dry = Portal::dry(&config("http://unused"), move |request| {
        sink.lock().unwrap().push(request.clone());
    });
    let ready = ready(&dry).await;
    dry.deliver(&order(&ready)).await.unwrap();
    let shown = shown.lock().unwrap();
    let mut puts = shown.iter().filter(|one| one.path == "/api/photometry");
    let mut last = puts.next_back().unwrap().body.clone().unwrap();
    let sent = mock.last("PUT", "/api/photometry");
    // The ids are another server's.
    // And a reader of JSON may be off by a bit.
    for key in ["group_ids", "stream_ids", "flux"] {
        last[key] = sent[key].clone();
    }
    assert_eq!(last, sent);
}
