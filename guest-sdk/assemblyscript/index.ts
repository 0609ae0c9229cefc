// Write a filter or a mapping for skysieve in AssemblyScript: see README.md.

export { About, LSST, ZTF, about } from "./src/declarations";
export {
  LATE, ONLY_LSST, ONLY_ZTF, OPTIONAL,
  BoolField, BoolListField, BytesField, F64Field, F64ListField, I64Field, I64ListField, StrField, StrListField,
  boolField, boolListField, bytesField, f64Field, f64ListField, i64Field, i64ListField, strField, strListField,
} from "./src/fields";
export { BoolParam, F64Param, I64Param, StrParam, boolParam, f64Param, i64Param, strParam } from "./src/params";
export { BoolValue, F64Value, I64Value, StrValue, boolValue, f64Value, i64Value, strValue } from "./src/values";
export { Cut, Route, Verdict, askForLateFields, cut, pass, reject, route } from "./src/verdict";
export { haveLateFields, isExplained } from "./src/record";
export { Delivery, Save } from "./src/delivery";
export { filter, mapping } from "./src/module";
export { labels } from "./src/text";
export { Level, log } from "./src/log";
export * from "./astro/index";
