//! From a schema and a list of paths to the steps that read them in one walk.

use std::collections::BTreeMap;

use super::super::{FieldType, Scalar};
use super::cell::{Cell, Kind, Target};
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
}

/// What stands at one place of the datum. Where no cell has a target, it is only passed over.
#[derive(Debug)]
pub(super) enum Node {
    Cell(Cell),
    Record(Vec<Part>),
    Union(Vec<Node>),
    Array(Array),
    Table(Table),
    Map(Map),
}

impl Node {
    /// Whether it takes no bytes, as null does.
    fn is_null(&self) -> bool {
        matches!(self, Node::Cell(cell) if cell.fixed_size() == Some(0))
    }
}

/// A part of a record.
#[derive(Debug)]
pub(super) enum Part {
    /// Neighbouring scalars.
    Cells {
        names: Vec<String>,
        cells: Vec<Cell>,
    },
    Field {
        name: String,
        node: Node,
    },
}

/// An array of items that hold more than scalars.
#[derive(Debug)]
pub(super) struct Array {
    pub item: Box<Node>,
    /// The fewest that an item takes.
    pub least_bytes: usize,
    pub columns: Vec<Column>,
}

/// An array of flat records, or of scalars.
#[derive(Debug)]
pub(super) struct Table {
    /// Where a whole row may be null: the branch that is a row.
    pub row_branch: Option<usize>,
    /// Of the cells; empty where the items are scalars.
    pub names: Vec<String>,
    pub cells: Vec<Cell>,
    /// The numbers of the cells that have a target.
    pub asked: Vec<usize>,
    /// The bytes of an item, where all have the same.
    pub row_bytes: Option<usize>,
    pub least_bytes: usize,
    pub columns: Vec<Column>,
}

/// A list that is gathered from an array.
#[derive(Debug)]
pub(super) struct Column {
    pub field: usize,
    /// The word of an item that has no value.
    pub null: u64,
}

#[derive(Debug)]
pub(super) struct Map {
    pub keys: Vec<(String, Node)>,
    pub rest: Box<Node>,
    pub least_bytes: usize,
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
    /// The columns of the array that is being compiled.
    columns: Vec<Column>,
}

/// How to pass over whatever has this shape.
pub(super) fn skip(shape: &Shape) -> Node {
    Compiler::default().node(shape, &Requests::default(), false)
}

impl Compiler {
    fn node(&mut self, shape: &Shape, wanted: &Requests, in_array: bool) -> Node {
        match shape {
            Shape::Union(branches) => self.union(branches, wanted, in_array),
            Shape::Record(fields) => self.record(fields, wanted, in_array),
            Shape::Map(value) => self.map(value, wanted, in_array),
            Shape::Array(_) if in_array && !wanted.is_empty() => {
                wanted.below.values().for_each(|below| self.missing(below));
                self.wrong_type(&wanted.fields, shape.name());
                skip(shape)
            }
            Shape::Array(item) => self.array(item, wanted),
            scalar => Node::Cell(self.scalar(scalar, wanted, in_array)),
        }
    }

    fn union(&mut self, branches: &[Shape], wanted: &Requests, in_array: bool) -> Node {
        let is_null = |shape: &Shape| matches!(shape, Shape::Null);
        let mut wanted = wanted;
        let none = Requests::default();
        if branches.iter().filter(|branch| !is_null(branch)).count() > 1 {
            self.wrong_type(&wanted.all_fields(), "a union of several types");
            wanted = &none;
        }
        let mut nodes: Vec<Node> = branches
            .iter()
            .map(|branch| match branch {
                Shape::Null => Node::Cell(Cell::NULL),
                value => self.node(value, wanted, in_array),
            })
            .collect();
        if let [first, second] = branches
            && is_null(first) != is_null(second)
        {
            let value = usize::from(is_null(first));
            if let Node::Cell(cell) = &mut nodes[value] {
                let cell = std::mem::replace(cell, Cell::NULL);
                let value_branch = Some(value);
                return Node::Cell(Cell {
                    value_branch,
                    ..cell
                });
            }
        }
        Node::Union(nodes)
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
        let mut parts = Vec::new();
        for (name, shape) in fields {
            let below = wanted.below.get(&Segment::Name(name.clone()));
            let node = self.node(shape, below.unwrap_or(&none), in_array);
            add(&mut parts, name.clone(), node);
        }
        Node::Record(parts)
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
        Node::Map(Map {
            keys,
            rest: Box::new(skip(value)),
            least_bytes: value.least_bytes().saturating_add(1),
        })
    }

