use super::*;
use Class::{
    Absent, ConfigurationChanged, Credentials, Exists, ObjectMissing, Permanent, Race, Transient,
    Unknown500,
};

fn error(message: &str) -> String {
    serde_json::json!({"status": "error", "message": message, "data": {}}).to_string()
}

fn class_of(method: Method, status: u16, body: &str) -> Option<Class> {
    let reply = Reply {
        status,
        body: body.to_owned(),
        retry_after: None,
    };
    match classify(method, &reply) {
        Answer::Success(_) => None,
        Answer::Refused(class, _) => Some(class),
    }
}

const HTML: &str = "<html><title>405: Method Not Allowed</title></html>";

#[test]
fn texts_of_every_kind() {
    let unique = |key: &str| format!("UniqueViolation: violates unique constraint \"{key}\"");
    for (status, message, expected) in [
        (400, unique("objs_pkey") + " already exists", Race),
        (400, "Annotation already exists: ...".to_owned(), Exists),
        (
            400,
            "Candidate for object X already exists but is not accessible".to_owned(),
            Permanent,
        ),
        (400, unique("candidates_main_index"), Exists),
        (
            400,
            "User 3 is already a member of group 9.".to_owned(),
            Exists,
        ),
        (400, "Invalid object ID: X".to_owned(), ObjectMissing),
        (
            400,
            "Cannot find a taxonomy with ID: 9.".to_owned(),
            ConfigurationChanged,
        ),
        (400, "something else".to_owned(), Permanent),
        (401, "HTTP 401: Unauthorized".to_owned(), Credentials),
        (403, "User account expired".to_owned(), Credentials),
        (
            403,
            "Could not find any accessible annotations.".to_owned(),
            ObjectMissing,
        ),
        (404, "Obj X not found".to_owned(), ObjectMissing),
        (405, "HTTP 405: Method Not Allowed".to_owned(), Permanent),
        (429, "slow down".to_owned(), Transient),
        (500, unique("ix_groups_name"), Exists),
        (500, unique("ix_groups_nickname"), Permanent),
        (500, unique("streams_name_key"), Exists),
        (500, "boom".to_owned(), Unknown500),
        (
            503,
            "Database is temporarily unavailable; please retry shortly.".to_owned(),
            Transient,
        ),
    ] {
        let class = class_of(Method::Post, status, &error(&message));
        assert_eq!(class, Some(expected), "{status} {message}");
    }
}

#[test]
fn whatever_is_not_json_is_an_outage_but_for_too_large() {
    for status in [200, 301, 400, 401, 404, 405, 429, 500, 502, 503, 504] {
        assert_eq!(
            class_of(Method::Put, status, HTML),
            Some(Transient),
            "{status}"
        );
    }
    assert_eq!(class_of(Method::Put, 413, HTML), Some(Permanent));
    assert_eq!(class_of(Method::Get, 200, ""), Some(Transient));
}

#[test]
fn head_goes_by_the_status() {
    assert_eq!(class_of(Method::Head, 200, ""), None);
    assert_eq!(class_of(Method::Head, 404, ""), Some(Absent));
    assert_eq!(class_of(Method::Head, 405, ""), Some(Transient));
    assert_eq!(class_of(Method::Head, 503, ""), Some(Transient));
    assert_eq!(class_of(Method::Head, 401, ""), Some(Credentials));
}

#[test]
fn a_yes_of_another_form_is_not_understood() {
    let class = class_of(Method::Get, 200, "{\"hello\": 1}");
    assert_eq!(class, Some(Class::Misunderstood));
}

