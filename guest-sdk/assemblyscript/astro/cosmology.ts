// Distances in a flat universe of matter and a cosmological constant: H₀ = 70 km/s/Mpc, Ωm = 0.3, no
// radiation.

const H0: f64 = 70;
const OMEGA_M: f64 = 0.3;
const SPEED_OF_LIGHT: f64 = 299792.458;
const STEPS: i32 = 64;

/**
 * Luminosity distance in Mpc at a redshift; NaN below 0. Good to 1e-7 for redshifts up to 10.
 *
 * (1 + z) c/H₀ ∫₀ᶻ dz′/E(z′), E² = Ωm (1 + z′)³ + 1 − Ωm (Hogg 1999, astro-ph/9905116, eqs. 14, 15,
 * 21), by Simpson's rule in ln(1 + z′), in which the integrand is smooth.
 */
export function luminosityDistance(z: f64): f64 {
  if (!(z >= 0 && isFinite(z))) return NaN;
  const step = Math.log1p(z) / STEPS;
  let sum: f64 = 0;
  for (let i = 0; i <= STEPS; i++) {
    const weight: f64 = i == 0 || i == STEPS ? 1 : i % 2 == 1 ? 4 : 2;
    const onePlusZ = Math.exp(step * i);
    sum += (weight * onePlusZ) / expansion(onePlusZ);
  }
  return ((((1 + z) * SPEED_OF_LIGHT) / H0) * sum * step) / 3;
}

/** E(z) = H(z)/H₀. */
function expansion(onePlusZ: f64): f64 {
  return Math.sqrt(OMEGA_M * onePlusZ * onePlusZ * onePlusZ + (1 - OMEGA_M));
}

/**
 * Absolute magnitude of an apparent one at a luminosity distance in Mpc, without K correction and
 * extinction.
 */
export function absoluteMag(mag: f64, distanceMpc: f64): f64 {
  return distanceMpc > 0 ? mag - 5 * Math.log10(distanceMpc) - 25 : NaN;
}
