// What a filter returns: a route on which the alert goes on, the cut that it failed, or the wish for
// the late fields.

import { cutSpecs, routeNames } from "./declarations";
import { CutSpec } from "./specs";
import { Field } from "./fields";
import { Param } from "./params";
import { Value } from "./values";

/** What a filter returns: made by `pass`, `reject` or `askForLateFields`. */
export type Verdict = u64;
/** Routes, as `route` declares them: `main | urgent` names both. */
export type Route = u32;

const REJECTED: u64 = 1 << 63;
const WANTS_LATE: u64 = 1 << 62;

let failedCut: u64 = 0;

/**
 * One cut, in the order in which they are declared:
 *
 *     if (!realBogus.passes(drb.value > minDrb.value)) return reject();
 */
export class Cut {
  private readonly spec: CutSpec;
  private readonly number: u64 = cutSpecs.length;

  constructor(name: string) {
    this.spec = new CutSpec(name);
    cutSpecs.push(this.spec);
  }

  /** `explain` shows this field beside the cut. */
  shows(field: Field): Cut {
    this.spec.value = field.path;
    return this;
  }

  /** `explain` shows this value beside the cut. */
  showsValue(value: Value): Cut {
    this.spec.value = value.name;
    return this;
  }

  /** `explain` shows this parameter beside the cut. */
  against(param: Param): Cut {
    this.spec.param = param.name;
    return this;
  }

  /** Whether the alert passes; if not, `reject` will name this cut. */
  // @ts-ignore: decorator
  @inline
  passes(condition: bool): bool {
    if (condition) return true;
    failedCut = this.number;
    return false;
  }
}

export function cut(name: string): Cut {
  return new Cut(name);
}

/** A way on for an alert that passes; none declared is one, `main`. */
export function route(name: string): Route {
  routeNames.push(name);
  return 1 << (routeNames.length - 1);
}

/** The alert goes on, on the first route or on the named ones. */
// @ts-ignore: decorator
@inline
export function pass(routes: Route = 0): Verdict {
  return routes;
}

/** The alert stops at the cut that failed last. */
// @ts-ignore: decorator
@inline
export function reject(): Verdict {
  return REJECTED | failedCut;
}

/** The host calls again, with the late fields. */
// @ts-ignore: decorator
@inline
export function askForLateFields(): Verdict {
  return WANTS_LATE;
}
