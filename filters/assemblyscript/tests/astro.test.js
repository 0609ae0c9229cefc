// The SDK's astronomy against figures from elsewhere.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const source = fileURLToPath(new URL("astro.ts", import.meta.url));
const files = {};
const { error, stderr } = await asc.main([source, "--outFile", "astro.wasm", "--runtime", "stub"], {
  writeFile: (name, bytes) => (files[name] = bytes),
});
assert.equal(error, null, stderr.toString());
const abort = () => assert.fail("aborted");
const { instance } = await WebAssembly.instantiate(files["astro.wasm"], { env: { abort } });
const astro = instance.exports;

function near(found, expected, within) {
  assert.ok(Math.abs(found - expected) <= within, `${found}, not ${expected}`);
}

test("distances as astropy has them", () => {
  // FlatLambdaCDM(H0=70, Om0=0.3, Tcmb0=0).luminosity_distance(z)
  near(astro.luminosityDistance(0.1), 460.29974, 5e-4);
  near(astro.luminosityDistance(1), 6607.65761, 5e-3);
  assert.ok(Number.isNaN(astro.luminosityDistance(-0.01)));
  // 16.5 Mpc is a distance modulus of 31.087.
  near(astro.absoluteMag(12, 16.5), -19.087, 1e-3);
});

test("latitudes of well-known places", () => {
  // Galactic centre, Crab nebula, M31.
  near(astro.galacticLatitude(266.41683, -29.00781), -0.046, 2e-3);
  near(astro.galacticLatitude(83.63308, 22.0145), -5.784, 2e-3);
  near(astro.galacticLatitude(10.68471, 41.26875), -21.573, 2e-3);
  near(astro.separation(0, 0, 90, 0), 90, 1e-12);
});

test("sines in degrees", () => {
  assert.equal(astro.sinDegrees(450), 1);
  assert.equal(astro.cosDegrees(-90), 0);
  for (let degrees = -720; degrees <= 720; degrees += 0.7) {
    near(astro.sinDegrees(degrees), Math.sin((degrees * Math.PI) / 180), 2e-15);
    near(astro.cosDegrees(degrees), Math.cos((degrees * Math.PI) / 180), 2e-15);
  }
});

test("fluxes and magnitudes", () => {
  assert.equal(astro.magFromUJy(1), 23.9);
  assert.equal(astro.magFromNJy(1000), 23.9);
  near(astro.uJyFromMag(18.9), 100, 1e-10);
  near(astro.nJyFromMag(23.9), 1000, 1e-9);
  assert.ok(Number.isNaN(astro.magFromUJy(0)));
});
