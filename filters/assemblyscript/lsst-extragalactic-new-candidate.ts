/**
 * Fink's LSST filter `extragalactic_new_candidate` (topic `fink_extragalactic_new_candidate_lsst`),
 * verdict for verdict.
 *
 * An alert passes where a good measurement, out of the Galactic plane, next to a galaxy and on no
 * known star, asteroid or variable, is at most a few days old, was seen before in the same band, is
 * brighter than a limit, and rises or fades fast since the last time in that band. Source:
 * fink-filters 7.45, `rubin/livestream/filter_extragalactic_new_candidate` and `rubin/blocks`. The
 * order of the cuts is ours; the verdict is the same in any order. Nulls as in Fink: a null number
 * fails a comparison (a quality cut that asks for "not worse than" therefore lets it through), and a
 * null flag counts as not set.
 */
export * from "skysieve-sdk/filter";
import {
  LATE, LSST, Verdict, about, askForLateFields, boolField, boolParam, cut, f64Field, f64ListField, f64Param, f64Value, filter,
  galacticLatitude, haveLateFields, i64Field, i64Param, magFromNJy, pass, reject, strField, strListField,
} from "skysieve-sdk";
import { EXTRAGALACTIC_CODES, EXTRAGALACTIC_HOSTS } from "./fink/hosts";
import { unmatched } from "./fink/unmatched";
import { VSX_STARS } from "./fink/variable-stars";

about({
  name: "lsst-extragalactic-new-candidate",
  version: "0.1.0",
  description: "New transients next to a galaxy: Fink's LSST filter extragalactic_new_candidate",
  surveys: [LSST],
});

const dipole = boolField("diaSource.isDipole");
const pixels = boolField("diaSource.pixelFlags");
const bad = boolField("diaSource.pixelFlags_bad");
const saturated = boolField("diaSource.pixelFlags_saturated");
const streakCenter = boolField("diaSource.pixelFlags_streakCenter");
const interpolated = boolField("diaSource.pixelFlags_interpolated");
const cosmicRay = boolField("diaSource.pixelFlags_cr");
const noData = boolField("diaSource.pixelFlags_nodata");
const streak = boolField("diaSource.pixelFlags_streak");
const edge = boolField("diaSource.pixelFlags_edge");
const psfFlag = boolField("diaSource.psfFlux_flag");
const apertureFlag = boolField("diaSource.apFlux_flag");
const forcedFlag = boolField("diaSource.forced_PsfFlux_flag");
const forcedEdge = boolField("diaSource.forced_PsfFlux_flag_edge");
const shapeFlag = boolField("diaSource.shape_flag");
const centroidFlag = boolField("diaSource.centroid_flag");
const flux = f64Field("diaSource.psfFlux");
const fluxErr = f64Field("diaSource.psfFluxErr");
const ra = f64Field("diaSource.ra");
const dec = f64Field("diaSource.dec");
const simbad = strField("xm.simbad_otype");
const galaxyDistance = f64Field("xm.mangrove_lum_dist");
const photoZ = f64Field("xm.legacydr8_zphot");
const gaia = strField("xm.gaiadr3_DR3Name");
const parallax = f64Field("xm.gaiadr3_Plx");
const parallaxErr = f64Field("xm.gaiadr3_e_Plx");
const mjd = f64Field("diaSource.midpointMjdTai");
const band = strField("diaSource.band");
const nU = i64Field("diaObject.u_psfFluxNdata");
const nG = i64Field("diaObject.g_psfFluxNdata");
const nR = i64Field("diaObject.r_psfFluxNdata");
const nI = i64Field("diaObject.i_psfFluxNdata");
const nZ = i64Field("diaObject.z_psfFluxNdata");
const nY = i64Field("diaObject.y_psfFluxNdata");
const firstMjd = f64Field("misc.firstDiaSourceMjdTaiFink");
const solarSystem = boolField("pred.is_sso");
const vsx = strField("xm.vsx_Type");

const earlierMjd = f64ListField("prvDiaSources[].midpointMjdTai", LATE);
const earlierBand = strListField("prvDiaSources[].band", LATE);
const earlierFlux = f64ListField("prvDiaSources[].psfFlux", LATE);

const minSnr = f64Param("min_snr", 6, "difference flux over its error").within(0, 1000);
const minLatitude = f64Param("min_latitude", 20, "degrees from the Galactic plane").within(0, 90);
const maxAge = f64Param("max_age", 5, "days since the first detection").within(0, 1000);
const minPoints = i64Param("min_points", 2, "points of the object in the alert's band").within(1, 1000);
const maxMag = f64Param("max_mag", 24, "brighter than this, AB").within(0, 40);
const rise = f64Param("rise", 0.2, "rising by more than this, mag/d").within(0, 100);
const riseMaxAge = f64Param("rise_max_age", 3, "days since the first detection, where it rises").within(0, 1000);
const fadeRed = f64Param("fade_red", 0.2, "fading by more than this in r and i, mag/d").within(0, 100);
const fadeBlue = f64Param("fade_blue", 0.5, "fading by more than this in u and g, mag/d").within(0, 100);
const simbadCodes = boolParam("simbad_codes", false, "take SIMBAD's short codes of galaxies for hosts too");

