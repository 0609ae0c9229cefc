//! What a mapping asks for: which rows an alert becomes in SkyPortal.

use std::fmt;

use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Number, Value as Json};

use super::suggest::explain_json;

/// A checked delivery. Object, time, group, stream and filter are the host's to set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Delivery {
    /// ICRS; the alert's own if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// What the mapping asks for; the configuration is the ceiling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub save: Option<Save>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photometry: Option<Photometry>,
    pub classifications: Vec<Classification>,
    /// Flat: numbers (finite), texts, booleans and nulls.
    pub annotations: Map<String, Json>,
    /// Whether the filter's values become annotations too.
    pub values: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// ICRS, degrees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// 0 up to 360.
    pub ra: f64,
    /// -90 to 90.
    pub dec: f64,
}

/// How an alert that passed is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Save {
    Candidate,
    Source,
}

/// The photometry to deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Photometry {
    /// The host's light curve of the alert.
    Standard,
    /// The measurement that caused the alert, and nothing of its history.
    Alert,
}

/// One classification of the host's taxonomy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classification {
    pub class: String,
    /// 0 to 1.
    #[serde(default)]
    pub probability: Option<f64>,
}

/// Why a delivery cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    #[error("it is not UTF-8 (byte {0})")]
    NotUtf8(usize),
    #[error("it is not the JSON that the contract describes: {0}")]
    Json(String),
    #[error("`{key}` is {found}, expected {expected}")]
    Range {
        key: &'static str,
        found: String,
        expected: &'static str,
    },
}

/// The JSON as it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    position: Option<Position>,
    #[serde(default)]
    save: Option<Save>,
    #[serde(default)]
    photometry: Option<Photometry>,
    #[serde(default)]
    classifications: Option<Vec<Classification>>,
    #[serde(default)]
    annotations: Option<Annotations>,
    #[serde(default)]
    values: Option<bool>,
    #[serde(default)]
    comment: Option<String>,
    #[serde(default)]
    thumbnails: Option<Reserved>,
}

impl Delivery {
    /// Where a route has no mapping: the standard light curve and the filter's values.
    pub fn plain() -> Self {
        Delivery {
            position: None,
            save: None,
            photometry: Some(Photometry::Standard),
            classifications: Vec::new(),
            annotations: Map::new(),
            values: true,
            comment: None,
        }
    }

    /// Reads and checks what `skysieve_map` returned.
    pub(super) fn parse(json: &[u8]) -> Result<Self, DeliveryError> {
        let text = std::str::from_utf8(json)
            .map_err(|error| DeliveryError::NotUtf8(error.valid_up_to()))?;
        let raw: Raw = serde_json::from_str(text).map_err(|error| explain(text, &error))?;
        let Raw {
            thumbnails: None | Some(Reserved),
            ..
        } = raw;
        let delivery = Delivery {
            position: raw.position,
            save: raw.save,
            photometry: raw.photometry,
            classifications: raw.classifications.unwrap_or_default(),
            annotations: raw.annotations.unwrap_or_default().0,
            values: raw.values.unwrap_or(true),
            comment: raw.comment,
        };
        delivery.check()?;
        Ok(delivery)
    }

    fn check(&self) -> Result<(), DeliveryError> {
        if let Some(Position { ra, dec }) = self.position {
            in_range(
                "position.ra",
                ra,
                (0.0..360.0).contains(&ra),
                "degrees from 0 up to 360",
            )?;
            in_range(
                "position.dec",
                dec,
                (-90.0..=90.0).contains(&dec),
                "degrees from -90 to 90",
            )?;
        }
        for Classification { class, probability } in &self.classifications {
            if class.trim().is_empty() {
                return Err(DeliveryError::Range {
                    key: "classifications.class",
                    found: "empty".to_owned(),
                    expected: "the name of a class",
                });
            }
            let value = probability.unwrap_or(1.0);
            let expected = "a number from 0 to 1";
            in_range(
                "classifications.probability",
                value,
                (0.0..=1.0).contains(&value),
                expected,
            )?;
        }
        Ok(())
    }
}

fn in_range(
    key: &'static str,
    value: f64,
    fits: bool,
    expected: &'static str,
) -> Result<(), DeliveryError> {
    match fits {
        true => Ok(()),
        false => Err(DeliveryError::Range {
            key,
            found: value.to_string(),
            expected,
        }),
    }
}

/// JSON has no NaN and no infinity: the usual cause of a number that cannot be read.
fn explain(text: &str, error: &serde_json::Error) -> DeliveryError {
    let line = text
        .lines()
        .nth(error.line().saturating_sub(1))
        .unwrap_or_default();
    let column = error.column();
    let around: String = line
        .chars()
        .skip(column.saturating_sub(9))
        .take(18)
        .collect();
    let cause = match ["NaN", "nan", "Infinity", "inf"]
        .iter()
        .any(|word| around.contains(word))
    {
        true => "; NaN and infinity are not JSON: write null, or leave the key out",
        false => "",
    };
    let key = last_key(line, column).map_or(String::new(), |key| format!(", near key `{key}`"));
    DeliveryError::Json(format!("{}{key}{cause}", explain_json(error)))
}

/// The last `"key":` before a column (in bytes, from 1) of a line.
fn last_key(line: &str, column: usize) -> Option<&str> {
    let before = line.get(..column.min(line.len()))?;
    let (head, _) = before.rsplit_once("\":")?;
    head.rsplit_once('"').map(|(_, key)| key)
}

impl<'de> Deserialize<'de> for Photometry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Known;
        impl<'de> Visitor<'de> for Known {
            type Value = Photometry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`photometry` to be \"standard\" (the host's light curve), \"alert\" (its own point) or null; columns of a mapping's own are reserved for a later version")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Photometry, E> {
                match text {
                    "standard" => Ok(Photometry::Standard),
                    "alert" => Ok(Photometry::Alert),
                    other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
                }
            }
        }
        deserializer.deserialize_any(Known)
    }
}

