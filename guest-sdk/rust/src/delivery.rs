//! What a mapping asks the host to deliver.

use core::fmt;

use crate::json::{self, Writer};
use crate::value::Value;

/// What becomes of the alert in SkyPortal; the configuration is the ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Save {
    /// Shown among the candidates.
    Candidate,
    /// Saved to the group for good, as well.
    Source,
}

/// What one alert becomes in SkyPortal. What is not set is left to the host.
///
/// ```
/// use skysieve_sdk::prelude::*;
///
/// let delivery = Delivery::new()
///     .save(Save::Candidate)
///     .standard_photometry()
///     .classify("SN candidate", Some(0.93))
///     .annotate("rise", 0.4);
/// ```
#[derive(Clone, Debug)]
pub struct Delivery<'a> {
    position: Option<(f64, f64)>,
    save: Option<Save>,
    photometry: Option<&'static str>,
    classifications: Few<(&'a str, Option<f64>), 16>,
    annotations: Few<(&'a str, Value<'a>), 64>,
    values: bool,
    comment: Text<1024>,
}

impl Default for Delivery<'_> {
    fn default() -> Self {
        Delivery {
            position: None,
            save: None,
            photometry: None,
            classifications: Few::new(("", None)),
            annotations: Few::new(("", Value::Null)),
            values: true,
            comment: Text::new(),
        }
    }
}

impl<'a> Delivery<'a> {
    /// Everything left to the host, no photometry, the filter's values as annotations.
    pub fn new() -> Self {
        Delivery::default()
    }

    /// Another position than the alert's: degrees, ICRS. Left to the host unless both are finite.
    pub fn position(mut self, ra: f64, dec: f64) -> Self {
        self.position = (ra.is_finite() && dec.is_finite()).then_some((ra, dec));
        self
    }

    /// Asks for less than the route allows.
    pub fn save(mut self, save: Save) -> Self {
        self.save = Some(save);
        self
    }

    /// The whole light curve as the host knows it: detections, upper limits, forced photometry.
    pub fn standard_photometry(mut self) -> Self {
        self.photometry = Some("standard");
        self
    }

    /// The measurement that caused the alert, and nothing of its history.
    pub fn alert_photometry(mut self) -> Self {
        self.photometry = Some("alert");
        self
    }

    /// A class of the configured taxonomy, and its probability (0–1) where there is one; a NaN
    /// counts as none.
    ///
    /// # Panics
    /// After 16 of them.
    pub fn classify(mut self, class: &'a str, probability: Option<f64>) -> Self {
        let probability = probability.filter(|p| p.is_finite());
        self.classifications.push((class, probability));
        self
    }

    /// A number, text or truth to show beside the alert; NaN and `None` are shown as absent.
    ///
    /// # Panics
    /// After 64 of them.
    pub fn annotate(mut self, key: &'a str, value: impl Into<Value<'a>>) -> Self {
        self.annotations.push((key, value.into()));
        self
    }

    /// Keeps the filter's values out of the annotations.
    pub fn without_values(mut self) -> Self {
        self.values = false;
        self
    }

    /// Adds a line for people: `.comment(format_args!("rises by {rate:.2} mag/d"))`. Cut off after
    /// 1024 bytes.
    pub fn comment(mut self, text: fmt::Arguments<'_>) -> Self {
        // What does not fit is cut off, which is what the caller was promised.
        let _ = fmt::write(&mut self.comment, text);
        self
    }

    /// Writes the delivery as the host reads it.
    pub fn write(&self, out: &mut Writer<'_>) {
        out.open(b'{');
        if let Some((ra, dec)) = self.position {
            out.key("position");
            out.open(b'{');
            out.key("ra");
            json::number(out, ra);
            out.key("dec");
            json::number(out, dec);
            out.close(b'}');
        }
        if let Some(save) = self.save {
            out.key("save");
            out.text(match save {
                Save::Candidate => "candidate",
                Save::Source => "source",
            });
        }
        if let Some(photometry) = self.photometry {
            out.key("photometry");
            out.text(photometry);
        }
        self.write_classifications(out);
        self.write_annotations(out);
        out.key("values");
        out.bool(self.values);
        if !self.comment.as_str().is_empty() {
            out.key("comment");
            out.text(self.comment.as_str());
        }
        out.close(b'}');
    }

