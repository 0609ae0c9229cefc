//! The wall clock, for people only: no payload ever carries it.

use std::time::{SystemTime, UNIX_EPOCH};

use hifitime::Epoch;

/// Now, UTC, ISO 8601 to the second.
pub fn now() -> String {
    iso(SystemTime::now())
}

/// UTC, ISO 8601 to the second.
pub fn iso(time: SystemTime) -> String {
    let Ok(since) = time.duration_since(UNIX_EPOCH) else {
        return "before 1970".to_owned();
    };
    let time = Epoch::from_unix_duration(since.into());
    let (year, month, day, hour, minute, second, _) = time.to_gregorian_utc();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_time_is_written_in_utc() {
        let time = UNIX_EPOCH + Duration::from_secs(1_795_381_200);
        assert_eq!(iso(time), "2026-11-22T21:00:00Z");
    }
}
