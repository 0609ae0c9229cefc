// The functions that the host calls in a filter: `export * from "skysieve-sdk/filter";`.

export { skysieve_reserve, skysieve_reset } from "./src/entry";
import { decider } from "./src/module";
import { manifest } from "./src/manifest";
import { open } from "./src/record";
import { Verdict } from "./src/verdict";

export function skysieve_manifest(): u64 {
  return manifest("fields");
}

export function skysieve_filter(record: usize): Verdict {
  open(record);
  return decider()();
}
