// A filter allocates nothing: without a reset between the calls, its memory stays as it is.

import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "skysieve-sdk/testing.js";

/** Of the least block, 16 bytes, this many are 5 pages. */
const CALLS = 20_000;

async function growth(name, alert, params) {
  const module = await load(`${process.env.SKYSIEVE_MODULES}/${name}.as.wasm`);
  module.exports = { ...module.exports, skysieve_reset: undefined };
  const outcome = module.judge(alert, params);
  const pages = () => module.exports.memory.buffer.byteLength / 65536;
  const before = pages();
  for (let i = 0; i < CALLS; i++) module.judge(alert, params);
  return { outcome, grown: pages() - before };
}

test("a filter of scalars", async () => {
  const { outcome, grown } = await growth("bright", { "alert.real_bogus": 0.9, "alert.mag": 17.2 });
  assert.ok(outcome.passed);
  assert.equal(grown, 0);
});

test("a filter that fits a line to a light curve", async () => {
  const alert = {
    "alert.mjd": 60003, "alert.first_mjd": 60001, "alert.passband": 2, "alert.real_bogus": 0.9,
    "alert.lightcurve.mjd": [60000, 60001, 60002, 60003],
    "alert.lightcurve.mag": [null, 20, 19, 18],
    "alert.lightcurve.mag_err": [null, 0.1, 0.1, 0.1],
    "alert.lightcurve.passband": [2, 2, 2, 2],
    "alert.lightcurve.kind": [1, 0, 0, 0],
  };
  const { outcome, grown } = await growth("fast_transient", alert);
  assert.ok(outcome.passed && outcome.askedForLateFields, JSON.stringify(outcome));
  assert.ok(Math.abs(outcome.values.rate + 1) < 1e-9, JSON.stringify(outcome.values));
  assert.equal(grown, 0);
});
