// Trying a module in Node, without skysieve: an alert is made up by paths, written into a record as
// the host writes it, and judged by the compiled module.
//
//     const bright = await load("build/bright.wasm");
//     const star = { "alert.real_bogus": 0.9, "alert.mag": 17.2 };
//     assert.equal(bright.judge(star).passed, true);

import { readFile } from "node:fs/promises";

/** Reads a compiled module, of whichever language. */
export async function load(path) {
  return Module.compile(await readFile(path));
}

const LATE = 2n;
const REJECTED = 1n << 63n;
const WANTS_LATE = 1n << 62n;

const NULLS = { f64: 0x7ff8n << 48n, i64: 1n << 63n, bool: 2n };
const nullOf = (type) => NULLS[type] ?? 0n;

/** A module and its one instance, which is reset after every call. */
export class Module {
  static async compile(bytes) {
    const module = new Module();
    const { instance } = await WebAssembly.instantiate(bytes, module.#imports());
    module.exports = instance.exports;
    module.manifest = JSON.parse(module.#text(instance.exports.skysieve_manifest()));
    return module;
  }

  /**
   * What a filter says of an alert. What the alert does not have is null; parameters that are not
   * given keep their default. `cut` is the first that failed, by its name.
   */
  judge(alert, params = {}) {
    const fields = this.manifest.fields ?? [];
    let verdict = this.#call("skysieve_filter", fields, alert, params, false);
    const askedForLateFields = verdict.word === WANTS_LATE;
    if (askedForLateFields) verdict = this.#call("skysieve_filter", fields, alert, params, true);
    const { word, values } = verdict;
    if (word === WANTS_LATE) throw new Error("the filter asks for the late fields again");
    const rejected = (word & REJECTED) !== 0n;
    return {
      passed: !rejected,
      cut: rejected ? this.manifest.cuts[Number(word & 0xffffn)].name : null,
      routes: rejected ? [] : this.#routes(word),
      values,
      askedForLateFields,
    };
  }

  /** What a mapping delivers; null = nothing. */
  deliver(alert, params = {}) {
    const { word, text } = this.#call("skysieve_map", this.manifest.map_fields ?? [], alert, params, true);
    return word === 0n ? null : JSON.parse(text);
  }

  #routes(word) {
    const names = this.manifest.routes?.length ? this.manifest.routes : ["main"];
    return word === 0n ? [names[0]] : names.filter((_, n) => (word >> BigInt(n)) & 1n);
  }

  #call(name, fields, alert, params, late) {
    if (!this.exports[name]) throw new Error(`the module has no ${name}`);
    const write = (address) => new RecordWriter(address).write(this.manifest, fields, alert, params, late);
    const address = this.exports.skysieve_reserve(write(0).words.length * 8) >>> 0;
    const { words, valuesAt } = write(address);
    new BigUint64Array(this.exports.memory.buffer, address, words.length).set(words);
    const word = BigInt.asUintN(64, this.exports[name](address));
    const values = {};
    (this.manifest.values ?? []).forEach((value, n) => {
      values[value.name] = this.#value(value.type, address + (valuesAt + n) * 8);
    });
    const text = name === "skysieve_map" && word !== 0n ? this.#text(word) : null;
    this.exports.skysieve_reset?.();
    return { word, values, text };
  }

