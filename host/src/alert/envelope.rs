//! What a message is, told by its bytes: where its datum lies, and how its schema is named.

use bytes::Bytes;

use super::decode::{Container, ContainerError, MAGIC};

/// The ways in which alerts travel.
#[derive(Debug)]
pub enum Envelope<'a> {
    /// Fink's livestream: the key is the writer's schema, the value a bare datum.
    Livestream,
    /// Fink's older streams and its data transfers: the key names the schema, the value is a bare
    /// datum.
    Named(&'a str),
    /// ZTF to the brokers: the value is an object container, which has its schema within.
    Container(Container),
    /// LSST to the brokers, in Confluent's wire format: a zero byte, the schema's number, a datum.
    Framed(Frame),
}

/// A value in Confluent's wire format.
#[derive(Debug)]
pub struct Frame {
    /// 100 times the schema's major version plus the minor one.
    pub id: u32,
    pub datum: Bytes,
}

/// Why a message is none of these.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum EnvelopeError {
    #[error(
        "the message has no key, and its value is neither an object container nor framed for a schema registry; Fink's livestream carries the Avro schema in the key"
    )]
    NoKey,
    #[error("the key is not UTF-8")]
    NotText,
    #[error(transparent)]
    Container(#[from] ContainerError),
}

/// A zero byte and four for the number.
const FRAME_BYTES: usize = 5;

impl<'a> Envelope<'a> {
    /// Looks at the first bytes of key and value.
    ///
    /// # Errors
    /// Where they begin like nothing that is known, or like a container and are none.
    pub fn of(key: &'a Bytes, value: &Bytes) -> Result<Self, EnvelopeError> {
        if key.trim_ascii_start().starts_with(b"{") {
            return Ok(Envelope::Livestream);
        }
        // No datum of an alert begins so: as a number it is -40, as a union's branch there is none.
        if value.starts_with(MAGIC) {
            return Ok(Envelope::Container(Container::open(value)?));
        }
        if key.is_empty() {
            let frame = Frame::of(value).ok_or(EnvelopeError::NoKey)?;
            return Ok(Envelope::Framed(frame));
        }
        let name = std::str::from_utf8(key).map_err(|_| EnvelopeError::NotText)?;
        Ok(Envelope::Named(name))
    }
}

/// 100 times the major version plus the minor one: LSST's were v7.0 to v11.1 by 2026. A bare datum of
/// Fink's begins with a zero byte too, and its next four read as a number far beyond.
const NUMBERS: std::ops::RangeInclusive<u32> = 100..=9_999;

/// The number of the schema, if the value is framed.
pub fn framed_number(value: &[u8]) -> Option<u32> {
    let [0, id @ ..] = *value.first_chunk::<FRAME_BYTES>()? else {
        return None;
    };
    Some(u32::from_be_bytes(id)).filter(|id| NUMBERS.contains(id))
}

impl Frame {
    fn of(value: &Bytes) -> Option<Self> {
        Some(Frame {
            id: framed_number(value)?,
            datum: value.slice(FRAME_BYTES..),
        })
    }

    /// The schema's version: major, minor.
    pub fn version(&self) -> (u32, u32) {
        (self.id / 100, self.id % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'a>(key: &'a Bytes, value: &'static [u8]) -> Result<Envelope<'a>, EnvelopeError> {
        Envelope::of(key, &Bytes::from_static(value))
    }

    #[test]
    fn the_bytes_say_what_a_message_is() {
        let (none, schema, name) = (
            Bytes::new(),
            Bytes::from_static(b" {\"type\": \"record\"}"),
            Bytes::from_static(b"2.7_3.10.1"),
        );
        // A livestream's datum may begin with any byte: its key decides.
        for value in [&b"\0\0\0\x03\xe8"[..], b"Obj\x01", b""] {
            assert!(matches!(of(&schema, value), Ok(Envelope::Livestream)));
        }
        // Under a name, a zero byte is the first branch of a union.
        let named = of(&name, b"\0\0\0\x03\xe8datum").unwrap();
        assert!(matches!(named, Envelope::Named("2.7_3.10.1")));
        let Ok(Envelope::Framed(frame)) = of(&none, b"\0\0\0\x03\xe8datum") else {
            panic!("not framed")
        };
        assert_eq!(
            (frame.version(), &frame.datum[..]),
            ((10, 0), &b"datum"[..])
        );
        for (value, error) in [
            (&b"\0\0\0\x03"[..], EnvelopeError::NoKey),
            (b"\x02datum", EnvelopeError::NoKey),
            (b"", EnvelopeError::NoKey),
        ] {
            assert_eq!(of(&none, value).unwrap_err(), error);
        }
        let cut = of(&none, b"Obj\x01\x02").unwrap_err();
        assert!(cut.to_string().contains("header is damaged"), "{cut}");
        let bytes = Bytes::from_static(&[0xff, 0xfe]);
        assert_eq!(of(&bytes, b"x").unwrap_err(), EnvelopeError::NotText);
    }
}
