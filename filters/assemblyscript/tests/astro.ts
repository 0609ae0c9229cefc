/** The SDK's astronomy, as functions that a test can call. */
export {
  absoluteMag, cosDegrees, galacticLatitude, luminosityDistance, magFromNJy, magFromUJy, nJyFromMag, separation, sinDegrees,
  uJyFromMag,
} from "skysieve-sdk";
