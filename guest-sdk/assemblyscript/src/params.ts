// Parameters that an operator may set: `const minDrb = f64Param("min_drb", 0.5, "real-bogus score")`.

import { paramSpecs } from "./declarations";
import { integerJson, numberJson, textJson } from "./json";
import { paramWord, placeParam } from "./record";
import { ParamSpec } from "./specs";
import { wordIs, wordText } from "./text";

export class Param {
  protected readonly spec: ParamSpec;
  protected readonly offset: usize = placeParam();

  constructor(name: string, type: string, fallback: string, doc: string) {
    this.spec = new ParamSpec(name, type, fallback, doc);
    paramSpecs.push(this.spec);
  }

  get name(): string {
    return this.spec.name;
  }
}

export class F64Param extends Param {
  constructor(name: string, fallback: f64, doc: string) {
    super(name, "f64", numberJson(fallback), doc);
  }

  /** The least and the greatest that an operator may set. */
  within(least: f64, greatest: f64): F64Param {
    this.spec.min = numberJson(least);
    this.spec.max = numberJson(greatest);
    return this;
  }

  // @ts-ignore: decorator
  @inline
  get value(): f64 {
    return load<f64>(paramWord(this.offset));
  }
}

export class I64Param extends Param {
  constructor(name: string, fallback: i64, doc: string) {
    super(name, "i64", integerJson(fallback), doc);
  }

  /** The least and the greatest that an operator may set. */
  within(least: i64, greatest: i64): I64Param {
    this.spec.min = integerJson(least);
    this.spec.max = integerJson(greatest);
    return this;
  }

  // @ts-ignore: decorator
  @inline
  get value(): i64 {
    return load<i64>(paramWord(this.offset));
  }
}

export class BoolParam extends Param {
  constructor(name: string, fallback: bool, doc: string) {
    super(name, "bool", fallback ? "true" : "false", doc);
  }

  // @ts-ignore: decorator
  @inline
  get value(): bool {
    return load<u64>(paramWord(this.offset)) == 1;
  }
}

export class StrParam extends Param {
  constructor(name: string, fallback: string, doc: string) {
    super(name, "str", textJson(fallback), doc);
  }

  /** Whether it is exactly this. */
  is(text: string): bool {
    return wordIs(load<u64>(paramWord(this.offset)), text);
  }

  /** As a string of its own: allocated, hence for mappings. */
  toString(): string {
    return wordText(load<u64>(paramWord(this.offset)));
  }
}

export function f64Param(name: string, fallback: f64, doc: string): F64Param {
  return new F64Param(name, fallback, doc);
}

export function i64Param(name: string, fallback: i64, doc: string): I64Param {
  return new I64Param(name, fallback, doc);
}

export function boolParam(name: string, fallback: bool, doc: string): BoolParam {
  return new BoolParam(name, fallback, doc);
}

export function strParam(name: string, fallback: string, doc: string): StrParam {
  return new StrParam(name, fallback, doc);
}
