// Places on the sky.

/**
 * North galactic pole, ICRS degrees (Hipparcos catalogue, vol. 1, eq. 1.5.10: 192.85948, 27.12825;
 * more digits as in the rotation that follows from it).
 */
const POLE_RA: f64 = 192.8594812065348;
/** Sine and cosine of the pole's declination, 27.128 251 180 856 22°. */
const SIN_POLE_DEC: f64 = 0.45598379451756915;
const COS_POLE_DEC: f64 = 0.8899880780872064;

const DEGREE: f64 = Math.PI / 180;

/** Galactic latitude in degrees of an ICRS position in degrees. */
export function galacticLatitude(ra: f64, dec: f64): f64 {
  const declination = dec * DEGREE;
  const sine =
    Math.sin(declination) * SIN_POLE_DEC + Math.cos(declination) * COS_POLE_DEC * Math.cos((ra - POLE_RA) * DEGREE);
  // Rounding may leave the sine's range; a NaN stays one.
  return Math.asin(max<f64>(-1, min<f64>(1, sine))) * (180 / Math.PI);
}

/** Angle in degrees between two positions in degrees (haversine: exact for small angles). */
export function separation(ra1: f64, dec1: f64, ra2: f64, dec2: f64): f64 {
  const halfDec = Math.sin(((dec2 - dec1) * DEGREE) / 2);
  const halfRa = Math.sin(((ra2 - ra1) * DEGREE) / 2);
  const h = halfDec * halfDec + Math.cos(dec1 * DEGREE) * Math.cos(dec2 * DEGREE) * halfRa * halfRa;
  return 2 * Math.asin(Math.sqrt(min<f64>(1, h))) * (180 / Math.PI);
}
