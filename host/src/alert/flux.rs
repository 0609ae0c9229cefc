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

    /// ZTF's magnitude and error as they stand in a packet, and the bits of flux and error. They may
    /// change only with a decision to let every light curve double.
    const GOLDEN: [(f32, f32, u64, u64); 6] = [
        (
            12.3456,
            0.012345,
            0x40e4_7006_ddcf_7230,
            0x407d_be97_e1b6_1372,
        ),
        (15.0, 0.05, 0x40ac_5d8f_a3f2_c19d, 0x4064_e684_1a3d_257d),
        (18.5231, 0.071, 0x4061_b009_9c20_420a, 0x4022_81a9_63e1_56c7),
        (
            19.1723,
            0.104321,
            0x4053_7459_8621_6a9d,
            0x401d_e872_5102_6ed3,
        ),
        (20.5, 0.2, 0x4036_e89f_0661_04c0, 0x4010_e136_703e_5329),
        (21.9876, 0.31, 0x4017_482f_a965_c5a7, 0x3ffa_9705_cb37_1946),
    ];

    #[test]
    fn the_bits_of_a_flux_and_its_error_never_move() {
        for (mag, mag_err, flux_bits, err_bits) in GOLDEN {
            let flux = flux_of_mag(f64::from(mag));
            assert_eq!(flux.to_bits(), flux_bits, "{mag}: {:x}", flux.to_bits());
            let err = flux_err_of_mag_err(f64::from(mag_err), flux);
            assert_eq!(err.to_bits(), err_bits, "{mag_err}: {:x}", err.to_bits());
        }
    }
}
