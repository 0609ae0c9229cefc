//! One request, read.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::auth::Caller;
use crate::envelope::Refusal;
use crate::json;

/// A request as the routes see it.
pub struct Call<'a> {
    pub caller: &'a Caller,
    pub path: &'a str,
    /// What stood in the places of the route's template.
    pub params: Vec<String>,
    pub query: &'a BTreeMap<String, String>,
    pub body: &'a [u8],
}

impl Call<'_> {
    /// The body as an object; an empty body is an empty object.
    ///
    /// # Errors
    /// 500, as the server answers to anything that is not a JSON object.
    pub fn json(&self) -> Result<Map<String, Value>, Refusal> {
        let text = std::str::from_utf8(self.body).map_err(|error| {
            let at = error.valid_up_to();
            let byte = self.body[at];
            Refusal::with(500, format!("'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: invalid start byte"))
        })?;
        if text.trim().is_empty() {
            return Ok(Map::new());
        }
        match json::parse(text) {
            Ok(Value::Object(map)) => Ok(map),
            Ok(_) => Err(Refusal::with(
                500,
                "Please ensure posted data is of type application/json",
            )),
            Err(_) => Err(Refusal::with(
                500,
                format!(
                    "JSON decode of request body failed on {}. Please ensure all requests are of type application/json.",
                    self.path
                ),
            )),
        }
    }

    /// The n-th place of the template, as text.
    pub fn param(&self, n: usize) -> &str {
        self.params.get(n).map_or("", String::as_str)
    }

    /// The n-th place of the template, as a number; the router has seen that it is one.
    pub fn id(&self, n: usize) -> i64 {
        self.param(n).parse().unwrap_or(i64::MAX)
    }

    /// A value of the query string.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// True when the query string says so.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.query(name), Some("true" | "True" | "t" | "1"))
    }

    /// A number of the query string.
    pub fn query_number(&self, name: &str, default: usize) -> usize {
        self.query(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    }
}
