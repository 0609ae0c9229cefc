//! Time scales and texts of time.

/// MJD of 1970-01-01.
const UNIX_EPOCH: f64 = 40587.0;
/// TAI − UTC since 2017, in days.
const TAI_MINUS_UTC: f64 = 37.0 / 86_400.0;
/// JD − MJD.
const JULIAN: f64 = 2_400_000.5;

/// Julian date of a modified one, rounded to ZTF's seven decimals.
pub fn jd(mjd: f64) -> f64 {
    ((mjd + JULIAN) * 1e7).round() / 1e7
}

/// MJD TAI of an MJD UTC.
pub fn tai(mjd_utc: f64) -> f64 {
    mjd_utc + TAI_MINUS_UTC
}

/// Milliseconds since 1970 of an MJD UTC, as Kafka stamps messages.
pub fn unix_ms(mjd_utc: f64) -> i64 {
    ((mjd_utc - UNIX_EPOCH) * 86_400_000.0).round() as i64
}

/// Year, month and day of an MJD UTC, in the Gregorian calendar.
///
/// The civil calendar counted from 1 March, in eras of 400 years.
pub fn date(mjd_utc: f64) -> (i64, i64, i64) {
    let days = mjd_utc.floor() as i64 - UNIX_EPOCH as i64 + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// `2026-03-06 02:19:15.586209`, as Fink writes its own times.
pub fn text(mjd_utc: f64) -> String {
    let (year, month, day) = date(mjd_utc);
    let micros = ((mjd_utc - mjd_utc.floor()) * 86_400e6) as u64;
    let seconds = micros / 1_000_000;
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}.{:06}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        micros % 1_000_000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(40_587.0), (1970, 1, 1));
        assert_eq!(date(51_544.5), (2000, 1, 1));
        assert_eq!(date(60_369.2), (2024, 2, 29));
        assert_eq!(date(61_109.147), (2026, 3, 10));
        assert_eq!(text(61_109.25), "2026-03-10 06:00:00.000000");
        assert_eq!(unix_ms(61_109.25), 1_773_122_400_000);
        assert_eq!(jd(61_121.317_673_6), 2_461_121.817_673_6);
    }
}
