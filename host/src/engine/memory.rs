//! Checked reads of a guest's memory: no pointer or length of a guest is believed.

use super::exports::Export;
use super::fault::Fault;

/// A pointer and a length as they travel in one 64-bit word: the pointer is the low half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub ptr: u32,
    pub len: u32,
}

impl Span {
    pub fn from_word(word: u64) -> Self {
        Span {
            ptr: word as u32,
            len: (word >> 32) as u32,
        }
    }
}

/// The bytes of a span, if all of it lies in the memory.
pub(super) fn bytes(memory: &[u8], export: Export, span: Span) -> Result<&[u8], Fault> {
    let range = || {
        let start = usize::try_from(span.ptr).ok()?;
        let end = start.checked_add(usize::try_from(span.len).ok()?)?;
        memory.get(start..end)
    };
    range().ok_or(Fault::BadPointer {
        export,
        ptr: span.ptr,
        len: span.len,
        memory: memory.len(),
    })
}

/// The same of an output, which is capped besides.
pub(super) fn output(
    memory: &[u8],
    export: Export,
    span: Span,
    limit: usize,
) -> Result<&[u8], Fault> {
    let found = bytes(memory, export, span)?;
    if found.len() > limit {
        return Err(Fault::OutputTooLong {
            export,
            len: found.len(),
            limit,
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_must_lie_in_the_memory() {
        let memory = [7_u8; 16];
        let read = |ptr, len| bytes(&memory, Export::Map, Span { ptr, len });
        assert_eq!(read(4, 4).unwrap(), &[7; 4]);
        assert_eq!(read(16, 0).unwrap(), &[] as &[u8]);
        for (ptr, len) in [
            (16, 1),
            (17, 0),
            (0, 17),
            (u32::MAX, u32::MAX),
            (8, u32::MAX),
        ] {
            let fault = read(ptr, len).unwrap_err();
            assert!(
                matches!(fault, Fault::BadPointer { memory: 16, .. }),
                "{fault}"
            );
        }
    }
}
