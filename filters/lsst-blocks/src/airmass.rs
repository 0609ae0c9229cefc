//! Through how much air Rubin looks.

use skysieve_sdk::astro::sin_cos_degrees;

/// Cerro Pachón, degrees east and north. Its height changes nothing here.
const LONGITUDE: f64 = -70.736_68;
const LATITUDE: f64 = -30.240_74;
const J2000: f64 = 51_544.5;
/// Days. Leap seconds to come are a quarter of an arcminute each.
const TAI_MINUS_UTC: f64 = 37.0 / 86_400.0;

/// sec z of an ICRS position in degrees, seen from Cerro Pachón at an MJD in TAI; negative below the
/// horizon.
///
/// Precession as of IAU 1976 (Lieske et al. 1977, A&A 58, 1), sidereal time from the Earth's rotation
/// angle (IERS Conventions 2010, eq. 5.15) and the accumulated precession in right ascension; without
/// nutation, aberration and UT1 − UTC, which together are less than an arcminute: 3e-4 at 1.3.
pub fn airmass(ra: f64, dec: f64, mjd_tai: f64) -> f64 {
    let days = mjd_tai - TAI_MINUS_UTC - J2000;
    let centuries = days / 36_525.0;
    let (ra, dec) = precessed(ra, dec, centuries);
    let turns = 0.779_057_273_264 + 0.002_737_811_911_354_48 * days + days % 1.0;
    let precession = 4_612.156_534 * centuries / 3_600.0;
    let sidereal = turns * 360.0 + precession + LONGITUDE;
    let (sin_lat, cos_lat) = sin_cos_degrees(LATITUDE);
    let (sin_dec, cos_dec) = sin_cos_degrees(dec);
    let (_, cos_hour_angle) = sin_cos_degrees(sidereal - ra);
    1.0 / (sin_lat * sin_dec + cos_lat * cos_dec * cos_hour_angle)
}

/// From J2000 to the mean equator and equinox of date, in degrees.
fn precessed(ra: f64, dec: f64, t: f64) -> (f64, f64) {
    let arcseconds = |a: f64, b: f64, c: f64| (a + (b + c * t) * t) * t / 3_600.0;
    let zeta = arcseconds(2_306.218_1, 0.301_88, 0.017_998);
    let z = arcseconds(2_306.218_1, 1.094_68, 0.018_203);
    let theta = arcseconds(2_004.310_9, -0.426_65, -0.041_833);
    let (sin_theta, cos_theta) = sin_cos_degrees(theta);
    let (sin_dec, cos_dec) = sin_cos_degrees(dec);
    let (sin_ra, cos_ra) = sin_cos_degrees(ra + zeta);
    let x = cos_theta * cos_dec * cos_ra - sin_theta * sin_dec;
    let y = cos_dec * sin_ra;
    let up = sin_theta * cos_dec * cos_ra + cos_theta * sin_dec;
    (
        libm::atan2(y, x).to_degrees() + z,
        libm::asin(up.clamp(-1.0, 1.0)).to_degrees(),
    )
}

#[cfg(test)]
mod tests {
    use super::airmass;

    #[test]
    fn as_astropy_has_it() {
        // SkyCoord.transform_to("altaz").secz at (-70.73668, -30.24074, 2715 m), no refraction.
        for (ra, dec, mjd, known) in [
            (283.9404, -74.6754, 61290.95578, 1.44163),
            (300.8754, -37.3956, 60917.00849, 1.11589),
            (11.0124, -82.2010, 61440.85647, 1.61767),
            (151.9620, -81.8055, 61029.95964, 2.52292),
            (104.3214, -82.6361, 61175.76208, 1.67209),
            (200.3236, -14.3476, 61402.54679, 1.11118),
            (119.7703, -5.6367, 60972.53398, 1.31735),
        ] {
            let found = airmass(ra, dec, mjd);
            assert!(
                (found - known).abs() < 5e-4 * known * known,
                "{found}, not {known}"
            );
        }
        assert!(airmass(f64::NAN, 0.0, 61000.0).is_nan());
    }

    #[test]
    fn below_the_horizon_there_is_none() {
        assert!(airmass(0.0, 89.0, 61000.0) < 0.0);
    }
}
