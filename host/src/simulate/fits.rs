//! FITS images, as the surveys cut them out around an alert.

use bytes::Bytes;
use std::io::Write;

use super::dice::{Dice, Purpose};
use super::sky::Kind;
use crate::alert::Survey;

/// FITS files are made of blocks of this size.
const BLOCK: usize = 2880;

/// How large the cutouts are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cutouts {
    /// As the surveys send them: 63×63 pixels gzipped (ZTF), 37×37 with variance and PSF (LSST).
    #[default]
    Real,
    /// 5×5 pixels, for speed.
    Small,
}

/// The three images of an alert.
#[derive(Clone, Debug)]
pub struct Stamps {
    pub science: Bytes,
    pub template: Bytes,
    pub difference: Bytes,
}

/// The images of one kind of object; there are as many different ones as there are `realisation`s.
pub fn stamps(survey: Survey, kind: Kind, cutouts: Cutouts, seed: u64, realisation: u64) -> Stamps {
    let stream = realisation * Kind::ALL.len() as u64 + kind as u64;
    let mut dice = Dice::new(seed, Purpose::Stamp, stream);
    let (difference, template) = match kind {
        Kind::Supernova | Kind::Kilonova => (900.0, 250.0),
        Kind::Variable => (if dice.chance(0.5) { 700.0 } else { -700.0 }, 2500.0),
        Kind::Asteroid => (1200.0, 0.0),
        Kind::Artefact => (0.0, 3000.0),
    };
    let mut image = |source: f64, level: f64| {
        let scene = Scene {
            kind,
            source,
            level,
            trail: 0.0,
        };
        file(survey, cutouts, &scene, &mut dice)
    };
    Stamps {
        science: image(difference + template, 220.0),
        template: image(template, 220.0),
        difference: image(difference, 0.0),
    }
}

/// An LSST science image of a trail that is so many pixels longer than wide.
pub fn trail(length: f64) -> Bytes {
    let scene = Scene {
        kind: Kind::Asteroid,
        source: 1200.0,
        level: 220.0,
        trail: length,
    };
    let mut dice = Dice::new(0, Purpose::Stamp, 0);
    file(Survey::Lsst, Cutouts::Real, &scene, &mut dice)
}

/// What an image shows.
struct Scene {
    kind: Kind,
    /// Peak over noise of 10.
    source: f64,
    /// Sky level.
    level: f64,
    /// So many pixels along the rows in which the source is drawn out; 0 = a point.
    trail: f64,
}

fn file(survey: Survey, cutouts: Cutouts, scene: &Scene, dice: &mut Dice) -> Bytes {
    match (survey, cutouts) {
        (Survey::Ztf, Cutouts::Real) => gzip(&primary(63, "DN", scene, dice)),
        (Survey::Ztf, Cutouts::Small) => gzip(&primary(5, "DN", scene, dice)),
        (Survey::Lsst, Cutouts::Real) => {
            let mut file = primary(37, "nJy", scene, dice);
            let variance: Vec<f32> = (0..37 * 37).map(|_| 100.0 + dice.normal() as f32).collect();
            file.extend(extension("UNCERT", 37, -32, &be_f32(&variance)));
            let psf: Vec<u8> = (0..41 * 41)
                .flat_map(|pixel| gaussian(pixel, 41, 0.0, 0.0, 2.0).to_be_bytes())
                .collect();
            file.extend(extension("PSFIMAGE", 41, -64, &psf));
            file.into()
        }
        (Survey::Lsst, Cutouts::Small) => primary(5, "nJy", scene, dice).into(),
    }
}

/// The first image of a file.
fn primary(size: usize, unit: &str, scene: &Scene, dice: &mut Dice) -> Vec<u8> {
    let mut cards = vec![
        card("SIMPLE", "T"),
        card("BITPIX", "-32"),
        card("NAXIS", "2"),
        card("NAXIS1", &size.to_string()),
        card("NAXIS2", &size.to_string()),
        card("EXTEND", "T"),
    ];
    cards.push(format!("{:<8}= '{unit:<8}'", "BUNIT"));
    let pixels: Vec<f32> = (0..size * size)
        .map(|pixel| (scene.level + scene.at(pixel, size) + 10.0 * dice.normal()) as f32)
        .collect();
    unit_of(&cards, &be_f32(&pixels))
}

