//! Times as the server keeps them: naive UTC to the microsecond.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::json;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Microseconds since 1970-01-01T00:00:00 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(pub i64);

impl Stamp {
    /// This instant.
    pub fn now() -> Stamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Stamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    /// Modified Julian Date, UTC.
    pub fn mjd(self) -> f64 {
        40_587.0 + self.0 as f64 / DAY as f64
    }

    /// What the server makes of a time in a request: ISO 8601 with or without a zone (UTC when absent), or a number,
    /// which is a Unix timestamp in seconds, milliseconds or microseconds: never a Julian Date.
    ///
    /// # Errors
    /// The text that the server's date library answers with.
    pub fn parse(value: &Value) -> Result<Stamp, String> {
        match value {
            Value::Number(number) => from_unix(number.as_f64().unwrap_or(f64::NAN)),
            Value::String(text) => from_iso(text).ok_or_else(|| no_match(text)),
            other => Err(format!(
                "Cannot parse single argument of type {}.",
                json::repr(other)
            )),
        }
    }
}

/// As Python's `isoformat`: no fraction when it is zero.
impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(self.0.div_euclid(DAY));
        let micros = self.0.rem_euclid(DAY);
        let seconds = micros / SECOND;
        write!(f, "{year:04}-{month:02}-{day:02}T")?;
        write!(
            f,
            "{:02}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )?;
        match micros % SECOND {
            0 => Ok(()),
            fraction => write!(f, ".{fraction:06}"),
        }
    }
}

fn no_match(text: &str) -> String {
    let formats = "YYYY-MM-DD, YYYY-M-DD, YYYY-M-D, YYYY/MM/DD, YYYY/M/DD, YYYY/M/D, YYYY.MM.DD, YYYY.M.DD, YYYY.M.D, \
                   YYYYMMDD, YYYY-DDDD, YYYYDDDD, YYYY-MM, YYYY/MM, YYYY.MM, YYYY, W";
    format!("Could not match input '{text}' to any of the following formats: {formats}.")
}

/// The last second of the year 9999: a larger number must be milliseconds, then microseconds.
const LAST_SECOND: f64 = 253_402_318_799.99;

fn from_unix(number: f64) -> Result<Stamp, String> {
    let seconds = match number {
        n if n <= LAST_SECOND => n,
        n if n < LAST_SECOND * 1e3 => n / 1e3,
        n if n < LAST_SECOND * 1e6 => n / 1e6,
        n => return Err(format!("The specified timestamp {n:?} is too large.")),
    };
    Ok(Stamp((seconds * SECOND as f64).round_ties_even() as i64))
}

fn from_iso(text: &str) -> Option<Stamp> {
    let text = text.trim();
    let (date, time) = match text.find(['T', ' ']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let midnight = days_of(date)? * DAY;
    Some(Stamp(midnight + time.map_or(Some(0), micros_of)?))
}

fn days_of(date: &str) -> Option<i64> {
    let separator = date.chars().find(|c| "-/.".contains(*c));
    let parts: Vec<&str> = match separator {
        Some(separator) => date.split(separator).collect(),
        None if date.len() == 8 => vec![date.get(..4)?, date.get(4..6)?, date.get(6..)?],
        None => vec![date],
    };
    let mut numbers = [1, 1, 1];
    if parts.len() > 3 || parts[0].len() != 4 {
        return None;
    }
    for (number, part) in numbers.iter_mut().zip(&parts) {
        *number = digits(part, 4)?;
    }
    let [year, month, day] = numbers;
    let last = match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    };
    ((1..=12).contains(&month) && (1..=last).contains(&day))
        .then(|| days_from_civil(year, month, day))
}

/// Microseconds after midnight UTC of `HH[:MM[:SS[.f]]]` with an optional zone.
fn micros_of(time: &str) -> Option<i64> {
    let zone_at = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone_at);
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, "0"));
    let parts: Vec<&str> = clock.split(':').collect();
    let mut numbers = [0, 0, 0];
    if parts.len() > 3 {
        return None;
    }
    for (number, part) in numbers.iter_mut().zip(&parts) {
        *number = digits(part, 2)?;
    }
    let [hour, minute, second] = numbers;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some((hour * 3600 + minute * 60 + second - offset_of(zone)?) * SECOND + fraction_of(fraction)?)
}

/// Six digits count; the seventh rounds.
fn fraction_of(fraction: &str) -> Option<i64> {
    digits(fraction, fraction.len())?;
    let padded = format!("{fraction:0<7}");
    let micros: i64 = padded[..6].parse().ok()?;
    let seventh = padded.as_bytes()[6] - b'0';
    Some(micros + i64::from(seventh > 5 || (seventh == 5 && micros % 2 == 1)))
}

fn offset_of(zone: &str) -> Option<i64> {
    if zone.is_empty() || zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let numbers = zone[1..].replace(':', "");
    let (hours, minutes) = match numbers.len() {
        2 => (digits(&numbers, 2)?, 0),
        4 => (digits(&numbers[..2], 2)?, digits(&numbers[2..], 2)?),
        _ => return None,
    };
    Some(sign * (hours * 3600 + minutes * 60))
}

fn digits(text: &str, most: usize) -> Option<i64> {
    let sound = !text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit());
    sound.then(|| {
        text.get(..text.len().min(18))
            .and_then(|digits| digits.parse().ok())
    })?
}

/// Days since 1970-01-01 of a date of the Gregorian calendar (the era-based formula of H. Hinnant's
/// "chrono-compatible low-level date algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(value: Value) -> String {
        Stamp::parse(&value).unwrap().to_string()
    }

    #[test]
    fn the_same_instant_in_several_notations() {
        for text in [
            "2026-08-20T07:00:00",
            "2026-08-20 07:00",
            "2026-08-20T09:00:00+02:00",
            "2026-08-20T07:00:00.000000Z",
        ] {
            assert_eq!(shown(json!(text)), "2026-08-20T07:00:00", "{text}");
        }
        assert_eq!(
            shown(json!("2026-08-20T05:12:33.123456")),
            "2026-08-20T05:12:33.123456"
        );
        assert_eq!(shown(json!("2024-02-29")), "2024-02-29T00:00:00");
    }

    #[test]
    fn a_number_is_a_unix_timestamp_even_when_it_looks_like_a_julian_date() {
        assert_eq!(shown(json!(1_787_202_753.25)), "2026-08-20T05:12:33.250000");
        assert!(shown(json!(2_460_907.717_05)).starts_with("1970-01-29T11:35:07.717"));
        assert_eq!(
            shown(json!(1_787_202_753_250_i64)),
            "2026-08-20T05:12:33.250000"
        );
    }

    #[test]
    fn garbage_is_refused_with_the_servers_words() {
        for text in [
            "yesterday",
            "2026-13-01",
            "2026-02-30",
            "2026-08-20T25:00:00",
            "2026-08-20Tx",
            "",
        ] {
            let message = Stamp::parse(&json!(text)).unwrap_err();
            assert!(
                message.starts_with(&format!("Could not match input '{text}'")),
                "{message}"
            );
        }
    }

    #[test]
    fn the_seventh_digit_rounds() {
        assert_eq!(
            shown(json!("2026-08-20T05:12:33.1234567")),
            "2026-08-20T05:12:33.123457"
        );
        assert_eq!(
            shown(json!("2026-08-20T05:12:33.1234565")),
            "2026-08-20T05:12:33.123456"
        );
    }
}
