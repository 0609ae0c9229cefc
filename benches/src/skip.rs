//! The bare skip: what finding the end of a packet costs at least.
//!
//! Straight steps, made once from the schema; nothing is checked but what the language checks, and
//! nothing is said of what is wrong. Whatever reads a field has to be compared to this.

use apache_avro::Schema;
use skysieve::alert::decode::Shape;

/// Walks over data of one schema.
pub struct BareSkip(Vec<Step>);

enum Step {
    Fixed(usize),
    Varint,
    Run,
    /// A value of fixed size or null: the byte of the null branch, and the size.
    Nullable(u8, usize),
    /// A varint or null.
    NullableVarint(u8),
    /// A text or null.
    NullableRun(u8),
    Union(Vec<Vec<Step>>),
    Array(Vec<Step>),
    Map(Vec<Step>),
}

impl BareSkip {
    /// # Panics
    /// Where the key is no schema.
    pub fn new(key: &[u8]) -> Self {
        let text = std::str::from_utf8(key).expect("a key is text");
        let schema = Schema::parse_str(text).expect("a schema");
        let shape = Shape::from_avro(&schema).expect("an alert's schema");
        let mut steps = Vec::new();
        compile(&shape, &mut steps);
        BareSkip(steps)
    }

    /// The length of the datum.
    ///
    /// # Panics
    /// Where the bytes are none.
    pub fn measure(&self, bytes: &[u8]) -> usize {
        walk(&self.0, bytes, 0)
    }
}

fn compile(shape: &Shape, steps: &mut Vec<Step>) {
    let within = |shape: &Shape| {
        let mut steps = Vec::new();
        compile(shape, &mut steps);
        steps
    };
    let step = match shape {
        Shape::Null => return,
        Shape::Record(fields) => {
            return fields.iter().for_each(|(_, field)| compile(field, steps));
        }
        Shape::Bool => Step::Fixed(1),
        Shape::Float => Step::Fixed(4),
        Shape::Double => Step::Fixed(8),
        Shape::Fixed(size) => Step::Fixed(*size),
        Shape::Integer | Shape::Enum(_) => Step::Varint,
        Shape::Bytes | Shape::Str => Step::Run,
        Shape::Array(item) => Step::Array(within(item)),
        Shape::Map(value) => Step::Map(within(value)),
        Shape::Union(branches) => {
            let null = branches.iter().position(|b| matches!(b, Shape::Null));
            let mut compiled: Vec<_> = branches.iter().map(within).collect();
            match null {
                Some(null) if branches.len() == 2 => {
                    let byte = 2 * null as u8;
                    match compiled[1 - null].as_slice() {
                        [Step::Fixed(size)] => Step::Nullable(byte, *size),
                        [Step::Varint] => Step::NullableVarint(byte),
                        [Step::Run] => Step::NullableRun(byte),
                        _ => Step::Union(std::mem::take(&mut compiled)),
                    }
                }
                _ => Step::Union(compiled),
            }
        }
    };
    match (steps.last_mut(), step) {
        (Some(Step::Fixed(run)), Step::Fixed(more)) => *run += more,
        (_, step) => steps.push(step),
    }
}

fn walk(steps: &[Step], bytes: &[u8], mut at: usize) -> usize {
    for step in steps {
        match step {
            Step::Fixed(size) => at += size,
            Step::Varint => at = varint(bytes, at),
            Step::Run => at = run(bytes, at),
            Step::Nullable(null, size) => {
                at += 1 + if bytes[at] == *null { 0 } else { *size };
            }
            Step::NullableVarint(null) => {
                let is_null = bytes[at] == *null;
                at = if is_null {
                    at + 1
                } else {
                    varint(bytes, at + 1)
                };
            }
            Step::NullableRun(null) => {
                let is_null = bytes[at] == *null;
                at = if is_null { at + 1 } else { run(bytes, at + 1) };
            }
            Step::Union(branches) => {
                let branch = usize::from(bytes[at] >> 1);
                at = walk(&branches[branch], bytes, at + 1);
            }
            Step::Array(item) => at = blocks(bytes, at, |at| walk(item, bytes, at)),
            Step::Map(value) => at = blocks(bytes, at, |at| walk(value, bytes, run(bytes, at))),
        }
    }
    at
}

fn blocks(bytes: &[u8], mut at: usize, item: impl Fn(usize) -> usize) -> usize {
    loop {
        let (count, items) = number(bytes, at);
        at = items;
        match count {
            0 => return at,
            1.. => at = (0..count).fold(at, |at, _| item(at)),
            _ => {
                let (size, items) = number(bytes, at);
                at = items + size as usize;
            }
        }
    }
}

fn varint(bytes: &[u8], mut at: usize) -> usize {
    while bytes[at] >= 0x80 {
        at += 1;
    }
    at + 1
}

fn run(bytes: &[u8], at: usize) -> usize {
    let (size, content) = number(bytes, at);
    content + size as usize
}

fn number(bytes: &[u8], mut at: usize) -> (i64, usize) {
    let (mut value, mut shift) = (0_u64, 0);
    loop {
        value |= u64::from(bytes[at] & 0x7f) << shift;
        at += 1;
        if bytes[at - 1] < 0x80 {
            return ((value >> 1) as i64 ^ -((value & 1) as i64), at);
        }
        shift += 7;
    }
}
