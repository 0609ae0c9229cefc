//! From a schema and a list of paths to the steps that read them in one walk.

use std::collections::BTreeMap;

use super::super::{FieldType, Scalar};
use super::error::Misfit;
use super::shape::Shape;

/// How to read a list of raw fields from data of one schema.
///
/// Compiling never fails as a whole: a field that the schema cannot give has a [`Misfit`], stays
/// null, and leaves the others alone.
#[derive(Debug)]
pub struct RawPlan {
    pub(super) types: Vec<FieldType>,
    pub(super) misfits: Vec<Option<Misfit>>,
    pub(super) root: Node,
    /// The type of each column that is gathered while an array is walked.
    pub(super) columns: Vec<Scalar>,
}

/// One thing to do at one place of the datum.
#[derive(Debug)]
pub(super) enum Node {
    Skip(Skip),
    Leaf {
        target: Target,
        kind: Leaf,
    },
    Record(Vec<(String, Node)>),
    Union(Vec<Node>),
    Array {
        item: Box<Node>,
        least_bytes: usize,
        /// Index into the gathered columns, and the field that gets the finished list.
        columns: Vec<(usize, usize)>,
    },
    Map {
        keys: Vec<(String, Node)>,
        rest: Skip,
        least_bytes: usize,
    },
}

/// Where a scalar goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    Field(usize),
    /// The newest element of a gathered column.
    Column(usize),
}

/// How a scalar is written on the wire.
#[derive(Clone, Debug)]
pub(super) enum Leaf {
    Bool,
    Integer,
    Float,
    Double,
    Str,
    Bytes,
    Fixed(usize),
    Enum(std::sync::Arc<Vec<String>>),
}

/// How to pass over a value that nobody asked for.
#[derive(Debug)]
pub(super) enum Skip {
    Fixed(usize),
    Bool,
    Integer,
    Enum(usize),
    Run,
    Union(Vec<Skip>),
    Sequence(Vec<Skip>),
    Array {
        item: Box<Skip>,
        least_bytes: usize,
    },
    Map {
        value: Box<Skip>,
        least_bytes: usize,
    },
}

impl RawPlan {
    /// Plans how to read `fields` from data that `schema` describes.
    pub fn compile<'p>(
        schema: &Shape,
        fields: impl IntoIterator<Item = (&'p str, FieldType)>,
    ) -> Self {
        let mut requests = Requests::default();
        let mut compiler = Compiler::default();
        for (field, (path, ty)) in fields.into_iter().enumerate() {
            compiler.types.push(ty);
            compiler.paths.push(path.to_owned());
            compiler.misfits.push(None);
            match segments(path) {
                Ok(segments) => requests.add(&segments, field),
                Err(reason) => {
                    compiler.misfits[field] = Some(Misfit::BadPath {
                        path: path.to_owned(),
                        reason,
                    });
                }
            }
        }
        let root = compiler.node(schema, &requests, false);
        RawPlan {
            types: compiler.types,
            misfits: compiler.misfits,
            root,
            columns: compiler.columns,
        }
    }

    /// Why the schema cannot give this field, if it cannot.
    pub fn misfit(&self, field: usize) -> Option<&Misfit> {
        self.misfits[field].as_ref()
    }
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    /// A record's field or a map's key.
    Name(String),
    /// Every item of an array.
    Items,
}

fn segments(path: &str) -> Result<Vec<Segment>, &'static str> {
    let mut segments = Vec::new();
    for part in path.split('.') {
        let name = part.strip_suffix("[]").unwrap_or(part);
        if name.is_empty() {
            return Err("a part between two dots is empty");
        }
        if name.contains('[') || name.contains(']') {
            return Err("brackets stand only at the end of an array's name, as `[]`");
        }
        segments.push(Segment::Name(name.to_owned()));
        if name.len() != part.len() {
            segments.push(Segment::Items);
        }
    }
    match segments.iter().filter(|s| **s == Segment::Items).count() {
        0 | 1 => Ok(segments),
        _ => Err("a path may go through one array only (`[]` once)"),
    }
}

/// The paths as a tree, so that shared beginnings are walked once.
#[derive(Clone, Default)]
struct Requests {
    fields: Vec<usize>,
    below: BTreeMap<Segment, Requests>,
}

