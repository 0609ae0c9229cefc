//! The three images of an alert: FITS, gzipped on ZTF.

use std::io::Read;

use flate2::read::GzDecoder;

use super::derived::Stamp;
use super::slot::Slot;
use super::{FieldType, Row, Survey};

/// An LSST cutout is at most some hundred kilobytes; a gzip bomb is more.
const MAX_BYTES: u64 = 8 << 20;
const BLOCK: usize = 2880;
const CARD: usize = 80;

/// Where the bytes of one image stand.
#[derive(Debug)]
pub(super) struct CutoutColumns {
    bytes: Slot,
}

impl CutoutColumns {
    pub fn resolve(
        survey: Survey,
        stamp: Stamp,
        want: &mut dyn FnMut(&'static str, FieldType) -> Slot,
    ) -> Self {
        let path = match (survey, stamp) {
            (Survey::Ztf, Stamp::Science) => "cutoutScience.stampData",
            (Survey::Ztf, Stamp::Template) => "cutoutTemplate.stampData",
            (Survey::Ztf, Stamp::Difference) => "cutoutDifference.stampData",
            (Survey::Lsst, Stamp::Science) => "cutoutScience",
            (Survey::Lsst, Stamp::Template) => "cutoutTemplate",
            (Survey::Lsst, Stamp::Difference) => "cutoutDifference",
        };
        CutoutColumns {
            bytes: want(path, FieldType::Bytes),
        }
    }
}

/// A decoded image, row by row from the bottom as FITS stores it.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    pub width: usize,
    pub height: usize,
    /// In the survey's own unit; NaN where the survey has no value.
    pub pixels: Vec<f64>,
}

/// The image, or none where the packet has none or one that is damaged: a bad stamp is no reason
/// to lose an alert.
pub(super) fn read(columns: &CutoutColumns, row: &Row) -> Option<Image> {
    let bytes = columns.bytes.bytes(row)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        GzDecoder::new(bytes)
            .take(MAX_BYTES)
            .read_to_end(&mut plain)
            .ok()?;
        first_image(&plain)
    } else {
        first_image(bytes)
    }
}

/// The first two-dimensional image of a FITS file.
fn first_image(mut bytes: &[u8]) -> Option<Image> {
    loop {
        let (header, data) = Header::read(bytes)?;
        if let (2, Some(width), Some(height)) = (header.naxis, header.axis(0), header.axis(1)) {
            return header.image(width, height, data);
        }
        let len = header.data_bytes()?.checked_next_multiple_of(BLOCK)?;
        bytes = data.get(len..)?;
    }
}

/// The few cards of a FITS header that give a data array its shape.
#[derive(Default)]
struct Header {
    bitpix: i64,
    naxis: usize,
    axes: Vec<usize>,
    pcount: usize,
    gcount: usize,
    scale: f64,
    zero: f64,
}

impl Header {
    fn read(bytes: &[u8]) -> Option<(Header, &[u8])> {
        let mut header = Header {
            gcount: 1,
            scale: 1.0,
            ..Header::default()
        };
        for (i, card) in bytes.chunks_exact(CARD).enumerate() {
            let card = std::str::from_utf8(card).ok()?;
            // A card of other than ASCII may have a character across the keyword's end.
            let keyword = card.get(..8)?.trim_end();
            if keyword == "END" {
                let end = ((i + 1) * CARD).next_multiple_of(BLOCK);
                return Some((header, bytes.get(end..)?));
            }
            if let Some(value) = card
                .get(8..10)
                .filter(|mark| *mark == "= ")
                .and(card.get(10..))
            {
                header.set(keyword, value.split('/').next()?.trim());
            }
        }
        None
    }

    fn set(&mut self, keyword: &str, value: &str) {
        let integer = || value.parse::<i64>().unwrap_or(0);
        let size = || usize::try_from(integer()).unwrap_or(0);
        match keyword {
            "BITPIX" => self.bitpix = integer(),
            "NAXIS" => self.naxis = size(),
            "PCOUNT" => self.pcount = size(),
            "GCOUNT" => self.gcount = size(),
            "BSCALE" => self.scale = value.parse().unwrap_or(1.0),
            "BZERO" => self.zero = value.parse().unwrap_or(0.0),
            _ if keyword.starts_with("NAXIS") => self.axes.push(size()),
            _ => {}
        }
    }

    fn axis(&self, number: usize) -> Option<usize> {
        self.axes.get(number).copied().filter(|size| *size > 0)
    }

    fn item_bytes(&self) -> Option<usize> {
        matches!(self.bitpix, 8 | 16 | 32 | 64 | -32 | -64)
            .then(|| self.bitpix.unsigned_abs() as usize / 8)
    }

    fn data_bytes(&self) -> Option<usize> {
        if self.naxis == 0 {
            return Some(0);
        }
        let items = self
            .axes
            .iter()
            .try_fold(1usize, |items, axis| items.checked_mul(*axis))?
            .checked_add(self.pcount)?
            .checked_mul(self.gcount)?;
        items.checked_mul(self.item_bytes()?)
    }

    fn image(&self, width: usize, height: usize, data: &[u8]) -> Option<Image> {
        let size = self.item_bytes()?;
        let len = width.checked_mul(height)?.checked_mul(size)?;
        let data = data.get(..len)?;
        let value = |item: &[u8]| self.zero + self.scale * big_endian(self.bitpix, item);
        Some(Image {
            width,
            height,
            pixels: data.chunks_exact(size).map(value).collect(),
        })
    }
}

fn big_endian(bitpix: i64, item: &[u8]) -> f64 {
    let mut word = [0; 8];
    word[..item.len()].copy_from_slice(item);
    let word = u64::from_be_bytes(word);
    match bitpix {
        8 => (word >> 56) as f64,
        16 => f64::from((word >> 48) as u16 as i16),
        32 => f64::from((word >> 32) as u32 as i32),
        64 => word as i64 as f64,
        -32 => f64::from(f32::from_bits((word >> 32) as u32)),
        _ => f64::from_bits(word),
    }
}
