//! The walk: one pass through a datum, guided by a plan.

use super::super::Row;
use super::cell::{Cell, Kind, Target, symbol};
use super::cursor::{Block, Cursor};
use super::error::{DecodeError, Malformed};
use super::layout::Layouts;
use super::plan::{Array, Column, Map, Node, Part, RawPlan, Table};

impl RawPlan {
    /// Reads the planned fields of one datum into `row`.
    ///
    /// # Errors
    /// Where the bytes are not a datum of the plan's schema, to the last byte.
    pub fn read(&self, bytes: &[u8], row: &mut Row) -> Result<(), DecodeError> {
        row.reset(self.types.iter().copied());
        match self.root.measure(bytes, row)? {
            len if len == bytes.len() => Ok(()),
            len => Err(DecodeError {
                at: len,
                len: bytes.len(),
                field: String::new(),
                kind: Malformed::LeftOver(bytes.len() - len),
            }),
        }
    }
}

impl Node {
    /// Reads the datum that the bytes begin with; returns its length.
    pub(super) fn measure(&self, bytes: &[u8], row: &mut Row) -> Result<usize, DecodeError> {
        let layouts = std::mem::take(&mut row.layouts);
        let mut walk = Walk {
            cursor: Cursor::new(bytes),
            row,
            layouts,
            lists: Lists::default(),
        };
        let done = walk.node(self);
        let at = walk.cursor.at();
        let layouts = std::mem::take(&mut walk.layouts);
        row.layouts = layouts;
        done.map(|()| at).map_err(|failure| DecodeError {
            at,
            len: bytes.len(),
            field: failure.path(),
            kind: failure.kind,
        })
    }
}

struct Walk<'a> {
    cursor: Cursor<'a>,
    row: &'a mut Row,
    layouts: Layouts,
    lists: Lists,
}

