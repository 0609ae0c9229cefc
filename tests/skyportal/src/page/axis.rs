//! A range of numbers on a line of pixels, with ticks at round values.

/// From values to pixels.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    low: f64,
    high: f64,
    /// Pixels of `low` and `high`.
    from: f64,
    to: f64,
}

impl Axis {
    /// An axis over all finite values with some room at the ends; `least` is the smallest span that it shows.
    pub fn over(values: impl Iterator<Item = f64>, least: f64, from: f64, to: f64) -> Axis {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite()) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            (low, high) = (0.0, 0.0);
        }
        let missing = (least - (high - low)).max(0.0) / 2.0;
        let (low, high) = (low - missing, high + missing);
        let room = (high - low) * 0.06;
        Axis {
            low: low - room,
            high: high + room,
            from,
            to,
        }
    }

    /// The pixel of a value.
    pub fn pixel(&self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// About this many round values within the axis, and the decimals that tell them apart.
    pub fn ticks(&self, about: f64) -> (Vec<f64>, usize) {
        let rough = (self.high - self.low) / about;
        let magnitude = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|m| m * magnitude)
            .find(|step| *step >= rough * 0.7);
        let step = step.unwrap_or(rough);
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step).floor() as i64;
        // + 0.0 so that no tick is a negative zero.
        let ticks = (first..=last)
            .take(50)
            .map(|n| n as f64 * step + 0.0)
            .collect();
        (ticks, (-step.log10().floor()).clamp(0.0, 6.0) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let axis = Axis::over([17.93, 20.61].into_iter(), 0.5, 0.0, 100.0);
        let (ticks, decimals) = axis.ticks(5.0);
        assert_eq!(
            (ticks, decimals),
            (vec![18.0, 18.5, 19.0, 19.5, 20.0, 20.5], 1)
        );
        let (ticks, decimals) = Axis::over([0.0, 0.09].into_iter(), 0.01, 0.0, 1.0).ticks(5.0);
        assert_eq!((ticks.len(), decimals), (5, 2));
    }

    #[test]
    fn one_value_or_none_still_makes_an_axis() {
        let axis = Axis::over(std::iter::once(5.0), 1.0, 0.0, 100.0);
        assert!((axis.pixel(5.0) - 50.0).abs() < 1e-9);
        assert!(
            Axis::over(std::iter::empty(), 1.0, 0.0, 100.0)
                .pixel(0.0)
                .is_finite()
        );
    }
}
