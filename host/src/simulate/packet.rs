//! One alert packet: a tree of values over the survey's schema that can be read and changed by path.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use super::schema::{Record, Schema, Type};
use super::value::{Value, write_record};

/// A path or value that a packet has no place for.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum PacketError {
    #[error("`{path}`: `{record}` has no field `{field}`")]
    NoField {
        path: String,
        record: String,
        field: String,
    },
    #[error("`{path}`: there is no item {index} in a list of {len}")]
    NoItem {
        path: String,
        index: usize,
        len: usize,
    },
    #[error("`{path}`: the map has no entry `{entry}`")]
    NoEntry { path: String, entry: String },
    #[error("`{path}`: `{segment}` leads into a {found}; expected `field`, `list[3]` or `list[]`")]
    NoWay {
        path: String,
        segment: String,
        found: &'static str,
    },
    #[error("`{path}` is a {expected}, so it cannot hold {given} ({value})")]
    WrongType {
        path: String,
        expected: &'static str,
        given: &'static str,
        value: String,
    },
}

/// An alert packet of a survey.
///
/// Paths are those of the fields: `candidate.drb`, `prv_candidates[3].magpsf`,
/// `prvDiaSources[].psfFlux` (every item; writing only), `mangrove.lum_dist` (an entry of a map),
/// `lc_features.g.mean`.
#[derive(Clone, Debug)]
pub struct Packet {
    schema: &'static Schema,
    root: Value,
}

impl Packet {
    pub(super) fn new(schema: &'static Schema, root: Value) -> Self {
        Packet { schema, root }
    }

    pub fn schema(&self) -> &'static Schema {
        self.schema
    }

    /// The packet with one value changed; see [`Packet::set`].
    ///
    /// # Errors
    /// The path leads nowhere, or the value is of another type.
    pub fn with(mut self, path: &str, value: impl Into<Value>) -> Result<Self, PacketError> {
        self.set(path, value)?;
        Ok(self)
    }

    /// Changes a value. Null empties a whole record; an entry that a map lacks is added.
    ///
    /// # Errors
    /// The path leads nowhere, or the value is of another type.
    pub fn set(&mut self, path: &str, value: impl Into<Value>) -> Result<(), PacketError> {
        let steps = steps(path)?;
        let ty = Type::Record(self.schema.record.clone());
        put(&mut self.root, &ty, &steps, &value.into(), path)
    }

    /// The value at a path, which must name one item of a list, not all.
    ///
    /// # Errors
    /// The path leads nowhere.
    pub fn get(&self, path: &str) -> Result<&Value, PacketError> {
        let root = Type::Record(self.schema.record.clone());
        let (mut ty, mut value) = (&root, &self.root);
        for step in steps(path)? {
            (ty, value) = match (&step, ty, value) {
                (Step::Name(name), Type::Record(record), Value::Record(fields)) => {
                    let place = place(record, name, path)?;
                    (&record.fields[place].ty, &fields[place])
                }
                (Step::Name(name), Type::Map(values), Value::Map(entries)) => {
                    let found = entries.iter().find(|(key, _)| key == name);
                    (
                        &**values,
                        found
                            .map(|(_, value)| value)
                            .ok_or_else(|| no_entry(path, name))?,
                    )
                }
                (Step::Item(index), Type::List(item), Value::List(items)) => {
                    let found = items.get(*index);
                    (
                        &**item,
                        found.ok_or_else(|| no_item(path, *index, items.len()))?,
                    )
                }
                _ => return Err(no_way(path, &step, value)),
            };
        }
        Ok(value)
    }

    /// How many items a list has; 0 where it is null or the path is no list.
    pub fn len_of(&self, path: &str) -> usize {
        self.get(path)
            .ok()
            .and_then(Value::items)
            .map_or(0, <[Value]>::len)
    }

    /// The packet as Fink writes it: a bare Avro datum of the schema in [`Schema::key`].
    pub fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(64 * 1024);
        if let Value::Record(fields) = &self.root {
            write_record(fields, &mut out);
        }
        out.into()
    }
}

/// One step of a path.
#[derive(Debug)]
enum Step {
    Name(String),
    Item(usize),
    Each,
}

impl Step {
    fn text(&self) -> String {
        match self {
            Step::Name(name) => name.clone(),
            Step::Item(index) => format!("[{index}]"),
            Step::Each => "[]".into(),
        }
    }
}

fn steps(path: &str) -> Result<Vec<Step>, PacketError> {
    let mut steps = Vec::new();
    for segment in path.split('.') {
        let Some((name, index)) = segment.split_once('[') else {
            steps.push(Step::Name(segment.to_owned()));
            continue;
        };
        steps.push(Step::Name(name.to_owned()));
        let index = index.strip_suffix(']').and_then(|index| match index {
            "" => Some(Step::Each),
            digits => digits.parse().ok().map(Step::Item),
        });
        steps.push(index.ok_or_else(|| PacketError::NoWay {
            path: path.to_owned(),
            segment: segment.to_owned(),
            found: "bracket without a number",
        })?);
    }
    Ok(steps)
}

