//! Sines and cosines of angles in degrees, without the tables that reduce any number of radians:
//! those would be most of a small module.

/// Sine and cosine of an angle in degrees, to a few units of the last place; NaN unless it is finite.
pub fn sin_cos_degrees(angle: f64) -> (f64, f64) {
    // A whole number of quarters leaves a rest without rounding, so large angles lose nothing.
    let quarters = libm::rint(angle / 90.0);
    let rest = (angle - quarters * 90.0).to_radians();
    let (sin, cos) = near_zero(rest);
    match (quarters as i64).rem_euclid(4) {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

/// Sine and cosine of at most an eighth of a turn, in radians: their power series, whose next terms
/// would be below 10⁻¹⁷.
fn near_zero(x: f64) -> (f64, f64) {
    let (square, mut sin, mut cos) = (x * x, 1.0, 1.0);
    let mut n = 18.0;
    while n > 1.0 {
        // Both at once, from the innermost factor outwards.
        cos = 1.0 - square / (n * (n - 1.0)) * cos;
        sin = 1.0 - square / (n * (n + 1.0)) * sin;
        n -= 2.0;
    }
    (x * sin, cos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_angle_is_as_libm_has_it() {
        for step in -72_000..72_000 {
            let angle = f64::from(step) * 0.01;
            let (sin, cos) = sin_cos_degrees(angle);
            let exact = libm::sincos(angle.to_radians());
            assert!((sin - exact.0).abs() < 3e-15, "sin {angle}: {sin}");
            assert!((cos - exact.1).abs() < 3e-15, "cos {angle}: {cos}");
        }
    }

    #[test]
    fn whole_quarters_are_exact() {
        assert_eq!(sin_cos_degrees(90.0), (1.0, 0.0));
        assert_eq!(sin_cos_degrees(-180.0), (0.0, -1.0));
        assert_eq!(sin_cos_degrees(3_600_270.0), (-1.0, 0.0));
        assert!(sin_cos_degrees(f64::INFINITY).0.is_nan());
        assert!(sin_cos_degrees(f64::NAN).1.is_nan());
    }
}
