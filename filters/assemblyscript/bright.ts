/** Real, bright and not in the Solar System, on either survey: the filter of the tutorial. */
export * from "skysieve-sdk/filter";
import { LSST, Verdict, ZTF, about, boolField, cut, f64Field, f64Param, f64Value, filter, pass, reject } from "skysieve-sdk";

about({
  name: "bright",
  version: "0.1.0",
  description: "Real, bright and not in the Solar System",
  surveys: [ZTF, LSST],
});

const mag = f64Field("alert.mag");
const mjd = f64Field("alert.mjd");
const firstMjd = f64Field("alert.first_mjd");
const score = f64Field("alert.real_bogus");
const solarSystem = boolField("alert.solar_system");

const minScore = f64Param("min_real_bogus", 0.65, "real-bogus score").within(0, 1);
const maxMag = f64Param("max_mag", 19, "brighter than this, AB").within(0, 40);

const age = f64Value("age", "d", "since the first detection");

const realBogus = cut("real-bogus").shows(score).against(minScore);
const notSolarSystem = cut("not-solar-system").shows(solarSystem);
const bright = cut("bright").shows(mag).against(maxMag);

function decide(): Verdict {
  age.value = mjd.value - firstMjd.value;
  if (!realBogus.passes(score.value > minScore.value)) return reject();
  if (!notSolarSystem.passes(!solarSystem.isTrue)) return reject();
  if (!bright.passes(mag.value < maxMag.value)) return reject();
  return pass();
}

filter(decide);
