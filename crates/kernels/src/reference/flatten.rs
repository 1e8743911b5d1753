//! Images as rows. The fast kernel: [`crate::flatten`]. Source: PyTorch's `flatten`.

use ndarray::{Array2, Array4, ArrayView2, ArrayView4};

use crate::engine::real::Real;

/// out\[n, (c·H + h)·W + w\] = x\[n, c, h, w\].
pub fn forward<F: Real>(x: ArrayView4<'_, F>) -> Array2<F> {
    let (n, c, h, w) = x.dim();
    Array2::from_shape_fn((n, c * h * w), |(n, d)| x[[n, d / (h * w), d / w % h, d % w]])
}

/// dx\[n, c, h, w\] = dout\[n, (c·H + h)·W + w\].
pub fn backward<F: Real>(dout: ArrayView2<'_, F>, [c, h, w]: [usize; 3]) -> Array4<F> {
    Array4::from_shape_fn((dout.nrows(), c, h, w), |(n, c, i, j)| dout[[n, (c * h + i) * w + j]])
}
