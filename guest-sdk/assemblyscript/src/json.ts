// A JSON writer into memory of its own, in UTF-8.

import { dtoa_buffered, itoa_buffered } from "util/number";
import { span } from "./memory";

/** Room for any number's digits, two bytes each. */
const DIGITS: usize = memory.data(128);

export class Json {
  private start: usize = 0;
  private length: usize = 0;
  private capacity: usize = 0;
  private last: u8 = 0x7b;

  /** Address and length of what was written. */
  get span(): u64 {
    return span(this.start, <u32>this.length);
  }

  get isEmpty(): bool {
    return this.length == 0;
  }

  /** `{` or `[`, after a comma where one is due. */
  open(bracket: string): Json {
    this.comma();
    return this.raw(bracket);
  }

  /** `}` or `]`. */
  close(bracket: string): Json {
    return this.raw(bracket);
  }

  /** `"name":`, after a comma where one is due. */
  key(name: string): Json {
    return this.text(name).raw(":");
  }

  /** A number, `true`, `false` or `null` as it stands. */
  token(token: string): Json {
    this.comma();
    return this.raw(token);
  }

  bool(truth: bool): Json {
    return this.token(truth ? "true" : "false");
  }

  /** A finite number reads back as itself; JSON has no NaN and no infinity, so those are `null`. */
  number(value: f64): Json {
    if (!isFinite(value)) return this.token("null");
    this.comma();
    return this.digits(dtoa_buffered(DIGITS, value));
  }

  integer(value: i64): Json {
    this.comma();
    return this.digits(itoa_buffered(DIGITS, value));
  }

  text(text: string): Json {
    this.comma();
    this.byte(0x22);
    const length = String.UTF8.byteLength(text);
    const bytes = heap.alloc(length);
    String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, bytes);
    this.escaped(bytes, length);
    return this.byte(0x22);
  }

  /** The text that a word of the record points to; `null` for a null. */
  textOf(word: u64): Json {
    if (word == 0) return this.token("null");
    this.comma();
    this.byte(0x22);
    this.escaped(<usize>(word & 0xffff_ffff), <u32>(word >> 32));
    return this.byte(0x22);
  }

  /** What another writer wrote, as it stands. */
  append(other: Json): Json {
    for (let i: usize = 0; i < other.length; i++) this.byte(load<u8>(other.start + i));
    return this;
  }

  private comma(): void {
    const last = this.last;
    if (this.length > 0 && last != 0x7b && last != 0x5b && last != 0x3a) this.byte(0x2c);
  }

  private digits(count: u32): Json {
    for (let i: u32 = 0; i < count; i++) this.byte(<u8>load<u16>(DIGITS + (i << 1)));
    return this;
  }

  /** Of characters of one byte. */
  private raw(text: string): Json {
    for (let i = 0; i < text.length; i++) this.byte(<u8>text.charCodeAt(i));
    return this;
  }

  private escaped(bytes: usize, length: u32): void {
    for (let i: u32 = 0; i < length; i++) {
      const byte = load<u8>(bytes + i);
      if (byte < 0x20) {
        this.raw("\\u00").byte(0x30 + (byte >> 4)).byte(hexadecimal(byte & 15));
      } else {
        if (byte == 0x22 || byte == 0x5c) this.byte(0x5c);
        this.byte(byte);
      }
    }
  }

  private byte(byte: u8): Json {
    if (this.length == this.capacity) {
      this.capacity = max<usize>(this.capacity * 2, 1020);
      this.start = this.start == 0 ? heap.alloc(this.capacity) : heap.realloc(this.start, this.capacity);
    }
    store<u8>(this.start + this.length++, byte);
    this.last = byte;
    return this;
  }
}

function hexadecimal(digit: u8): u8 {
  return digit < 10 ? 0x30 + digit : 0x57 + digit;
}

/** One value as JSON, for the declarations. */
export function numberJson(value: f64): string {
  return value.toString();
}

export function integerJson(value: i64): string {
  return value.toString();
}

export function textJson(text: string): string {
  const json = new Json().text(text).span;
  return String.UTF8.decodeUnsafe(<usize>(json & 0xffff_ffff), <usize>(json >> 32));
}
