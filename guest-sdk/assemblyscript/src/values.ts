// Values that a filter shows to people: `const age = f64Value("age", "d", "since the first
// detection")`, then `age.value = …`. What is not written is null.

import { valueSpecs } from "./declarations";
import { span } from "./memory";
import { placeValue, valueWord } from "./record";
import { ValueSpec } from "./specs";
import { StrField } from "./fields";

export class Value {
  private readonly spec: ValueSpec;
  protected readonly offset: usize = placeValue();

  constructor(name: string, type: string, unit: string, doc: string) {
    this.spec = new ValueSpec(name, type, unit, doc);
    valueSpecs.push(this.spec);
  }

  get name(): string {
    return this.spec.name;
  }
}

export class F64Value extends Value {
  // @ts-ignore: decorator
  @inline
  get value(): f64 {
    return load<f64>(valueWord(this.offset));
  }

  // @ts-ignore: decorator
  @inline
  set value(number: f64) {
    store<f64>(valueWord(this.offset), number);
  }
}

export class I64Value extends Value {
  // @ts-ignore: decorator
  @inline
  get value(): i64 {
    return load<i64>(valueWord(this.offset));
  }

  // @ts-ignore: decorator
  @inline
  set value(number: i64) {
    store<i64>(valueWord(this.offset), number);
  }
}

export class BoolValue extends Value {
  get isTrue(): bool {
    return load<u64>(valueWord(this.offset)) == 1;
  }

  set(truth: bool): void {
    store<u64>(valueWord(this.offset), truth ? 1 : 0);
  }
}

export class StrValue extends Value {
  /** A text of the module's own; it is copied as UTF-8. */
  set(text: string): void {
    const length = String.UTF8.byteLength(text);
    const bytes = heap.alloc(length);
    String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, bytes);
    store<u64>(valueWord(this.offset), span(bytes, length));
  }

  /** The text of a field, null where that is; nothing is copied. */
  setFrom(field: StrField): void {
    store<u64>(valueWord(this.offset), field.span);
  }
}

export function f64Value(name: string, unit: string, doc: string): F64Value {
  return new F64Value(name, "f64", unit, doc);
}

export function i64Value(name: string, unit: string, doc: string): I64Value {
  return new I64Value(name, "i64", unit, doc);
}

export function boolValue(name: string, doc: string): BoolValue {
  return new BoolValue(name, "bool", "", doc);
}

export function strValue(name: string, doc: string): StrValue {
  return new StrValue(name, "str", "", doc);
}