/// The lists of the array that is being walked, side by side in the row's heap.
#[derive(Default)]
struct Lists {
    /// Where the first begins, in words.
    begin: usize,
    /// Words that each has room for.
    room: usize,
    /// Items that were begun.
    items: usize,
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
    fn within(mut self, name: Option<&String>) -> Self {
        self.within.extend(name.cloned());
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
            Node::Cell(cell) => Ok(self.cell(cell)?),
            Node::Record(parts) => parts.iter().try_for_each(|part| match part {
                Part::Cells { names, cells } => self.cells(names, cells),
                Part::Field { name, node } => self
                    .node(node)
                    .map_err(|failure| failure.within(Some(name))),
            }),
            Node::Union(branches) => {
                let branch = self.cursor.branch(branches.len())?;
                self.node(&branches[branch])
            }
            Node::Array(array) => self.array(array),
            Node::Table(table) => self.table(table),
            Node::Map(map) => self.map(map),
        }
    }

    /// A run of scalars. `names` are theirs, or nobody's.
    fn cells(&mut self, names: &[String], cells: &[Cell]) -> Result<(), Failure> {
        for (number, cell) in cells.iter().enumerate() {
            if let Err(kind) = self.cell(cell) {
                return Err(Failure::from(kind).within(names.get(number)));
            }
        }
        Ok(())
    }

    #[inline]
    fn cell(&mut self, cell: &Cell) -> Result<(), Malformed> {
        if !cell.has_value(&mut self.cursor)? {
            return Ok(());
        }
        match cell.target {
            None => cell.kind.pass(&mut self.cursor),
            Some(target) => self.read(&cell.kind, target),
        }
    }

    fn read(&mut self, kind: &Kind, target: Target) -> Result<(), Malformed> {
        let cursor = &mut self.cursor;
        let word = match kind {
            Kind::Bool => u64::from(cursor.boolean()?),
            Kind::Integer => cursor.integer()? as u64,
            Kind::Float => f64::from(cursor.float()?).to_bits(),
            Kind::Double => cursor.double()?.to_bits(),
            Kind::Str => self.row.push_bytes(cursor.text()?.as_bytes()),
            Kind::Bytes => self.row.push_bytes(cursor.run()?),
            Kind::Fixed(size) => self.row.push_bytes(cursor.take(*size)?),
            Kind::Enum(symbols) => self.row.push_bytes(symbol(cursor, symbols)?.as_bytes()),
        };
        match target {
            Target::Field(field) => self.row.set_word(field, word),
            Target::Column(column) => {
                let list = self.lists.begin + column * self.lists.room;
                self.row.set_element(list + self.lists.items - 1, word);
            }
        }
        Ok(())
    }

    fn array(&mut self, array: &Array) -> Result<(), Failure> {
        let around = std::mem::take(&mut self.lists);
        while let Some(block) = self.cursor.block(array.least_bytes)? {
            if self.pass_block(&block, &array.columns)? {
                continue;
            }
            let begin = self.cursor.at();
            self.make_room(block.items, &array.columns)?;
            for _ in 0..block.items {
                self.lists.items += 1;
                self.node(&array.item)?;
            }
            block.check(self.cursor.at() - begin)?;
        }
        self.end_lists(&array.columns);
        self.lists = around;
        Ok(())
    }

    /// An array of flat records, or of scalars.
    fn table(&mut self, table: &Table) -> Result<(), Failure> {
        let around = std::mem::take(&mut self.lists);
        self.layouts.begin();
        while let Some(block) = self.cursor.block(table.least_bytes)? {
            if self.pass_block(&block, &table.columns)? {
                continue;
            }
            let begin = self.cursor.at();
            match table.row_bytes {
                Some(size) if table.columns.is_empty() => {
                    self.cursor.take(size.saturating_mul(block.items))?;
                }
                _ => {
                    self.make_room(block.items, &table.columns)?;
                    for _ in 0..block.items {
                        self.lists.items += 1;
                        self.table_row(table)?;
                    }
                }
            }
            block.check(self.cursor.at() - begin)?;
        }
        self.end_lists(&table.columns);
        self.lists = around;
        Ok(())
    }

    fn table_row(&mut self, table: &Table) -> Result<(), Failure> {
        let begin = self.cursor.at();
        let Some(len) = self.layouts.recognise(self.cursor.rest()) else {
            if let Some(row) = table.row_branch
                && self.cursor.branch(2)? != row
            {
                return Ok(());
            }
            self.cells(&table.names, &table.cells)?;
            let end = self.cursor.at();
            self.cursor.go(begin);
            let row = self.cursor.take(end - begin)?;
            self.layouts.note(table, row);
            return Ok(());
        };
        for (asked, &number) in table.asked.iter().enumerate() {
            let cell = &table.cells[number];
            let place = self.layouts.place(asked);
            if let (Some(place), Some(target)) = (place, cell.target) {
                self.cursor.go(begin + place);
                self.read(&cell.kind, target)
                    .map_err(|kind| Failure::from(kind).within(table.names.get(number)))?;
            }
        }
        self.cursor.go(begin + len);
        Ok(())
    }

    /// Passes over a block by its length, where the writer said it and nobody asked for a column.
    fn pass_block(&mut self, block: &Block, columns: &[Column]) -> Result<bool, Malformed> {
        match block.bytes {
            Some(bytes) if columns.is_empty() => {
                self.cursor.take(bytes)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Every item has its place in every list: null until a value is read. A cell takes a byte at least
    /// of each item that is not null itself, so that honest lists have no more words than the packet
    /// has bytes.
    fn make_room(&mut self, more: usize, columns: &[Column]) -> Result<(), Malformed> {
        let Lists { begin, room, items } = self.lists;
        if columns.is_empty() || items + more <= room {
            return Ok(());
        }
        if (items + more).saturating_mul(columns.len()) > self.cursor.len() {
            let claimed = (items + more) as u64;
            return Err(Malformed::TooManyItems { claimed });
        }
        // Many small blocks must not be moved again with each of them.
        let room_now = (items + more).max(2 * room);
        for (number, column) in columns.iter().enumerate() {
            let list = self.row.reserve_list(room_now, column.null);
            if number == 0 {
                self.lists.begin = list;
            }
            self.row.move_elements(begin + number * room, items, list);
        }
        self.lists.room = room_now;
        Ok(())
    }

    fn end_lists(&mut self, columns: &[Column]) {
        let Lists { begin, room, items } = self.lists;
        for (number, column) in columns.iter().enumerate() {
            self.row
                .set_reserved(column.field, begin + number * room, items);
        }
    }

    fn map(&mut self, map: &Map) -> Result<(), Failure> {
        while let Some(block) = self.cursor.block(map.least_bytes)? {
            match block.bytes {
                Some(bytes) if map.keys.is_empty() => {
                    self.cursor.take(bytes)?;
                    continue;
                }
                _ => {}
            }
            let begin = self.cursor.at();
            for _ in 0..block.items {
                let key = self.cursor.run()?;
                match map.keys.iter().find(|(name, _)| name.as_bytes() == key) {
                    Some((name, node)) => self
                        .node(node)
                        .map_err(|failure| failure.within(Some(name)))?,
                    None => self.node(&map.rest)?,
                }
            }
            block.check(self.cursor.at() - begin)?;
        }
        Ok(())
    }
}
