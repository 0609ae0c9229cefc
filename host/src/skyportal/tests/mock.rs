//! A small SkyPortal: answers and refuses in the real one's words, and can be told to misbehave.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State as Shared;
use axum::http::{Request, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub const TOKEN: &str = "5a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
pub const HTML_405: &str = "<html><title>405: Method Not Allowed</title></html>";

/// What goes wrong with one request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Refused before it is carried out.
    Answer(u16, String),
    /// Carried out, but another answer is given.
    RunThenAnswer(u16, String),
    /// Carried out, and never answered.
    RunThenHang,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

#[derive(Default)]
pub struct State {
    pub calls: Vec<Call>,
    faults: VecDeque<(String, String, Fault)>,
    pub rights: Vec<String>,
    pub members: HashSet<i64>,
    pub groups: Vec<Value>,
    pub streams: Vec<Value>,
    pub filters: Vec<Value>,
    pub taxonomies: Vec<Value>,
    /// Another's, done when ours is.
    pub taxonomy_on_its_way: Option<Value>,
    pub instruments: Vec<Value>,
    pub objects: HashSet<String>,
    pub candidates: Vec<Value>,
    /// By (object, group): saved now, or unsaved.
    pub sources: BTreeMap<(String, i64), bool>,
    pub points: Vec<Value>,
    points_by_key: BTreeMap<String, usize>,
    /// Times that no point may have.
    pub bad_times: Vec<f64>,
    pub classifications: Vec<Value>,
    /// Refused in every class.
    pub unclassifiable: Option<String>,
    pub annotations: Vec<Value>,
    pub comments: Vec<Value>,
    last_id: i64,
}

pub struct Mock {
    pub url: String,
    state: Arc<Mutex<State>>,
    server: JoinHandle<()>,
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Mock {
    pub async fn start() -> Mock {
        let state = Arc::new(Mutex::new(State::new()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&state));
        let server = tokio::spawn(async move {
            axum::serve(listener, app).await.unwrap();
        });
        Mock { url, state, server }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The next request of this kind meets the fault; several queue up.
    pub fn fault(&self, method: &str, path: &str, fault: Fault) {
        let fault = (method.to_owned(), path.to_owned(), fault);
        self.state().faults.push_back(fault);
    }

    pub fn outage(&self, method: &str, path: &str) {
        self.fault(method, path, Fault::Answer(405, HTML_405.to_owned()));
    }

    /// How often a request of this kind came.
    pub fn count(&self, method: &str, path: &str) -> usize {
        let fits = |call: &&Call| call.method == method && call.path.starts_with(path);
        self.state().calls.iter().filter(fits).count()
    }

    /// The body of the last request to exactly this path.
    pub fn last(&self, method: &str, path: &str) -> Value {
        let state = self.state();
        let fits = |call: &&Call| call.method == method && call.path == path;
        state.calls.iter().rfind(fits).unwrap().body.clone()
    }

    /// Yesterday's back-up: set up, and not an object in it; ids go on where they were then.
    pub fn restore_from_before_the_objects(&self) {
        let mut state = self.state();
        let first = state.candidates[0]["candidates"][0].as_i64().unwrap();
        state.last_id = first - 1;
        state.objects.clear();
        state.candidates.clear();
        state.sources.clear();
        state.points.clear();
        state.classifications.clear();
        state.annotations.clear();
        state.comments.clear();
    }

    pub fn forget_calls(&self) {
        self.state().calls.clear();
    }
}

pub fn error(message: &str) -> String {
    json!({"status": "error", "message": message, "data": {}}).to_string()
}

async fn answer(
    Shared(state): Shared<Arc<Mutex<State>>>,
    request: Request<Body>,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let (method, path) = (head.method.to_string(), head.uri.path().to_owned());
    let query = head.uri.query().unwrap_or("").to_owned();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let signed = head
        .headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    if signed != Some(&format!("token {TOKEN}")) {
        return respond(401, error("HTTP 401: Unauthorized"));
    }
    let (fault, reply) = {
        let mut state = state.lock().unwrap();
        state.calls.push(Call {
            method: method.clone(),
            path: path.clone(),
            body: body.clone(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        });
        let fault = state.next_fault(&method, &path);
        let reply = match &fault {
            Some(Fault::Answer(..)) => None,
            _ => Some(state.run(&method, &path, &query, &body)),
        };
        (fault, reply)
    };
    match (fault, reply) {
        (Some(Fault::Answer(status, text) | Fault::RunThenAnswer(status, text)), _) => {
            respond(status, text)
        }
        (Some(Fault::RunThenHang), _) => {
            tokio::time::sleep(Duration::from_secs(5)).await;
            respond(504, String::new())
        }
        (None, Some(Ok(data))) => {
            respond(200, json!({"status": "success", "data": data}).to_string())
        }
        (None, Some(Err((status, message)))) => respond(status, error(&message)),
        (None, None) => unreachable!("a request without a fault is carried out"),
    }
}

fn respond(status: u16, body: String) -> Response<Body> {
    Response::builder()
        .status(status)
        .body(Body::from(body))
        .unwrap()
}

type Reply = Result<Value, (u16, String)>;

fn refuse(message: &str) -> Reply {
    Err((400, message.to_owned()))
}

impl State {
    fn new() -> Self {
        State {
            rights: [
                "Upload data",
                "Classify",
                "Annotate",
                "Comment",
                "Post taxonomy",
            ]
            .map(str::to_owned)
            .to_vec(),
            streams: vec![json!({"id": 13, "name": "fink_stream", "auto_join": true})],
            instruments: vec![
                json!({"id": 1, "name": "ZTF", "type": "imager", "filters": ["ztfg", "ztfr"]}),
                json!({"id": 2, "name": "LSST", "type": "imager", "filters": ["lsstr"]}),
            ],
            last_id: 100,
            ..State::default()
        }
    }

    fn next_fault(&mut self, method: &str, path: &str) -> Option<Fault> {
        let fits =
            |(m, p, _): &(String, String, Fault)| m == method && path.starts_with(p.as_str());
        let place = self.faults.iter().position(fits)?;
        self.faults.remove(place).map(|(_, _, fault)| fault)
    }

    fn id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    fn run(&mut self, method: &str, path: &str, query: &str, body: &Value) -> Reply {
        let parts: Vec<&str> = path.split('/').skip(2).collect();
        match (method, parts.as_slice()) {
            ("GET", ["internal", "profile"]) => Ok(json!({
                "id": 14, "username": "bot", "permissions": ["Upload data"],
                "tokens": [{"id": TOKEN, "acls": self.rights}], "streams": [],
            })),
            ("GET", ["instrument"]) => Ok(named(&self.instruments, query)),
            ("GET", ["groups"]) => Ok(named(&self.groups, query)),
            ("GET", ["groups", id]) => Ok(self.group(id)),
            ("POST", ["groups"]) => self.make_group(body),
            ("GET", ["streams"]) => Ok(json!(self.streams)),
            ("POST", ["streams", _, "users"]) => Ok(json!({})),
            ("GET", ["filters"]) => Ok(json!(
                [self.filters.as_slice(), self.filters.as_slice()].concat()
            )),
            ("POST", ["filters"]) => Ok(self.make_filter(body)),
            ("DELETE", ["filters", id]) => Ok(self.drop_filter(id)),
            ("GET", ["taxonomy"]) => Ok(json!(self.taxonomies)),
            ("POST", ["taxonomy"]) => Ok(self.make_taxonomy(body)),
            ("DELETE", ["taxonomy", id]) => self.drop_taxonomy(id),
            ("POST", ["candidates"]) => self.candidate(body),
            ("GET", ["source_exists", object]) => {
                Ok(json!({"source_exists": self.objects.contains(*object)}))
            }
            ("GET", ["sources", object, "photometry"]) => Ok(of_object(&self.points, object)),
            ("HEAD", ["sources", object]) => self.head(object),
            ("GET", ["sources", object, "groups"]) => Ok(self.holders(object)),
            ("POST", ["sources"]) => Ok(self.save(body)),
            ("PUT", ["photometry"]) => self.photometry(body),
            ("GET", ["sources", object, "classifications"]) => {
                Ok(of_object(&self.classifications, object))
            }
            ("POST", ["classification"]) => self.classify_all(body),
            ("PUT", ["classification", id]) => self.reclassify(id, body),
            ("GET", ["sources", object, "annotations"]) => Ok(of_object(&self.annotations, object)),
            ("POST", ["sources", object, "annotations"]) => self.annotate(object, body),
            ("PUT", ["sources", _, "annotations", id]) => self.reannotate(id, body),
            ("POST", ["sources", _, "comments"]) => Ok(self.comment(body)),
            _ => refuse("Invalid API endpoint"),
        }
    }

    fn group(&self, id: &str) -> Value {
        let id: i64 = id.parse().unwrap();
        let users: Vec<Value> = if self.members.contains(&id) {
            vec![json!({"id": 14, "can_save": true})]
        } else {
            Vec::new()
        };
        json!({"id": id, "users": users})
    }

    fn make_group(&mut self, body: &Value) -> Reply {
        if self
            .groups
            .iter()
            .any(|group| group["name"] == body["name"])
        {
            return refuse("Group with name X already exists. Please select a new one.");
        }
        let id = self.id();
        self.groups.push(json!({"id": id, "name": body["name"]}));
        if body["group_admins"] == json!([14]) {
            self.members.insert(id);
        }
        Ok(json!({"id": id}))
    }

    fn make_filter(&mut self, body: &Value) -> Value {
        let id = self.id();
        let mut filter = body.clone();
        filter["id"] = json!(id);
        self.filters.push(filter);
        json!({"id": id})
    }

    fn drop_filter(&mut self, id: &str) -> Value {
        self.filters
            .retain(|filter| filter["id"] != id.parse::<i64>().unwrap());
        json!({})
    }

    fn make_taxonomy(&mut self, body: &Value) -> Value {
        let id = self.id();
        for older in self
            .taxonomies
            .iter_mut()
            .filter(|one| one["name"] == body["name"])
        {
            older["isLatest"] = json!(false);
        }
        let mut row = body.clone();
        row["id"] = json!(id);
        row["isLatest"] = json!(true);
        self.taxonomies.push(row);
        self.taxonomies.extend(self.taxonomy_on_its_way.take());
        json!({"taxonomy_id": id})
    }

    fn drop_taxonomy(&mut self, id: &str) -> Reply {
        if !self.rights.iter().any(|right| right == "Delete taxonomy") {
            return Err((401, "HTTP 401: Unauthorized".to_owned()));
        }
        self.taxonomies
            .retain(|taxonomy| taxonomy["id"] != id.parse::<i64>().unwrap());
        Ok(json!({}))
    }

    fn candidate(&mut self, body: &Value) -> Reply {
        let filters = body["filter_ids"].as_array().unwrap();
        if !self
            .filters
            .iter()
            .any(|filter| filters.contains(&filter["id"]))
        {
            return refuse("At least one valid filter ID must be provided.");
        }
        self.objects.insert(body["id"].as_str().unwrap().to_owned());
        let same = |one: &&Value| {
            ["id", "filter_ids", "passed_at"]
                .iter()
                .all(|key| one["row"][key] == body[key])
        };
        if let Some(there) = self.candidates.iter().find(same) {
            return Ok(json!({"ids": there["candidates"]}));
        }
        let ids: Vec<i64> = (0..filters.len()).map(|_| self.id()).collect();
        self.candidates
            .push(json!({"candidates": ids, "row": body}));
        Ok(json!({"ids": ids}))
    }

    fn head(&self, object: &str) -> Reply {
        if self.sources.keys().any(|(one, _)| one == object) {
            Ok(json!({}))
        } else {
            Err((404, String::new()))
        }
    }

    fn holders(&self, object: &str) -> Value {
        let active = self
            .sources
            .iter()
            .filter(|((one, _), active)| one == object && **active);
        active.map(|((_, group), _)| json!({"id": group})).collect()
    }

    fn save(&mut self, body: &Value) -> Value {
        let object = body["id"].as_str().unwrap().to_owned();
        for group in body["group_ids"].as_array().unwrap() {
            self.sources
                .insert((object.clone(), group.as_i64().unwrap()), true);
        }
        json!({"id": object, "saved_to_groups": body["group_ids"]})
    }

    fn photometry(&mut self, body: &Value) -> Reply {
        // Each field is a column, or one value for all rows.
        let at = |field: &str, n: usize| match &body[field] {
            Value::Array(column) => column[n].clone(),
            value => value.clone(),
        };
        let rows = body["mjd"].as_array().unwrap().len();
        for n in 0..rows {
            let object = at("obj_id", n);
            if !self.objects.contains(object.as_str().unwrap()) {
                return refuse(&format!("Invalid object ID: {}", object.as_str().unwrap()));
            }
            if self.bad_times.contains(&at("mjd", n).as_f64().unwrap()) {
                return refuse("Traceback (most recent call last):\nValidationError: bad row");
            }
        }
        let groups: Vec<Value> = body["group_ids"]
            .as_array()
            .unwrap()
            .iter()
            .map(group)
            .collect();
        let own = json!({"id": 99, "name": "bot", "single_user_group": true});
        let groups = [groups, vec![own]].concat();
        let mut ids = Vec::new();
        for n in 0..rows {
            let mut point = json!({"groups": groups});
            let fields = [
                "obj_id",
                "instrument_id",
                "origin",
                "mjd",
                "fluxerr",
                "flux",
                "filter",
            ];
            for field in fields {
                point[field] = at(field, n);
            }
            let key = [
                "obj_id",
                "instrument_id",
                "origin",
                "mjd",
                "fluxerr",
                "flux",
            ];
            let key: Vec<String> = key.iter().map(|field| point[field].to_string()).collect();
            point["key"] = json!(key.join(" "));
            let known = self.points_by_key.get(&key.join(" ")).copied();
            let there = known.and_then(|place| self.points.get_mut(place));
            // A test may have taken points away meanwhile.
            if let Some(there) = there.filter(|there| there["key"] == point["key"]) {
                ids.push(there["id"].clone());
                let seen_by = there["groups"].as_array_mut().unwrap();
                seen_by.extend(groups.clone());
            } else {
                let id = self.id();
                point["id"] = json!(id);
                self.points_by_key.insert(key.join(" "), self.points.len());
                self.points.push(point);
                ids.push(json!(id));
            }
        }
        Ok(json!({"ids": ids}))
    }

    /// A bulk keeps what came before a failure.
    fn classify_all(&mut self, body: &Value) -> Reply {
        let Some(bulk) = body["classifications"].as_array() else {
            return Ok(json!({"classification_id": self.classify(body)?}));
        };
        let mut ids = Vec::new();
        for one in bulk {
            ids.push(self.classify(one)?);
        }
        Ok(json!({"classification_ids": ids}))
    }

    fn classify(&mut self, body: &Value) -> Reply {
        if body["obj_id"].as_str() == self.unclassifiable.as_deref() {
            return refuse("Error posting classification: no, and never");
        }
        let id = self.id();
        let mut row = body.clone();
        row["id"] = json!(id);
        row["author_id"] = json!(14);
        self.classifications.push(row);
        Ok(json!(id))
    }

    fn reclassify(&mut self, id: &str, body: &Value) -> Reply {
        let row = self
            .classifications
            .iter_mut()
            .find(|row| row["id"] == id.parse::<i64>().unwrap());
        let Some(row) = row else {
            return refuse("Cannot find a classification with ID: n.");
        };
        for key in ["classification", "probability"] {
            row[key] = body[key].clone();
        }
        row["ml"] = json!(body["ml"] == true);
        Ok(json!({}))
    }

    fn annotate(&mut self, object: &str, body: &Value) -> Reply {
        let same = |one: &Value| one["obj_id"] == *object && one["origin"] == body["origin"];
        if self.annotations.iter().any(same) {
            return refuse("Annotation already exists: ... \"annotations_obj_id_origin_key\" ...");
        }
        let id = self.id();
        let mut row = body.clone();
        row["id"] = json!(id);
        row["author_id"] = json!(14);
        row["obj_id"] = json!(object);
        self.annotations.push(row);
        Ok(json!({"annotation_id": id}))
    }

    fn reannotate(&mut self, id: &str, body: &Value) -> Reply {
        let row = self
            .annotations
            .iter_mut()
            .find(|row| row["id"] == id.parse::<i64>().unwrap());
        let Some(row) = row.filter(|row| row["author_id"] == 14) else {
            return Err((403, "Could not find any accessible annotations.".to_owned()));
        };
        row["data"] = body["data"].clone();
        Ok(json!({}))
    }

    fn comment(&mut self, body: &Value) -> Value {
        if !self.comments.contains(body) {
            self.comments.push(body.clone());
        }
        json!({"comment_id": 1})
    }
}

fn of_object(rows: &[Value], object: &str) -> Value {
    rows.iter()
        .filter(|row| row["obj_id"] == *object)
        .cloned()
        .collect()
}

fn group(id: &Value) -> Value {
    json!({"id": id, "name": "a team", "single_user_group": false})
}

/// As SkyPortal reads a query: `name=Fink+SN`.
fn named(rows: &[Value], query: &str) -> Value {
    let name = query.strip_prefix("name=").unwrap_or("").replace('+', " ");
    rows.iter()
        .filter(|row| row["name"] == name)
        .cloned()
        .collect()
}