/// What each recorded failure means; those not named are bad data.
const RECORDED: &[(&str, Class)] = &[
    ("auth.", Credentials),
    ("group.create.duplicate-nickname", Permanent),
    ("group.create.duplicate", Exists),
    ("group.create.viewonly", Credentials),
    ("group.adduser.again", Exists),
    ("stream.create.by-bot", Credentials),
    ("stream.create.duplicate", Exists),
    ("stream.adduser.by-bot-nonautojoin", ConfigurationChanged),
    ("stream.adduser.again", Exists),
    ("group.addstream.again", Exists),
    ("instrument.create.duplicate", Exists),
    ("instrument.create.by-bot", ConfigurationChanged),
    ("filter.create.not-group-member", ConfigurationChanged),
    ("filter.create.bad-stream", ConfigurationChanged),
    ("filter.create.viewonly", Credentials),
    ("taxonomy.create.full-user-bot", Credentials),
    ("taxonomy.create.duplicate-name-version", Exists),
    ("taxonomy.create.group-not-accessible", ConfigurationChanged),
    ("source.head.missing", Absent),
    ("source.get.missing", ObjectMissing),
    ("source.create.group-not-member", ConfigurationChanged),
    ("source.create.empty-groups", ConfigurationChanged),
    ("source.create.viewonly", Credentials),
    ("candidate.head.missing", Absent),
    ("candidate.create.empty-filter_ids", ConfigurationChanged),
    ("candidate.create.unknown-filter", ConfigurationChanged),
    ("candidate.create.filter-not-mine", ConfigurationChanged),
    ("candidate.create.viewonly", Credentials),
    ("candidate.create.scalar-filter_ids", Unknown500),
    ("phot.put.mag.unknown-instrument", ConfigurationChanged),
    ("phot.put.mag.unknown-obj", ObjectMissing),
    ("phot.put.mag.unknown-group", ConfigurationChanged),
    ("phot.put.mag.unknown-stream", ConfigurationChanged),
    ("phot.post.", Exists),
    ("phot.put.viewonly", Credentials),
    ("class.create.unknown-taxonomy", ConfigurationChanged),
    ("class.create.unknown-obj", ObjectMissing),
    ("class.create.unknown-group", ConfigurationChanged),
    ("class.create.viewonly", Credentials),
    ("annot.create.same-origin", Exists),
    ("annot.update.other-user", ObjectMissing),
    ("annot.update.missing", ObjectMissing),
    ("class.update.missing-id", ObjectMissing),
    ("annot.create.unknown-obj", ObjectMissing),
    ("annot.create.unknown-group", ConfigurationChanged),
    ("annot.create.viewonly", Credentials),
    ("thumb.create.viewonly", Credentials),
    ("x.phot.post.partial-duplicate", Exists),
    ("x.phot.leading-zero-id", ObjectMissing),
    ("x.phot.exponent-like-id", ObjectMissing),
    ("x.candidates.viewonly", Absent),
    ("y.source.unsave.bot-lacks-Manage-sources", Credentials),
    ("race.source.", Race),
    ("race.annot.", Exists),
    ("race.group.", Exists),
    ("limit.burst.", Transient),
    ("limit.rate.badtoken", Credentials),
    ("outage.", Transient),
];

/// The recorded calls of a real SkyPortal, kept beside the repository where they are kept at all.
fn recordings() -> Option<String> {
    let shared = std::env::var_os("SKYSIEVE_SHARED").map(std::path::PathBuf::from);
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("shared"));
    shared
        .into_iter()
        .chain(beside)
        .find_map(|folder| std::fs::read_to_string(folder.join("skyportal/recordings.jsonl")).ok())
}

#[test]
fn every_recorded_answer_has_its_class() {
    let Some(recordings) = recordings() else {
        println!("skipped: no recordings beside the repository");
        return;
    };
    let mut failures = 0;
    for line in recordings.lines() {
        let call: Value = serde_json::from_str(line).unwrap();
        let label = call["label"].as_str().unwrap();
        let (Some((method, reply)), status) = (reply_of(&call), &call["status"]) else {
            continue;
        };
        let class = match classify(method, &reply) {
            Answer::Success(_) => None,
            Answer::Refused(class, _) => Some(class),
        };
        failures += usize::from(status != 200);
        assert_eq!(class, expected(label, reply.status), "{label}: {reply:?}");
    }
    assert!(failures > 150, "{failures}");
}

fn expected(label: &str, status: u16) -> Option<Class> {
    if status == 200 {
        return None;
    }
    let named = RECORDED.iter().find(|(start, _)| label.starts_with(start));
    Some(named.map_or(Permanent, |(_, class)| *class))
}

/// `None` for verbs that we do not use, and where no answer came.
fn reply_of(call: &Value) -> Option<(Method, Reply)> {
    let method = match call["method"].as_str()? {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        _ => return None,
    };
    let status = u16::try_from(call["status"].as_u64()?)
        .ok()
        .filter(|status| *status > 0)?;
    let text = call["response_text"].as_str();
    let body = match (call.get("response_body"), text) {
        (Some(body), _) => body.to_string(),
        // Long answers were cut in the recording, so they are no JSON any more.
        (None, Some(cut)) if cut.starts_with('{') => {
            let kind = if status == 200 { "success" } else { "error" };
            serde_json::json!({"status": kind, "message": cut, "data": {}}).to_string()
        }
        (None, Some(text)) => text.to_owned(),
        (None, None) => String::new(),
    };
    Some((
        method,
        Reply {
            status,
            body,
            retry_after: None,
        },
    ))
}
