//! Magnitudes and fluxes. AB, zero point 23.9: 1 µJy is 23.9 mag.
//!
//! All through `libm`: the standard library's `powf` and `log10` may differ in the last bit from
//! machine to machine, and SkyPortal takes a flux that differs in the last bit for another point.

/// The AB magnitude of 1 µJy.
pub const ZERO_POINT: f64 = 23.9;

/// µJy of an AB magnitude.
pub fn flux_of_mag(mag: f64) -> f64 {
    libm::pow(10.0, -0.4 * (mag - ZERO_POINT))
}

/// The 1σ error of a flux (µJy) from the error of its magnitude: σ_F = σ_m · |F| · ln 10 / 2.5.
pub fn flux_err_of_mag_err(mag_err: f64, flux: f64) -> f64 {
    mag_err * libm::fabs(flux) * std::f64::consts::LN_10 / 2.5
}

/// The AB magnitude of a flux in µJy; NaN where the flux is not positive.
pub fn mag_of_flux(flux: f64) -> f64 {
    if flux > 0.0 {
        ZERO_POINT - 2.5 * libm::log10(flux)
    } else {
        f64::NAN
    }
}

/// The 1σ error of a magnitude; NaN where the flux is not positive.
pub fn mag_err_of_flux_err(flux_err: f64, flux: f64) -> f64 {
    if flux > 0.0 {
        flux_err / flux * 2.5 / std::f64::consts::LN_10
    } else {
        f64::NAN
    }
}

/// The 5σ limiting magnitude where the 1σ error of a flux is `flux_err` (µJy).
pub fn limit_of_flux_err(flux_err: f64) -> f64 {
    mag_of_flux(5.0 * flux_err)
}

/// The 1σ error (µJy) where the 5σ limiting magnitude is `limit`.
pub fn flux_err_of_limit(limit: f64) -> f64 {
    flux_of_mag(limit) / 5.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magnitudes_and_fluxes_are_inverse() {
        for mag in [12.3, 18.523, 19.1723, 23.9, 27.0] {
            assert!((mag_of_flux(flux_of_mag(mag)) - mag).abs() < 1e-12);
        }
        assert_eq!(flux_of_mag(23.9), 1.0);
        assert!((flux_of_mag(8.9) - 1e6).abs() < 1e-6);
        assert!(mag_of_flux(-3.0).is_nan());
        assert!(mag_of_flux(0.0).is_nan());
    }

    #[test]
    fn a_limit_is_five_times_its_error() {
        assert!((limit_of_flux_err(flux_err_of_limit(20.5)) - 20.5).abs() < 1e-12);
    }

    #[test]
    fn the_bits_of_a_flux_never_move() {
        // 19.1723 as the survey's 32-bit float, widened.
        let mag = f64::from(19.1723_f32);
        assert_eq!(flux_of_mag(mag).to_bits(), FLUX_OF_19_1723);
    }

    /// A golden value: it may change only with a decision to let every light curve double.
    const FLUX_OF_19_1723: u64 = 0x4053_7459_8621_6a9d;
}
