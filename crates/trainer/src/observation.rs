//! What is seen inside a network at a training step: distributions of activations and of batch
//! norm's parameters. What of it is looked at, [`Observe`] says.

use std::collections::BTreeMap;

use kernels::Real;
use ndarray::{ArrayD, ArrayViewD, Axis};

use crate::network::{Network, ObservedQuantity, Tape};
use crate::observe::{Observable, Observe};

/// The values that one quantity of one layer has.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution<F> {
    /// The layer by its name in PyTorch, such as `model.1`; [`crate::landscape::LAYER`] for values of the
    /// whole network.
    pub layer: String,
    /// What the values are.
    pub quantity: ObservedQuantity,
    /// The values, in no meaningful order but a fixed one.
    pub values: Vec<F>,
}

impl<F: Real> Distribution<F> {
    /// The values below which these percentages of all lie, interpolated linearly between
    /// neighbours: the value at rank p/100·(n − 1) of the sorted values, as NumPy's `percentile`
    /// has it by default. NaN if a value is NaN or there is none.
    pub fn percentiles<const COUNT: usize>(&self, percentages: [f64; COUNT]) -> [f64; COUNT] {
        // Counted and not searched for: that runs in vectors.
        let not_numbers = self.values.iter().filter(|value| value.is_nan()).count();
        let Some(last) = self.values.len().checked_sub(1).filter(|_| not_numbers == 0) else {
            return [f64::NAN; COUNT];
        };
        let ranks =
            percentages.map(|percentage| (percentage / 100.0).clamp(0.0, 1.0) * last as f64);
        let below = ranks.map(|rank| (rank as usize).min(last));
        let above = below.map(|rank| (rank + 1).min(last));
        let sorted = AtRanks::of(&self.values, below.into_iter().chain(above));
        std::array::from_fn(|at| {
            let (low, high) = (sorted.value(below[at]), sorted.value(above[at]));
            let share = ranks[at] - below[at] as f64;
            // Between infinities of different sign there is no number; at one of them there is.
            if share == 0.0 { low } else { low + (high - low) * share }
        })
    }
}

/// The values at some ranks of many, without sorting them all: values are counted by the leading
/// bits of their order, and only those that share these bits with one that is asked for are sorted.
struct AtRanks {
    /// Runs of neighbours in the sorted order: the rank of the first, and all of them.
    runs: BTreeMap<usize, Vec<f64>>,
}

impl AtRanks {
    fn of<F: Real>(values: &[F], ranks: impl Iterator<Item = usize>) -> Self {
        if values.len() < FEW {
            let mut all: Vec<f64> = values.iter().map(|value| value.to_f64()).collect();
            all.sort_unstable_by(f64::total_cmp);
            return Self { runs: BTreeMap::from([(0, all)]) };
        }
        let mut counts = vec![0_u32; 1 << LEADING_BITS];
        for &value in values {
            counts[leading_bits(value)] += 1;
        }
        let mut ranks: Vec<usize> = ranks.collect();
        ranks.sort_unstable();
        // Which run the values with these leading bits go to, counted from 1; 0 for none.
        let mut run_of = vec![0_u16; counts.len()];
        let mut runs = Vec::new();
        let mut wanted = ranks.into_iter().peekable();
        let mut first = 0;
        for (bits, &count) in counts.iter().enumerate() {
            let next = first + count as usize;
            if wanted.next_if(|&rank| rank < next).is_some() {
                while wanted.next_if(|&rank| rank < next).is_some() {}
                runs.push((first, Vec::with_capacity(count as usize)));
                run_of[bits] = runs.len() as u16;
            }
            first = next;
        }
        for &value in values {
            if let Some(run) = run_of[leading_bits(value)].checked_sub(1) {
                runs[usize::from(run)].1.push(value.to_f64());
            }
        }
        for (_, run) in &mut runs {
            run.sort_unstable_by(f64::total_cmp);
        }
        Self { runs: runs.into_iter().collect() }
    }

