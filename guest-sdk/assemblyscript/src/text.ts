// Texts of the record are UTF-8, AssemblyScript's own are UTF-16: they are compared where they
// stand, without a copy.

/** The decoded character, and how many units it took: no allocation for a pair. */
let taken: u32 = 0;

/** Less than, equal to or greater than 0, by characters. */
export function compareText(at: usize, length: u32, text: string): i32 {
  const units = changetype<usize>(text);
  const count = <u32>text.length;
  let i: u32 = 0;
  let j: u32 = 0;
  while (i < length && j < count) {
    let left = <u32>load<u8>(at + i);
    let right = <u32>load<u16>(units + (j << 1));
    if ((left | right) < 0x80) {
      i++;
      j++;
    } else {
      left = fromUtf8(at + i, length - i);
      i += taken;
      right = fromUtf16(units + (j << 1), count - j);
      j += taken;
    }
    if (left != right) return <i32>left - <i32>right;
  }
  return i < length ? 1 : j < count ? -1 : 0;
}

/** Whether two texts of records are the same. */
export function sameBytes(word: u64, other: u64): bool {
  if (word == 0 || other == 0) return word == other;
  const length = <u32>(word >> 32);
  if (length != <u32>(other >> 32)) return false;
  return memory.compare(<usize>(word & 0xffff_ffff), <usize>(other & 0xffff_ffff), length) == 0;
}

/** A word's text is exactly this; a null is no text. */
export function wordIs(word: u64, text: string): bool {
  return word != 0 && compareText(<usize>(word & 0xffff_ffff), <u32>(word >> 32), text) == 0;
}

/** Whether a word's text is one of a sorted list; a null is not. */
export function wordIn(word: u64, sorted: StaticArray<string>): bool {
  if (word == 0) return false;
  const at = <usize>(word & 0xffff_ffff);
  const length = <u32>(word >> 32);
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = compareText(at, length, unchecked(sorted[middle]));
    if (order == 0) return true;
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return false;
}

/** A word's text as a string of its own; "" for a null. It is allocated, and gone after the call. */
export function wordText(word: u64): string {
  return word == 0 ? "" : String.UTF8.decodeUnsafe(<usize>(word & 0xffff_ffff), <usize>(word >> 32));
}

/** A list of labels to look a text up in: `simbad.isIn(HOSTS)`. It must be sorted by characters. */
export function labels(sorted: StaticArray<string>): StaticArray<string> {
  for (let i = 1; i < sorted.length; i++) {
    if (sorted[i - 1] >= sorted[i]) throw new Error("not sorted, or twice in the list: " + sorted[i]);
  }
  return sorted;
}

function fromUtf8(at: usize, left: u32): u32 {
  const first = <u32>load<u8>(at);
  const length: u32 = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  // The host promises whole characters; what is cut off is still not read beyond its end.
  taken = min(length, left);
  if (taken == 1) return first;
  let character = first & (0x7f >> length);
  for (let i: u32 = 1; i < taken; i++) character = (character << 6) | (load<u8>(at + i) & 0x3f);
  return character;
}

function fromUtf16(at: usize, left: u32): u32 {
  const first = <u32>load<u16>(at);
  taken = 1;
  if ((first & 0xfc00) != 0xd800 || left < 2) return first;
  taken = 2;
  return 0x10000 + ((first & 0x3ff) << 10) + (load<u16>(at, 2) & 0x3ff);
}
