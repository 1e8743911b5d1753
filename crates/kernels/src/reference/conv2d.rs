//! Two-dimensional convolution in plain loops. The fast kernel: [`crate::conv2d`].
//!
//! Shapes: `x` `(N, C, H, W)`, `weight` `(F, C, KH, KW)`, `bias` `(F,)`, out and `dout`
//! `(N, F, OH, OW)`. Source: PyTorch's `conv2d`.

use ndarray::{Array1, Array4, ArrayView1, ArrayView4, indices, s};

use crate::engine::real::Real;

/// ```text
/// out[n, f, i, j] = bias[f] + Σ_{kh, kw, c} x[n, c, i·s_h + kh − p_h, j·s_w + kw − p_w] · weight[f, c, kh, kw]
/// ```
///
/// with zeros outside the image.
pub fn forward<F: Real>(
    x: ArrayView4<'_, F>,
    weight: ArrayView4<'_, F>,
    bias: ArrayView1<'_, F>,
    stride: [usize; 2],
    padding: [usize; 2],
) -> Array4<F> {
    let (x, (f, c, kh, kw)) = (padded(x, padding), weight.dim());
    let (n, _, h, w) = x.dim();
    let shape = (n, f, (h - kh) / stride[0] + 1, (w - kw) / stride[1] + 1);
    Array4::from_shape_fn(shape, |(n, f, i, j)| {
        let mut sum = bias[f];
        for (kh, kw, c) in indices((kh, kw, c)) {
            let x = x[[n, c, i * stride[0] + kh, j * stride[1] + kw]];
            sum = x.mul_add(weight[[f, c, kh, kw]], sum);
        }
        sum
    })
}

/// dx, dweight and dbias: each product x·weight of the forward pass gives dout·weight to its x and
/// x·dout to its weight. The gradients of the parameters are sums over the images, each of them a
/// sum over the pixels of dout. (The fast kernel adds up to 12 chunks of images: with more images
/// than that, its sums are in another order.)
pub fn backward<F: Real>(
    dout: ArrayView4<'_, F>,
    x: ArrayView4<'_, F>,
    weight: ArrayView4<'_, F>,
    stride: [usize; 2],
    padding: [usize; 2],
) -> (Array4<F>, Array4<F>, Array1<F>) {
    let (_, _, h, w) = x.dim();
    let (x, (f, c, kh, kw)) = (padded(x, padding), weight.dim());
    let (n, _, oh, ow) = dout.dim();
    let mut dx = Array4::zeros(x.raw_dim());
    let (mut dweight, mut dbias) = (Array4::zeros(weight.raw_dim()), Array1::zeros(f));
    for n in 0..n {
        let (mut dweight_of_image, mut dbias_of_image) =
            (Array4::<F>::zeros(weight.raw_dim()), Array1::<F>::zeros(f));
        for (i, j, f) in indices((oh, ow, f)) {
            let dout = dout[[n, f, i, j]];
            for (c, kh, kw) in indices((c, kh, kw)) {
                let pixel = [n, c, i * stride[0] + kh, j * stride[1] + kw];
                let tap = [f, c, kh, kw];
                dx[pixel] = dout.mul_add(weight[tap], dx[pixel]);
                dweight_of_image[tap] = x[pixel].mul_add(dout, dweight_of_image[tap]);
            }
            dbias_of_image[f] += dout;
        }
        dweight += &dweight_of_image;
        dbias += &dbias_of_image;
    }
    let [top, left] = padding;
    (dx.slice_move(s![.., .., top..top + h, left..left + w]), dweight, dbias)
}

/// The images with this many rows and columns of zeros on each side.
fn padded<F: Real>(x: ArrayView4<'_, F>, [rows, columns]: [usize; 2]) -> Array4<F> {
    let (n, c, h, w) = x.dim();
    let mut padded = Array4::zeros([n, c, h + 2 * rows, w + 2 * columns]);
    padded.slice_mut(s![.., .., rows..rows + h, columns..columns + w]).assign(&x);
    padded
}
