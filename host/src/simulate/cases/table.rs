//! A table of cases: for each filter, the fields of an alert that passes and of those that fail.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::super::fits;
use super::super::packet::{Packet, PacketError};
use super::super::value::Value;
use crate::alert::Survey;

/// The entries by the filter's name.
#[derive(Debug)]
pub struct Tables(pub BTreeMap<String, Entry>);

impl Tables {
    pub fn parse(texts: &[&str]) -> Result<Self, String> {
        let mut entries = BTreeMap::new();
        for text in texts {
            let table: BTreeMap<String, Entry> =
                serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
            entries.extend(table);
        }
        Ok(Tables(entries))
    }
}

/// One filter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub survey: Survey,
    /// Where Fink would send what passes.
    pub topic: String,
    /// What every cut asks for.
    pub pass: Changes,
    /// By cut: what is changed after that, so that this cut alone fails.
    pub fail: BTreeMap<String, Changes>,
}

/// In the order of the table.
#[derive(Debug)]
pub struct Changes(pub Vec<Change>);

/// One field of a packet.
#[derive(Debug)]
pub struct Change {
    path: String,
    to: Setting,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Setting {
    Flag(bool),
    Whole(i64),
    Number(f64),
    Text(String),
    /// Another field of the alert as it was simulated, and so much more.
    Relative {
        from: String,
        #[serde(default)]
        plus: f64,
    },
    /// An image of a trail, so many pixels long.
    Trail {
        trail: f64,
    },
    /// A whole list: each item's fields, all others null.
    Items(Vec<Changes>),
    Null(()),
}

impl Change {
    pub fn apply(&self, simulated: &Packet, changed: &mut Packet) -> Result<(), PacketError> {
        self.put(&self.path, simulated, changed)
    }

    fn put(&self, path: &str, simulated: &Packet, changed: &mut Packet) -> Result<(), PacketError> {
        let value = match &self.to {
            Setting::Flag(flag) => Value::from(*flag),
            // A small whole number fits every kind of number.
            Setting::Whole(number) => match i32::try_from(*number) {
                Ok(small) => Value::from(small),
                Err(_) => Value::from(*number),
            },
            Setting::Number(number) => Value::from(*number),
            Setting::Text(text) => Value::from(text.clone()),
            Setting::Null(()) => Value::Null,
            Setting::Relative { from, plus } => match simulated.get(from)? {
                value if *plus == 0.0 => value.clone(),
                value => Value::from(value.as_f64().map(|value| value + plus)),
            },
            Setting::Trail { trail } => Value::from(fits::trail(*trail)),
            Setting::Items(items) => return put_items(path, items, simulated, changed),
        };
        changed.set(path, value)
    }
}

fn put_items(
    path: &str,
    items: &[Changes],
    simulated: &Packet,
    changed: &mut Packet,
) -> Result<(), PacketError> {
    changed.set(path, vec![Value::Null; items.len()])?;
    for (number, item) in items.iter().enumerate() {
        for change in &item.0 {
            let path = format!("{path}[{number}].{}", change.path);
            change.put(&path, simulated, changed)?;
        }
    }
    Ok(())
}

impl<'de> Deserialize<'de> for Changes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Changes;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("fields and what they are set to")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Changes, M::Error> {
                let mut changes = Vec::new();
                while let Some((path, to)) = map.next_entry()? {
                    changes.push(Change { path, to });
                }
                Ok(Changes(changes))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}
