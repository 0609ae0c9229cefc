//! Where the values of a flat record lie, recognised again in the next one.
//!
//! The rows of a light curve differ in their values, and hardly ever in where these lie. A few bytes
//! of a row decide that: the branches of its unions, the lengths of its texts, the ends of its
//! varints. A row whose deciding bytes are those of an earlier one has the same layout, and is as
//! sound: one comparison under a mask, instead of a walk from cell to cell.

use super::cell::Kind;
use super::cursor::Cursor;
use super::error::Malformed;
use super::plan::Table;

/// More layouts than this in one array are not worth looking for.
const MAX_LAYOUTS: usize = 8;

/// Rows of fewer cells are walked as fast; longer ones than this many bytes are no measurement.
const MIN_CELLS: usize = 8;
const MAX_BYTES: usize = 4096;

/// Bytes that are compared at once.
const LANE: usize = 64;

/// The layouts of one array's rows.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Layouts {
    /// Those beyond `used` are of earlier arrays, kept for their memory.
    layouts: Vec<Layout>,
    used: usize,
    newest: usize,
}

/// Only notes: two rows are equal whatever the decoder noted on its way.
impl PartialEq for Layouts {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// The layout of one row.
#[derive(Clone, Debug, Default)]
struct Layout {
    /// Bytes of the row.
    len: usize,
    lanes: Vec<Lane>,
    /// Where the value of each cell with a target begins; none where it is null.
    places: Vec<Option<u16>>,
}

/// What decides, and what it must be. Behind the row's end nothing does.
#[derive(Clone, Copy, Debug)]
struct Lane {
    mask: [u8; LANE],
    value: [u8; LANE],
}

impl Layouts {
    /// Forgets all: another array begins.
    pub fn begin(&mut self) {
        self.used = 0;
        self.newest = 0;
    }

    /// The length of the row that the bytes begin with, if its layout is one of those noted.
    #[inline]
    pub(super) fn recognise(&mut self, bytes: &[u8]) -> Option<usize> {
        let known = &self.layouts[..self.used];
        if !known.get(self.newest)?.fits(bytes) {
            self.newest = known.iter().position(|layout| layout.fits(bytes))?;
        }
        Some(known[self.newest].len)
    }

    /// Where, in the row that was recognised last, the value of a cell that is asked for begins; none
    /// where it is null.
    #[inline]
    pub(super) fn place(&self, asked: usize) -> Option<usize> {
        self.layouts[self.newest].places[asked].map(usize::from)
    }

    /// Notes the layout of a row that was walked.
    pub(super) fn note(&mut self, table: &Table, row: &[u8]) {
        if self.used == MAX_LAYOUTS || table.cells.len() < MIN_CELLS || row.len() > MAX_BYTES {
            return;
        }
        if self.used == self.layouts.len() {
            self.layouts.push(Layout::default());
        }
        if self.layouts[self.used].learn(table, row).is_ok() {
            self.newest = self.used;
            self.used += 1;
        }
    }
}

impl Layout {
    fn fits(&self, bytes: &[u8]) -> bool {
        let (given, _) = bytes.as_chunks::<LANE>();
        given.len() >= self.lanes.len()
            && self
                .lanes
                .iter()
                .zip(given)
                .all(|(lane, given)| lane.fits(given))
    }

    /// The row was walked, so it is sound: an error here cannot be.
    fn learn(&mut self, table: &Table, row: &[u8]) -> Result<(), Malformed> {
        self.len = row.len();
        self.places.clear();
        self.lanes.clear();
        self.lanes
            .resize(row.len().div_ceil(LANE), Lane::INDIFFERENT);
        let mut cursor = Cursor::new(row);
        if table.row_branch.is_some() {
            cursor.branch(2)?;
            self.decide(row, 0..cursor.at(), 0xff);
        }
        for cell in &table.cells {
            let begin = cursor.at();
            let has_value = cell.has_value(&mut cursor)?;
            self.decide(row, begin..cursor.at(), 0xff);
            let value = cursor.at();
            if cell.target.is_some() {
                // It fits: a row has at most MAX_BYTES.
                self.places.push(has_value.then_some(value as u16));
            }
            if has_value {
                self.learn_value(&cell.kind, &mut cursor, row)?;
            }
        }
        Ok(())
    }

    fn learn_value(
        &mut self,
        kind: &Kind,
        cursor: &mut Cursor<'_>,
        row: &[u8],
    ) -> Result<(), Malformed> {
        let begin = cursor.at();
        match kind {
            Kind::Float | Kind::Double | Kind::Fixed(_) => kind.pass(cursor)?,
            // 0 or 1.
            Kind::Bool => {
                kind.pass(cursor)?;
                self.decide(row, begin..begin + 1, 0xfe);
            }
            // Each byte says whether another follows; the tenth has room for one bit.
            Kind::Integer => {
                kind.pass(cursor)?;
                self.decide(row, begin..cursor.at(), 0x80);
                self.decide(row, cursor.at().min(begin + 9)..cursor.at(), 0xff);
            }
            Kind::Str | Kind::Bytes => {
                cursor.integer()?;
                let content = cursor.at();
                self.decide(row, begin..content, 0xff);
                cursor.go(begin);
                kind.pass(cursor)?;
            }
            Kind::Enum(_) => {
                kind.pass(cursor)?;
                self.decide(row, begin..cursor.at(), 0xff);
            }
        }
        Ok(())
    }

    /// The masked bits of these bytes of the row decide.
    fn decide(&mut self, row: &[u8], bytes: std::ops::Range<usize>, mask: u8) {
        for at in bytes {
            let lane = &mut self.lanes[at / LANE];
            lane.mask[at % LANE] = mask;
            lane.value[at % LANE] = row[at] & mask;
        }
    }
}

impl Lane {
    const INDIFFERENT: Lane = Lane {
        mask: [0; LANE],
        value: [0; LANE],
    };

    /// Written so that the compiler makes a few wide instructions of it.
    #[inline]
    fn fits(&self, given: &[u8; LANE]) -> bool {
        let mut differing = 0;
        for ((given, mask), value) in given.iter().zip(&self.mask).zip(&self.value) {
            differing |= (given & mask) ^ value;
        }
        differing == 0
    }
}
