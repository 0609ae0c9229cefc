// AB magnitudes and flux densities.

/** Magnitude of 1 µJy (AB: 3631 Jy is magnitude 0; this is the rounded zero point in common use). */
const ZERO_POINT_UJY: f64 = 23.9;
/** Magnitude of 1 nJy, as LSST's fluxes have it. */
const ZERO_POINT_NJY: f64 = 31.4;

/** AB magnitude of a flux in µJy; NaN unless the flux is finite and positive. */
export function magFromUJy(flux: f64): f64 {
  return magnitude(flux, ZERO_POINT_UJY);
}

/** AB magnitude of a flux in nJy; NaN unless the flux is finite and positive. */
export function magFromNJy(flux: f64): f64 {
  return magnitude(flux, ZERO_POINT_NJY);
}

/** Flux in µJy of an AB magnitude. */
export function uJyFromMag(mag: f64): f64 {
  return Math.pow(10, (ZERO_POINT_UJY - mag) / 2.5);
}

/** Flux in nJy of an AB magnitude. */
export function nJyFromMag(mag: f64): f64 {
  return Math.pow(10, (ZERO_POINT_NJY - mag) / 2.5);
}

function magnitude(flux: f64, zeroPoint: f64): f64 {
  return flux > 0 && isFinite(flux) ? zeroPoint - 2.5 * Math.log10(flux) : NaN;
}
