// Numbers that may be missing.

/** The larger of two numbers; where one is NaN, the other. */
export function larger(a: f64, b: f64): f64 {
  return isNaN(a) ? b : isNaN(b) ? a : max(a, b);
}

/** The smaller of two numbers; where one is NaN, the other. */
export function smaller(a: f64, b: f64): f64 {
  return isNaN(a) ? b : isNaN(b) ? a : min(a, b);
}

/** A number in words with this many decimals (at most 9), for comments. */
export function decimals(value: f64, places: i32): string {
  if (!isFinite(value) || Math.abs(value) >= 1e9) return value.toString();
  let unit: i64 = 1;
  for (let i = 0; i < places; i++) unit *= 10;
  const scaled = <i64>nearest<f64>(Math.abs(value) * <f64>unit);
  const sign = value < 0 ? "-" : "";
  const whole = (scaled / unit).toString();
  return places == 0 ? sign + whole : sign + whole + "." + (scaled % unit).toString().padStart(places, "0");
}
