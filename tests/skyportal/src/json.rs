//! JSON as the server's Python reads it: `NaN`, `Infinity` and `-Infinity` are numbers, and every number is the
//! nearest `f64` to its text (photometry is de-duplicated on exact bits, so one ulp is a second point).
//!
//! `serde_json::Value` cannot hold those three, so they travel as strings that no request can spell: see [`NAN`].

use serde_json::{Map, Number, Value};

/// What `NaN` becomes inside a [`Value`].
pub const NAN: &str = "\0NaN";
const INFINITY: &str = "\0Infinity";
const MINUS_INFINITY: &str = "\0-Infinity";

/// The text was not JSON.
#[derive(Debug, PartialEq)]
pub struct NotJson;

/// Reads one JSON document.
pub fn parse(text: &str) -> Result<Value, NotJson> {
    let mut reader = Reader {
        bytes: text.as_bytes(),
        at: 0,
        text,
    };
    let value = reader.value(0)?;
    reader.blanks();
    if reader.at == reader.bytes.len() {
        Ok(value)
    } else {
        Err(NotJson)
    }
}

/// The number that a value is, the three special ones included; strings are not numbers here.
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => special(text),
        _ => None,
    }
}

/// True for `NaN`, which the server treats as null almost everywhere.
pub fn is_nan(value: &Value) -> bool {
    matches!(value, Value::String(text) if text == NAN)
}

/// `NaN` and the infinities become null, as they are shown when read back.
pub fn presentable(value: &Value) -> Value {
    match value {
        Value::String(text) if special(text).is_some() => Value::Null,
        Value::Array(items) => items.iter().map(presentable).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, item)| (key.clone(), presentable(item)))
            .collect(),
        other => other.clone(),
    }
}

/// True when some value in the tree satisfies `wanted`.
pub fn any(value: &Value, wanted: &impl Fn(&Value) -> bool) -> bool {
    wanted(value)
        || match value {
            Value::Array(items) => items.iter().any(|item| any(item, wanted)),
            Value::Object(map) => map.values().any(|item| any(item, wanted)),
            _ => false,
        }
}

