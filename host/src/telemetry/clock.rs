//! The wall clock, for people only: no payload ever carries it.

use hifitime::Epoch;

/// Now, UTC, ISO 8601 to the second.
pub fn now() -> String {
    match Epoch::now() {
        Ok(now) => {
            let (year, month, day, hour, minute, second, _) = now.to_gregorian_utc();
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
        }
        Err(_) => "unknown".to_owned(),
    }
}
