/**
 * Fink's ZTF filter `vra` (topic `fink_vra_ztf`), verdict for verdict.
 *
 * An alert passes, on its way to the Virtual Research Assistant, where something real and faint
 * appears that SIMBAD does not know and that is not in the Solar System. Source: fink-filters 7.45,
 * `ztf/livestream/filter_vra`.
 */
export * from "skysieve-sdk/filter";
import {
  Verdict, ZTF, about, cut, f64Field, f64Param, filter, i64Field, pass, reject, strField,
} from "skysieve-sdk";

/** `roid` of an object that the Minor Planet Center knows. */
const KNOWN_SOLAR_SYSTEM: i64 = 3;

about({
  name: "ztf-vra",
  version: "0.1.0",
  description: "Faint and unknown: Fink's ZTF filter vra",
  surveys: [ZTF],
});

const drb = f64Field("candidate.drb");
const mag = f64Field("candidate.magpsf");
const simbad = strField("cdsxmatch");
const roid = i64Field("roid");

const minDrb = f64Param("min_drb", 0.5, "real-bogus score, deep learning").within(0, 1);
const minMag = f64Param("min_mag", 19.5, "fainter than this").within(0, 40);

const realBogus = cut("real-bogus").shows(drb).against(minDrb);
const faint = cut("faint").shows(mag).against(minMag);
const notSolarSystem = cut("not-solar-system").shows(roid);
const unknown = cut("unknown").shows(simbad);

function decide(): Verdict {
  if (!realBogus.passes(drb.value > minDrb.value)) return reject();
  if (!faint.passes(mag.value > minMag.value)) return reject();
  if (!notSolarSystem.passes(roid.value != KNOWN_SOLAR_SYSTEM)) return reject();
  if (!unknown.passes(simbad.is("Unknown"))) return reject();
  return pass();
}

filter(decide);
