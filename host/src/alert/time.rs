//! Time scales: everything that leaves this room is MJD in UTC.

use hifitime::Epoch;

const SECONDS_PER_DAY: f64 = 86_400.0;

/// Julian date to modified Julian date, days (both UTC; exact in binary for any date of a survey).
pub fn mjd_of_jd(jd: f64) -> f64 {
    jd - 2_400_000.5
}

/// MJD in TAI to MJD in UTC, days; the leap seconds are those of the IERS.
///
/// The time library is asked for the whole number of leap seconds only, so that the bits of the
/// result (part of the key by which SkyPortal knows a point again) cannot move with a version of it.
pub fn utc_of_tai(mjd_tai: f64) -> f64 {
    if !mjd_tai.is_finite() {
        return mjd_tai;
    }
    without(leap_seconds(mjd_tai), mjd_tai)
}

/// MJD in TAI to MJD in UTC for times that lie near each other, as those of a light curve do: the bits
/// are those of [`utc_of_tai`].
pub struct UtcOfTai {
    first: f64,
    last: f64,
    /// The leap seconds of all times from the first to the last, where they are the same: they grow
    /// with time, so both ends decide.
    common: Option<i32>,
}

impl UtcOfTai {
    /// For these times, and any other.
    pub fn over(mjds_tai: impl Iterator<Item = f64>) -> Self {
        let mjds_tai = mjds_tai.filter(|mjd| mjd.is_finite());
        let (first, last) = mjds_tai.fold((f64::MAX, f64::MIN), |(first, last), mjd| {
            (f64::min(first, mjd), f64::max(last, mjd))
        });
        let ends = (first <= last).then(|| (leap_seconds(first), leap_seconds(last)));
        UtcOfTai {
            first,
            last,
            common: ends.and_then(|(first, last)| (first == last).then_some(first)),
        }
    }

    pub fn utc(&self, mjd_tai: f64) -> f64 {
        match self.common {
            Some(seconds) if self.first <= mjd_tai && mjd_tai <= self.last => {
                without(seconds, mjd_tai)
            }
            _ => utc_of_tai(mjd_tai),
        }
    }
}

fn leap_seconds(mjd_tai: f64) -> i32 {
    Epoch::from_mjd_tai(mjd_tai).leap_seconds_iers()
}

fn without(leap_seconds: i32, mjd_tai: f64) -> f64 {
    mjd_tai - f64::from(leap_seconds) / SECONDS_PER_DAY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lsst_times_lose_thirty_seven_seconds() {
        let utc = utc_of_tai(61_109.144_740_12);
        assert!(((61_109.144_740_12 - utc) * SECONDS_PER_DAY - 37.0).abs() < 1e-5);
        // The bits are part of SkyPortal's key for a point.
        assert_eq!(
            utc.to_bits(),
            (61_109.144_740_12_f64 - 37.0 / 86_400.0).to_bits()
        );
    }

    /// A moved bit is a second point in SkyPortal.
    #[test]
    fn the_bits_of_a_time_never_move() {
        for (jd, bits) in [
            (2_461_121.817_673_6, 0x40ed_d82a_2a61_d340_u64),
            (2_459_000.5, 0x40ec_cf00_0000_0000),
            (2_460_907.712_345_6, 0x40ed_bd66_cb89_0000),
        ] {
            assert_eq!(mjd_of_jd(jd).to_bits(), bits, "{jd}");
        }
        for (tai, bits) in [
            (61_109.144_740_12, 0x40ed_d6a4_9e33_f23b_u64),
            (60_000.5, 0x40ed_4c0f_fc7d_ea01),
            (61_300.987_654_321, 0x40ed_ee9f_975b_260f),
        ] {
            assert_eq!(utc_of_tai(tai).to_bits(), bits, "{tai}");
        }
    }

    #[test]
    fn older_dates_have_fewer_leap_seconds() {
        // 2016-06-01: 36 s.
        let utc = utc_of_tai(57_540.0);
        assert!(((57_540.0 - utc) * SECONDS_PER_DAY - 36.0).abs() < 1e-5);
    }

    #[test]
    fn many_times_are_converted_as_one_is() {
        // Across the leap second of 2017-01-01 (MJD 57754), and not.
        for times in [
            vec![57_700.0, 57_753.9, 57_754.1, 61_000.0],
            vec![61_109.3, f64::NAN, 61_000.1, 61_050.2],
            vec![],
        ] {
            let clock = UtcOfTai::over(times.iter().copied());
            for time in times.iter().copied().chain([50_000.0, 62_000.0]) {
                assert_eq!(clock.utc(time).to_bits(), utc_of_tai(time).to_bits());
            }
        }
    }

    #[test]
    fn nonsense_stays_nonsense() {
        assert!(utc_of_tai(f64::NAN).is_nan());
        assert_eq!(utc_of_tai(f64::INFINITY), f64::INFINITY);
    }

    #[test]
    fn a_julian_date_loses_nothing() {
        let jd = 2_461_121.817_673_6;
        assert_eq!(mjd_of_jd(jd) + 2_400_000.5, jd);
    }
}