    /// The value at a rank that was asked for.
    fn value(&self, rank: usize) -> f64 {
        let run = self.runs.range(..=rank).next_back();
        run.and_then(|(first, run)| run.get(rank - first)).copied().unwrap_or(f64::NAN)
    }
}

/// Values that are sorted sooner than counted.
const FEW: usize = 4_096;

/// Sign, exponent and seven bits of the mantissa of the nearest `f32`: the counts stay in the second cache.
const LEADING_BITS: u32 = 16;

/// The leading bits of a number that orders as the values do.
fn leading_bits<F: Real>(value: F) -> usize {
    let bits = (value.to_f64() as f32).to_bits();
    let flipped = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
    (flipped >> (u32::BITS - LEADING_BITS)) as usize
}

/// What is seen at one step: the activations of its batch, and batch norm's parameters and running
/// statistics, the parameters before the step and the statistics with its batch; as far as
/// [`Observe`] says.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation<F> {
    /// Batch norms first, layer by layer in the network's order, then the inputs of activations, then
    /// those of one unit, then the landscape.
    pub distributions: Vec<Distribution<F>>,
}

impl<F: Real> Observation<F> {
    /// The bytes of all values.
    pub(crate) fn bytes(&self) -> usize {
        self.distributions.iter().map(|seen| seen.values.len() * size_of::<F>()).sum()
    }

    /// All that is to be observed but the landscape.
    pub(crate) fn of(network: &Network<F>, tape: &Tape<F>, observe: &Observe) -> Self {
        let mut distributions = Vec::new();
        let mut add = |layer: &str, quantity, values| {
            distributions.push(Distribution { layer: layer.to_owned(), quantity, values });
        };
        let activations = tape.activations(network);
        if observe.has(Observable::Distributions) {
            for (name, norm) in network.norms() {
                for (quantity, values) in norm.observed {
                    add(name, quantity, values.to_vec());
                }
            }
            for activation in &activations {
                for (quantity, values) in [
                    (ObservedQuantity::BeforeBatchNorm, activation.before_batch_norm.as_ref()),
                    (ObservedQuantity::PreActivation, Some(&activation.pre_activation)),
                ] {
                    if let Some(array) = values {
                        add(activation.name, quantity, all_of(array.view()));
                    }
                }
            }
        }
        if let (true, Some(last)) = (observe.has(Observable::Unit), activations.last()) {
            let unit = last.pre_activation.index_axis(UNITS, 0);
            add(last.name, ObservedQuantity::UnitPreActivation, all_of(unit));
        }
        Self { distributions }
    }
}

/// The axis of features or channels.
const UNITS: Axis = Axis(1);

/// The values in logical order.
fn all_of<F: Real>(array: ArrayViewD<'_, F>) -> Vec<F> {
    let mut values = ArrayD::zeros(array.raw_dim());
    if array.ndim() < 4 {
        values.assign(&array);
    } else {
        // The channels of a pixel are neighbours in memory. A few rows of most networks stay in the first cache
        // while one channel after the other is picked out of them.
        for (from, mut to) in array.outer_iter().zip(values.outer_iter_mut()) {
            let rows = from.axis_chunks_iter(ROWS_AXIS, ROWS_TOGETHER);
            rows.zip(to.axis_chunks_iter_mut(ROWS_AXIS, ROWS_TOGETHER))
                .for_each(|(from, mut to)| to.assign(&from));
        }
    }
    values.into_raw_vec_and_offset().0
}

/// The axis of rows of an image (C, H, W).
const ROWS_AXIS: Axis = Axis(1);

/// Rows of an image that are copied together.
const ROWS_TOGETHER: usize = 4;

#[cfg(test)]
mod tests {
    use ndarray::{Array, IxDyn};

    use super::*;
    use crate::random_stream::{Purpose, Stream};

