// The light curve of an alert, as the `alert.lightcurve` fields hand it over.

import { F64ListField, I64ListField, LATE, f64ListField, i64ListField } from "../src/fields";

/** What a point is, as `alert.lightcurve.kind` numbers it. */
export const DETECTION: i64 = 0;
export const UPPER_LIMIT: i64 = 1;
export const FORCED: i64 = 2;

/**
 * Declares the light curve as late fields: once, beside the other fields.
 *
 *     const history = lightCurve();
 *     …
 *     const line = history.detections(band).since(mjd.value - 3).line();
 */
export function lightCurve(): LightCurve {
  return new LightCurve(new Columns());
}

/** The columns, as long as each other and in time order; the last detection is the alert itself. */
export class Columns {
  /** UTC, days. */
  readonly mjd: F64ListField = f64ListField("alert.lightcurve.mjd", LATE);
  /** AB; NaN where there is none. */
  readonly mag: F64ListField = f64ListField("alert.lightcurve.mag", LATE);
  /** 1σ. */
  readonly magErr: F64ListField = f64ListField("alert.lightcurve.mag_err", LATE);
  /** 0–5 = u g r i z y. */
  readonly passband: I64ListField = i64ListField("alert.lightcurve.passband", LATE);
  readonly kind: I64ListField = i64ListField("alert.lightcurve.kind", LATE);

  get length(): i32 {
    return this.mjd.length;
  }
}

/** The light curve of this call's alert. */
export class LightCurve {
  /** Made here, with the declarations: what is made in a call is gone after it. */
  private readonly chosen: Detections;

  constructor(readonly columns: Columns) {
    this.chosen = new Detections(columns);
  }

  /** The detections in one passband that have a magnitude; one choice at a time. */
  detections(passband: i64): Detections {
    const chosen = this.chosen;
    chosen.passband = passband;
    chosen.first = -Infinity;
    return chosen;
  }

  /**
   * When something was last looked for and not found before the first detection (UTC, days): the
   * tightest bound on when it began. NaN where the light curve begins with a detection.
   */
  lastUpperLimit(): f64 {
    const columns = this.columns;
    let last = NaN;
    for (let i = 0; i < columns.length; i++) {
      const kind = columns.kind[i];
      if (kind == DETECTION) return last;
      if (kind == UPPER_LIMIT) last = columns.mjd[i];
    }
    return NaN;
  }
}

/** A straight line through points, and how well it is known; NaN where there is none. */
export class Line {
  slope: f64 = NaN;
  /** 1σ, from the points' own errors. */
  slopeErr: f64 = NaN;
}

/** Some detections of one passband. The object and its line are used again: nothing is allocated. */
export class Detections {
  passband: i64 = 0;
  first: f64 = -Infinity;
  private readonly fitted: Line = new Line();

  constructor(private readonly curve: Columns) {}

  /** Only those from this time on (MJD UTC, days). */
  since(mjd: f64): Detections {
    this.first = mjd;
    return this;
  }

  /** Whether this point of the light curve is one of them. */
  has(i: i32): bool {
    const curve = this.curve;
    return (
      curve.kind[i] == DETECTION &&
      curve.passband[i] == this.passband &&
      isFinite(curve.mag[i]) &&
      curve.mjd[i] >= this.first
    );
  }

  /** How many they are. */
  count(): i32 {
    let count = 0;
    for (let i = 0; i < this.curve.length; i++) count += i32(this.has(i));
    return count;
  }

  /**
   * Change in mag/d from the last of them but one to the last, at least `gap` days apart; negative
   * while it brightens. NaN where there are no two such detections.
   */
  rate(gap: f64): f64 {
    const curve = this.curve;
    let last = -1;
    for (let i = curve.length - 1; i >= 0; i--) {
      if (!this.has(i)) continue;
      if (last < 0) {
        last = i;
      } else if (curve.mjd[last] - curve.mjd[i] >= gap) {
        const days = curve.mjd[last] - curve.mjd[i];
        return days > 0 ? (curve.mag[last] - curve.mag[i]) / days : NaN;
      }
    }
    return NaN;
  }

  /**
   * The straight line through their magnitudes in mag/d: least squares with weights 1/σ². A point
   * without a positive finite error is left out; there is none where fewer than two different times
   * are left.
   */
  line(): Line {
    const curve = this.curve;
    const line = this.fitted;
    line.slope = line.slopeErr = NaN;
    // Around the weighted mean, since days since 1858 squared leave no digits for minutes.
    let weights: f64 = 0;
    let xSum: f64 = 0;
    let ySum: f64 = 0;
    for (let i = 0; i < curve.length; i++) {
      if (!this.isWeighable(i)) continue;
      const weight = 1 / (curve.magErr[i] * curve.magErr[i]);
      weights += weight;
      xSum += weight * curve.mjd[i];
      ySum += weight * curve.mag[i];
    }
    const xMean = xSum / weights;
    const yMean = ySum / weights;
    let xx: f64 = 0;
    let xy: f64 = 0;
    let spread: f64 = 0;
    for (let i = 0; i < curve.length; i++) {
      if (!this.isWeighable(i)) continue;
      const weight = 1 / (curve.magErr[i] * curve.magErr[i]);
      const x = curve.mjd[i] - xMean;
      xx += weight * x * x;
      xy += weight * x * (curve.mag[i] - yMean);
      spread = max(spread, Math.abs(x));
    }
    // One epoch leaves a spread of rounding errors only.
    if (spread > 1e-9 * max(Math.abs(xMean), 1e-3)) {
      line.slope = xy / xx;
      line.slopeErr = 1 / Math.sqrt(xx);
    }
    return line;
  }

  private isWeighable(i: i32): bool {
    if (!this.has(i)) return false;
    const error = this.curve.magErr[i];
    return isFinite(this.curve.mjd[i]) && isFinite(error) && error > 0;
  }
}
