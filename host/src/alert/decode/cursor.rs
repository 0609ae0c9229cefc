//! A place in a packet, and the Avro primitives that can be read there.

use super::error::Malformed;

/// Reads forward through the bytes, never past their end.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Cursor { bytes, at: 0 }
    }

    pub fn at(&self) -> usize {
        self.at
    }

    /// Of all the bytes, passed and to come.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// What is to come.
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// Goes to a place that was passed, or is known to be there.
    pub fn go(&mut self, at: usize) {
        self.at = at;
    }

    /// The next `len` bytes, borrowed: nothing is allocated on the word of a length.
    #[inline]
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        if len > self.left() {
            return Err(Malformed::Truncated {
                needed: (len - self.left()) as u64,
            });
        }
        let taken = &self.bytes[self.at..self.at + len];
        self.at += len;
        Ok(taken)
    }

    pub fn byte(&mut self) -> Result<u8, Malformed> {
        Ok(self.take(1)?[0])
    }

    /// A zigzag varint of at most ten bytes. Most are lengths and branches of one byte.
    #[inline]
    pub fn integer(&mut self) -> Result<i64, Malformed> {
        match self.bytes.get(self.at) {
            Some(&byte) if byte < 0x80 => {
                self.at += 1;
                Ok(unzigzag(u64::from(byte)))
            }
            _ => self.long_integer(),
        }
    }

    fn long_integer(&mut self) -> Result<i64, Malformed> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(Malformed::LongNumber);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(unzigzag(value));
            }
        }
        Err(Malformed::LongNumber)
    }

    pub fn float(&mut self) -> Result<f32, Malformed> {
        let bytes = self.take(4)?;
        Ok(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    pub fn double(&mut self) -> Result<f64, Malformed> {
        let mut word = [0; 8];
        word.copy_from_slice(self.take(8)?);
        Ok(f64::from_le_bytes(word))
    }

    pub fn boolean(&mut self) -> Result<bool, Malformed> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Malformed::NotABoolean(other)),
        }
    }

    /// A length-prefixed run of bytes (`bytes`, `string`).
    pub fn run(&mut self) -> Result<&'a [u8], Malformed> {
        let len = self.integer()?;
        let len = usize::try_from(len).map_err(|_| Malformed::NegativeLength(len))?;
        self.take(len)
    }

    pub fn text(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.run()?).map_err(|_| Malformed::NotUtf8)
    }

    /// The branch of a union.
    #[inline]
    pub fn branch(&mut self, branches: usize) -> Result<usize, Malformed> {
        let index = self.integer()?;
        usize::try_from(index)
            .ok()
            .filter(|chosen| *chosen < branches)
            .ok_or(Malformed::NoSuchBranch { index, branches })
    }

    /// The size of the next block of an array or map: how many items, each of at least
    /// `least_bytes`; and, where the writer said so, in how many bytes. None at the end.
    pub fn block(&mut self, least_bytes: usize) -> Result<Option<Block>, Malformed> {
        let count = self.integer()?;
        if count == 0 {
            return Ok(None);
        }
        let bytes = if count < 0 {
            let bytes = self.integer()?;
            let len = usize::try_from(bytes).map_err(|_| Malformed::NegativeLength(bytes))?;
            if len > self.left() {
                return Err(Malformed::Truncated {
                    needed: (len - self.left()) as u64,
                });
            }
            Some(len)
        } else {
            None
        };
        let items = count.unsigned_abs();
        // Items of no bytes at all could be claimed without end; no alert has any.
        if items > (self.left() / least_bytes.max(1)) as u64 {
            return Err(Malformed::TooManyItems { claimed: items });
        }
        Ok(Some(Block {
            items: items as usize,
            bytes,
        }))
    }
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

pub(super) struct Block {
    pub items: usize,
    pub bytes: Option<usize>,
}

impl Block {
    /// A block that is passed over by its length must be the same when it is read item by item:
    /// what an alert says may not depend on who asks.
    pub fn check(&self, read: usize) -> Result<(), Malformed> {
        match self.bytes {
            Some(claimed) if claimed != read => Err(Malformed::BlockLength { claimed, read }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zigzag_integers_reach_both_ends() {
        let cases: [(&[u8], i64); 5] = [
            (&[0], 0),
            (&[1], -1),
            (&[0x80, 0x01], 64),
            (
                &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
                i64::MAX,
            ),
            (
                &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
                i64::MIN,
            ),
        ];
        for (bytes, value) in cases {
            assert_eq!(Cursor::new(bytes).integer(), Ok(value));
        }
        let too_long = [0xff; 11];
        assert_eq!(Cursor::new(&too_long).integer(), Err(Malformed::LongNumber));
        let too_big = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
        assert_eq!(Cursor::new(&too_big).integer(), Err(Malformed::LongNumber));
    }

    #[test]
    fn a_length_is_believed_only_as_far_as_the_bytes_reach() {
        // 2^40 bytes, announced by six.
        let bytes = [0x80, 0x80, 0x80, 0x80, 0x80, 0x40];
        assert!(matches!(
            Cursor::new(&bytes).run(),
            Err(Malformed::Truncated { needed }) if needed == 1 << 40
        ));
    }
}
