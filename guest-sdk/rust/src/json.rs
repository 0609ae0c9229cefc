//! A JSON writer that also runs at compile time, so that a manifest costs a module no code.

/// Writes JSON into a borrowed buffer. What does not fit is counted but not written, so a writer
/// over an empty buffer measures.
pub struct Writer<'b> {
    out: &'b mut [u8],
    len: usize,
    last: u8,
}

impl<'b> Writer<'b> {
    pub const fn new(out: &'b mut [u8]) -> Self {
        Writer {
            out,
            len: 0,
            last: b'{',
        }
    }

    /// Bytes that the text needs, whether or not they fitted.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was written yet.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// `{` or `[`, after a comma where one is due.
    pub const fn open(&mut self, bracket: u8) {
        self.comma();
        self.byte(bracket);
    }

    /// `}` or `]`.
    pub const fn close(&mut self, bracket: u8) {
        self.byte(bracket);
    }

    /// `"name":`, after a comma where one is due.
    pub const fn key(&mut self, name: &str) {
        self.text(name);
        self.byte(b':');
    }

    /// A quoted string with everything escaped that JSON wants escaped.
    #[inline(never)]
    pub const fn text(&mut self, text: &str) {
        self.comma();
        self.byte(b'"');
        let bytes = text.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            self.escaped(bytes[i]);
            i += 1;
        }
        self.byte(b'"');
    }

    /// A number, `true`, `false` or `null` as it stands.
    pub const fn token(&mut self, token: &str) {
        self.comma();
        self.raw(token);
    }

    pub const fn bool(&mut self, value: bool) {
        self.token(if value { "true" } else { "false" });
    }

    const fn comma(&mut self) {
        if !matches!(self.last, b'{' | b'[' | b':') {
            self.byte(b',');
        }
    }

    const fn escaped(&mut self, byte: u8) {
        match byte {
            b'"' | b'\\' => {
                self.byte(b'\\');
                self.byte(byte);
            }
            b'\n' => self.raw("\\n"),
            b'\t' => self.raw("\\t"),
            0..0x20 => {
                self.raw("\\u00");
                self.byte(b'0' + (byte >> 4));
                self.byte(b"0123456789abcdef"[(byte & 15) as usize]);
            }
            _ => self.byte(byte),
        }
    }

    #[inline(never)]
    pub(crate) const fn raw(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            self.byte(bytes[i]);
            i += 1;
        }
    }

    pub(crate) const fn byte(&mut self, byte: u8) {
        if self.len < self.out.len() {
            self.out[self.len] = byte;
        }
        self.len += 1;
        self.last = byte;
    }
}

/// A finite number becomes its shortest decimal that reads back as itself; JSON has no NaN and no
/// infinity, so those become `null`.
pub fn number(out: &mut Writer<'_>, value: f64) {
    if value.is_finite() {
        formatted(out, format_args!("{value:?}"));
    } else {
        out.token("null");
    }
}

/// An integer.
pub fn integer(out: &mut Writer<'_>, value: i64) {
    formatted(out, format_args!("{value}"));
}

fn formatted(out: &mut Writer<'_>, text: core::fmt::Arguments<'_>) {
    out.comma();
    // Writing into a `Writer` cannot fail: what does not fit is counted.
    let _ = core::fmt::write(out, text);
}

impl core::fmt::Write for Writer<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.raw(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec;

    fn written(write: impl Fn(&mut Writer<'_>)) -> String {
        let mut measure = Writer::new(&mut []);
        write(&mut measure);
        let mut out = vec![0; measure.len()];
        write(&mut Writer::new(&mut out));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn commas_stand_between_items_and_nowhere_else() {
        let json = written(|w| {
            w.open(b'{');
            w.key("a");
            w.open(b'[');
            w.text("x");
            w.bool(true);
            w.close(b']');
            w.key("b");
            w.open(b'{');
            w.close(b'}');
            w.close(b'}');
        });
        assert_eq!(json, r#"{"a":["x",true],"b":{}}"#);
    }

    #[test]
    fn text_is_escaped() {
        let json = written(|w| w.text("a\"b\\c\nd\u{1}e\u{1f}λ"));
        assert_eq!(json, "\"a\\\"b\\\\c\\nd\\u0001e\\u001fλ\"");
    }

    #[test]
    fn numbers_read_back_exactly_and_nan_is_null() {
        let json = written(|w| {
            w.open(b'[');
            for value in [0.1, -1e300, 5e-324, 3.0, f64::NAN, f64::INFINITY] {
                number(w, value);
            }
            integer(w, i64::MAX);
            w.close(b']');
        });
        assert_eq!(
            json,
            "[0.1,-1e300,5e-324,3.0,null,null,9223372036854775807]"
        );
    }
}
