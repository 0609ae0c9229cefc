//! The writer's schema, reduced to what reading needs.

use std::collections::HashMap;
use std::sync::Arc;

use apache_avro::Schema;
use apache_avro::schema::{InnerDecimalSchema, UuidSchema};

use super::bare::bare;

/// Nesting and size beyond which a schema is taken for an attack: Fink's largest has about 1,300
/// fields, six levels deep.
const MAX_DEPTH: usize = 32;
const MAX_NODES: usize = 100_000;

/// The layout of a datum: an Avro schema with its names resolved and its logical types stripped.
#[derive(Clone, Debug)]
pub enum Shape {
    Null,
    Bool,
    /// `int` and `long` are one zigzag varint on the wire.
    Integer,
    Float,
    Double,
    Bytes,
    Str,
    Enum(Arc<Vec<String>>),
    Fixed(usize),
    Array(Arc<Shape>),
    Map(Arc<Shape>),
    Union(Arc<Vec<Shape>>),
    Record(Arc<Vec<(String, Shape)>>),
}

/// Why a schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    #[error("not an Avro schema: {0}")]
    NotAvro(String),
    #[error("the type `{0}` contains itself; recursive schemas are not read")]
    Recursive(String),
    #[error("the schema is nested more than {MAX_DEPTH} deep")]
    TooDeep,
    #[error("the schema has more than {MAX_NODES} fields when written out")]
    TooLarge,
    #[error("the schema has {bytes} bytes; more than {most} are taken for an attack")]
    TooLong { bytes: usize, most: usize },
    #[error("an array's items take no bytes, so that it could claim any number of them")]
    EmptyItems,
    #[error("the schema's top level is `{0}`; an alert is a record")]
    NotARecord(&'static str),
}

impl Shape {
    /// Parses the JSON text of a schema.
    ///
    /// # Errors
    /// Where the text is not a schema, or one that no alert has (recursive, absurdly large).
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        let schema =
            Schema::parse(&bare(text)?).map_err(|error| SchemaError::NotAvro(error.to_string()))?;
        Self::from_avro(&schema)
    }

    /// The layout of a parsed schema.
    ///
    /// # Errors
    /// As [`Shape::parse`].
    pub fn from_avro(schema: &Schema) -> Result<Self, SchemaError> {
        let shape = Resolver::default().resolve(schema, None, 0)?;
        match shape {
            Shape::Record(_) => Ok(shape),
            other => Err(SchemaError::NotARecord(other.name())),
        }
    }

    /// The field of a record, seen through a union with null.
    pub fn field(&self, name: &str) -> Option<&Shape> {
        match self.not_null() {
            Shape::Record(fields) => fields
                .iter()
                .find_map(|(field, shape)| (field == name).then_some(shape)),
            _ => None,
        }
    }

    /// The only non-null branch of a union, or the shape itself.
    pub fn not_null(&self) -> &Shape {
        match self {
            Shape::Union(branches) => {
                let mut rest = branches.iter().filter(|s| !matches!(s, Shape::Null));
                match (rest.next(), rest.next()) {
                    (Some(only), None) => only,
                    _ => self,
                }
            }
            _ => self,
        }
    }

    /// Avro's name of the type.
    pub fn name(&self) -> &'static str {
        match self {
            Shape::Null => "null",
            Shape::Bool => "boolean",
            Shape::Integer => "int or long",
            Shape::Float => "float",
            Shape::Double => "double",
            Shape::Bytes => "bytes",
            Shape::Str => "string",
            Shape::Enum(_) => "enum",
            Shape::Fixed(_) => "fixed",
            Shape::Array(_) => "array",
            Shape::Map(_) => "map",
            Shape::Union(_) => "union",
            Shape::Record(_) => "record",
        }
    }

    /// The fewest bytes that a value takes on the wire. It bounds how many items of an array the
    /// remaining bytes can hold.
    pub(super) fn least_bytes(&self) -> usize {
        match self {
            Shape::Null => 0,
            Shape::Bool | Shape::Integer | Shape::Bytes | Shape::Str | Shape::Enum(_) => 1,
            Shape::Float => 4,
            Shape::Double => 8,
            Shape::Fixed(size) => *size,
            Shape::Array(_) | Shape::Map(_) => 1,
            Shape::Union(branches) => {
                let least = branches.iter().map(Shape::least_bytes).min();
                least.unwrap_or(0).saturating_add(1)
            }
            // A `fixed` may be as large as it says: what cannot be held is found when it is read.
            Shape::Record(fields) => fields
                .iter()
                .map(|(_, shape)| shape.least_bytes())
                .fold(0, usize::saturating_add),
        }
    }
}

/// Follows references by name. A name that is referred to while its own definition is still open
/// is recursive.
#[derive(Default)]
struct Resolver {
    defined: HashMap<String, (Shape, usize)>,
    nodes: usize,
}

