//! The 26 light-curve features that Fink adds for a band (definitions: arXiv:2012.01419, appendix A).

use super::packet::Draft;
use super::schema::Record;
use super::value::Value;

/// One measurement of a band.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Days.
    pub time: f64,
    /// Magnitude or flux.
    pub value: f64,
    /// 1σ, in the value's unit.
    pub error: f64,
}

/// The features' record; those that need more points than there are stay NaN.
pub fn features(record: &Record, samples: &[Sample]) -> Value {
    let all_nan = record
        .fields
        .iter()
        .fold(Draft::new(record), |draft, field| {
            draft.put(&field.name, f64::NAN)
        });
    match Moments::of(samples) {
        None => all_nan.done(),
        Some(moments) => spread(
            shape(ranks(all_nan, samples, &moments), samples, &moments),
            samples,
            &moments,
        ),
    }
}

/// What several features start from.
struct Moments {
    count: f64,
    mean: f64,
    weighted_mean: f64,
    /// NaN below two points.
    deviation: f64,
    /// Ascending.
    sorted: Vec<f64>,
    median: f64,
}

impl Moments {
    fn of(samples: &[Sample]) -> Option<Moments> {
        let mut sorted: Vec<f64> = samples.iter().map(|sample| sample.value).collect();
        sorted.sort_by(f64::total_cmp);
        let count = samples.len() as f64;
        let mean = sorted.iter().sum::<f64>() / count;
        let total = sum(samples, inverse_variance);
        let median = quantile(&sorted, 0.5)?;
        Some(Moments {
            count,
            mean,
            weighted_mean: sum(samples, |sample| sample.value * inverse_variance(sample)) / total,
            deviation: sample_deviation(&sorted, mean),
            median,
            sorted,
        })
    }

    fn range(&self, tail: f64) -> f64 {
        let at = |part| quantile(&self.sorted, part).unwrap_or(f64::NAN);
        at(1.0 - tail) - at(tail)
    }

    fn extremes(&self) -> (f64, f64) {
        (self.sorted[0], self.sorted[self.sorted.len() - 1])
    }
}

/// Features of the ordered values.
fn ranks<'a>(draft: Draft<'a>, samples: &[Sample], moments: &Moments) -> Draft<'a> {
    let (low, high) = moments.extremes();
    let mut distances: Vec<f64> = moments
        .sorted
        .iter()
        .map(|value| (value - moments.median).abs())
        .collect();
    distances.sort_by(f64::total_cmp);
    let amplitude = (high - low) / 2.0;
    let near = distances
        .iter()
        .filter(|distance| **distance < 0.1 * amplitude * 2.0)
        .count();
    let enough = |value: f64| if samples.len() < 2 { f64::NAN } else { value };
    draft
        .put("median", moments.median)
        .put("amplitude", amplitude)
        .put("inter_percentile_range_10", moments.range(0.1))
        .put(
            "magnitude_percentage_ratio_40_5",
            enough(moments.range(0.4) / moments.range(0.05)),
        )
        .put(
            "magnitude_percentage_ratio_20_10",
            enough(moments.range(0.2) / moments.range(0.1)),
        )
        .put("median_absolute_deviation", quantile(&distances, 0.5))
        .put(
            "median_buffer_range_percentage_10",
            near as f64 / moments.count,
        )
        .put(
            "percent_amplitude",
            (high - moments.median).max(moments.median - low),
        )
}

