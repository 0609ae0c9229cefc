//! Start-up finds what is there, makes what is missing, and says what it may not make.

use super::mock::{Fault, error};
use super::*;

async fn problem_of(mock: &Mock) -> String {
    let all = connect(mock)
        .set_up(&[destination("Fink SN", "early")])
        .await;
    all[0].as_ref().unwrap_err().to_string()
}

#[tokio::test]
async fn a_group_is_made_with_ourselves_in_it_and_found_again() {
    let mock = Mock::start().await;
    let first = ready(&connect(&mock)).await;
    assert_eq!(
        mock.last("POST", "/api/groups"),
        json!({"name": "Fink SN", "group_admins": [14]})
    );
    assert_eq!(
        mock.last("POST", "/api/filters"),
        json!({"name": "early", "group_id": first.group_id(), "stream_id": 13})
    );
    let second = ready(&connect(&mock)).await;
    assert_eq!(
        (first.group_id(), first.stream_id(), first.filter_id()),
        (second.group_id(), second.stream_id(), second.filter_id())
    );
    assert_eq!(mock.count("POST", "/api/groups"), 1);
    assert_eq!(mock.count("POST", "/api/filters"), 1);
    assert_eq!(mock.count("POST", "/api/taxonomy"), 1);
}

#[tokio::test]
async fn one_bad_destination_does_not_stop_the_others() {
    let mock = Mock::start().await;
    let mut lost = destination("Fink SN", "lost");
    lost.stream = "nowhere".to_owned();
    let all = connect(&mock)
        .set_up(&[lost, destination("Fink SN", "early")])
        .await;
    let text = all[0].as_ref().unwrap_err().to_string();
    for part in [
        "`nowhere`",
        "System admin",
        "auto_join",
        "user 14",
        "`lost`",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(all[1].is_ok());
}

#[tokio::test]
async fn an_admin_makes_the_stream_too() {
    let mock = Mock::start().await;
    mock.state().rights = vec!["System admin".to_owned()];
    mock.state().streams.clear();
    let body = json!({"name": "fink_stream", "auto_join": true});
    let all = connect(&mock)
        .set_up(&[destination("Fink SN", "early")])
        .await;
    // The mock forgets it, but it was asked for in the right words.
    assert_eq!(
        mock.state()
            .calls
            .iter()
            .filter(|call| call.body == body)
            .count(),
        1
    );
    assert!(all[0].is_err(), "the mock makes no streams");
}

#[tokio::test]
async fn a_group_without_us_is_named_with_the_remedy() {
    let mock = Mock::start().await;
    mock.state()
        .groups
        .push(json!({"id": 45, "name": "Fink SN"}));
    let text = problem_of(&mock).await;
    assert!(
        text.contains("/api/groups/45/users") && text.contains("14"),
        "{text}"
    );
}

#[tokio::test]
async fn a_token_that_may_not_upload_is_named() {
    let mock = Mock::start().await;
    mock.state().rights = vec!["Comment".to_owned()];
    let text = problem_of(&mock).await;
    assert!(
        text.contains("`Upload data`") && text.contains("`bot`"),
        "{text}"
    );
}

#[tokio::test]
async fn none_or_several_instruments_are_named() {
    let mock = Mock::start().await;
    mock.state().instruments.remove(0);
    assert!(problem_of(&mock).await.contains("no instrument `ZTF`"));
    for id in [4, 5] {
        mock.state()
            .instruments
            .push(json!({"id": id, "name": "ZTF", "filters": []}));
    }
    assert!(problem_of(&mock).await.contains("[4, 5]"));
}

#[tokio::test]
async fn a_filter_that_came_first_wins_and_ours_goes() {
    let mock = Mock::start().await;
    mock.state()
        .groups
        .push(json!({"id": 45, "name": "Fink SN"}));
    mock.state().members.insert(45);
    let theirs = json!({"id": 50, "name": "early", "group_id": 45, "stream_id": 13});
    // The first list comes before theirs is made.
    let none = json!({"status": "success", "data": []}).to_string();
    mock.fault("GET", "/api/filters", Fault::Answer(200, none));
    mock.state().filters.push(theirs);
    let ready = ready(&connect(&mock)).await;
    assert_eq!(ready.filter_id(), 50);
    assert_eq!(mock.state().filters.len(), 1);
    assert_eq!(mock.count("DELETE", "/api/filters"), 1);
}

/// Both are the latest: neither server had seen the other's.
#[tokio::test]
async fn a_taxonomy_that_came_first_wins_and_ours_goes_or_is_named() {
    for may_delete in [true, false] {
        let mock = Mock::start().await;
        if may_delete {
            mock.state().rights.push("Delete taxonomy".to_owned());
        }
        let theirs = taxonomy(crate::skyportal::taxonomy::VERSION, "Fink Taxonomy");
        mock.state().taxonomy_on_its_way = Some(theirs);
        let portal = connect(&mock);
        let order = order(&ready(&portal).await);
        portal.deliver(&order).await.unwrap();
        let ids: Vec<Value> = mock
            .state()
            .taxonomies
            .iter()
            .map(|t| t["id"].clone())
            .collect();
        let expected = if may_delete { 1 } else { 2 };
        assert_eq!((ids.len(), &ids[ids.len() - 1]), (expected, &json!(9)));
        assert_eq!(mock.count("DELETE", "/api/taxonomy"), 1);
        let posted = mock.last("POST", "/api/classification").to_string();
        assert!(posted.contains("\"taxonomy_id\":9"), "{posted}");
    }
}

#[tokio::test]
async fn a_filter_that_was_on_its_way_wins_too() {
    let mock = Mock::start().await;
    mock.state()
        .groups
        .push(json!({"id": 45, "name": "Fink SN"}));
    mock.state().members.insert(45);
    // The lists before and after our own making come before theirs is seen.
    let ours = json!({"id": 102, "name": "early", "group_id": 45, "stream_id": 13});
    for seen in [json!([]), json!([ours])] {
        let seen = json!({"status": "success", "data": seen}).to_string();
        mock.fault("GET", "/api/filters", Fault::Answer(200, seen));
    }
    let theirs = json!({"id": 50, "name": "early", "group_id": 45, "stream_id": 13});
    mock.state().filters.push(theirs);
    assert_eq!(ready(&connect(&mock)).await.filter_id(), 50);
    assert_eq!(mock.state().filters.len(), 1);
}

#[tokio::test]
async fn a_filter_that_was_made_unseen_is_found() {
    let mock = Mock::start().await;
    mock.fault("POST", "/api/filters", Fault::RunThenHang);
    mock.fault(
        "POST",
        "/api/taxonomy",
        Fault::RunThenAnswer(504, String::new()),
    );
    let ready = ready(&connect(&mock)).await;
    assert_eq!(mock.state().filters.len(), 1);
    assert_eq!(mock.state().taxonomies.len(), 1);
    assert_eq!(mock.state().filters[0]["id"], ready.filter_id());
}

#[tokio::test]
async fn a_group_made_by_another_at_the_same_moment_is_taken() {
    let mock = Mock::start().await;
    let none = json!({"status": "success", "data": []}).to_string();
    mock.state()
        .groups
        .push(json!({"id": 45, "name": "Fink SN"}));
    mock.state().members.insert(45);
    mock.fault("GET", "/api/groups", Fault::Answer(200, none));
    let race = error("UniqueViolation duplicate key \"ix_groups_name\" already exists");
    mock.fault("POST", "/api/groups", Fault::Answer(500, race));
    assert_eq!(ready(&connect(&mock)).await.group_id(), 45);
}

/// A taxonomy row with a single class.
fn taxonomy(version: &str, name: &str) -> Value {
    let hierarchy = json!({"class": "Root", "subclasses": [{"class": "SN candidate"}]});
    json!({"id": 9, "name": name, "version": version, "isLatest": true, "hierarchy": hierarchy})
}

#[tokio::test]
async fn an_older_taxonomy_is_succeeded_and_a_newer_one_kept() {
    let mock = Mock::start().await;
    mock.state()
        .taxonomies
        .push(taxonomy("1.2", "Fink Taxonomy"));
    ready(&connect(&mock)).await;
    assert_eq!(mock.state().taxonomies[1]["version"], "1.3-skysieve");

    let mock = Mock::start().await;
    mock.state()
        .taxonomies
        .push(taxonomy("2.0", "Fink Taxonomy"));
    ready(&connect(&mock)).await;
    assert_eq!(mock.count("POST", "/api/taxonomy"), 0);
}

#[tokio::test]
async fn without_the_right_an_older_taxonomy_serves_as_it_is() {
    let mock = Mock::start().await;
    mock.state().rights.retain(|right| right != "Post taxonomy");
    mock.state()
        .taxonomies
        .push(taxonomy("1.2", "Fink Taxonomy"));
    let portal = connect(&mock);
    let order = order(&ready(&portal).await);
    let receipt = portal.deliver(&order).await.unwrap();
    assert_eq!(
        receipt.classifications,
        [ClassOutcome::Posted("SN candidate".to_owned())]
    );
}

#[tokio::test]
async fn without_a_taxonomy_all_but_the_classification_is_delivered() {
    let mock = Mock::start().await;
    mock.state().rights.retain(|right| right != "Post taxonomy");
    let portal = connect(&mock);
    let order = order(&ready(&portal).await);
    let receipt = portal.deliver(&order).await.unwrap();
    assert_eq!(
        receipt.classifications,
        [ClassOutcome::Disabled("SN candidate".to_owned())]
    );
    assert!(receipt.annotated && receipt.commented);
    assert_eq!(mock.count("POST", "/api/classification"), 0);
}

#[tokio::test]
async fn missing_rights_disable_their_steps() {
    let mock = Mock::start().await;
    mock.state().rights = vec!["Upload data".to_owned()];
    let portal = connect(&mock);
    let order = order(&ready(&portal).await);
    let receipt = portal.deliver(&order).await.unwrap();
    assert!(!receipt.annotated && !receipt.commented);
    assert_eq!(receipt.photometry.sent, 4);
    assert_eq!(mock.state().candidates.len(), 1);
}
