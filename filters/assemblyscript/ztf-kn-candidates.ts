/**
 * Fink's ZTF filter `kn_candidates` (topic `fink_kn_candidates_ztf`), verdict for verdict.
 *
 * An alert passes where the random forest sees a kilonova, at a place where SIMBAD knows nothing or
 * something extragalactic, and the object is real, not extended, less than five days old, seen fewer
 * than twenty times, and not in the Solar System. Source: fink-filters 7.45,
 * `ztf/livestream/filter_kn_candidates`.
 */
export * from "skysieve-sdk/filter";
import {
  Verdict, ZTF, about, cut, f64Field, f64Param, f64Value, filter, i64Field, i64Param, pass, reject, strField,
} from "skysieve-sdk";
import { EXTRAGALACTIC_HOSTS } from "./fink/hosts";

/** `roid` of an object that the Minor Planet Center knows. */
const KNOWN_SOLAR_SYSTEM: i64 = 3;

about({
  name: "ztf-kn-candidates",
  version: "0.1.0",
  description: "Kilonova candidates: Fink's ZTF filter kn_candidates",
  surveys: [ZTF],
});

const drb = f64Field("candidate.drb");
const classtar = f64Field("candidate.classtar");
const ndethist = i64Field("candidate.ndethist");
const jd = f64Field("candidate.jd");
const jdstarthist = f64Field("candidate.jdstarthist");
const kn = f64Field("rf_kn_vs_nonkn");
const simbad = strField("cdsxmatch");
const roid = i64Field("roid");

const minDrb = f64Param("min_drb", 0.5, "real-bogus score, deep learning").within(0, 1);
const minClasstar = f64Param("min_classtar", 0.4, "star-galaxy score of SExtractor").within(0, 1);
const maxDetections = i64Param("max_detections", 20, "fewer detections than this, this one included").within(1, 1000);
const minKn = f64Param("min_kn", 0.5, "random forest, kilonova against all").within(0, 1);
const maxAge = f64Param("max_age", 5, "fewer days than this since the first detection").within(0, 10000);

const age = f64Value("age", "d", "since the first detection");

const realBogus = cut("real-bogus").shows(drb).against(minDrb);
const starGalaxy = cut("star-galaxy").shows(classtar).against(minClasstar);
const seldomSeen = cut("seldom-seen").shows(ndethist).against(maxDetections);
const kilonovaLike = cut("kilonova-like").shows(kn).against(minKn);
const young = cut("young").showsValue(age).against(maxAge);
const notSolarSystem = cut("not-solar-system").shows(roid);
const extragalacticHost = cut("extragalactic-host").shows(simbad);

function decide(): Verdict {
  age.value = jd.value - jdstarthist.value;

  if (!realBogus.passes(drb.value > minDrb.value)) return reject();
  if (!starGalaxy.passes(classtar.value > minClasstar.value)) return reject();
  if (!seldomSeen.passes(!ndethist.isNull && ndethist.value < maxDetections.value)) return reject();
  if (!kilonovaLike.passes(kn.value > minKn.value)) return reject();
  if (!young.passes(age.value < maxAge.value)) return reject();
  if (!notSolarSystem.passes(roid.value != KNOWN_SOLAR_SYSTEM)) return reject();
  if (!extragalacticHost.passes(simbad.isIn(EXTRAGALACTIC_HOSTS))) return reject();
  return pass();
}

filter(decide);