    fn write_classifications(&self, out: &mut Writer<'_>) {
        out.key("classifications");
        out.open(b'[');
        for (class, probability) in self.classifications.as_slice() {
            out.open(b'{');
            out.key("class");
            out.text(class);
            if let Some(probability) = probability {
                out.key("probability");
                json::number(out, *probability);
            }
            out.close(b'}');
        }
        out.close(b']');
    }

    fn write_annotations(&self, out: &mut Writer<'_>) {
        out.key("annotations");
        out.open(b'{');
        for (key, value) in self.annotations.as_slice() {
            out.key(key);
            match value {
                Value::Null => out.token("null"),
                Value::F64(number) => json::number(out, *number),
                Value::I64(number) => json::integer(out, *number),
                Value::Bool(truth) => out.bool(*truth),
                Value::Str(text) => out.text(text),
            }
        }
        out.close(b'}');
    }
}

impl From<f64> for Value<'_> {
    fn from(value: f64) -> Self {
        Value::F64(value)
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Value::I64(value)
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Value::Str(value)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// A list of at most `N`, so that a mapping needs no allocator.
#[derive(Clone, Debug)]
struct Few<T, const N: usize> {
    items: [T; N],
    len: usize,
}

impl<T: Copy, const N: usize> Few<T, N> {
    fn new(filler: T) -> Self {
        Few {
            items: [filler; N],
            len: 0,
        }
    }

    fn push(&mut self, item: T) {
        assert!(self.len < N, "a delivery's list is full");
        self.items[self.len] = item;
        self.len += 1;
    }

    fn as_slice(&self) -> &[T] {
        &self.items[..self.len]
    }
}

/// A text of at most `N` bytes, cut off at a character.
#[derive(Clone, Debug)]
struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Text<N> {
    fn new() -> Self {
        Text {
            bytes: [0; N],
            len: 0,
        }
    }

    fn as_str(&self) -> &str {
        // Only whole characters are ever written, so this never falls back.
        core::str::from_utf8(&self.bytes[..self.len]).unwrap_or("")
    }
}

impl<const N: usize> fmt::Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let fits = text.floor_char_boundary(N - self.len);
        self.bytes[self.len..][..fits].copy_from_slice(&text.as_bytes()[..fits]);
        self.len += fits;
        if fits == text.len() {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec;

    fn json(delivery: &Delivery<'_>) -> String {
        let mut measure = Writer::new(&mut []);
        delivery.write(&mut measure);
        let mut bytes = vec![0; measure.len()];
        delivery.write(&mut Writer::new(&mut bytes));
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn nothing_set_is_left_to_the_host() {
        assert_eq!(
            json(&Delivery::new().position(f64::NAN, 3.0)),
            r#"{"classifications":[],"annotations":{},"values":true}"#
        );
    }

    #[test]
    fn everything_set_is_written() {
        let delivery = Delivery::new()
            .position(10.5, -3.25)
            .save(Save::Source)
            .standard_photometry()
            .classify("SN \"Ia\"", Some(0.75))
            .classify("Ambiguous", Some(f64::NAN))
            .annotate("rise", 0.5)
            .annotate("n", 3)
            .annotate("known", false)
            .annotate("host", Some("NGC 1"))
            .annotate("none", None::<f64>)
            .annotate("nan", f64::NAN)
            .without_values()
            .comment(format_args!("{:.2} mag/d", 0.123));
        assert_eq!(
            json(&delivery),
            concat!(
                r#"{"position":{"ra":10.5,"dec":-3.25},"save":"source","photometry":"standard","#,
                r#""classifications":[{"class":"SN \"Ia\"","probability":0.75},{"class":"Ambiguous"}],"#,
                r#""annotations":{"rise":0.5,"n":3,"known":false,"host":"NGC 1","none":null,"nan":null},"#,
                r#""values":false,"comment":"0.12 mag/d"}"#
            )
        );
    }

    #[test]
    fn the_alerts_own_point_alone() {
        let lean = json(&Delivery::new().alert_photometry());
        assert!(lean.contains(r#""photometry":"alert""#), "{lean}");
    }

    #[test]
    fn a_long_comment_is_cut_at_a_character() {
        let delivery = Delivery::new().comment(format_args!("{:é<2000}", ""));
        assert_eq!(delivery.comment.as_str().chars().count(), 512);
    }
}
