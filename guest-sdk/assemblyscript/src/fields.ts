// Fields of the alert as typed constants: `const drb = f64Field("candidate.drb")`, then `drb.value`.
//
// | declared by      | contract's type           | null is                                              |
// | ---------------- | ------------------------- | ---------------------------------------------------- |
// | `f64Field`       | `f64`                     | NaN: every comparison with it is false               |
// | `i64Field`       | `i64`                     | the least number, or `isNull`                        |
// | `boolField`      | `bool`                    | neither `isTrue` nor `isFalse`                       |
// | `strField`       | `str`                     | equal to no text                                     |
// | `f64ListField` … | `list<f64>`, `list<i64>`… | of length 0; a null item as in the rows above        |

import { LSST, ZTF, fieldSpecs } from "./declarations";
import { FieldSpec } from "./specs";
import { fieldWord, haveLateFields, placeField } from "./record";
import { sameBytes, wordIn, wordIs, wordText } from "./text";

const LATE_TOO_EARLY: string =
  "a late field was read before it was asked for: `if (!haveLateFields()) return askForLateFields();`";

/** What else to say of a field: `f64Field("…", OPTIONAL | ONLY_ZTF)`. */
export type Extra = u32;
/** A schema may lack the field, which is then null. */
export const OPTIONAL: Extra = 1;
/** Handed over only when the filter asks for the late fields: for what is dear. */
export const LATE: Extra = 2;
/** The field exists on this survey alone, and is null on the other. */
export const ONLY_ZTF: Extra = 4;
export const ONLY_LSST: Extra = 8;

/** What all fields have in common. */
export class Field {
  private readonly spec: FieldSpec;
  protected readonly offset: usize = placeField();
  private readonly isLate: bool;

  constructor(path: string, type: string, extra: Extra) {
    const isLate = (extra & LATE) != 0;
    this.isLate = isLate;
    const survey = extra & ONLY_ZTF ? ZTF : extra & ONLY_LSST ? LSST : "";
    this.spec = new FieldSpec(path, type, (extra & OPTIONAL) != 0, survey, isLate);
    fieldSpecs.push(this.spec);
  }

  get path(): string {
    return this.spec.path;
  }

  /** The address of the field's word in this call's record. */
  // @ts-ignore: decorator
  @inline
  protected get word(): usize {
    if (this.isLate && !haveLateFields()) throw new Error(LATE_TOO_EARLY);
    return fieldWord(this.offset);
  }

  // @ts-ignore: decorator
  @inline
  protected get pointer(): u64 {
    return load<u64>(this.word);
  }
}

/** A number; NaN where the alert has none, so that every comparison with it is false. */
export class F64Field extends Field {
  constructor(path: string, extra: Extra) {
    super(path, "f64", extra);
  }

  // @ts-ignore: decorator
  @inline
  get value(): f64 {
    return load<f64>(this.word);
  }

  get isNull(): bool {
    return isNaN(this.value);
  }
}

/** A whole number; where the alert has none, the least there is, so that `>=` fails. */
export class I64Field extends Field {
  constructor(path: string, extra: Extra) {
    super(path, "i64", extra);
  }

  // @ts-ignore: decorator
  @inline
  get value(): i64 {
    return load<i64>(this.word);
  }

  get isNull(): bool {
    return this.value == i64.MIN_VALUE;
  }
}

/** A truth, or unknown. */
export class BoolField extends Field {
  constructor(path: string, extra: Extra) {
    super(path, "bool", extra);
  }

  // @ts-ignore: decorator
  @inline
  get isTrue(): bool {
    return load<u64>(this.word) == 1;
  }

  // @ts-ignore: decorator
  @inline
  get isFalse(): bool {
    return load<u64>(this.word) == 0;
  }

  get isNull(): bool {
    return load<u64>(this.word) > 1;
  }
}

/** A text. */
export class StrField extends Field {
  constructor(path: string, extra: Extra) {
    super(path, "str", extra);
  }

  get isNull(): bool {
    return this.pointer == 0;
  }

  /** Whether it is exactly this; a null is equal to nothing. */
  is(text: string): bool {
    return wordIs(this.pointer, text);
  }

  /** Whether it is one of a list that `labels` checked. */
  isIn(sorted: StaticArray<string>): bool {
    return wordIn(this.pointer, sorted);
  }