impl Requests {
    fn add(&mut self, segments: &[Segment], field: usize) {
        match segments.split_first() {
            None => self.fields.push(field),
            Some((first, rest)) => self
                .below
                .entry(first.clone())
                .or_default()
                .add(rest, field),
        }
    }

    fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.below.is_empty()
    }

    fn all_fields(&self) -> Vec<usize> {
        let below = self.below.values().flat_map(Requests::all_fields);
        self.fields.iter().copied().chain(below).collect()
    }
}

#[derive(Default)]
struct Compiler {
    types: Vec<FieldType>,
    paths: Vec<String>,
    misfits: Vec<Option<Misfit>>,
    columns: Vec<Scalar>,
    /// The columns of the array that is being compiled.
    open: Vec<(usize, usize)>,
}

impl Compiler {
    fn node(&mut self, shape: &Shape, wanted: &Requests, in_array: bool) -> Node {
        if wanted.is_empty() {
            return Node::Skip(skip(shape));
        }
        match shape {
            Shape::Union(branches) => self.union(shape, branches, wanted, in_array),
            Shape::Record(fields) => self.record(fields, wanted, in_array),
            Shape::Map(value) => self.map(value, wanted, in_array),
            Shape::Array(item) if !in_array => self.array(shape, item, wanted),
            scalar => self.scalar(scalar, wanted, in_array),
        }
    }

    fn union(
        &mut self,
        shape: &Shape,
        branches: &[Shape],
        wanted: &Requests,
        in_array: bool,
    ) -> Node {
        let values = branches.iter().filter(|s| !matches!(s, Shape::Null));
        if values.count() > 1 {
            self.refuse(wanted, "a union of several types");
            return Node::Skip(skip(shape));
        }
        Node::Union(
            branches
                .iter()
                .map(|branch| match branch {
                    Shape::Null => Node::Skip(Skip::Fixed(0)),
                    value => self.node(value, wanted, in_array),
                })
                .collect(),
        )
    }

    fn record(&mut self, fields: &[(String, Shape)], wanted: &Requests, in_array: bool) -> Node {
        self.wrong_type(&wanted.fields, "a record");
        for (segment, below) in &wanted.below {
            let known = matches!(segment, Segment::Name(name) if fields.iter().any(|(field, _)| field == name));
            if !known {
                self.missing(below);
            }
        }
        let none = Requests::default();
        Node::Record(
            fields
                .iter()
                .map(|(name, shape)| {
                    let below = wanted.below.get(&Segment::Name(name.clone()));
                    let node = self.node(shape, below.unwrap_or(&none), in_array);
                    (name.clone(), node)
                })
                .collect(),
        )
    }

    fn map(&mut self, value: &Shape, wanted: &Requests, in_array: bool) -> Node {
        self.wrong_type(&wanted.fields, "a map");
        let mut keys = Vec::new();
        for (segment, below) in &wanted.below {
            match segment {
                Segment::Name(key) => keys.push((key.clone(), self.node(value, below, in_array))),
                Segment::Items => self.missing(below),
            }
        }
        Node::Map {
            keys,
            rest: skip(value),
            least_bytes: value.least_bytes().saturating_add(1),
        }
    }

    fn array(&mut self, shape: &Shape, item: &Shape, wanted: &Requests) -> Node {
        for (segment, below) in &wanted.below {
            if *segment != Segment::Items {
                self.missing(below);
            }
        }
        // `a` as a list of an array's own scalars, `a[].b` as a column of its records.
        let mut within = match wanted.below.get(&Segment::Items) {
            Some(items) => items.clone(),
            None => Requests::default(),
        };
        within.fields.extend(&wanted.fields);
        if within.is_empty() {
            return Node::Skip(skip(shape));
        }
        self.open.clear();
        let item_node = self.node(item, &within, true);
        Node::Array {
            item: Box::new(item_node),
            least_bytes: item.least_bytes(),
            columns: std::mem::take(&mut self.open),
        }
    }