impl Resolver {
    fn resolve(
        &mut self,
        schema: &Schema,
        namespace: Option<&str>,
        depth: usize,
    ) -> Result<Shape, SchemaError> {
        if depth > MAX_DEPTH {
            return Err(SchemaError::TooDeep);
        }
        self.count(1)?;
        Ok(match schema {
            Schema::Null => Shape::Null,
            Schema::Boolean => Shape::Bool,
            Schema::Int
            | Schema::Long
            | Schema::Date
            | Schema::TimeMillis
            | Schema::TimeMicros
            | Schema::TimestampMillis
            | Schema::TimestampMicros
            | Schema::TimestampNanos
            | Schema::LocalTimestampMillis
            | Schema::LocalTimestampMicros
            | Schema::LocalTimestampNanos => Shape::Integer,
            Schema::Float => Shape::Float,
            Schema::Double => Shape::Double,
            Schema::Bytes | Schema::BigDecimal => Shape::Bytes,
            Schema::String => Shape::Str,
            Schema::Array(array) => {
                let item = self.resolve(&array.items, namespace, depth + 1)?;
                if item.least_bytes() == 0 {
                    return Err(SchemaError::EmptyItems);
                }
                Shape::Array(Arc::new(item))
            }
            Schema::Map(map) => {
                Shape::Map(Arc::new(self.resolve(&map.types, namespace, depth + 1)?))
            }
            Schema::Union(union) => Shape::Union(Arc::new(
                union
                    .variants()
                    .iter()
                    .map(|branch| self.resolve(branch, namespace, depth + 1))
                    .collect::<Result<_, _>>()?,
            )),
            Schema::Record(record) => {
                let before = self.nodes;
                let full_name = record.name.fullname(namespace);
                let inner = record.name.namespace().or(namespace);
                let fields = record
                    .fields
                    .iter()
                    .map(|field| {
                        let shape = self.resolve(&field.schema, inner, depth + 1)?;
                        Ok((field.name.clone(), shape))
                    })
                    .collect::<Result<_, SchemaError>>()?;
                let shape = Shape::Record(Arc::new(fields));
                self.defined
                    .insert(full_name, (shape.clone(), self.nodes - before));
                shape
            }
            Schema::Enum(symbols) => {
                let shape = Shape::Enum(Arc::new(symbols.symbols.clone()));
                self.define(symbols.name.fullname(namespace), shape)
            }
            Schema::Fixed(fixed) | Schema::Duration(fixed) => {
                self.define(fixed.name.fullname(namespace), Shape::Fixed(fixed.size))
            }
            Schema::Decimal(decimal) => match &decimal.inner {
                InnerDecimalSchema::Bytes => Shape::Bytes,
                InnerDecimalSchema::Fixed(fixed) => {
                    self.define(fixed.name.fullname(namespace), Shape::Fixed(fixed.size))
                }
            },
            Schema::Uuid(uuid) => match uuid {
                UuidSchema::String => Shape::Str,
                UuidSchema::Bytes => Shape::Bytes,
                UuidSchema::Fixed(fixed) => {
                    self.define(fixed.name.fullname(namespace), Shape::Fixed(fixed.size))
                }
            },
            Schema::Ref { name } => {
                let full_name = name.fullname(namespace);
                let (shape, nodes) = self
                    .defined
                    .get(&full_name)
                    .cloned()
                    .ok_or(SchemaError::Recursive(full_name))?;
                self.count(nodes)?;
                shape
            }
        })
    }

    fn define(&mut self, name: String, shape: Shape) -> Shape {
        self.defined.insert(name, (shape.clone(), 1));
        shape
    }

    fn count(&mut self, nodes: usize) -> Result<(), SchemaError> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES {
            return Err(SchemaError::TooLarge);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recursive_schema_is_refused_by_name() {
        let text = r#"{"type":"record","name":"a.Node","fields":[{"name":"next","type":["null","a.Node"]}]}"#;
        let error = Shape::parse(text).unwrap_err();
        assert!(
            matches!(&error, SchemaError::Recursive(name) if name == "a.Node"),
            "{error}"
        );
    }

    #[test]
    fn a_schema_that_doubles_with_every_name_is_refused() {
        let mut fields = String::from(
            r#"{"name":"f0","type":{"type":"record","name":"r0","fields":[{"name":"x","type":"int"}]}}"#,
        );
        for i in 1..40 {
            let below = i - 1;
            fields += &format!(
                r#",{{"name":"f{i}","type":{{"type":"record","name":"r{i}","fields":[{{"name":"a","type":"r{below}"}},{{"name":"b","type":"r{below}"}}]}}}}"#
            );
        }
        let text = format!(r#"{{"type":"record","name":"top","fields":[{fields}]}}"#);
        assert!(matches!(Shape::parse(&text), Err(SchemaError::TooLarge)));
    }

    #[test]
    fn a_reference_stands_for_its_definition() {
        let text = r#"{"type":"record","name":"top","namespace":"n","fields":[
            {"name":"one","type":{"type":"record","name":"inner","fields":[{"name":"x","type":"float"}]}},
            {"name":"many","type":{"type":"array","items":"inner"}}]}"#;
        let shape = Shape::parse(text).unwrap();
        let Some(Shape::Array(item)) = shape.field("many") else {
            panic!("{shape:?}")
        };
        assert!(matches!(item.field("x"), Some(Shape::Float)));
    }
}
