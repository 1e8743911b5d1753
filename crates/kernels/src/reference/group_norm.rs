//! Group norm of `(N, C, H, W)` images in plain loops; rows are images of one pixel. Source: Wu and He
//! 2018, section 3.1. The fast kernel: [`crate::group_norm`].

use ndarray::{Array1, Array2, Array4, ArrayView1, ArrayView4, s};

/// x̂ and 1/√(σ² + ε), which the backward pass needs.
pub struct Cache {
    /// x̂ = (x − μ)/√(σ² + ε), shape `(N, C, H, W)`.
    pub x_hat: Array4<f64>,
    /// 1/√(σ² + ε) of each image and group, shape `(N, G)`.
    pub inv_std: Array2<f64>,
}

/// The forward pass: over the n values of each image in each of so many groups of channels,
///
/// ```text
/// μ = (1/n) Σ x      σ² = (1/n) Σ (x − μ)²      x̂ = (x − μ)/√(σ² + ε)      y = γ·x̂ + β
/// ```
///
/// with γ and β per channel. `x` and y `(N, C, H, W)`, `gamma` and `beta` `(C,)`.
pub fn forward(
    x: ArrayView4<'_, f64>,
    gamma: ArrayView1<'_, f64>,
    beta: ArrayView1<'_, f64>,
    groups: usize,
    eps: f64,
) -> (Array4<f64>, Cache) {
    let (images, channels, _, _) = x.dim();
    let width = channels / groups;
    let (mut x_hat, mut inv_std) = (x.to_owned(), Array2::zeros((images, groups)));
    for image in 0..images {
        for group in 0..groups {
            let of_group = s![image, group * width..(group + 1) * width, .., ..];
            let values = x.slice(of_group);
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let var = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
            let scale = 1.0 / (var + eps).sqrt();
            inv_std[[image, group]] = scale;
            x_hat.slice_mut(of_group).mapv_inplace(|x| (x - mean) * scale);
        }
    }
    let y = Array4::from_shape_fn(x.dim(), |(n, c, h, w)| gamma[c] * x_hat[[n, c, h, w]] + beta[c]);
    (y, Cache { x_hat, inv_std })
}

/// dx, dγ and dβ of [`forward`]: dβ and dγ over each channel of all images, dx over the n values of one
/// image in one group,
///
/// ```text
/// dβ = Σ dy        dγ = Σ dy·x̂        dx = 1/√(σ² + ε) · (γ·dy − (1/n) Σ γ·dy − x̂·(1/n) Σ γ·dy·x̂)
/// ```
pub fn backward(
    dout: ArrayView4<'_, f64>,
    gamma: ArrayView1<'_, f64>,
    cache: &Cache,
) -> (Array4<f64>, Array1<f64>, Array1<f64>) {
    let Cache { x_hat, inv_std } = cache;
    let (_, channels, _, _) = dout.dim();
    let (mut dgamma, mut dbeta) = (Array1::zeros(channels), Array1::zeros(channels));
    let mut dx = Array4::zeros(dout.dim());
    for ((n, c, h, w), &dy) in dout.indexed_iter() {
        dbeta[c] += dy;
        dgamma[c] += dy * x_hat[[n, c, h, w]];
        dx[[n, c, h, w]] = gamma[c] * dy;
    }
    let width = channels / inv_std.ncols();
    for ((image, group), scale) in inv_std.indexed_iter() {
        let of_group = s![image, group * width..(group + 1) * width, .., ..];
        let (mut dx, x_hat) = (dx.slice_mut(of_group), x_hat.slice(of_group));
        let mean_dx = dx.sum() / dx.len() as f64;
        let mean_dx_x_hat = (&dx * &x_hat).sum() / dx.len() as f64;
        dx.zip_mut_with(&x_hat, |dx, x_hat| *dx = scale * (*dx - mean_dx - x_hat * mean_dx_x_hat));
    }
    (dx, dgamma, dbeta)
}
