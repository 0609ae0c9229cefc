// What a module does: it decides, or it maps.

import { Delivery } from "./delivery";
import { Verdict } from "./verdict";

/** What a filter decides about the alert that it was called with. */
export type Decide = () => Verdict;
/** What a mapping delivers of an alert that passed; null = nothing. */
export type Deliver = () => Delivery | null;

let decide: Decide | null = null;
let deliver: Deliver | null = null;

/**
 * The module is a filter: its last line, since the compiler wants to see what a function uses before
 * the function is used. `export * from "skysieve-sdk/filter";` goes with it.
 */
export function filter(decides: Decide): void {
  decide = decides;
}

/** The module is a mapping: its last line. `export * from "skysieve-sdk/mapping";` goes with it. */
export function mapping(delivers: Deliver): void {
  deliver = delivers;
}

export function decider(): Decide {
  if (decide === null) throw new Error("the module is no filter: its last line must be `filter(decide);`");
  return decide!;
}

export function mapper(): Deliver {
  if (deliver === null) throw new Error("the module is no mapping: its last line must be `mapping(deliver);`");
  return deliver!;
}