/// A JSON number, or null where JSON has none.
pub fn from_f64(number: f64) -> Value {
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

/// The value as Python's `repr` prints it, which is how the server quotes values in its messages.
pub fn repr(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Number(number) if number.is_f64() => repr_f64(number.as_f64().unwrap_or(f64::NAN)),
        Value::Number(number) => number.to_string(),
        Value::String(text) => match special(text) {
            Some(number) => repr_f64(number),
            None => repr_str(text),
        },
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(repr).collect::<Vec<_>>().join(", ")
        ),
        Value::Object(map) => {
            let entries: Vec<_> = map
                .iter()
                .map(|(key, item)| format!("{}: {}", repr_str(key), repr(item)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// `str(value)`: as [`repr`], but a string without its quotes.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) if special(text).is_none() => text.clone(),
        other => repr(other),
    }
}

/// A float as Python prints it.
pub fn repr_f64(number: f64) -> String {
    if number.is_nan() {
        return "nan".into();
    }
    if number.is_infinite() {
        return if number > 0.0 {
            "inf".into()
        } else {
            "-inf".into()
        };
    }
    let text = format!("{number:?}");
    match text.split_once('e') {
        Some((digits, power)) if !power.starts_with('-') => format!("{digits}e+{power:0>2}"),
        _ => text,
    }
}

fn repr_str(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

fn special(text: &str) -> Option<f64> {
    match text {
        NAN => Some(f64::NAN),
        INFINITY => Some(f64::INFINITY),
        MINUS_INFINITY => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// Deep enough for any payload, shallow enough for any stack.
const DEEPEST: usize = 200;

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.bytes[self.at..].starts_with(word.as_bytes());
        if found {
            self.at += word.len();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, NotJson> {
        if depth > DEEPEST {
            return Err(NotJson);
        }
        self.blanks();
        match self.bytes.get(self.at).ok_or(NotJson)? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string().map(Value::String),
            b't' if self.word("true") => Ok(Value::Bool(true)),
            b'f' if self.word("false") => Ok(Value::Bool(false)),
            b'n' if self.word("null") => Ok(Value::Null),
            b'N' if self.word("NaN") => Ok(NAN.into()),
            b'I' if self.word("Infinity") => Ok(INFINITY.into()),
            b'-' if self.word("-Infinity") => Ok(MINUS_INFINITY.into()),
            b'-' | b'0'..=b'9' => self.number(),
            _ => Err(NotJson),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, NotJson> {
        self.at += 1;
        let mut map = Map::new();
        self.blanks();
        if self.word("}") {
            return Ok(Value::Object(map));
        }
        loop {
            self.blanks();
            if self.bytes.get(self.at) != Some(&b'"') {
                return Err(NotJson);
            }
            let key = self.string()?;
            self.blanks();
            if !self.word(":") {
                return Err(NotJson);
            }
            map.insert(key, self.value(depth + 1)?);
            self.blanks();
            if self.word("}") {
                return Ok(Value::Object(map));
            }
            if !self.word(",") {
                return Err(NotJson);
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, NotJson> {
        self.at += 1;
        let mut items = Vec::new();
        self.blanks();
        if self.word("]") {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blanks();
            if self.word("]") {
                return Ok(Value::Array(items));
            }
            if !self.word(",") {
                return Err(NotJson);
            }
        }
    }

    fn number(&mut self) -> Result<Value, NotJson> {
        let start = self.at;
        while matches!(
            self.bytes.get(self.at),
            Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
        ) {
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        let digits = text.strip_prefix('-').unwrap_or(text);
        let leading_zero =
            digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1].is_ascii_digit();
        if leading_zero
            || !digits.starts_with(|c: char| c.is_ascii_digit())
            || digits.ends_with('.')
        {
            return Err(NotJson);
        }
        if let Ok(integer) = text.parse::<i64>() {
            return Ok(integer.into());
        }
        if let Ok(integer) = text.parse::<u64>() {
            return Ok(integer.into());
        }
        let number: f64 = text.parse().map_err(|_| NotJson)?;
        Ok(match number {
            f64::INFINITY => INFINITY.into(),
            f64::NEG_INFINITY => MINUS_INFINITY.into(),
            finite => from_f64(finite),
        })
    }

    fn string(&mut self) -> Result<String, NotJson> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while !matches!(
                self.bytes.get(self.at),
                None | Some(b'"' | b'\\' | 0..=0x1f)
            ) {
                self.at += 1;
            }
            out.push_str(&self.text[start..self.at]);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => self.escape(&mut out)?,
                _ => return Err(NotJson),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), NotJson> {
        let kind = *self.bytes.get(self.at + 1).ok_or(NotJson)?;
        self.at += 2;
        out.push(match kind {
            b'"' | b'\\' | b'/' => char::from(kind),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.unicode()?,
            _ => return Err(NotJson),
        });
        Ok(())
    }

    fn unicode(&mut self) -> Result<char, NotJson> {
        let high = self.hex4()?;
        if (0xd800..0xdc00).contains(&high) && self.word("\\u") {
            let low = self.hex4()?;
            let joined = 0x10000 + ((high - 0xd800) << 10) + (low.wrapping_sub(0xdc00) & 0x3ff);
            return Ok(char::from_u32(joined).unwrap_or('\u{fffd}'));
        }
        Ok(char::from_u32(high).unwrap_or('\u{fffd}'))
    }

    fn hex4(&mut self) -> Result<u32, NotJson> {
        let digits = self.bytes.get(self.at..self.at + 4).ok_or(NotJson)?;
        let digits = std::str::from_utf8(digits).map_err(|_| NotJson)?;
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| NotJson)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn python_numbers_are_read() {
        let value =
            parse(r#"{"a": NaN, "b": -Infinity, "c": [1, -2.5, 9223372036854775808], "d": 1e400}"#)
                .unwrap();
        assert!(number(&value["a"]).unwrap().is_nan());
        assert_eq!(number(&value["b"]), Some(f64::NEG_INFINITY));
        assert_eq!(value["c"], json!([1, -2.5, 9_223_372_036_854_775_808_u64]));
        assert_eq!(number(&value["d"]), Some(f64::INFINITY));
    }

    #[test]
    fn every_float_is_the_nearest_one() {
        for text in [
            "18.523000000000003",
            "18.52300071716309",
            "61272.21705",
            "0.1",
            "2.2250738585072014e-308",
        ] {
            let bits = parse(text).unwrap().as_f64().unwrap().to_bits();
            assert_eq!(bits, text.parse::<f64>().unwrap().to_bits(), "{text}");
        }
    }

    #[test]
    fn strings_are_unescaped() {
        assert_eq!(
            parse(r#""a\u00e9\ud83d\ude00\n\"""#).unwrap(),
            json!("aé😀\n\"")
        );
        assert_eq!(parse(r#""x\u0000y""#).unwrap(), json!("x\0y"));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            "{",
            r#"{"id": "#,
            "[1,]",
            "01",
            "1.",
            "nan",
            "{'a': 1}",
            "1 2",
            "\"\n\"",
            "--1",
        ] {
            assert_eq!(parse(text), Err(NotJson), "{text}");
        }
        assert_eq!(parse(&"[".repeat(10_000)), Err(NotJson));
    }

    #[test]
    fn python_prints_values_its_own_way() {
        assert_eq!(
            repr(&json!({"a": null, "b": [true, 1.0, "it's"]})),
            r#"{'a': None, 'b': [True, 1.0, "it's"]}"#
        );
        assert_eq!(repr_f64(1e22), "1e+22");
        assert_eq!(repr_f64(63_207_000.0), "63207000.0");
    }
}
