// The functions that the host calls in every module.

import { reserve, reset } from "./memory";

export function skysieve_reserve(length: i32): usize {
  return reserve(<u32>length);
}

export function skysieve_reset(): void {
  reset();
}