    fn array(&mut self, item: &Shape, wanted: &Requests) -> Node {
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
        let around = std::mem::take(&mut self.columns);
        let node = self.node(item, &within, true);
        let columns = std::mem::replace(&mut self.columns, around);
        let least_bytes = item.least_bytes();
        match flat(node) {
            Ok(Flat {
                row_branch,
                names,
                cells,
            }) => Node::Table(Table {
                row_branch,
                names,
                asked: (0..cells.len())
                    .filter(|&cell| cells[cell].target.is_some())
                    .collect(),
                row_bytes: match row_branch {
                    Some(_) => None,
                    None => cells.iter().map(Cell::fixed_size).sum(),
                },
                cells,
                least_bytes,
                columns,
            }),
            Err(item) => Node::Array(Array {
                item,
                least_bytes,
                columns,
            }),
        }
    }

    fn scalar(&mut self, shape: &Shape, wanted: &Requests, in_array: bool) -> Cell {
        for below in wanted.below.values() {
            self.missing(below);
        }
        let Some((kind, natural)) = kind(shape) else {
            self.wrong_type(&wanted.fields, shape.name());
            return Cell::NULL;
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
        // The same path asked for twice reads once: callers ask for each path and type once.
        debug_assert!(fitting.len() <= 1, "a field was asked for twice");
        let target = fitting.first().map(|&field| match natural {
            Some(element) if in_array => {
                self.columns.push(Column {
                    field,
                    null: element.null_word(),
                });
                Target::Column(self.columns.len() - 1)
            }
            _ => Target::Field(field),
        });
        Cell {
            value_branch: None,
            kind,
            target,
        }
    }

    fn missing(&mut self, wanted: &Requests) {
        for field in wanted.all_fields() {
            self.misfits[field] = Some(Misfit::Missing {
                path: self.paths[field].clone(),
            });
        }
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

/// Adds a field to a record's parts: neighbouring scalars are one.
fn add(parts: &mut Vec<Part>, name: String, node: Node) {
    match (parts.last_mut(), node) {
        (Some(Part::Cells { names, cells }), Node::Cell(cell)) => {
            names.push(name);
            cells.push(cell);
        }
        (_, Node::Cell(cell)) => parts.push(Part::Cells {
            names: vec![name],
            cells: vec![cell],
        }),
        (_, node) => parts.push(Part::Field { name, node }),
    }
}

/// The item of an array that has nothing but scalars.
struct Flat {
    /// The branch that is not null, if it may be null.
    row_branch: Option<usize>,
    /// Of the cells; none where the item is a scalar itself.
    names: Vec<String>,
    cells: Vec<Cell>,
}

/// The item, if it is flat; or as it was.
fn flat(item: Node) -> Result<Flat, Box<Node>> {
    match item {
        Node::Cell(cell) => Ok(Flat {
            row_branch: None,
            names: Vec::new(),
            cells: vec![cell],
        }),
        Node::Record(mut parts) => match parts.pop() {
            Some(Part::Cells { names, cells }) if parts.is_empty() => Ok(Flat {
                row_branch: None,
                names,
                cells,
            }),
            last => {
                parts.extend(last);
                Err(Box::new(Node::Record(parts)))
            }
        },
        Node::Union(mut branches) if branches.len() == 2 => {
            let row = (0..2).find(|&row| branches[1 - row].is_null());
            let Some(row) = row.filter(|&row| matches!(branches[row], Node::Record(_))) else {
                return Err(Box::new(Node::Union(branches)));
            };
            match flat(branches.remove(row)) {
                Ok(record) => Ok(Flat {
                    row_branch: Some(row),
                    ..record
                }),
                Err(record) => {
                    branches.insert(row, *record);
                    Err(Box::new(Node::Union(branches)))
                }
            }
        }
        other => Err(Box::new(other)),
    }
}

/// How a scalar is read, and as which type a module sees it (none: bytes).
fn kind(shape: &Shape) -> Option<(Kind, Option<Scalar>)> {
    Some(match shape {
        Shape::Bool => (Kind::Bool, Some(Scalar::Bool)),
        Shape::Integer => (Kind::Integer, Some(Scalar::I64)),
        Shape::Float => (Kind::Float, Some(Scalar::F64)),
        Shape::Double => (Kind::Double, Some(Scalar::F64)),
        Shape::Str => (Kind::Str, Some(Scalar::Str)),
        Shape::Enum(symbols) => (Kind::Enum(symbols.clone()), Some(Scalar::Str)),
        Shape::Bytes => (Kind::Bytes, None),
        Shape::Fixed(size) => (Kind::Fixed(*size), None),
        _ => return None,
    })
}

impl Scalar {
    /// The word that stands for a null element of a list.
    fn null_word(self) -> u64 {
        match self {
            Scalar::Bool => FieldType::Bool,
            Scalar::I64 => FieldType::I64,
            Scalar::F64 => FieldType::F64,
            Scalar::Str => FieldType::Str,
        }
        .null_word()
    }
}