fn put(
    slot: &mut Value,
    ty: &Type,
    steps: &[Step],
    value: &Value,
    path: &str,
) -> Result<(), PacketError> {
    let Some((step, rest)) = steps.split_first() else {
        *slot = value
            .clone()
            .fit(ty)
            .map_err(|value| wrong_type(path, ty, &value))?;
        return Ok(());
    };
    if let (Value::Null, Type::Map(_)) = (&slot, ty) {
        *slot = Value::Map(Arc::default());
    }
    match (step, ty, &mut *slot) {
        (Step::Name(name), Type::Record(record), Value::Record(fields)) => {
            let place = place(record, name, path)?;
            let field = &mut Arc::make_mut(fields)[place];
            put(field, &record.fields[place].ty, rest, value, path)
        }
        (Step::Name(name), Type::Map(values), Value::Map(entries)) => {
            let entry = entry(Arc::make_mut(entries), name, values);
            put(entry, values, rest, value, path)
        }
        (Step::Item(index), Type::List(ty), Value::List(items)) => {
            let len = items.len();
            let item = Arc::make_mut(items).get_mut(*index);
            put_item(
                item.ok_or_else(|| no_item(path, *index, len))?,
                ty,
                rest,
                value,
                path,
            )
        }
        (Step::Each, Type::List(ty), Value::List(items)) => Arc::make_mut(items)
            .iter_mut()
            .try_for_each(|item| put_item(item, ty, rest, value, path)),
        (Step::Each, Type::List(_), Value::Null) => Ok(()),
        (step, _, found) => Err(no_way(path, step, found)),
    }
}

/// An item of a list may be null: as a whole when it is set to null, and it becomes a record when
/// one of its fields is set.
fn put_item(
    item: &mut Value,
    ty: &Type,
    rest: &[Step],
    value: &Value,
    path: &str,
) -> Result<(), PacketError> {
    if rest.is_empty() && *value == Value::Null {
        *item = Value::Null;
        return Ok(());
    }
    if let (Value::Null, Type::Record(record)) = (&item, ty) {
        *item = Value::empty(record);
    }
    put(item, ty, rest, value, path)
}

fn entry<'a>(
    entries: &'a mut Vec<(Cow<'static, str>, Value)>,
    name: &str,
    values: &Type,
) -> &'a mut Value {
    let place = entries
        .iter()
        .position(|(key, _)| key == name)
        .unwrap_or_else(|| {
            let fresh = match values {
                Type::Record(record) => Value::empty(record),
                _ => Value::Null,
            };
            entries.push((Cow::Owned(name.to_owned()), fresh));
            entries.len() - 1
        });
    &mut entries[place].1
}

fn place(record: &Record, name: &str, path: &str) -> Result<usize, PacketError> {
    record.position(name).ok_or_else(|| PacketError::NoField {
        path: path.to_owned(),
        record: record.name.clone(),
        field: name.to_owned(),
    })
}

fn no_item(path: &str, index: usize, len: usize) -> PacketError {
    PacketError::NoItem {
        path: path.to_owned(),
        index,
        len,
    }
}

fn no_entry(path: &str, entry: &str) -> PacketError {
    PacketError::NoEntry {
        path: path.to_owned(),
        entry: entry.to_owned(),
    }
}

fn no_way(path: &str, step: &Step, found: &Value) -> PacketError {
    PacketError::NoWay {
        path: path.to_owned(),
        segment: step.text(),
        found: found.type_name(),
    }
}

fn wrong_type(path: &str, ty: &Type, value: &Value) -> PacketError {
    let mut text = format!("{value:?}");
    text.truncate(
        text.char_indices()
            .nth(60)
            .map_or(text.len(), |(end, _)| end),
    );
    PacketError::WrongType {
        path: path.to_owned(),
        expected: ty.name(),
        given: value.type_name(),
        value: text,
    }
}

/// A record that is being filled, field by field, best in the schema's order.
pub(super) struct Draft<'a> {
    record: &'a Record,
    fields: Vec<Value>,
    next: usize,
}

impl<'a> Draft<'a> {
    /// All fields null, records inside all-null.
    pub fn new(record: &'a Record) -> Self {
        let fields = record.fields.iter().map(|field| match &field.ty {
            Type::Record(inner) => Value::empty(inner),
            _ => Value::Null,
        });
        Draft {
            record,
            fields: fields.collect(),
            next: 0,
        }
    }

    /// The record that a field of this one holds, or the items of a list.
    pub fn inner(record: &'a Record, field: &str) -> &'a Record {
        let inner = record.position(field).map(|place| &record.fields[place].ty);
        let inner = match inner {
            Some(Type::List(items)) => Some(&**items),
            other => other,
        };
        match inner {
            Some(Type::Record(inner)) => inner,
            _ => panic!(
                "`{}` has no record `{field}`: the tables and this code disagree",
                record.name
            ),
        }
    }

    /// Sets a field.
    ///
    /// # Panics
    /// The record has no such field, or it is of another type: both sides are written in this
    /// program, and every test that makes an alert goes through here.
    pub fn put(mut self, name: &str, value: impl Into<Value>) -> Self {
        let fields = &self.record.fields;
        let place = match fields.get(self.next) {
            Some(field) if field.name == name => self.next,
            _ => self
                .record
                .position(name)
                .unwrap_or_else(|| panic!("`{}` has no field `{name}`", self.record.name)),
        };
        let fitting = value.into().fit(&fields[place].ty);
        self.fields[place] = fitting
            .unwrap_or_else(|value| panic!("{}", wrong_type(name, &fields[place].ty, &value)));
        self.next = place + 1;
        self
    }

    /// Sets each of the fields, named as in a table, to the same value.
    pub fn put_each(mut self, names: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        for name in names.split_whitespace() {
            self = self.put(name, value.clone());
        }
        self
    }

    pub fn done(self) -> Value {
        Value::Record(Arc::new(self.fields))
    }
}
