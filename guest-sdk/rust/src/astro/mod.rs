//! The field's own terms as pure functions: light curves, fluxes and magnitudes, sky, distances.
//!
//! Units are in every description; a quantity that cannot be known is NaN, so that a cut on it
//! fails, or `None` where there is nothing to measure.

mod angle;
mod cosmology;
mod light_curve;
mod photometry;
mod sky;

pub use angle::sin_cos_degrees;
pub use cosmology::{absolute_mag, luminosity_distance};
pub use light_curve::{Detection, Kind, LightCurve, Line, Passband, linear_fit};
pub use photometry::{mag_from_njy, mag_from_ujy, njy_from_mag, ujy_from_mag};
pub use sky::{galactic_latitude, separation};
