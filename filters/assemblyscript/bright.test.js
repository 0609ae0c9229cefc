import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "skysieve-sdk/testing.js";

const bright = await load("build/bright.wasm");

test("a bright star passes and a faint one does not", () => {
  const star = { "alert.real_bogus": 0.9, "alert.mag": 17.2 };
  assert.ok(bright.judge(star).passed);

  const faint = { ...star, "alert.mag": 20 };
  assert.equal(bright.judge(faint).cut, "bright");
});
