// The field's own terms: light curves, fluxes and magnitudes, places on the sky. A quantity that
// cannot be known is NaN, so that a cut on it fails.

export { absoluteMag, luminosityDistance } from "./cosmology";
export { Columns, DETECTION, Detections, FORCED, LightCurve, Line, UPPER_LIMIT, lightCurve } from "./light-curve";
export { magFromNJy, magFromUJy, nJyFromMag, uJyFromMag } from "./photometry";
export { cosDegrees, galacticLatitude, separation, sinDegrees } from "./sky";
export { decimals, larger, smaller } from "./numbers";
