//! The fully connected layer in plain loops. The fast kernel: [`crate::linear`].
//!
//! Shapes: `x` `(N, D)`, `weight` `(M, D)`, `bias` `(M,)`, out and `dout` `(N, M)`. Source: PyTorch's
//! `linear`.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, indices};

use crate::engine::real::Real;

/// out\[n, m\] = bias\[m\] + Σ_d x\[n, d\]·weight\[m, d\].
pub fn forward<F: Real>(
    x: ArrayView2<'_, F>,
    weight: ArrayView2<'_, F>,
    bias: ArrayView1<'_, F>,
) -> Array2<F> {
    Array2::from_shape_fn((x.nrows(), weight.nrows()), |(n, m)| {
        (0..x.ncols()).fold(bias[m], |sum, d| x[[n, d]].mul_add(weight[[m, d]], sum))
    })
}

/// dx = dout·weight, dweight = doutᵀ·x, dbias = Σ_n dout.
pub fn backward<F: Real>(
    dout: ArrayView2<'_, F>,
    x: ArrayView2<'_, F>,
    weight: ArrayView2<'_, F>,
) -> (Array2<F>, Array2<F>, Array1<F>) {
    let (mut dx, mut dweight) = (Array2::zeros(x.raw_dim()), Array2::zeros(weight.raw_dim()));
    let mut dbias = Array1::zeros(weight.nrows());
    for (n, m) in indices(dout.raw_dim()) {
        for d in 0..x.ncols() {
            dx[[n, d]] = dout[[n, m]].mul_add(weight[[m, d]], dx[[n, d]]);
            dweight[[m, d]] = dout[[n, m]].mul_add(x[[n, d]], dweight[[m, d]]);
        }
        dbias[m] += dout[[n, m]];
    }
    (dx, dweight, dbias)
}
