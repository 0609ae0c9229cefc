/**
 * Young transients that rise or fade fast, on either survey.
 *
 * The fields are the survey-neutral ones, so the same module runs on ZTF and LSST. How fast is
 * measured in the alert's own passband: the slope of a weighted straight line through the detections
 * of the last days, which must also be significant.
 */
export * from "skysieve-sdk/filter";
import {
  LSST, Verdict, ZTF, about, askForLateFields, boolField, cut, f64Field, f64Param, f64Value, filter, haveLateFields,
  i64Field, lightCurve, pass, reject, route,
} from "skysieve-sdk";

about({
  name: "fast-transient",
  version: "0.1.0",
  description: "Young transients that rise or fade fast, on either survey",
  surveys: [ZTF, LSST],
});

const main = route("main");
const urgent = route("urgent");

const mjd = f64Field("alert.mjd");
const firstMjd = f64Field("alert.first_mjd");
const passband = i64Field("alert.passband");
const score = f64Field("alert.real_bogus");
const solarSystem = boolField("alert.solar_system");
const history = lightCurve();

const minScore = f64Param("min_real_bogus", 0.65, "real-bogus score").within(0, 1);
const maxAge = f64Param("max_age", 10, "days since the first detection").within(0, 10000);
const days = f64Param("window", 3, "days before the alert that the line goes through").within(0.01, 100);
const minRate = f64Param("min_rate", 0.3, "rising or fading by more than this, mag/d").within(0, 100);
const minSignificance = f64Param("min_significance", 3, "rate over its error").within(0, 100);
const urgentRate = f64Param("urgent_rate", 1, "on the urgent route from here on, mag/d").within(0, 100);

const age = f64Value("age", "d", "since the first detection");
const rate = f64Value("rate", "mag/d", "in the alert's passband; negative while it brightens");
const rateErr = f64Value("rate_err", "mag/d", "1 sigma");

const realBogus = cut("real-bogus").shows(score).against(minScore);
const notSolarSystem = cut("not-solar-system").shows(solarSystem);
const young = cut("young").showsValue(age).against(maxAge);
const fast = cut("fast").showsValue(rate).against(minRate);
const significant = cut("significant").showsValue(rateErr).against(minSignificance);

function decide(): Verdict {
  if (!realBogus.passes(score.value > minScore.value)) return reject();
  if (!notSolarSystem.passes(!solarSystem.isTrue)) return reject();
  age.value = mjd.value - firstMjd.value;
  if (!young.passes(age.value <= maxAge.value)) return reject();

  if (!haveLateFields()) return askForLateFields();
  const line = history.detections(passband.value).since(mjd.value - days.value).line();
  rate.value = line.slope;
  rateErr.value = line.slopeErr;
  const speed = Math.abs(line.slope);
  if (!fast.passes(speed > minRate.value)) return reject();
  if (!significant.passes(speed > minSignificance.value * line.slopeErr)) return reject();
  return speed >= urgentRate.value ? pass(urgent) : pass(main);
}

filter(decide);
