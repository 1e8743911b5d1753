//! Histograms as TensorBoard draws them.

use super::protobuf::Message;

/// As many as TensorBoard draws.
const BINS: usize = 30;

/// How often values occur, in [`BINS`] bins of equal width between the smallest and the largest,
/// with their sums. All numbers follow from `+ − × ÷` and comparisons in a fixed order, so their
/// bits are the same everywhere; the limits are those of NumPy's `histogram(values, bins=30)`.
///
/// Infinite and NaN values have no place between two limits, and are left out of every number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Histogram {
    min: f64,
    max: f64,
    count: usize,
    sum: f64,
    sum_of_squares: f64,
    /// The bins' upper limits; empty without values.
    limits: Vec<f64>,
    /// The values x in each bin, lower ≤ x < upper, in the last lower ≤ x ≤ upper. Where all
    /// values are the same, so are all limits, and they are in the last bin.
    counts: Vec<f64>,
}

impl Histogram {
    /// The histogram of `values`, summed in their order. They are gone through twice, so that no copy of
    /// them takes memory.
    pub(super) fn new(values: impl Iterator<Item = f64> + Clone) -> Self {
        let values = values.filter(|value| value.is_finite());
        let Some(first) = values.clone().next() else {
            return Self {
                min: 0.0,
                max: 0.0,
                count: 0,
                sum: 0.0,
                sum_of_squares: 0.0,
                limits: Vec::new(),
                counts: Vec::new(),
            };
        };
        // f64::min and f64::max may choose either of 0 and −0, and Iterator::sum starts at either.
        let (mut min, mut max) = (first, first);
        let (mut count, mut sum, mut sum_of_squares) = (0, 0.0, 0.0);
        for value in values.clone() {
            count += 1;
            if value < min {
                min = value;
            }
            if value > max {
                max = value;
            }
            sum += value;
            sum_of_squares += value * value;
        }
        let limits = upper_limits(min, max);
        let edges = edges(&limits);
        // An estimate from the width is off by one at most, where the width is a number to divide by.
        let per_value = BINS as f64 / (max - min);
        let per_value = if per_value.is_finite() { per_value } else { 0.0 };
        let mut counts = [0_u64; BINS];
        for value in values {
            let mut bin = (((value - min) * per_value) as usize).min(BINS - 1);
            while value < edges[bin] {
                bin -= 1;
            }
            while edges[bin + 1] <= value {
                bin += 1;
            }
            counts[bin] += 1;
        }
        let counts = counts.map(|count| count as f64).to_vec();
        Self { min, max, count, sum, sum_of_squares, limits, counts }
    }

    /// TensorFlow's [`HistogramProto`].
    ///
    /// [`HistogramProto`]: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/summary.proto
    pub(super) fn encode(&self) -> Message {
        Message::default()
            .double(1, self.min)
            .double(2, self.max)
            .double(3, self.count as f64)
            .double(4, self.sum)
            .double(5, self.sum_of_squares)
            .doubles(6, &self.limits)
            .doubles(7, &self.counts)
    }
}

/// The upper limits of the bins; ascending, and none above `max`, even where the width is too
/// large or too small for an `f64`.
fn upper_limits(min: f64, max: f64) -> Vec<f64> {
    let width = (max - min) / BINS as f64;
    let inner = (1..BINS).map(|bin| (bin as f64 * width + min).min(max));
    inner.chain([max]).collect()
}

