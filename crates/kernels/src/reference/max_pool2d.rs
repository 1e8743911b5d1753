//! Two-dimensional max pooling in plain loops. The fast kernel: [`crate::max_pool2d`].
//! Source: PyTorch's `max_pool2d`.

use ndarray::{Array4, ArrayView4, indices};

use crate::engine::real::Real;

/// ```text
/// out[n, c, i, j] = max_{a < KH, b < KW} x[n, c, i·s_h + a, j·s_w + b]
/// ```
///
/// and the index h·W + w of that value in its plane: the first of equal values, or the last NaN.
pub fn forward<F: Real>(
    x: ArrayView4<'_, F>,
    window: [usize; 2],
    stride: [usize; 2],
) -> (Array4<F>, Array4<u32>) {
    let (n, c, h, w) = x.dim();
    let shape = (n, c, (h - window[0]) / stride[0] + 1, (w - window[1]) / stride[1] + 1);
    let (mut out, mut argmax) = (Array4::zeros(shape), Array4::zeros(shape));
    for (n, c, i, j) in indices(shape) {
        let corner = [i * stride[0], j * stride[1]];
        let mut best = (x[[n, c, corner[0], corner[1]]], corner[0] * w + corner[1]);
        for (a, b) in indices(window) {
            let [row, column] = [corner[0] + a, corner[1] + b];
            let value = x[[n, c, row, column]];
            if value > best.0 || value.is_nan() {
                best = (value, row * w + column);
            }
        }
        (out[[n, c, i, j]], argmax[[n, c, i, j]]) = (best.0, best.1 as u32);
    }
    (out, argmax)
}

/// dx: the gradient of each window goes to the pixel that its value came from; `size` is `[H, W]`.
pub fn backward<F: Real>(
    dout: ArrayView4<'_, F>,
    argmax: ArrayView4<'_, u32>,
    [h, w]: [usize; 2],
) -> Array4<F> {
    let mut dx = Array4::zeros([dout.dim().0, dout.dim().1, h, w]);
    for ((n, c, i, j), &dout) in dout.indexed_iter() {
        let at = argmax[[n, c, i, j]] as usize;
        dx[[n, c, at / w, at % w]] += dout;
    }
    dx
}
