//! The light curve of an alert, as the `alert.lightcurve` fields hand it over.

/// `u g r i z y`, as `alert.passband` and `alert.lightcurve.passband` number them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passband {
    U = 0,
    G = 1,
    R = 2,
    I = 3,
    Z = 4,
    Y = 5,
}

/// What a point is, as `alert.lightcurve.kind` numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Detection = 0,
    UpperLimit = 1,
    Forced = 2,
}

/// The columns of a light curve in time order, as long as each other; the last detection is the
/// alert itself.
#[derive(Clone, Copy, Debug)]
pub struct LightCurve<'a> {
    /// UTC, days.
    pub mjd: &'a [f64],
    /// AB; NaN where there is none.
    pub mag: &'a [f64],
    /// 1σ.
    pub mag_err: &'a [f64],
    /// 0–5.
    pub passband: &'a [i64],
    /// 0–2.
    pub kind: &'a [i64],
}

/// One detection with a magnitude.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// UTC, days.
    pub mjd: f64,
    /// AB.
    pub mag: f64,
    /// 1σ.
    pub mag_err: f64,
}

impl<'a> LightCurve<'a> {
    /// The detections in one passband that have a magnitude, in time order.
    pub fn detections(
        self,
        passband: i64,
    ) -> impl DoubleEndedIterator<Item = Detection> + Clone + 'a {
        self.indices(Kind::Detection)
            .filter(move |i| self.passband[*i] == passband && self.mag[*i].is_finite())
            .map(move |i| Detection {
                mjd: self.mjd[i],
                mag: self.mag[i],
                mag_err: self.mag_err[i],
            })
    }

    /// When something was last looked for and not found before the first detection (UTC, days):
    /// the tightest bound on when it began. `None` where the light curve begins with a detection.
    pub fn last_upper_limit(self) -> Option<f64> {
        let first = self.indices(Kind::Detection).next()?;
        let mut limits = self.indices(Kind::UpperLimit);
        limits
            .rfind(|i| self.mjd[*i] < self.mjd[first])
            .map(|i| self.mjd[i])
    }

    /// Change in mag/d from the last detection but one to the last in a passband, at least `gap`
    /// days apart; negative while it brightens. `None` where there are no two such detections.
    pub fn rate(self, passband: i64, gap: f64) -> Option<f64> {
        let mut backwards = self.detections(passband).rev();
        let last = backwards.next()?;
        let before = backwards.find(|point| last.mjd - point.mjd >= gap)?;
        let days = last.mjd - before.mjd;
        (days > 0.0).then(|| (last.mag - before.mag) / days)
    }

    fn indices(self, kind: Kind) -> impl DoubleEndedIterator<Item = usize> + Clone + 'a {
        let len = self.mjd.len();
        assert!(
            [
                self.mag.len(),
                self.mag_err.len(),
                self.passband.len(),
                self.kind.len()
            ] == [len; 4],
            "the columns of a light curve are as long as each other"
        );
        (0..len).filter(move |i| self.kind[*i] == kind as i64)
    }
}

/// A straight line through points, and how well it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Change of `y` for one of `x`.
    pub slope: f64,
    /// 1σ, from the points' own errors.
    pub slope_err: f64,
}

/// Least squares with weights 1/σ² through points `(x, y, σ)`; a point without a positive finite
/// error is left out. `None` where fewer than two different `x` are left.
pub fn linear_fit(points: impl Iterator<Item = (f64, f64, f64)> + Clone) -> Option<Line> {
    let usable = points
        .filter(|(x, y, err)| x.is_finite() && y.is_finite() && err.is_finite() && *err > 0.0);
    // Around the weighted mean, since days since 1858 squared leave no digits for minutes.
    let (mut weights, mut x_sum, mut y_sum) = (0.0, 0.0, 0.0);
    for (x, y, err) in usable.clone() {
        let weight = 1.0 / (err * err);
        weights += weight;
        x_sum += weight * x;
        y_sum += weight * y;
    }
    let (x_mean, y_mean) = (x_sum / weights, y_sum / weights);
    let (mut xx, mut xy, mut spread) = (0.0, 0.0, 0.0_f64);
    for (x, y, err) in usable {
        let weight = 1.0 / (err * err);
        xx += weight * (x - x_mean) * (x - x_mean);
        xy += weight * (x - x_mean) * (y - y_mean);
        spread = spread.max((x - x_mean).abs());
    }
    // One epoch leaves a spread of rounding errors only.
    (spread > 1e-9 * x_mean.abs().max(1e-3)).then(|| Line {
        slope: xy / xx,
        slope_err: 1.0 / libm::sqrt(xx),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    const CURVE: LightCurve<'static> = LightCurve {
        mjd: &[
            60000.0, 60001.0, 60002.0, 60003.0, 60003.5, 60004.0, 60005.0,
        ],
        mag: &[f64::NAN, f64::NAN, 19.0, 18.5, 20.0, f64::NAN, 18.0],
        mag_err: &[f64::NAN, f64::NAN, 0.1, 0.1, 0.2, f64::NAN, 0.1],
        passband: &[1, 2, 2, 2, 1, 2, 2],
        kind: &[1, 1, 0, 0, 0, 1, 0],
    };

    #[test]
    fn detections_are_picked_by_passband() {
        let r: Vec<f64> = CURVE
            .detections(Passband::R as i64)
            .map(|point| point.mjd)
            .collect();
        assert_eq!(r, [60002.0, 60003.0, 60005.0]);
        assert_eq!(CURVE.detections(Passband::Z as i64).count(), 0);
    }

    #[test]
    fn the_last_upper_limit_is_before_the_first_detection() {
        assert_eq!(CURVE.last_upper_limit(), Some(60001.0));
        let no_limits = LightCurve {
            kind: &[0; 7],
            ..CURVE
        };
        assert_eq!(no_limits.last_upper_limit(), None);
    }

    #[test]
    fn the_rate_spans_at_least_the_gap() {
        assert_eq!(CURVE.rate(2, 0.02), Some(-0.25));
        assert_eq!(CURVE.rate(2, 2.5), Some(-1.0 / 3.0));
        assert_eq!(CURVE.rate(2, 3.5), None);
        assert_eq!(CURVE.rate(1, 0.02), None);
    }

    #[test]
    fn a_line_is_found_again() {
        let points = [
            (60000.0, 20.0, 0.1),
            (60001.0, 19.7, 0.1),
            (60002.0, 19.4, 0.1),
        ];
        let line = linear_fit(points.into_iter()).unwrap();
        assert!((line.slope + 0.3).abs() < 1e-9, "{line:?}");
        // σ / √Σ(x − x̄)² = 0.1 / √2
        assert!((line.slope_err - 0.070_710_678).abs() < 1e-8, "{line:?}");
    }

    #[test]
    fn weights_count_and_bad_errors_do_not() {
        let sure = [
            (0.0, 0.0, 0.1),
            (1.0, 1.0, 0.1),
            (2.0, 5.0, 100.0),
            (3.0, 9.0, 0.0),
            (4.0, 9.0, f64::NAN),
        ];
        let line = linear_fit(sure.into_iter()).unwrap();
        assert!((line.slope - 1.0).abs() < 1e-3, "{line:?}");
    }

    #[test]
    fn one_epoch_is_no_line() {
        assert_eq!(linear_fit([].into_iter()), None);
        assert_eq!(linear_fit([(60000.1, 20.0, 0.1)].into_iter()), None);
        assert_eq!(
            linear_fit([(60000.1, 20.0, 0.1), (60000.1, 19.0, 0.2)].into_iter()),
            None
        );
    }
}
