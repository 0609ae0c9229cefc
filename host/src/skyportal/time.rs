//! The alert's own time, written as SkyPortal reads it.

use hifitime::Epoch;

const MICROSECONDS_A_DAY: i64 = 86_400_000_000;
/// 1900-01-01 and 2100-01-01: a Julian date, or seconds since 1970, is not a Modified Julian Date.
const PLAUSIBLE: std::ops::Range<f64> = 15_020.0..88_069.0;

/// `2026-08-20T05:12:33.123456`, UTC, rounded to the nearest microsecond (the resolution both of
/// SkyPortal and of an MJD in this century).
///
/// SkyPortal knows a candidate again by this text alone, so it is made of the alert's MJD with
/// integers: the same alert always gives the same text. `None` if `mjd` is no date of the 20th or
/// 21st century.
pub fn iso_utc(mjd: f64) -> Option<String> {
    if !PLAUSIBLE.contains(&mjd) {
        return None;
    }
    let mut day = mjd.floor();
    let mut microseconds = ((mjd - day) * MICROSECONDS_A_DAY as f64).round() as i64;
    if microseconds >= MICROSECONDS_A_DAY {
        microseconds -= MICROSECONDS_A_DAY;
        day += 1.0;
    }
    let (year, month, day, ..) = Epoch::from_mjd_utc(day).to_gregorian_utc();
    let seconds = microseconds / 1_000_000;
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:06}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        microseconds % 1_000_000
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_times() {
        for (mjd, text) in [
            (51_544.5, "2000-01-01T12:00:00.000000"),
            (60_000.0, "2023-02-25T00:00:00.000000"),
            (57_753.999_999_999_99, "2016-12-31T23:59:59.999999"),
            (57_754.0, "2017-01-01T00:00:00.000000"),
            (59_274.25, "2021-03-01T06:00:00.000000"),
            (60_369.5, "2024-02-29T12:00:00.000000"),
            (61_272.217_050_04, "2026-08-20T05:12:33.123456"),
        ] {
            assert_eq!(iso_utc(mjd).as_deref(), Some(text), "{mjd}");
        }
    }

    #[test]
    fn the_last_half_microsecond_of_a_day_belongs_to_the_next() {
        let mjd = 60_309.0_f64.next_down();
        assert_eq!(iso_utc(mjd).as_deref(), Some("2023-12-30T23:59:59.999999"));
        let early = 15_079.0_f64.next_down();
        assert_eq!(
            iso_utc(early).as_deref(),
            Some("1900-03-01T00:00:00.000000")
        );
    }

    #[test]
    fn other_kinds_of_number_are_refused() {
        for number in [2_460_907.7, 1.7e9, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(iso_utc(number), None, "{number}");
        }
    }
}
