// Where the record of this call has its parts. All the typed fields, parameters and values read
// from here.

const HEADER: usize = 16;
const FLAG_EXPLAIN: u32 = 1;
const FLAG_LATE: u32 = 2;

/** How many of each were declared. */
let fields: usize = 0;
let values: usize = 0;
let params: usize = 0;

let fieldsAt: usize = 0;
let valuesAt: usize = 0;
let paramsAt: usize = 0;
let flags: u32 = 0;

/** Takes the next place; returns its offset in bytes among its kind. */
export function placeField(): usize {
  return 8 * fields++;
}

export function placeValue(): usize {
  return 8 * values++;
}

export function placeParam(): usize {
  return 8 * params++;
}

/** A call begins with this record. */
export function open(record: usize): void {
  flags = load<u32>(record);
  fieldsAt = record + HEADER + 8 * ((fields + 63) >> 6);
  valuesAt = fieldsAt + 8 * fields;
  paramsAt = valuesAt + 8 * values;
}

// @ts-ignore: decorator
@inline
export function fieldWord(offset: usize): usize {
  return fieldsAt + offset;
}

// @ts-ignore: decorator
@inline
export function valueWord(offset: usize): usize {
  return valuesAt + offset;
}

// @ts-ignore: decorator
@inline
export function paramWord(offset: usize): usize {
  return paramsAt + offset;
}

/** Whether the late fields were handed over. */
export function haveLateFields(): bool {
  return (flags & FLAG_LATE) != 0;
}

/** Whether this call will be explained to a person: time may be spent on values. */
export function isExplained(): bool {
  return (flags & FLAG_EXPLAIN) != 0;
}
