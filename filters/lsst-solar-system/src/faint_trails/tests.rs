use lsst_blocks::reference::{self, mag};
use skysieve_sdk::test::{Alert, Content, Outcome, evaluate};

use super::FaintTrails;

const PIXELS: &str = "alert.cutout.science.pixels";
const WIDTH: &str = "alert.cutout.science.width";

/// Noise, and a trail along the rows that is so many pixels long and three wide.
fn image(length: usize) -> Vec<f64> {
    let pixel = |i: usize| {
        let (x, y) = (i % 30, i / 30);
        let trail = (3..3 + length).contains(&x) && (14..17).contains(&y);
        ((i * 7919) % 13) as f64 + if trail { 500.0 } else { 0.0 }
    };
    (0..900).map(pixel).collect()
}

fn passing() -> Alert {
    reference::measured()
        .with("diaSource.trailLength", 3.0)
        .with("diaSource.trailFlux", 1000.0)
        .with(PIXELS, image(20))
        .with(WIDTH, 30)
}

fn judge(alert: &Alert) -> Outcome {
    evaluate::<FaintTrails>(alert)
}

#[test]
fn each_cut_rejects_what_fails_it_alone() {
    let outcome = judge(&passing());
    assert_eq!(outcome.failed_cut(), None);
    assert!(outcome.f64("elongation") > 6.0);
    let failing = [
        (
            "good-quality",
            passing().with("diaSource.pixelFlags_cr", true),
        ),
        ("significant", passing().with("diaSource.psfFluxErr", 1e9)),
        ("faint", passing().param("brightest", 19.1)),
        ("not-too-faint", passing().param("faintest", 18.9)),
        ("long", passing().with("diaSource.trailLength", 2.0)),
        ("positive-trail", passing().with("diaSource.trailFlux", 0.0)),
        ("elongated", passing().with(PIXELS, image(4))),
        ("elongated", passing().null(PIXELS).null(WIDTH)),
    ];
    for (cut, alert) in failing {
        assert_eq!(judge(&alert).failed_cut(), Some(cut));
    }
}

#[test]
fn the_verdict_is_the_rules() {
    let rule = |a: &Alert| {
        let mag = mag(a.f64("diaSource.psfFlux"));
        mag > 18.0
            && mag < 21.0
            && a.f64("diaSource.trailLength") > 2.0
            && a.bool("diaSource.pixelFlags_cr") != Some(true)
            && reference::good_quality(a)
            && a.f64("diaSource.psfFlux") > 0.0
            && a.f64("diaSource.trailFlux") > 0.0
            && elongation(a.f64_list(PIXELS), 30) > 2.0
    };
    let mut choices = reference::measurements();
    for length in [2.0, f64::from(2.000_001_f32), f64::NAN] {
        choices.push(("diaSource.trailLength", length.into()));
    }
    for flux in [0.0, -1.0, f64::NAN] {
        choices.push(("diaSource.trailFlux", flux.into()));
    }
    for length in [0, 1, 5, 6, 7] {
        choices.push((PIXELS, image(length).into()));
    }
    let mut gappy = image(20);
    gappy[460..480].fill(f64::NAN);
    choices.push((PIXELS, gappy.into()));
    // Without noise: the standard deviation counts.
    let mut clean = vec![0.0; 900];
    clean[100..110].fill(9.0);
    clean[131..140].fill(9.0);
    choices.push((PIXELS, clean.into()));
    choices.push((PIXELS, Content::Null));
    reference::compare(&passing(), &choices, |a| judge(a).passed(), rule);
}

/// `compute_elongation_from_image`, by sorting.
fn elongation(pixels: &[f64], width: usize) -> f64 {
    if pixels.is_empty() {
        return f64::NAN;
    }
    let data: Vec<f64> = pixels
        .iter()
        .map(|pixel| if pixel.is_nan() { 0.0 } else { *pixel })
        .collect();
    let median = median(&data);
    let deviations: Vec<f64> = data.iter().map(|pixel| (pixel - median).abs()).collect();
    let len = data.len() as f64;
    let mean = data.iter().sum::<f64>() / len;
    let variance = data.iter().map(|pixel| (pixel - mean).powi(2)).sum::<f64>() / len;
    let mad = self::median(&deviations);
    let sigma = if mad > 0.0 {
        1.4826 * mad
    } else {
        variance.sqrt()
    };
    let bright = |(i, pixel): (usize, &f64)| {
        (*pixel > median + 3.0 * sigma).then_some(((i % width) as f64, (i / width) as f64, *pixel))
    };
    let points: Vec<(f64, f64, f64)> = data.iter().enumerate().filter_map(bright).collect();
    if points.len() < 5 {
        return f64::NAN;
    }
    let total: f64 = points.iter().map(|(_, _, w)| w).sum();
    let x = points.iter().map(|(x, _, w)| x * w).sum::<f64>() / total;
    let y = points.iter().map(|(_, y, w)| y * w).sum::<f64>() / total;
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (px, py, w) in points {
        xx += w * (px - x).powi(2) / total;
        xy += w * (px - x) * (py - y) / total;
        yy += w * (py - y).powi(2) / total;
    }
    let (trace, determinant) = (xx + yy, xx * yy - xy * xy);
    let root = (trace * trace - 4.0 * determinant).max(0.0).sqrt();
    let (largest, least) = ((trace + root) / 2.0, (trace - root) / 2.0);
    if least <= 0.0 {
        f64::NAN
    } else {
        (largest / least).sqrt()
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        (sorted[middle - 1] + sorted[middle]) / 2.0
    }
}