    /// ```text
    /// >>> numpy.percentile([3.0, 1.0, 10.0, 2.0, 7.0, 7.0], [0, 15, 50, 85, 100])
    /// array([ 1.  ,  1.75,  5.  ,  7.75, 10.  ])
    /// ```
    #[test]
    fn percentiles_are_those_of_numpy() {
        let distribution = |values: &[f32]| Distribution {
            layer: "model.1".to_owned(),
            quantity: ObservedQuantity::PreActivation,
            values: values.to_vec(),
        };
        let values = distribution(&[3.0, 1.0, 10.0, 2.0, 7.0, 7.0]);
        let expected = [1.0, 1.75, 5.0, 7.75, 10.0];
        assert_eq!(values.percentiles([0.0, 15.0, 50.0, 85.0, 100.0]), expected);
        assert_eq!(values.percentiles([100.0, 85.0]), [10.0, 7.75]);
        assert_eq!(distribution(&[4.0]).percentiles([15.0, 85.0]), [4.0, 4.0]);
        assert_eq!(distribution(&[-0.5, -0.5, 2.0, -3.0]).percentiles([50.0]), [-0.5]);
        let infinite = distribution(&[f32::NEG_INFINITY, 1.0, f32::INFINITY]);
        let expected = [f64::NEG_INFINITY, 1.0, f64::INFINITY];
        assert_eq!(infinite.percentiles([0.0, 50.0, 100.0]), expected);
        assert!(distribution(&[]).percentiles([50.0])[0].is_nan());
        assert!(distribution(&[1.0, f32::NAN]).percentiles([50.0])[0].is_nan());
        for other in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut many = vec![1.0; 2 * FEW];
            many[FEW] = other;
            let found = distribution(&many).percentiles([0.0, 50.0, 100.0]);
            let expected = [1.0_f64.min(other.into()), 1.0, 1.0_f64.max(other.into())];
            let is_as_expected = if other.is_nan() {
                found.iter().all(|value| value.is_nan())
            } else {
                found == expected
            };
            assert!(is_as_expected, "{other}: {found:?}");
        }
    }

    /// The images have more rows than are copied at once. The channels of their pixels are neighbours.
    #[test]
    fn values_are_copied_in_their_logical_order() {
        let pixels_first = Array::from_shape_fn([2, 9, 5, 3], |index| {
            let (image, row, column, channel) = index;
            (1000 * image + 100 * channel + 10 * row + column) as f64
        });
        let images = pixels_first.permuted_axes([0, 3, 1, 2]).into_dyn();
        let rows = images.clone().into_shape_clone(IxDyn(&[6, 45])).unwrap();
        let standard = images.as_standard_layout();
        let none = images.slice_axis(Axis(0), (0..0).into());
        let unit = images.index_axis(UNITS, 1);
        for array in [images.view(), standard.view(), none, rows.view(), rows.t(), unit] {
            assert_eq!(all_of(array.view()), array.iter().copied().collect::<Vec<_>>());
        }
        let all = all_of(images.view());
        assert_eq!((all[0], all[1], all[45], all[135]), (0.0, 1.0, 100.0, 1000.0));
    }

    /// The ranks of many values of either sign and any size, against a sort.
    #[test]
    fn percentiles_of_many_values_are_those_of_all_sorted() {
        let mut stream = Stream::new(0, Purpose::Shuffle, 0);
        let values: Vec<f32> = (0..5_001)
            .map(|index| {
                let spread = [1e-30, 1e-3, 1.0, 1e20][index % 4];
                (spread * (stream.uniform() - 0.5)) as f32
            })
            .collect();
        let mut sorted = values.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        let distribution = Distribution {
            layer: "model.1".to_owned(),
            quantity: ObservedQuantity::PreActivation,
            values,
        };
        for rank in 0..=5_000 {
            let percentage = rank as f64 / 50.0;
            let [found] = distribution.percentiles([percentage]);
            // The rank, computed back from a percentage, may lie off a whole number by rounding.
            let [below, above] =
                [rank.max(1) - 1, (rank + 1).min(5_000)].map(|at| f64::from(sorted[at]));
            assert!((below..=above).contains(&found), "{rank}");
            if percentage / 100.0 * 5_000.0 == rank as f64 {
                assert_eq!(found, f64::from(sorted[rank]), "{rank}");
            }
        }
    }
}
