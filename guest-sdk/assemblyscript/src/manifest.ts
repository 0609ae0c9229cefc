// The manifest: what the module declared, as the host reads it.

import { cutSpecs, declared, fieldSpecs, paramSpecs, routeNames, valueSpecs } from "./declarations";
import { Json } from "./json";

/** Address and length of the manifest; `fields` is `fields` of a filter, `map_fields` of a mapping. */
export function manifest(fields: string): u64 {
  const about = declared();
  const json = new Json();
  json.open("{").key("abi").token("1");
  pair(json, "name", about.name);
  pair(json, "version", about.version);
  pair(json, "description", about.description);
  texts(json, "surveys", about.surveys);
  writeFields(json, fields);
  writeParams(json);
  writeValues(json);
  writeCuts(json);
  texts(json, "routes", routeNames);
  return json.close("}").span;
}

function writeFields(json: Json, key: string): void {
  json.key(key).open("[");
  for (let i = 0; i < fieldSpecs.length; i++) {
    const field = fieldSpecs[i];
    json.open("{");
    pair(json, "path", field.path);
    pair(json, "type", field.type);
    if (field.isOptional) json.key("optional").bool(true);
    pair(json, "survey", field.onlySurvey);
    if (field.isLate) json.key("late").bool(true);
    json.close("}");
  }
  json.close("]");
}

function writeParams(json: Json): void {
  json.key("params").open("[");
  for (let i = 0; i < paramSpecs.length; i++) {
    const param = paramSpecs[i];
    json.open("{");
    pair(json, "name", param.name);
    pair(json, "type", param.type);
    json.key("default").token(param.fallback);
    if (param.min != "") json.key("min").token(param.min);
    if (param.max != "") json.key("max").token(param.max);
    pair(json, "doc", param.doc);
    json.close("}");
  }
  json.close("]");
}

function writeValues(json: Json): void {
  json.key("values").open("[");
  for (let i = 0; i < valueSpecs.length; i++) {
    const value = valueSpecs[i];
    json.open("{");
    pair(json, "name", value.name);
    pair(json, "type", value.type);
    pair(json, "unit", value.unit);
    pair(json, "doc", value.doc);
    json.close("}");
  }
  json.close("]");
}

function writeCuts(json: Json): void {
  json.key("cuts").open("[");
  for (let i = 0; i < cutSpecs.length; i++) {
    const cut = cutSpecs[i];
    json.open("{");
    pair(json, "name", cut.name);
    pair(json, "value", cut.value);
    pair(json, "param", cut.param);
    json.close("}");
  }
  json.close("]");
}

/** Left out where there is nothing to say. */
function pair(json: Json, key: string, text: string): void {
  if (text != "") json.key(key).text(text);
}

function texts(json: Json, key: string, list: string[]): void {
  json.key(key).open("[");
  for (let i = 0; i < list.length; i++) json.text(list[i]);
  json.close("]");
}
