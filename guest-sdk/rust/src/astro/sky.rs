//! Places on the sky.

use super::sin_cos_degrees;

/// North galactic pole, ICRS degrees (Hipparcos catalogue, vol. 1, eq. 1.5.10: 192.85948,
/// 27.12825; more digits as in the rotation that follows from it).
const POLE_RA: f64 = 192.859_481_206_534_8;
/// Sine and cosine of the pole's declination, 27.128 251 180 856 22°.
const SIN_POLE_DEC: f64 = 0.45598379451756915;
const COS_POLE_DEC: f64 = 0.8899880780872064;

/// Galactic latitude in degrees of an ICRS position in degrees.
pub fn galactic_latitude(ra: f64, dec: f64) -> f64 {
    let (sin_dec, cos_dec) = sin_cos_degrees(dec);
    let (_, cos_ra) = sin_cos_degrees(ra - POLE_RA);
    let sin_b = sin_dec * SIN_POLE_DEC + cos_dec * COS_POLE_DEC * cos_ra;
    // Rounding may leave the sine's range; a NaN stays one.
    libm::asin(sin_b.clamp(-1.0, 1.0)).to_degrees()
}

/// Angle in degrees between two positions in degrees (haversine: exact for small angles).
pub fn separation(ra_1: f64, dec_1: f64, ra_2: f64, dec_2: f64) -> f64 {
    let (half_dec, _) = sin_cos_degrees((dec_2 - dec_1) / 2.0);
    let (half_ra, _) = sin_cos_degrees((ra_2 - ra_1) / 2.0);
    let (_, cos_1) = sin_cos_degrees(dec_1);
    let (_, cos_2) = sin_cos_degrees(dec_2);
    let h = half_dec * half_dec + cos_1 * cos_2 * half_ra * half_ra;
    2.0 * libm::asin(libm::sqrt(if h > 1.0 { 1.0 } else { h })).to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latitudes_of_well_known_places() {
        // Galactic centre (Sgr A*), pole, Crab nebula (b = -5.784), M31 (b = -21.573).
        let known = [
            (266.416_83, -29.007_81, -0.046),
            (POLE_RA, 27.128_251_180_856_22, 90.0),
            (83.633_08, 22.014_5, -5.784),
            (10.684_71, 41.268_75, -21.573),
        ];
        for (ra, dec, b) in known {
            let found = galactic_latitude(ra, dec);
            assert!((found - b).abs() < 2e-3, "{ra} {dec}: {found}, not {b}");
        }
        assert!(galactic_latitude(f64::NAN, 0.0).is_nan());
    }

    #[test]
    fn separations_large_and_small() {
        assert!((separation(0.0, 0.0, 90.0, 0.0) - 90.0).abs() < 1e-12);
        assert!((separation(10.0, 90.0, 200.0, -90.0) - 180.0).abs() < 1e-6);
        let second = 1.0 / 3600.0;
        let found = separation(150.0, 60.0, 150.0 + 2.0 * second, 60.0);
        assert!((found / second - 1.0).abs() < 1e-6, "{found}");
        assert!(separation(f64::NAN, 0.0, 0.0, 0.0).is_nan());
    }
}
