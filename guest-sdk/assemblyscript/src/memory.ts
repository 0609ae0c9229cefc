// Memory of three kinds, in this order: what is declared when an instance is made, the buffer that
// the host fills, and what a call allocates, which `skysieve_reset` frees.
//
// The allocator is the compiler's stub: a pointer that only moves up. Moving it back to where the
// last call began is all that freeing is.

/** The first block of the heap, empty: moving back writes into its header and nobody else's. */
const GROUND: usize = heap.alloc(0);

if (GROUND != ((__heap_base + 4 + 15) & ~15)) {
  throw new Error("something was allocated before the SDK: import skysieve-sdk first");
}

let buffer: usize = 0;
let capacity: usize = 0;
/** Where a call's allocations begin; 0 until the first call. */
let kept: usize = 0;

/** A buffer of at least `length` bytes that no reset touches; it grows in place where it can. */
export function reserve(length: usize): usize {
  if (length > capacity) {
    buffer = capacity == 0 ? heap.alloc(length) : heap.realloc(buffer, length);
    capacity = length;
    kept = top();
  }
  return buffer;
}

/** Frees what was allocated since the last `reserve`. */
export function reset(): void {
  if (kept == 0) return;
  heap.reset();
  // One block from the ground to where the calls' memory begins; a block has a header of 4 bytes.
  heap.alloc(kept - GROUND - 4);
}

/** Where the next block will be. */
function top(): usize {
  const next = heap.alloc(0);
  heap.free(next);
  return next;
}

/** An address and a length as they travel in one word. */
export function span(address: usize, length: u32): u64 {
  return ((<u64>length) << 32) | <u64>address;
}