/// Features of the values' distribution.
fn shape<'a>(draft: Draft<'a>, samples: &[Sample], moments: &Moments) -> Draft<'a> {
    let n = moments.count;
    let draft = draft
        .put("mean", moments.mean)
        .put("weighted_mean", moments.weighted_mean);
    if samples.len() < 2 {
        return draft;
    }
    let scaled = |sample: &Sample| (sample.value - moments.mean) / moments.deviation;
    let outside = samples
        .iter()
        .filter(|sample| scaled(sample).abs() > 1.0)
        .count();
    let draft = draft
        .put("standard_deviation", moments.deviation)
        .put("beyond_1_std", outside as f64 / n)
        .put("cusum", cusum(samples, moments))
        .put("mean_variance", moments.deviation / moments.mean)
        .put("chi2", chi2(samples, moments))
        .put("stetson_K", stetson_k(samples, moments))
        .put(
            "skew",
            n * sum(samples, |sample| scaled(sample) * square(scaled(sample)))
                / ((n - 1.0) * (n - 2.0)),
        );
    if samples.len() < 4 {
        return draft;
    }
    let fourth = sum(samples, |sample| square(square(scaled(sample))));
    let excess = n * (n + 1.0) * fourth / ((n - 1.0) * (n - 2.0) * (n - 3.0));
    draft
        .put(
            "kurtosis",
            excess - 3.0 * square(n - 1.0) / ((n - 2.0) * (n - 3.0)),
        )
        .put("anderson_darling_normal", anderson_darling(moments))
}

/// Features of the values in time.
fn spread(draft: Draft<'_>, samples: &[Sample], moments: &Moments) -> Value {
    let n = moments.count;
    if samples.len() < 3 {
        return draft.done();
    }
    let plain = Line::through(samples, |_| 1.0);
    let residuals = sum(samples, |sample| square(plain.residual(sample))) / (n - 2.0);
    let weighted = Line::through(samples, inverse_variance);
    let chi2 = sum(samples, |sample| {
        square(weighted.residual(sample) / sample.error)
    });
    draft
        .put("linear_trend", plain.slope)
        .put("linear_trend_sigma", libm::sqrt(residuals / plain.lever))
        .put("linear_trend_noise", libm::sqrt(residuals))
        .put("linear_fit_slope", weighted.slope)
        .put("linear_fit_slope_sigma", libm::sqrt(1.0 / weighted.lever))
        .put("linear_fit_reduced_chi2", chi2 / (n - 2.0))
        .put("maximum_slope", maximum_slope(samples))
        .done()
}

/// A straight line by weighted least squares.
struct Line {
    mean_time: f64,
    mean_value: f64,
    slope: f64,
    /// Σ w (t − t̄)²
    lever: f64,
}

impl Line {
    fn through(samples: &[Sample], weight: impl Fn(&Sample) -> f64) -> Line {
        let total = sum(samples, &weight);
        let mean_time = sum(samples, |sample| weight(sample) * sample.time) / total;
        let mean_value = sum(samples, |sample| weight(sample) * sample.value) / total;
        let lever = sum(samples, |sample| {
            weight(sample) * square(sample.time - mean_time)
        });
        let moment = sum(samples, |sample| {
            weight(sample) * (sample.time - mean_time) * (sample.value - mean_value)
        });
        Line {
            mean_time,
            mean_value,
            slope: moment / lever,
            lever,
        }
    }

    fn residual(&self, sample: &Sample) -> f64 {
        sample.value - self.mean_value - self.slope * (sample.time - self.mean_time)
    }
}

fn inverse_variance(sample: &Sample) -> f64 {
    1.0 / square(sample.error)
}

/// `powi` promises no precision, and so no reproducible bytes.
fn square(value: f64) -> f64 {
    value * value
}

fn sum(samples: &[Sample], term: impl Fn(&Sample) -> f64) -> f64 {
    samples.iter().map(term).sum()
}

fn sample_deviation(values: &[f64], mean: f64) -> f64 {
    let squares: f64 = values
        .iter()
        .map(|value| (value - mean) * (value - mean))
        .sum();
    libm::sqrt(squares / (values.len() as f64 - 1.0))
}

/// Between the neighbours; `None` for an empty list.
fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let place = part * (sorted.len().checked_sub(1)?) as f64;
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    Some(below + (above - below) * (place - place.floor()))
}