  /** Address and length, as in the record; 0 = null. */
  get span(): u64 {
    return this.pointer;
  }

  /** As a string of its own, "" for a null: allocated, hence for mappings. */
  toString(): string {
    return wordText(this.pointer);
  }
}

/** Bytes as they stand in the packet. */
export class BytesField extends Field {
  constructor(path: string, extra: Extra) {
    super(path, "bytes", extra);
  }

  get isNull(): bool {
    return this.pointer == 0;
  }

  get length(): i32 {
    return <i32>(this.pointer >> 32);
  }

  // @ts-ignore: decorator
  @operator("[]")
  at(index: i32): u8 {
    const word = this.pointer;
    if (<u32>index >= <u32>(word >> 32)) throw new RangeError("beyond the end of " + this.path);
    return load<u8>(<usize>(word & 0xffff_ffff) + index);
  }
}

/** What all lists have in common. */
export class ListField extends Field {
  /** How many items there are; 0 where the list is null. */
  // @ts-ignore: decorator
  @inline
  get length(): i32 {
    return <i32>(this.pointer >> 32);
  }

  get isNull(): bool {
    return this.pointer == 0;
  }

  // @ts-ignore: decorator
  @inline
  protected item(index: i32): usize {
    const word = this.pointer;
    if (<u32>index >= <u32>(word >> 32)) throw new RangeError("beyond the end of " + this.path);
    return <usize>(word & 0xffff_ffff) + ((<usize>index) << 3);
  }
}

/** Numbers; a null item is NaN. */
export class F64ListField extends ListField {
  constructor(path: string, extra: Extra) {
    super(path, "list<f64>", extra);
  }

  // @ts-ignore: decorator
  @operator("[]")
  at(index: i32): f64 {
    return load<f64>(this.item(index));
  }
}

/** Whole numbers; a null item is the least there is. */
export class I64ListField extends ListField {
  constructor(path: string, extra: Extra) {
    super(path, "list<i64>", extra);
  }

  // @ts-ignore: decorator
  @operator("[]")
  at(index: i32): i64 {
    return load<i64>(this.item(index));
  }
}

/** Truths, or unknown. */
export class BoolListField extends ListField {
  constructor(path: string, extra: Extra) {
    super(path, "list<bool>", extra);
  }

  isTrue(index: i32): bool {
    return load<u64>(this.item(index)) == 1;
  }

  isFalse(index: i32): bool {
    return load<u64>(this.item(index)) == 0;
  }
}

/** Texts. */
export class StrListField extends ListField {
  constructor(path: string, extra: Extra) {
    super(path, "list<str>", extra);
  }

  isNullAt(index: i32): bool {
    return load<u64>(this.item(index)) == 0;
  }

  /** Whether the item is exactly this; a null is equal to nothing. */
  is(index: i32, text: string): bool {
    return wordIs(load<u64>(this.item(index)), text);
  }

  /** Whether the item is the same text as a field, or both are null. */
  equals(index: i32, other: StrField): bool {
    return sameBytes(load<u64>(this.item(index)), other.span);
  }

  /** As a string of its own, "" for a null: allocated, hence for mappings. */
  textAt(index: i32): string {
    return wordText(load<u64>(this.item(index)));
  }
}

export function f64Field(path: string, extra: Extra = 0): F64Field {
  return new F64Field(path, extra);
}

export function i64Field(path: string, extra: Extra = 0): I64Field {
  return new I64Field(path, extra);
}

export function boolField(path: string, extra: Extra = 0): BoolField {
  return new BoolField(path, extra);
}

export function strField(path: string, extra: Extra = 0): StrField {
  return new StrField(path, extra);
}

export function bytesField(path: string, extra: Extra = 0): BytesField {
  return new BytesField(path, extra);
}

export function f64ListField(path: string, extra: Extra = 0): F64ListField {
  return new F64ListField(path, extra);
}

export function i64ListField(path: string, extra: Extra = 0): I64ListField {
  return new I64ListField(path, extra);
}

export function boolListField(path: string, extra: Extra = 0): BoolListField {
  return new BoolListField(path, extra);
}

export function strListField(path: string, extra: Extra = 0): StrListField {
  return new StrListField(path, extra);
}