/// The edges of the bins, with infinities in place of the outermost, so that a search for the bin of a number
/// ends without a check of the index.
fn edges(limits: &[f64]) -> [f64; BINS + 1] {
    let mut edges = [f64::INFINITY; BINS + 1];
    edges[0] = f64::NEG_INFINITY;
    edges[1..BINS].copy_from_slice(&limits[..BINS - 1]);
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random_stream::{Purpose, Stream};

    fn of(values: &[f64]) -> Histogram {
        Histogram::new(values.iter().copied())
    }

    /// The bins that are not empty.
    fn filled(histogram: &Histogram) -> Vec<(usize, f64)> {
        let counts = histogram.counts.iter().copied().enumerate();
        counts.filter(|&(_, count)| count > 0.0).collect()
    }

    #[test]
    fn a_limit_belongs_to_the_bin_above_it_and_the_largest_to_the_last() {
        let histogram = of(&[30.0, 0.0, 0.5, 1.0, 1.0, 28.9, 29.0]);
        let upper: Vec<f64> = (1..=30).map(f64::from).collect();
        assert_eq!(histogram.limits, upper);
        assert_eq!(filled(&histogram), [(0, 2.0), (1, 2.0), (28, 1.0), (29, 2.0)]);
        assert_eq!((histogram.min, histogram.max, histogram.count), (0.0, 30.0, 7));
        assert_eq!(histogram.sum, 90.4);
        assert_eq!(histogram.sum_of_squares, 900.0 + 0.25 + 1.0 + 1.0 + 28.9 * 28.9 + 841.0);
    }

    #[test]
    fn one_value_or_one_value_many_times_fills_the_last_bin() {
        for (values, count) in [(vec![0.3], 1.0), (vec![-2.0; 16], 16.0)] {
            let histogram = of(&values);
            assert_eq!(histogram.limits, [values[0]; BINS]);
            assert_eq!(filled(&histogram), [(29, count)]);
            assert_eq!((histogram.min, histogram.max), (values[0], values[0]));
        }
    }

    #[test]
    fn without_finite_values_there_are_no_bins() {
        for values in [&[][..], &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]] {
            assert_eq!(of(values).encode().into_bytes(), [0_u8; 0]);
        }
    }

    #[test]
    fn what_is_not_finite_is_left_out() {
        let finite = of(&[1.0, 4.0, -3.0]);
        assert_eq!(of(&[f64::INFINITY, 1.0, 4.0, f64::NAN, -3.0, f64::NEG_INFINITY]), finite);
    }

    #[test]
    fn the_sign_of_zero_is_that_of_the_first() {
        assert_eq!(of(&[-0.0, 0.0]).min.to_bits(), (-0.0_f64).to_bits());
        assert_eq!(of(&[0.0, -0.0]).min.to_bits(), 0);
        assert_eq!(of(&[-0.0]).sum.to_bits(), 0);
    }

    /// Of values of every scale.
    #[test]
    fn a_bin_that_is_estimated_is_the_one_that_a_search_finds() {
        let mut stream = Stream::new(0, Purpose::Shuffle, 0);
        for round in 0..300_u64 {
            // A power of 2, by its exponent.
            let scale = f64::from_bits((23 + round % 30 * 66) << 52);
            let mut values: Vec<f64> = (0..40).map(|_| scale * (stream.uniform() - 0.3)).collect();
            // A limit, and the largest number below it, which an estimate can put one bin too high.
            let limits = of(&values).limits;
            values.extend(limits.iter().flat_map(|&limit| [limit, limit.next_down()]));
            let histogram = of(&values);
            let mut counts = [0.0; BINS];
            for value in values {
                let bin = histogram.limits.partition_point(|&limit| limit <= value);
                counts[bin.min(BINS - 1)] += 1.0;
            }
            assert_eq!(histogram.counts, counts, "{scale}");
        }
    }

    #[test]
    fn every_value_of_any_range_is_counted_between_ascending_limits() {
        let tiny = f64::from_bits(1);
        for values in [
            [f64::MIN, 0.0, 1.0, f64::MAX],
            [0.0, tiny, 15.0 * tiny, 45.0 * tiny],
            [-tiny, 0.0, tiny, tiny],
            [1.0, 1.0 + f64::EPSILON, 1.0 + 2.0 * f64::EPSILON, 1.0 + 3.0 * f64::EPSILON],
            [-1e300, -1e-300, 1e-300, 1e10],
        ] {
            let histogram = of(&values);
            assert_eq!(histogram.counts.iter().sum::<f64>(), 4.0, "{values:?}");
            assert_eq!(*histogram.limits.last().unwrap(), values[3]);
            assert!(histogram.limits.is_sorted(), "{values:?}: {:?}", histogram.limits);
            assert!(histogram.limits.iter().all(|&limit| values[0] <= limit), "{values:?}");
        }
    }
}