/// A key that the contract keeps for later.
struct Reserved;

impl<'de> Deserialize<'de> for Reserved {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer)?;
        Err(de::Error::custom(
            "`thumbnails` is reserved for a later version: leave it out",
        ))
    }
}

/// A flat object without doubled keys.
#[derive(Default)]
struct Annotations(Map<String, Json>);

impl<'de> Deserialize<'de> for Annotations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Flat;
        impl<'de> Visitor<'de> for Flat {
            type Value = Annotations;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`annotations` to be an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Annotations, A::Error> {
                let mut map = Map::new();
                while let Some(key) = access.next_key::<String>()? {
                    let value = access.next_value_seed(Scalar { key: &key })?;
                    if map.contains_key(&key) {
                        return Err(de::Error::custom(format!(
                            "the annotation `{key}` is there twice"
                        )));
                    }
                    map.insert(key, value);
                }
                Ok(Annotations(map))
            }
        }
        deserializer.deserialize_map(Flat)
    }
}

/// One annotation's value: nothing with an inside.
struct Scalar<'a> {
    key: &'a str,
}

impl<'de> DeserializeSeed<'de> for Scalar<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scalar<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the annotation `{}` to be a finite number, a string, a bool or null",
            self.key
        )
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Json, E> {
        let number = Number::from_f64(value);
        let number = number.ok_or_else(|| E::invalid_value(de::Unexpected::Float(value), &self))?;
        Ok(Json::Number(number))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Delivery, DeliveryError> {
        Delivery::parse(json.as_bytes())
    }

    #[track_caller]
    fn refused(json: &str, needles: &[&str]) {
        let text = parse(json).unwrap_err().to_string();
        for needle in needles {
            assert!(text.contains(needle), "`{needle}` is not in: {text}");
        }
    }

    #[test]
    fn a_full_delivery_is_read() {
        let delivery = parse(
            r#"{"position": {"ra": 12.5, "dec": -3}, "save": "source", "photometry": "standard",
                "classifications": [{"class": "Kilonova", "probability": 0.5}, {"class": "AGN"}],
                "annotations": {"rate": 0.25, "n": 3, "who": "x", "ok": true, "none": null},
                "values": false, "comment": "look"}"#,
        )
        .unwrap();
        assert_eq!(
            delivery.position,
            Some(Position {
                ra: 12.5,
                dec: -3.0
            })
        );
        assert_eq!(delivery.save, Some(Save::Source));
        let lean = parse(r#"{"photometry": "alert"}"#).unwrap();
        assert_eq!(lean.photometry, Some(Photometry::Alert));
        assert_eq!(delivery.photometry, Some(Photometry::Standard));
        assert_eq!(delivery.classifications[0].probability, Some(0.5));
        assert_eq!(delivery.classifications[1].probability, None);
        assert_eq!(Json::Object(delivery.annotations)["rate"], 0.25);
        assert!(!delivery.values);
        assert_eq!(delivery.comment.as_deref(), Some("look"));
    }

    #[test]
    fn null_means_absent() {
        let nulls = parse(
            r#"{"position": null, "save": null, "photometry": null, "classifications": null,
                "annotations": null, "values": null, "comment": null, "thumbnails": null}"#,
        );
        assert_eq!(nulls, parse("{}"));
        assert!(nulls.unwrap().values);
    }

    #[test]
    fn what_is_not_in_the_contract_is_refused_by_name() {
        refused(
            r#"{"anotations": {}}"#,
            &["`anotations`", "did you mean `annotations`", "`comment`"],
        );
        refused(
            r#"{"annotations": {"rate": NaN}}"#,
            &["`rate`", "NaN", "null"],
        );
        refused(
            r#"{"annotations": {"rate": -Infinity}}"#,
            &["`rate`", "infinity"],
        );
        refused(
            r#"{"annotations": {"rate": 1e999}}"#,
            &["`rate`", "out of range"],
        );
        refused(
            r#"{"annotations": {"deep": {"er": 1}}}"#,
            &["`deep`", "a finite number"],
        );
        refused(r#"{"annotations": {"list": [1]}}"#, &["`list`"]);
        refused(r#"{"annotations": {"a": 1, "a": 2}}"#, &["`a`", "twice"]);
        refused(
            r#"{"comment": "a", "comment": "b"}"#,
            &["duplicate", "`comment`"],
        );
        refused(r#"{"thumbnails": ["new"]}"#, &["`thumbnails` is reserved"]);
        refused(
            r#"{"photometry": {"mjd": []}}"#,
            &["`photometry`", "reserved"],
        );
        refused(r#"{"photometry": "mine"}"#, &["\"standard\""]);
        refused(
            r#"{"save": "sources"}"#,
            &["`sources`", "did you mean `source`"],
        );
        refused(
            r#"{"position": {"ra": 360, "dec": 0}}"#,
            &["`position.ra`", "360"],
        );
        refused(
            r#"{"position": {"ra": 1, "dec": -91}}"#,
            &["`position.dec`"],
        );
        refused(
            r#"{"classifications": [{"class": "SN", "probability": 1.5}]}"#,
            &["0 to 1"],
        );
        refused(
            r#"{"classifications": [{"class": " "}]}"#,
            &["name of a class"],
        );
        refused("{} {}", &["trailing"]);
        refused("", &["EOF"]);
        refused(&"[".repeat(100_000), &["JSON"]);
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        assert_eq!(Delivery::parse(b"{\xff}"), Err(DeliveryError::NotUtf8(1)));
    }
}
