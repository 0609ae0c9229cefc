/**
 * What a team wants to see of a candidate in SkyPortal, on either survey: the whole light curve,
 * Fink's classification, the filter's own numbers and, if asked for, a line in words.
 *
 * Candidate or source is the route's matter; a parameter can ask for the lesser. The probability of a
 * classification is the score on which Fink based it, where there is one: source fink-filters 7.45,
 * `extract_fink_classification`.
 */
export * from "skysieve-sdk/mapping";
import {
  Delivery, LSST, ONLY_ZTF, OPTIONAL, Save, ZTF, about, boolParam, decimals, f64Field, i64Field, larger, mapping,
  strField,
} from "skysieve-sdk";

about({
  name: "standard-mapping",
  version: "0.1.0",
  description: "Light curve, classification and the filter's numbers, on either survey",
  surveys: [ZTF, LSST],
});

const filterName = strField("filter.name");
const filterVersion = strField("filter.version");
const filterRoute = strField("filter.route");
const mjd = f64Field("alert.mjd");
const firstMjd = f64Field("alert.first_mjd", OPTIONAL);
const band = strField("alert.band");
const mag = f64Field("alert.mag");
const detections = i64Field("alert.detections", OPTIONAL);
const realBogus = f64Field("alert.real_bogus", OPTIONAL);
const classification = strField("alert.classification", OPTIONAL);
const snIa = f64Field("snn_snia_vs_nonia", OPTIONAL | ONLY_ZTF);
const sn = f64Field("snn_sn_vs_all", OPTIONAL | ONLY_ZTF);
const earlySnIa = f64Field("rf_snia_vs_nonia", OPTIONAL | ONLY_ZTF);
const kilonova = f64Field("rf_kn_vs_nonkn", OPTIONAL | ONLY_ZTF);
const microlensing = f64Field("mulens", OPTIONAL | ONLY_ZTF);

const candidateOnly = boolParam("candidate_only", false, "never save as a source, whatever the route allows");
const comment = boolParam("comment", false, "add a line in words");

function deliver(): Delivery {
  const delivery = new Delivery()
    .standardPhotometry()
    .annotate("detections", detections.value)
    .annotate("days_since_first", mjd.value - firstMjd.value)
    .annotate("real_bogus", realBogus.value);
  if (candidateOnly.value) delivery.save(Save.Candidate);
  // Fink's `Unknown` says that there is no classification.
  if (!classification.isNull && !classification.is("Unknown")) {
    delivery.classify(classification.toString(), probability());
  }
  if (comment.value) describe(delivery);
  return delivery;
}

/** The score behind Fink's label; NaN where the label has none. */
function probability(): f64 {
  let score = NaN;
  if (classification.is("SN candidate")) score = larger(snIa.value, sn.value);
  else if (classification.is("Early SN Ia candidate")) score = earlySnIa.value;
  else if (classification.is("Kilonova candidate")) score = kilonova.value;
  else if (classification.is("Microlensing candidate")) score = microlensing.value;
  return score >= 0 && score <= 1 ? score : NaN;
}

function describe(delivery: Delivery): void {
  const name = filterName.isNull ? "a filter" : filterName.toString();
  const age = decimals(mjd.value - firstMjd.value, 1);
  delivery.comment(name + " " + filterVersion.toString() + ", route " + filterRoute.toString() + ": ");
  if (isFinite(mag.value)) {
    delivery.comment(band.toString() + " = " + decimals(mag.value, 2) + ", " + age + " d after the first detection");
  } else {
    delivery.comment("fainter than before in " + band.toString() + ", " + age + " d after the first detection");
  }
}

mapping(deliver);