fn cusum(samples: &[Sample], moments: &Moments) -> f64 {
    let (mut total, mut low, mut high) = (0.0, f64::INFINITY, f64::NEG_INFINITY);
    for sample in samples {
        total += sample.value - moments.mean;
        low = total.min(low);
        high = total.max(high);
    }
    (high - low) / (moments.count * moments.deviation)
}

/// Reduced, about the weighted mean.
fn chi2(samples: &[Sample], moments: &Moments) -> f64 {
    let pull = |sample: &Sample| (sample.value - moments.weighted_mean) / sample.error;
    sum(samples, |sample| square(pull(sample))) / (moments.count - 1.0)
}

fn stetson_k(samples: &[Sample], moments: &Moments) -> f64 {
    let pull = |sample: &Sample| (sample.value - moments.weighted_mean) / sample.error;
    let squares = sum(samples, |sample| square(pull(sample)));
    sum(samples, |sample| pull(sample).abs()) / libm::sqrt(moments.count * squares)
}

fn maximum_slope(samples: &[Sample]) -> f64 {
    samples
        .windows(2)
        .map(|pair| ((pair[1].value - pair[0].value) / (pair[1].time - pair[0].time)).abs())
        .fold(f64::NAN, f64::max)
}

/// Unbiased statistic against a normal distribution (Stephens 1974).
fn anderson_darling(moments: &Moments) -> f64 {
    let n = moments.count;
    let below = |value: f64| {
        let scaled = (value - moments.mean) / moments.deviation;
        (0.5 * libm::erfc(-scaled * std::f64::consts::FRAC_1_SQRT_2)).clamp(1e-16, 1.0 - 1e-16)
    };
    let statistic: f64 = moments
        .sorted
        .iter()
        .enumerate()
        .map(|(rank, value)| {
            let rank = rank as f64;
            (2.0 * rank + 1.0) * libm::log(below(*value))
                + (2.0 * (n - rank) - 1.0) * libm::log(1.0 - below(*value))
        })
        .sum();
    (-n - statistic / n) * (1.0 + 4.0 / n - 25.0 / (n * n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::schema::{Type, record};
    use crate::simulate::ztf_fields::FEATURES;

    fn feature(samples: &[Sample], name: &str) -> f64 {
        let record = record("features".into(), FEATURES);
        assert!(matches!(record.fields[0].ty, Type::Double));
        let Value::Record(fields) = features(&record, samples) else {
            panic!()
        };
        fields[record.position(name).unwrap()].as_f64().unwrap()
    }

    fn samples(values: &[f64]) -> Vec<Sample> {
        let times = (0..).map(f64::from);
        times
            .zip(values)
            .map(|(time, value)| Sample {
                time: 2.0 * time,
                value: *value,
                error: 0.1,
            })
            .collect()
    }

    #[test]
    fn one_point_has_a_mean_and_nothing_more() {
        let one = samples(&[17.5]);
        assert_eq!(feature(&one, "mean"), 17.5);
        assert_eq!(feature(&one, "amplitude"), 0.0);
        assert!(feature(&one, "standard_deviation").is_nan());
        assert!(feature(&one, "linear_fit_slope").is_nan());
        assert!(feature(&[], "mean").is_nan());
    }

    #[test]
    fn a_straight_line_has_its_slope() {
        let line = samples(&[18.0, 17.9, 17.8, 17.7, 17.6]);
        assert!((feature(&line, "linear_fit_slope") + 0.05).abs() < 1e-9);
        assert!((feature(&line, "linear_trend") + 0.05).abs() < 1e-9);
        assert!((feature(&line, "maximum_slope") - 0.05).abs() < 1e-9);
        assert!((feature(&line, "median") - 17.8).abs() < 1e-9);
        assert!((feature(&line, "amplitude") - 0.2).abs() < 1e-9);
        assert!(feature(&line, "skew").abs() < 1e-9);
        assert!((feature(&line, "standard_deviation") - 0.158_113_883).abs() < 1e-9);
    }
}
