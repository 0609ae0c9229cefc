// Lines for people who debug a module. The host caps them; a verdict never depends on them.

// @ts-ignore: decorator
@external("skysieve_1", "log")
declare function hostLog(level: i32, at: usize, length: i32): void;

/** How loud a line is. */
export enum Level {
  Error = 0,
  Warning = 1,
  Info = 2,
  Debug = 3,
}

/** Hands one line to the host's log. */
export function log(level: Level, text: string): void {
  const length = String.UTF8.byteLength(text);
  const bytes = heap.alloc(length);
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, bytes);
  hostLog(level, bytes, length);
}
