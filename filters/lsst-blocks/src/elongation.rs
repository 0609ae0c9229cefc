//! How long an object in an image is for its width.

use crate::median::median;

/// Which pixels belong to the object.
#[derive(Clone, Copy, Debug)]
pub struct Significant {
    /// Above the median by more than this many σ.
    pub sigmas: f64,
    /// As many of them at least.
    pub pixels: usize,
}

/// √(λ₁/λ₂) of the flux-weighted second moments of the significant pixels; NaN where there are too
/// few of them, or where they are on one line. `pixels` are rows of `width`.
///
/// σ is 1.4826 times the median absolute deviation, or the standard deviation where that is 0; the
/// weights are the pixels as they are, the median not subtracted. Source: fink-filters 7.45,
/// `rubin/livestream/filter_faint_trails`.
pub fn elongation(pixels: &[f64], width: usize, significant: Significant) -> f64 {
    let values = pixels.iter().map(|pixel| finite(*pixel));
    let center = median(values.clone());
    let deviation = 1.4826 * median(values.clone().map(|value| (value - center).abs()));
    let sigma = if deviation > 0.0 {
        deviation
    } else {
        standard_deviation(values.clone())
    };
    let threshold = center + significant.sigmas * sigma;
    let object = values.enumerate().filter(|(_, value)| *value > threshold);
    if width == 0 || object.clone().count() < significant.pixels {
        return f64::NAN;
    }
    let points = object.map(|(i, value)| ((i % width) as f64, (i / width) as f64, value));
    axis_ratio(points)
}

/// As numpy's `nan_to_num` of 32-bit pixels.
fn finite(pixel: f64) -> f64 {
    if pixel.is_nan() {
        0.0
    } else {
        pixel.clamp(f64::from(f32::MIN), f64::from(f32::MAX))
    }
}

fn standard_deviation(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let len = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / len;
    let square = values.map(|value| (value - mean) * (value - mean));
    libm::sqrt(square.sum::<f64>() / len)
}

/// Of points `(x, y, weight)`.
fn axis_ratio(points: impl Iterator<Item = (f64, f64, f64)> + Clone) -> f64 {
    let mean = |of: fn(f64, f64) -> f64, x_0: f64, y_0: f64| {
        let (mut sum, mut total) = (0.0, 0.0);
        for (x, y, weight) in points.clone() {
            sum += weight * of(x - x_0, y - y_0);
            total += weight;
        }
        sum / total
    };
    let (x, y) = (mean(|x, _| x, 0.0, 0.0), mean(|_, y| y, 0.0, 0.0));
    let xx = mean(|x, _| x * x, x, y);
    let yy = mean(|_, y| y * y, x, y);
    let xy = mean(|x, y| x * y, x, y);
    // The eigenvalues of a symmetric matrix of two rows.
    let (half, middle) = ((xx - yy) / 2.0, (xx + yy) / 2.0);
    let spread = libm::sqrt(half * half + xy * xy);
    let (largest, least) = (middle + spread, middle - spread);
    if least <= 0.0 {
        f64::NAN
    } else {
        libm::sqrt(largest / least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Significant = Significant {
        sigmas: 3.0,
        pixels: 5,
    };

    fn image(bright: impl Fn(usize, usize) -> bool) -> [f64; 400] {
        core::array::from_fn(|i| {
            let noise = ((i * 7919) % 13) as f64 - 6.0;
            noise + if bright(i % 20, i / 20) { 1000.0 } else { 0.0 }
        })
    }

    #[test]
    fn a_trail_is_long_and_a_star_is_round() {
        let trail = image(|x, y| (4..16).contains(&x) && (9..11).contains(&y));
        let along = elongation(&trail, 20, RULE);
        // Uniform: √((12² − 1) / (2² − 1)).
        assert!((along - 6.904).abs() < 0.01, "{along}");
        let star = image(|x, y| (8..12).contains(&x) && (8..12).contains(&y));
        assert!((elongation(&star, 20, RULE) - 1.0).abs() < 0.01);
        let slanted = image(|x, y| x.abs_diff(y) < 2 && (4..16).contains(&x));
        assert!(elongation(&slanted, 20, RULE) > 3.0);
    }

    #[test]
    fn what_is_no_object_has_no_shape() {
        assert!(elongation(&[], 20, RULE).is_nan());
        assert!(elongation(&image(|x, y| y == 3 && x < 4), 20, RULE).is_nan());
        let noise = image(|_, _| false);
        assert!(elongation(&noise, 20, RULE).is_nan());
        // One row has no width. A quarter of an image that is 0 elsewhere has no median deviation.
        let mut line = [0.0; 400];
        line[100..110].fill(50.0);
        assert!(elongation(&line, 20, RULE).is_nan());
    }

    #[test]
    fn pixels_without_a_value_are_0() {
        let mut trail = image(|x, y| (4..16).contains(&x) && (9..11).contains(&y));
        let whole = elongation(&trail, 20, RULE);
        trail[0] = f64::NAN;
        assert!((elongation(&trail, 20, RULE) - whole).abs() < 0.01);
    }
}
