//! The walk: one pass through a datum, guided by a plan.

use super::super::Row;
use super::super::Scalar;
use super::cursor::Cursor;
use super::error::{DecodeError, Malformed};
use super::plan::{Leaf, Node, RawPlan, Skip, Target};

impl RawPlan {
    /// Reads the planned fields of one datum into `row`.
    ///
    /// # Errors
    /// Where the bytes are not a datum of the plan's schema, to the last byte.
    pub fn read(&self, bytes: &[u8], row: &mut Row) -> Result<(), DecodeError> {
        row.reset(self.types.iter().copied());
        let mut walk = Walk {
            cursor: Cursor::new(bytes),
            row,
            columns: vec![Vec::new(); self.columns.len()],
            plan: self,
        };
        let done = walk
            .node(&self.root)
            .and_then(|()| match walk.cursor.left() {
                0 => Ok(()),
                left => Err(Failure::from(Malformed::LeftOver(left))),
            });
        done.map_err(|failure| DecodeError {
            at: walk.cursor.at(),
            len: bytes.len(),
            field: failure.path(),
            kind: failure.kind,
        })
    }
}

struct Walk<'a> {
    cursor: Cursor<'a>,
    row: &'a mut Row,
    columns: Vec<Vec<u64>>,
    plan: &'a RawPlan,
}

/// What went wrong, with the names of the fields around it from the inside out.
struct Failure {
    kind: Malformed,
    within: Vec<String>,
}

impl From<Malformed> for Failure {
    fn from(kind: Malformed) -> Self {
        Failure {
            kind,
            within: Vec::new(),
        }
    }
}

impl Failure {
    fn within(mut self, name: &str) -> Self {
        self.within.push(name.to_owned());
        self
    }

    fn path(&self) -> String {
        let names: Vec<&str> = self.within.iter().rev().map(String::as_str).collect();
        names.join(".")
    }
}

impl Walk<'_> {
    fn node(&mut self, node: &Node) -> Result<(), Failure> {
        match node {
            Node::Skip(skip) => Ok(pass(&mut self.cursor, skip)?),
            Node::Leaf { target, kind } => Ok(self.leaf(*target, kind)?),
            Node::Record(fields) => {
                for (name, field) in fields {
                    self.node(field).map_err(|failure| failure.within(name))?;
                }
                Ok(())
            }
            Node::Union(branches) => {
                let branch = self.cursor.branch(branches.len())?;
                self.node(&branches[branch])
            }
            Node::Array {
                item,
                least_bytes,
                columns,
            } => self.array(item, *least_bytes, columns),
            Node::Map {
                keys,
                rest,
                least_bytes,
            } => self.map(keys, rest, *least_bytes),
        }
    }

    fn array(
        &mut self,
        item: &Node,
        least_bytes: usize,
        columns: &[(usize, usize)],
    ) -> Result<(), Failure> {
        while let Some(block) = self.cursor.block(least_bytes)? {
            let begin = self.cursor.at();
            for _ in 0..block.items {
                // Every item has its place in every column: null until a value is read.
                for (column, _) in columns {
                    let null = self.plan.columns[*column].null_word();
                    self.columns[*column].push(null);
                }
                self.node(item)?;
            }
            block.check(self.cursor.at() - begin)?;
        }
        for (column, field) in columns {
            self.row.set_list(*field, self.columns[*column].drain(..));
        }
        Ok(())
    }

    fn map(
        &mut self,
        keys: &[(String, Node)],
        rest: &Skip,
        least_bytes: usize,
    ) -> Result<(), Failure> {
        while let Some(block) = self.cursor.block(least_bytes)? {
            let begin = self.cursor.at();
            for _ in 0..block.items {
                let key = self.cursor.run()?;
                match keys.iter().find(|(wanted, _)| wanted.as_bytes() == key) {
                    Some((name, node)) => {
                        self.node(node).map_err(|failure| failure.within(name))?;
                    }
                    None => pass(&mut self.cursor, rest)?,
                }
            }
            block.check(self.cursor.at() - begin)?;
        }
        Ok(())
    }

    fn leaf(&mut self, target: Target, kind: &Leaf) -> Result<(), Malformed> {
        let word = match kind {
            Leaf::Bool => u64::from(self.cursor.boolean()?),
            Leaf::Integer => self.cursor.integer()? as u64,
            Leaf::Float => f64::from(self.cursor.float()?).to_bits(),
            Leaf::Double => self.cursor.double()?.to_bits(),
            Leaf::Str => {
                let text = self.cursor.text()?;
                self.row.push_bytes(text.as_bytes())
            }
            Leaf::Bytes => {
                let run = self.cursor.run()?;
                self.row.push_bytes(run)
            }
            Leaf::Fixed(size) => {
                let run = self.cursor.take(*size)?;
                self.row.push_bytes(run)
            }
            Leaf::Enum(symbols) => {
                let index = self.cursor.integer()?;
                let symbol = usize::try_from(index).ok().and_then(|i| symbols.get(i));
                let symbol = symbol.ok_or(Malformed::NoSuchSymbol {
                    index,
                    symbols: symbols.len(),
                })?;
                self.row.push_bytes(symbol.as_bytes())
            }
        };
        match target {
            Target::Field(field) => self.row.set_word(field, word),
            Target::Column(column) => {
                if let Some(newest) = self.columns[column].last_mut() {
                    *newest = word;
                }
            }
        }
        Ok(())
    }
}

/// Passes over a value without reading it.
pub(super) fn pass(cursor: &mut Cursor<'_>, skip: &Skip) -> Result<(), Malformed> {
    match skip {
        Skip::Fixed(len) => cursor.take(*len).map(drop),
        Skip::Bool => cursor.boolean().map(drop),
        Skip::Integer => cursor.integer().map(drop),
        Skip::Run => cursor.run().map(drop),
        Skip::Enum(symbols) => {
            let index = cursor.integer()?;
            if usize::try_from(index).is_ok_and(|chosen| chosen < *symbols) {
                Ok(())
            } else {
                Err(Malformed::NoSuchSymbol {
                    index,
                    symbols: *symbols,
                })
            }
        }
        Skip::Union(branches) => {
            let branch = cursor.branch(branches.len())?;
            pass(cursor, &branches[branch])
        }
        Skip::Sequence(steps) => steps.iter().try_for_each(|step| pass(cursor, step)),
        Skip::Array { item, least_bytes } => {
            while let Some(block) = cursor.block(*least_bytes)? {
                match block.bytes {
                    Some(bytes) => drop(cursor.take(bytes)?),
                    None => (0..block.items).try_for_each(|_| pass(cursor, item))?,
                }
            }
            Ok(())
        }
        Skip::Map { value, least_bytes } => {
            while let Some(block) = cursor.block(*least_bytes)? {
                match block.bytes {
                    Some(bytes) => drop(cursor.take(bytes)?),
                    None => (0..block.items).try_for_each(|_| {
                        cursor.run()?;
                        pass(cursor, value)
                    })?,
                }
            }
            Ok(())
        }
    }
}

impl Scalar {
    /// The word that stands for a null element of a list.
    fn null_word(self) -> u64 {
        use super::super::FieldType;
        match self {
            Scalar::Bool => FieldType::Bool,
            Scalar::I64 => FieldType::I64,
            Scalar::F64 => FieldType::F64,
            Scalar::Str => FieldType::Str,
        }
        .null_word()
    }
}
