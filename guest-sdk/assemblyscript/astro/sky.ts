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
  const sine =
    sinDegrees(dec) * SIN_POLE_DEC + cosDegrees(dec) * COS_POLE_DEC * cosDegrees(ra - POLE_RA);
  // Rounding may leave the sine's range; a NaN stays one.
  return Math.asin(max<f64>(-1, min<f64>(1, sine))) * (180 / Math.PI);
}

/** Angle in degrees between two positions in degrees (haversine: exact for small angles). */
export function separation(ra1: f64, dec1: f64, ra2: f64, dec2: f64): f64 {
  const halfDec = sinDegrees((dec2 - dec1) / 2);
  const halfRa = sinDegrees((ra2 - ra1) / 2);
  const h = halfDec * halfDec + cosDegrees(dec1) * cosDegrees(dec2) * halfRa * halfRa;
  return 2 * Math.asin(Math.sqrt(min<f64>(1, h))) * (180 / Math.PI);
}

/** Sine of an angle in degrees, to a few units of the last place; NaN unless it is finite. */
export function sinDegrees(angle: f64): f64 {
  return ofQuarter(angle, 0);
}

/** Cosine of an angle in degrees. */
export function cosDegrees(angle: f64): f64 {
  return ofQuarter(angle, 1);
}

/**
 * The sine of an angle and `ahead` quarters of a turn. A whole number of quarters leaves a rest without
 * rounding, so large angles lose nothing.
 */
function ofQuarter(angle: f64, ahead: i64): f64 {
  if (!isFinite(angle)) return NaN;
  const quarters = nearest<f64>(angle / 90);
  const rest = (angle - quarters * 90) * DEGREE;
  const quarter = (<i64>quarters + ahead) & 3;
  const value = (quarter & 1) == 0 ? rest * series(rest * rest, 1) : series(rest * rest, -1);
  return (quarter & 2) == 0 ? value : -value;
}

/**
 * The power series of the sine over its argument (`next` = 1) or of the cosine (-1), for the square of
 * at most an eighth of a turn; the next terms would be below 10⁻¹⁷.
 */
function series(square: f64, next: f64): f64 {
  let sum: f64 = 1;
  for (let n: f64 = 18; n > 1; n -= 2) sum = 1 - (square / (n * (n + next))) * sum;
  return sum;
}
