// One line of the manifest each.

export class FieldSpec {
  constructor(
    readonly path: string,
    readonly type: string,
    readonly isOptional: bool,
    /** "" = both. */
    readonly onlySurvey: string,
    readonly isLate: bool,
  ) {}
}

export class ParamSpec {
  min: string = "";
  max: string = "";

  constructor(
    readonly name: string,
    readonly type: string,
    /** As JSON. */
    readonly fallback: string,
    readonly doc: string,
  ) {}
}

export class ValueSpec {
  constructor(
    readonly name: string,
    readonly type: string,
    readonly unit: string,
    readonly doc: string,
  ) {}
}

export class CutSpec {
  /** A field's path or a value's name, and a parameter's name; "" = none. */
  value: string = "";
  param: string = "";

  constructor(readonly name: string) {}
}
