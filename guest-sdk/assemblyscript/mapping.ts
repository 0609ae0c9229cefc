// The functions that the host calls in a mapping: `export * from "skysieve-sdk/mapping";`.

export { skysieve_reserve, skysieve_reset } from "./src/entry";
import { manifest } from "./src/manifest";
import { mapper } from "./src/module";
import { open } from "./src/record";

export function skysieve_manifest(): u64 {
  return manifest("map_fields");
}

export function skysieve_map(record: usize): u64 {
  open(record);
  const delivery = mapper()();
  return delivery === null ? 0 : delivery.write();
}
