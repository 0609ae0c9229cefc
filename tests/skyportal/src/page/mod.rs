//! The page for people (being written).
use crate::state::Rows;
pub const SHOWN: usize = 60;
pub fn document(rows: &Rows, limit: usize) -> String { cards(rows, limit) }
pub fn cards(rows: &Rows, _limit: usize) -> String { rows.summary() }
pub fn fingerprint(text: &str) -> u64 { text.bytes().fold(0, |hash: u64, byte| hash.wrapping_mul(31) + u64::from(byte)) }
