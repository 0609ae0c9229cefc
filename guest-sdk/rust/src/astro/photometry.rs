//! AB magnitudes and flux densities.

/// Magnitude of 1 µJy (AB: 3631 Jy is magnitude 0; this is the rounded zero point in common use).
const ZERO_POINT_UJY: f64 = 23.9;
/// Magnitude of 1 nJy, as LSST's fluxes have it.
const ZERO_POINT_NJY: f64 = 31.4;

/// AB magnitude of a flux in µJy; NaN unless the flux is finite and positive.
pub fn mag_from_ujy(flux: f64) -> f64 {
    magnitude(flux, ZERO_POINT_UJY)
}

/// AB magnitude of a flux in nJy; NaN unless the flux is finite and positive.
pub fn mag_from_njy(flux: f64) -> f64 {
    magnitude(flux, ZERO_POINT_NJY)
}

/// Flux in µJy of an AB magnitude.
pub fn ujy_from_mag(mag: f64) -> f64 {
    libm::exp10((ZERO_POINT_UJY - mag) / 2.5)
}

/// Flux in nJy of an AB magnitude.
pub fn njy_from_mag(mag: f64) -> f64 {
    libm::exp10((ZERO_POINT_NJY - mag) / 2.5)
}

fn magnitude(flux: f64, zero_point: f64) -> f64 {
    if flux > 0.0 && flux.is_finite() {
        zero_point - 2.5 * libm::log10(flux)
    } else {
        f64::NAN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zero_points() {
        assert_eq!(mag_from_ujy(1.0), 23.9);
        assert_eq!(mag_from_njy(1000.0), 23.9);
        assert!((ujy_from_mag(18.9) - 100.0).abs() < 1e-10);
        assert!((njy_from_mag(23.9) - 1000.0).abs() < 1e-9);
        // 3631 Jy is magnitude 0 to the third decimal.
        assert!(mag_from_ujy(3631e6).abs() < 1e-3);
    }

    #[test]
    fn no_magnitude_without_a_positive_flux() {
        for flux in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(mag_from_ujy(flux).is_nan(), "{flux}");
        }
    }
}
