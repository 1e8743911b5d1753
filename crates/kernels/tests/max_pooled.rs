//! Operations and the max pooling behind them in one pass: the bits of the two kernels one after the
//! other, for every shape, memory layout and number of threads, and whatever given memory held.

mod conv2d;
mod normalized;
mod relu;

use kernels::Real;
use ndarray::{Array, Dimension};

/// All results as bits; which NaN a result is says nothing.
type Bits = Vec<Vec<u64>>;

fn bits<F: Real, D: Dimension>(array: &Array<F, D>) -> Vec<u64> {
    let of_value = |value: &F| {
        let value = value.to_f64();
        if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
    };
    array.iter().map(of_value).collect()
}

/// Windows that tile the image, leave rows and columns out at its end or everywhere, and overlap along
/// either axis.
const WINDOWS: [([usize; 2], [usize; 2]); 7] = [
    ([2, 2], [2, 2]),
    ([3, 2], [3, 2]),
    ([1, 2], [3, 3]),
    ([1, 1], [1, 1]),
    ([3, 2], [1, 2]),
    ([2, 3], [2, 1]),
    ([4, 4], [7, 9]),
];
