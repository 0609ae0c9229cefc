/**
 * Fink's ZTF filter `sn_candidates` (topic `fink_sn_candidates_ztf`), verdict for verdict.
 *
 * An alert passes where SuperNNova sees a supernova, of type Ia or of any type, at a place where
 * SIMBAD knows nothing or something extragalactic, and the object is real, not extended, at most 90
 * days old, seen more than once, and not in the Solar System. Source: fink-filters 7.45,
 * `ztf/livestream/filter_sn_candidates`. The order of the cuts is ours; the verdict is the same in
 * any order. Nulls as in Fink: a null score, age or host fails its cut.
 */
export * from "skysieve-sdk/filter";
import {
  Verdict, ZTF, about, cut, f64Field, f64Param, f64Value, filter, i64Field, i64Param, larger, pass, reject, strField,
} from "skysieve-sdk";
import { EXTRAGALACTIC_HOSTS } from "./fink/hosts";

/** `roid` of an object that the Minor Planet Center knows. */
const KNOWN_SOLAR_SYSTEM: i64 = 3;

about({
  name: "ztf-sn-candidates",
  version: "0.1.0",
  description: "Supernova candidates: Fink's ZTF filter sn_candidates",
  surveys: [ZTF],
});

const drb = f64Field("candidate.drb");
const classtar = f64Field("candidate.classtar");
const ndethist = i64Field("candidate.ndethist");
const jd = f64Field("candidate.jd");
const jdstarthist = f64Field("candidate.jdstarthist");
const snIa = f64Field("snn_snia_vs_nonia");
const sn = f64Field("snn_sn_vs_all");
const simbad = strField("cdsxmatch");
const roid = i64Field("roid");

const minDrb = f64Param("min_drb", 0.5, "real-bogus score, deep learning").within(0, 1);
const minClasstar = f64Param("min_classtar", 0.4, "star-galaxy score of SExtractor").within(0, 1);
const minDetections = i64Param("min_detections", 2, "detections, this one included").within(1, 1000);
const minSn = f64Param("min_sn", 0.5, "SuperNNova, Ia against others or supernova against all").within(0, 1);
const maxAge = f64Param("max_age", 90, "days since the first detection").within(0, 10000);

const age = f64Value("age", "d", "since the first detection");
const snScore = f64Value("sn_score", "", "the better of SuperNNova's two");

const realBogus = cut("real-bogus").shows(drb).against(minDrb);
const starGalaxy = cut("star-galaxy").shows(classtar).against(minClasstar);
const seenBefore = cut("seen-before").shows(ndethist).against(minDetections);
const supernovaLike = cut("supernova-like").showsValue(snScore).against(minSn);
const young = cut("young").showsValue(age).against(maxAge);
const notSolarSystem = cut("not-solar-system").shows(roid);
const extragalacticHost = cut("extragalactic-host").shows(simbad);

function decide(): Verdict {
  age.value = jd.value - jdstarthist.value;
  snScore.value = larger(snIa.value, sn.value);

  if (!realBogus.passes(drb.value > minDrb.value)) return reject();
  if (!starGalaxy.passes(classtar.value > minClasstar.value)) return reject();
  if (!seenBefore.passes(ndethist.value >= minDetections.value)) return reject();
  if (!supernovaLike.passes(snScore.value > minSn.value)) return reject();
  if (!young.passes(age.value <= maxAge.value)) return reject();
  if (!notSolarSystem.passes(roid.value != KNOWN_SOLAR_SYSTEM)) return reject();
  if (!extragalacticHost.passes(simbad.isIn(EXTRAGALACTIC_HOSTS))) return reject();
  return pass();
}

filter(decide);