impl Scene {
    fn at(&self, pixel: usize, size: usize) -> f64 {
        let spot = |dx, dy| gaussian(pixel, size, dx, dy, 1.4);
        match self.kind {
            // Two lobes of opposite sign, a pixel and a half to each side.
            Kind::Artefact => {
                self.source * spot(0.0, 0.0) + 800.0 * (spot(1.5, 0.5) - spot(-1.5, -0.5))
            }
            _ => {
                let offset = (pixel % size) as f64 - (size / 2) as f64;
                let along = offset.clamp(-self.trail / 2.0, self.trail / 2.0);
                self.source * spot(along, 0.0)
            }
        }
    }
}

/// A round spot of height 1, `dx` and `dy` pixels off the centre.
fn gaussian(pixel: usize, size: usize, dx: f64, dy: f64, sigma: f64) -> f64 {
    let centre = (size / 2) as f64;
    let x = (pixel % size) as f64 - centre - dx;
    let y = (pixel / size) as f64 - centre - dy;
    libm::exp(-0.5 * (x * x + y * y) / (sigma * sigma))
}

fn extension(name: &str, size: usize, bits: i32, data: &[u8]) -> Vec<u8> {
    let cards = [
        format!("{:<8}= 'IMAGE   '", "XTENSION"),
        card("BITPIX", &bits.to_string()),
        card("NAXIS", "2"),
        card("NAXIS1", &size.to_string()),
        card("NAXIS2", &size.to_string()),
        card("PCOUNT", "0"),
        card("GCOUNT", "1"),
        format!("{:<8}= '{name:<8}'", "EXTNAME"),
    ];
    unit_of(&cards, data)
}

/// A keyword with a number or truth value, right-justified to column 30.
fn card(keyword: &str, value: &str) -> String {
    format!("{keyword:<8}= {value:>20}")
}

/// Header and data, each padded to whole blocks.
fn unit_of(cards: &[String], data: &[u8]) -> Vec<u8> {
    let mut unit = Vec::with_capacity(BLOCK + data.len() + BLOCK);
    for card in cards {
        unit.extend(format!("{card:<80}").bytes());
    }
    unit.extend(format!("{:<80}", "END").bytes());
    unit.resize(unit.len().next_multiple_of(BLOCK), b' ');
    unit.extend_from_slice(data);
    unit.resize(unit.len().next_multiple_of(BLOCK), 0);
    unit
}

fn be_f32(pixels: &[f32]) -> Vec<u8> {
    pixels
        .iter()
        .flat_map(|pixel| pixel.to_be_bytes())
        .collect()
}

/// Gzip without a time stamp, so that the bytes depend on nothing else.
fn gzip(file: &[u8]) -> Bytes {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let packed = encoder.write_all(file).and_then(|()| encoder.finish());
    packed.expect("writing to memory does not fail").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn ztf_stamps_are_gzipped_63_by_63_floats_with_a_source_in_the_middle() {
        let stamps = stamps(Survey::Ztf, Kind::Supernova, Cutouts::Real, 1, 0);
        assert!(
            (10_000..19_000).contains(&stamps.difference.len()),
            "{}",
            stamps.difference.len()
        );
        let mut file = Vec::new();
        flate2::read::GzDecoder::new(&stamps.difference[..])
            .read_to_end(&mut file)
            .unwrap();
        assert_eq!(file.len(), 20_160);
        assert!(file.starts_with(b"SIMPLE  =                    T"));
        let pixel = |x: usize, y: usize| {
            let at = BLOCK + 4 * (y * 63 + x);
            f32::from_be_bytes(file[at..at + 4].try_into().unwrap())
        };
        assert!(pixel(31, 31) > 800.0);
        assert!(pixel(5, 5).abs() < 60.0);
    }

    #[test]
    fn lsst_stamps_are_plain_and_as_large_as_the_survey_s() {
        let stamps = stamps(Survey::Lsst, Kind::Asteroid, Cutouts::Real, 1, 0);
        for stamp in [&stamps.science, &stamps.template, &stamps.difference] {
            assert_eq!(stamp.len() % BLOCK, 0);
            assert!((34_560..80_640).contains(&stamp.len()), "{}", stamp.len());
            assert!(stamp.starts_with(b"SIMPLE  ="));
        }
    }

    #[test]
    fn realisations_differ_and_repeat() {
        let of = |realisation| {
            stamps(Survey::Ztf, Kind::Artefact, Cutouts::Small, 9, realisation).science
        };
        assert_eq!(of(3), of(3));
        assert_ne!(of(3), of(4));
    }
}