  #value(type, at) {
    const view = new DataView(this.exports.memory.buffer);
    const word = view.getBigUint64(at, true);
    if (word === nullOf(type)) return null;
    if (type === "f64") return view.getFloat64(at, true);
    if (type === "i64") return Number(view.getBigInt64(at, true));
    if (type === "bool") return word === 1n;
    return this.#text(word);
  }

  #text(word) {
    const unsigned = BigInt.asUintN(64, word);
    const [at, length] = [Number(unsigned & 0xffff_ffffn), Number(unsigned >> 32n)];
    return new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(this.exports.memory.buffer, at, length));
  }

  #imports() {
    const utf16 = (at) => {
      if (at === 0) return "";
      const memory = this.exports.memory.buffer;
      const length = new DataView(memory).getUint32(at - 4, true);
      return new TextDecoder("utf-16le").decode(new Uint8Array(memory, at, length));
    };
    return {
      skysieve_1: {
        log: (level, at, length) =>
          console.error(`log ${level}: ${this.#text((BigInt(length) << 32n) | BigInt(at >>> 0))}`),
      },
      env: {
        abort: (message, file, line, column) => {
          // While the instance is made, its memory is not there to be read.
          const said = this.exports ? utf16(message >>> 0) : "the module aborts while it declares itself";
          throw new Error(`${said} (${this.exports ? utf16(file >>> 0) : "?"}:${line}:${column})`);
        },
      },
    };
  }
}

/** Writes one record word by word; what texts and lists point to follows behind. */
class RecordWriter {
  words = [];

  constructor(address) {
    this.address = address;
  }

  write(manifest, fields, alert, params, late) {
    refuseUnknown("field", Object.keys(alert), fields.map((field) => field.path));
    const declared = manifest.params ?? [];
    refuseUnknown("parameter", Object.keys(params), declared.map((param) => param.name));
    const valuesAt = 2 + Math.ceil(fields.length / 64) + fields.length;
    const valueTypes = (manifest.values ?? []).map((value) => value.type);
    const paramsAt = valuesAt + valueTypes.length;
    this.words = new Array(paramsAt + declared.length).fill(0n);
    this.words[0] = late ? LATE : 0n;
    fields.forEach((field, n) => {
      const content = field.late && !late ? null : (alert[field.path] ?? null);
      if (content !== null) this.words[2 + (n >> 6)] |= 1n << BigInt(n & 63);
      this.words[valuesAt - fields.length + n] = this.#word(field.type, content, field.path);
    });
    valueTypes.forEach((type, n) => (this.words[valuesAt + n] = nullOf(type)));
    declared.forEach((param, n) => {
      this.words[paramsAt + n] = this.#word(param.type, params[param.name] ?? param.default, param.name);
    });
    this.words[1] = BigInt(this.words.length * 8);
    return { words: this.words, valuesAt };
  }

  #word(type, content, name) {
    if (content === null) return nullOf(type);
    const wrong = () => new TypeError(`\`${name}\` is declared as ${type}, not ${JSON.stringify(content)}`);
    const list = /^list<(.*)>$/.exec(type);
    if (list) {
      if (!Array.isArray(content)) throw wrong();
      const items = content.map((item) => this.#word(list[1], item ?? null, name));
      return this.#behind(items, items.length);
    }
    switch (type) {
      case "f64":
        if (typeof content !== "number") throw wrong();
        return new BigUint64Array(new Float64Array([content]).buffer)[0];
      case "i64":
        if (typeof content !== "bigint" && !Number.isSafeInteger(content)) throw wrong();
        return BigInt.asUintN(64, BigInt(content));
      case "bool":
        if (typeof content !== "boolean") throw wrong();
        return content ? 1n : 0n;
      case "str":
        if (typeof content !== "string") throw wrong();
        return this.#bytes(new TextEncoder().encode(content));
      case "bytes":
        if (!(content instanceof Uint8Array)) throw wrong();
        return this.#bytes(content);
      default:
        throw new Error(`\`${name}\` has the type ${type}, which this version does not know`);
    }
  }

  #bytes(bytes) {
    const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
    padded.set(bytes);
    return this.#behind([...new BigUint64Array(padded.buffer)], bytes.length);
  }

  #behind(words, length) {
    const at = this.address + this.words.length * 8;
    this.words.push(...words);
    return (BigInt(length) << 32n) | BigInt(at);
  }
}

/** A typing error in a path would otherwise make a test that proves nothing. */
function refuseUnknown(what, given, declared) {
  const unknown = given.find((name) => !declared.includes(name));
  if (unknown !== undefined) throw new Error(`the module reads no ${what} \`${unknown}\``);
}