const mag = f64Value("mag", "AB", "of the difference");
const age = f64Value("age", "d", "since the first detection");
const latitude = f64Value("latitude", "deg", "Galactic");
const rate = f64Value("rate", "mag/d", "since the last time in this band; negative while it brightens");

const goodQuality = cut("good-quality");
const significant = cut("significant").shows(flux).against(minSnr);
const young = cut("new").showsValue(age).against(maxAge);
const notSolarSystem = cut("not-solar-system").shows(solarSystem);
const nearGalaxy = cut("near-galaxy");
const noGaiaStar = cut("no-gaia-star").shows(gaia);
const noVariableStar = cut("no-variable-star").shows(vsx);
const seenInBand = cut("seen-in-band").shows(band).against(minPoints);
const bright = cut("bright").showsValue(mag).against(maxMag);
const outOfThePlane = cut("out-of-the-plane").showsValue(latitude).against(minLatitude);
const fast = cut("fast").showsValue(rate);

function decide(): Verdict {
  if (!goodQuality.passes(!flagged())) return reject();
  // Asked the other way round, so that an unknown signal-to-noise ratio passes.
  const insignificant = flux.value < 0 || flux.value / fluxErr.value < minSnr.value;
  if (!significant.passes(!insignificant)) return reject();
  age.value = mjd.value - firstMjd.value;
  if (!young.passes(age.value < maxAge.value)) return reject();
  if (!notSolarSystem.passes(!solarSystem.isTrue)) return reject();
  if (!nearGalaxy.passes(isNearGalaxy())) return reject();
  if (!noGaiaStar.passes(!isGaiaStar())) return reject();
  if (!noVariableStar.passes(!vsx.isIn(VSX_STARS))) return reject();
  if (!seenInBand.passes(pointsInBand() >= minPoints.value)) return reject();
  mag.value = magFromNJy(flux.value);
  if (!bright.passes(mag.value < maxMag.value)) return reject();
  latitude.value = galacticLatitude(ra.value, dec.value);
  if (!outOfThePlane.passes(Math.abs(latitude.value) > minLatitude.value)) return reject();

  if (!haveLateFields()) return askForLateFields();
  rate.value = rateSinceLastTime();
  if (!fast.passes(rises() || fades())) return reject();
  return pass();
}

function flagged(): bool {
  return (
    dipole.isTrue || pixels.isTrue || bad.isTrue || saturated.isTrue || streakCenter.isTrue || interpolated.isTrue ||
    cosmicRay.isTrue || noData.isTrue || streak.isTrue || edge.isTrue || psfFlag.isTrue || apertureFlag.isTrue ||
    forcedFlag.isTrue || forcedEdge.isTrue || shapeFlag.isTrue || centroidFlag.isTrue
  );
}

/** A galaxy of SIMBAD or Mangrove, or a photometric redshift where SIMBAD does not speak against it. */
function isNearGalaxy(): bool {
  // LSST alerts carry SIMBAD's short codes, which Fink compares with long names.
  const simbadGalaxy = simbad.isIn(EXTRAGALACTIC_HOSTS) || (simbadCodes.value && simbad.isIn(EXTRAGALACTIC_CODES));
  const legacyGalaxy = photoZ.value > 0 && (unmatched(simbad) || simbadGalaxy);
  return simbadGalaxy || galaxyDistance.value > 0 || legacyGalaxy;
}

function isGaiaStar(): bool {
  return !unmatched(gaia) && parallax.value / parallaxErr.value > 5;
}

function pointsInBand(): i64 {
  if (band.is("u")) return nU.value;
  if (band.is("g")) return nG.value;
  if (band.is("r")) return nR.value;
  if (band.is("i")) return nI.value;
  if (band.is("z")) return nZ.value;
  if (band.is("y")) return nY.value;
  return -1;
}

/**
 * Change in mag/d since the latest earlier source in the alert's band; NaN where there is none, or
 * where either flux is not positive.
 */
function rateSinceLastTime(): f64 {
  let latest = NaN;
  let earlier = NaN;
  for (let i = 0; i < earlierBand.length; i++) {
    const time = earlierMjd[i];
    // The first of several at the same time; a time that is no number is never the latest.
    const later = isNaN(latest) || time > latest;
    if (later && !isNaN(time) && earlierBand.equals(i, band)) {
      latest = time;
      earlier = earlierFlux[i];
    }
  }
  return (magFromNJy(flux.value) - magFromNJy(earlier)) / (mjd.value - latest);
}

function rises(): bool {
  return rate.value < -rise.value && age.value < riseMaxAge.value;
}

function fades(): bool {
  if (band.is("r") || band.is("i")) return rate.value > fadeRed.value;
  if (band.is("g") || band.is("u")) return rate.value > fadeBlue.value;
  return false;
}

filter(decide);