    fn scalar(&mut self, shape: &Shape, wanted: &Requests, in_array: bool) -> Node {
        for below in wanted.below.values() {
            self.missing(below);
        }
        let Some((kind, natural)) = leaf(shape) else {
            self.wrong_type(&wanted.fields, shape.name());
            return Node::Skip(skip(shape));
        };
        let fits = |ty: FieldType| match (ty, natural) {
            (FieldType::List(element), Some(natural)) => in_array && element == natural,
            (FieldType::Bool, Some(Scalar::Bool))
            | (FieldType::I64, Some(Scalar::I64))
            | (FieldType::F64, Some(Scalar::F64))
            | (FieldType::Str, Some(Scalar::Str))
            | (FieldType::Bytes, None) => !in_array,
            _ => false,
        };
        let (fitting, others): (Vec<usize>, Vec<usize>) = wanted
            .fields
            .iter()
            .partition(|field| fits(self.types[**field]));
        let found = if in_array {
            format!("a list of {}", shape.name())
        } else {
            shape.name().to_owned()
        };
        self.wrong_type(&others, &found);
        let Some(&field) = fitting.first() else {
            return Node::Skip(skip(shape));
        };
        // The same path asked for twice reads once: callers ask for each path and type once.
        debug_assert_eq!(fitting.len(), 1, "a field was asked for twice");
        let target = match natural {
            Some(element) if in_array => {
                self.columns.push(element);
                let column = self.columns.len() - 1;
                self.open.push((column, field));
                Target::Column(column)
            }
            _ => Target::Field(field),
        };
        Node::Leaf { target, kind }
    }

    fn missing(&mut self, wanted: &Requests) {
        for field in wanted.all_fields() {
            self.misfits[field] = Some(Misfit::Missing {
                path: self.paths[field].clone(),
            });
        }
    }

    fn refuse(&mut self, wanted: &Requests, found: &str) {
        self.wrong_type(&wanted.all_fields(), found);
    }

    fn wrong_type(&mut self, fields: &[usize], found: &str) {
        for &field in fields {
            self.misfits[field] = Some(Misfit::WrongType {
                path: self.paths[field].clone(),
                found: found.to_owned(),
                wanted: self.types[field],
            });
        }
    }
}

/// How a scalar is read, and as which type a module sees it (none: bytes).
fn leaf(shape: &Shape) -> Option<(Leaf, Option<Scalar>)> {
    Some(match shape {
        Shape::Bool => (Leaf::Bool, Some(Scalar::Bool)),
        Shape::Integer => (Leaf::Integer, Some(Scalar::I64)),
        Shape::Float => (Leaf::Float, Some(Scalar::F64)),
        Shape::Double => (Leaf::Double, Some(Scalar::F64)),
        Shape::Str => (Leaf::Str, Some(Scalar::Str)),
        Shape::Enum(symbols) => (Leaf::Enum(symbols.clone()), Some(Scalar::Str)),
        Shape::Bytes => (Leaf::Bytes, None),
        Shape::Fixed(size) => (Leaf::Fixed(*size), None),
        _ => return None,
    })
}

pub(super) fn skip(shape: &Shape) -> Skip {
    match shape {
        Shape::Null => Skip::Fixed(0),
        Shape::Bool => Skip::Bool,
        Shape::Integer => Skip::Integer,
        Shape::Float => Skip::Fixed(4),
        Shape::Double => Skip::Fixed(8),
        Shape::Fixed(size) => Skip::Fixed(*size),
        Shape::Bytes | Shape::Str => Skip::Run,
        Shape::Enum(symbols) => Skip::Enum(symbols.len()),
        Shape::Array(item) => Skip::Array {
            item: Box::new(skip(item)),
            least_bytes: item.least_bytes(),
        },
        Shape::Map(value) => Skip::Map {
            value: Box::new(skip(value)),
            least_bytes: value.least_bytes().saturating_add(1),
        },
        Shape::Union(branches) => Skip::Union(branches.iter().map(skip).collect()),
        Shape::Record(fields) => skip_record(fields),
    }
}

/// Neighbouring fields of fixed size are passed over in one step.
fn skip_record(fields: &[(String, Shape)]) -> Skip {
    let mut steps: Vec<Skip> = Vec::new();
    for (_, shape) in fields {
        match (steps.last_mut(), skip(shape)) {
            (Some(Skip::Fixed(run)), Skip::Fixed(more)) => *run = run.saturating_add(more),
            (_, step) => steps.push(step),
        }
    }
    Skip::Sequence(steps)
}
