//! Right implementations in many styles. None shares code with another, with the kernels, or with
//! the grader's plain variant.

use std::error::Error;

use grader::fixture::Mode;
use grader::submission::{
    AskedMode, Failure, Gradients, Kind, Outputs, Script, StepOutput, Submission,
};
use grader::tensor::{Dtype, Tensor};
use kernels::Convention;
use ndarray::{Array1, Array2, Array4, ArrayView1, ArrayView4, Axis, Zip};

use super::rust_functions::{BnParam, RustFunctions};

type Answer<T> = Result<T, Box<dyn Error>>;
type Gradients64 = (Array4<f64>, Array1<f64>, Array1<f64>);
type X<'a> = ArrayView4<'a, f64>;
type V<'a> = ArrayView1<'a, f64>;

/// All styles.
pub(crate) fn all() -> Vec<Box<dyn Submission>> {
    vec![
        Box::new(RustFunctions::new("nested loops, jacobian", nested_loops, jacobian)),
        Box::new(RustFunctions::new("welford, one step", welford, one_step)),
        Box::new(RustFunctions::new("channels last, nine steps", channels_last, nine_steps)),
        Box::new(RustFunctions::new("merged images", merged_images, recomputed)),
        Box::new(RustFunctions::new("compensated, affine", compensated, affine_in_x)),
        Box::new(RustFunctions::new("matrix", matrix, matrix_backward)),
        Box::new(RustFunctions::new("pairwise", pairwise, by_projection)),
        Box::new(RustFunctions::new("positions first", positions_first, one_step)),
        Box::new(Single),
    ]
}

/// What most styles cache: x̂, 1/σ, γ, and whether the pass was training.
struct Cache {
    x: Array4<f64>,
    x_hat: Array4<f64>,
    inv: Array1<f64>,
    gamma: Array1<f64>,
    mean: Array1<f64>,
    eps: f64,
    trained: bool,
}

/// The mean and variance that normalise a channel.
fn chosen(bn: &mut BnParam, channel: usize, batch: impl FnOnce() -> (f64, f64)) -> (f64, f64) {
    if bn.mode == Mode::Eval {
        return (bn.running_mean[channel], bn.running_var[channel]);
    }
    let (mean, var) = batch();
    let rest = 1.0 - bn.momentum;
    bn.running_mean[channel] = bn.momentum * bn.running_mean[channel] + rest * mean;
    bn.running_var[channel] = bn.momentum * bn.running_var[channel] + rest * var;
    (mean, var)
}

/// Five nested loops and an index expression.
fn nested_loops(
    x: X<'_>,
    gamma: V<'_>,
    beta: V<'_>,
    bn: &mut BnParam,
) -> Answer<(Array4<f64>, Cache)> {
    let (n, c, h, w) = x.dim();
    let mut out = Array4::zeros((n, c, h, w));
    let mut x_hat = Array4::zeros((n, c, h, w));
    let (mut invs, mut means) = (Array1::zeros(c), Array1::zeros(c));
    for k in 0..c {
        let (mean, var) = chosen(bn, k, || {
            let mut sum = 0.0;
            for i in 0..n {
                for p in 0..h {
                    for q in 0..w {
                        sum += x[[i, k, p, q]];
                    }
                }
            }
            let mean = sum / (n * h * w) as f64;
            let mut squares = 0.0;
            for i in 0..n {
                for p in 0..h {
                    for q in 0..w {
                        squares += (x[[i, k, p, q]] - mean) * (x[[i, k, p, q]] - mean);
                    }
                }
            }
            (mean, squares / (n * h * w) as f64)
        });
        let inv = 1.0 / (var + bn.eps).sqrt();
        for i in 0..n {
            for p in 0..h {
                for q in 0..w {
                    x_hat[[i, k, p, q]] = (x[[i, k, p, q]] - mean) * inv;
                    out[[i, k, p, q]] = gamma[k] * x_hat[[i, k, p, q]] + beta[k];
                }
            }
        }
        invs[k] = inv;
        means[k] = mean;
    }
    let cache = Cache {
        x: x.to_owned(),
        x_hat,
        inv: invs,
        gamma: gamma.to_owned(),
        mean: means,
        eps: bn.eps,
        trained: bn.mode == Mode::Train,
    };
    Ok((out, cache))
}

/// dxᵢ = Σⱼ doutⱼ·∂yⱼ/∂xᵢ, by the whole Jacobian of a channel.
fn jacobian(dout: X<'_>, cache: &Cache) -> Answer<Gradients64> {
    let mut dx = dout.to_owned();
    let channels = cache.gamma.len();
    let (mut dgamma, mut dbeta) = (Array1::zeros(channels), Array1::zeros(channels));
    for k in 0..channels {
        let douts: Vec<f64> = dout.index_axis(Axis(1), k).iter().copied().collect();
        let hats: Vec<f64> = cache.x_hat.index_axis(Axis(1), k).iter().copied().collect();
        let n = douts.len() as f64;
        let slope = |j: usize, i: usize| {
            let own = if i == j { 1.0 } else { 0.0 };
            let through = if cache.trained { -1.0 / n - hats[i] * hats[j] / n } else { 0.0 };
            cache.gamma[k] * cache.inv[k] * (own + through)
        };
        for (i, dx) in dx.index_axis_mut(Axis(1), k).iter_mut().enumerate() {
            *dx = (0..douts.len()).map(|j| douts[j] * slope(j, i)).sum();
        }
        dgamma[k] = douts.iter().zip(&hats).map(|(dout, hat)| dout * hat).sum();
        dbeta[k] = douts.iter().sum();
    }
    Ok((dx, dgamma, dbeta))
}

/// One pass over the values, which updates mean and squares at each value.
fn welford(x: X<'_>, gamma: V<'_>, beta: V<'_>, bn: &mut BnParam) -> Answer<(Array4<f64>, Cache)> {
    let c = x.shape()[1];
    let mut statistics = Vec::new();
    for k in 0..c {
        statistics.push(chosen(bn, k, || {
            let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
            for &value in x.index_axis(Axis(1), k) {
                count += 1.0;
                let before = value - mean;
                mean += before / count;
                squares += before * (value - mean);
            }
            (mean, squares / count)
        }));
    }
    Ok(normalized(x, gamma, beta, bn, &statistics))
}

fn normalized(
    x: X<'_>,
    gamma: V<'_>,
    beta: V<'_>,
    bn: &BnParam,
    statistics: &[(f64, f64)],
) -> (Array4<f64>, Cache) {
    let mean: Array1<f64> = statistics.iter().map(|(mean, _)| *mean).collect();
    let inv: Array1<f64> =
        statistics.iter().map(|(_, var)| (var + bn.eps).sqrt().recip()).collect();
    let mut x_hat = x.to_owned();
    for ((_, k, _, _), value) in x_hat.indexed_iter_mut() {
        *value = (*value - mean[k]) * inv[k];
    }
    let mut out = x_hat.clone();
    for ((_, k, _, _), value) in out.indexed_iter_mut() {
        *value = *value * gamma[k] + beta[k];
    }
    let trained = bn.mode == Mode::Train;
    let (x, gamma) = (x.to_owned(), gamma.to_owned());
    (out, Cache { x, x_hat, inv, gamma, mean, eps: bn.eps, trained })
}

/// γ/(n·σ)·(n·dout − Σdout − x̂·Σdout·x̂).
fn one_step(dout: X<'_>, cache: &Cache) -> Answer<Gradients64> {
    let c = cache.gamma.len();
    let n = (dout.len() / c) as f64;
    let (mut dgamma, mut dbeta) = (Array1::<f64>::zeros(c), Array1::<f64>::zeros(c));
    for ((i, k, p, q), &value) in dout.indexed_iter() {
        dgamma[k] += value * cache.x_hat[[i, k, p, q]];
        dbeta[k] += value;
    }
    let mut dx = Array4::zeros(dout.raw_dim());
    for ((i, k, p, q), value) in dx.indexed_iter_mut() {
        let through =
            if cache.trained { dbeta[k] + cache.x_hat[[i, k, p, q]] * dgamma[k] } else { 0.0 };
        *value = cache.gamma[k] * cache.inv[k] / n * (n * dout[[i, k, p, q]] - through);
    }
    Ok((dx, dgamma, dbeta))
}

/// A copy in channels-last memory, normalised pixel by pixel.
fn channels_last(
    x: X<'_>,
    gamma: V<'_>,
    beta: V<'_>,
    bn: &mut BnParam,
) -> Answer<(Array4<f64>, Cache)> {
    let (n, c, h, w) = x.dim();
    let pixels: Vec<f64> = x.permuted_axes([0, 2, 3, 1]).iter().copied().collect();
    let count = (n * h * w) as f64;
    let mut mean = vec![0.0; c];
    for pixel in pixels.chunks_exact(c) {
        pixel.iter().zip(&mut mean).for_each(|(value, mean)| *mean += value / count);
    }
    let mut var = vec![0.0; c];
    for pixel in pixels.chunks_exact(c) {
        for ((value, mean), var) in pixel.iter().zip(&mean).zip(&mut var) {
            *var += (value - mean) * (value - mean) / count;
        }
    }
    let statistics: Vec<(f64, f64)> = (0..c).map(|k| chosen(bn, k, || (mean[k], var[k]))).collect();
    let mut out = pixels.clone();
    for pixel in out.chunks_exact_mut(c) {
        for (k, value) in pixel.iter_mut().enumerate() {
            let (mean, var) = statistics[k];
            *value = (*value - mean) / (var + bn.eps).sqrt() * gamma[k] + beta[k];
        }
    }
    let out = Array4::from_shape_vec((n, h, w, c), out)?.permuted_axes([0, 3, 1, 2]);
    // The result is still in channels-last memory, which the caller must accept.
    Ok((out, normalized(x, gamma, beta, bn, &statistics).1))
}

/// One node of the computation after the other, from last to first.
fn nine_steps(dout: X<'_>, cache: &Cache) -> Answer<Gradients64> {
    let mut dx = Array4::zeros(dout.raw_dim());
    let c = cache.gamma.len();
    let (mut dgamma, mut dbeta) = (Array1::zeros(c), Array1::zeros(c));
    for k in 0..c {
        let dout = dout.index_axis(Axis(1), k);
        let x = cache.x.index_axis(Axis(1), k);
        let n = dout.len() as f64;
        let xmu = &x - cache.mean[k];
        let ivar = cache.inv[k];
        let sqrtvar = 1.0 / ivar;
        dbeta[k] = dout.sum();
        dgamma[k] = (&xmu * ivar * dout).sum();
        let dxhat = &dout * cache.gamma[k];
        let divar = (&dxhat * &xmu).sum();
        let dxmu1 = &dxhat * ivar;
        let dsqrtvar = -1.0 / (sqrtvar * sqrtvar) * divar;
        let dvar = 0.5 / sqrtvar * dsqrtvar;
        let dsq = dvar / n;
        let dxmu2 = &xmu * (2.0 * dsq);
        let dx1 = if cache.trained { dxmu1 + dxmu2 } else { dxmu1 };
        let dmu = if cache.trained { -dx1.sum() } else { 0.0 };
        dx.index_axis_mut(Axis(1), k).assign(&(dx1 + dmu / n));
    }
    Ok((dx, dgamma, dbeta))
}

/// Statistics of each image, merged in pairs (Chan, Golub, LeVeque).
fn merged_images(
    x: X<'_>,
    gamma: V<'_>,
    beta: V<'_>,
    bn: &mut BnParam,
) -> Answer<(Array4<f64>, Cache)> {
    let mut statistics = Vec::new();
    for (k, channel) in x.axis_iter(Axis(1)).enumerate() {
        statistics.push(chosen(bn, k, || {
            let (count, mean, squares) = channel
                .outer_iter()
                .map(|image| {
                    let mean = image.sum() / image.len() as f64;
                    let squares: f64 =
                        image.iter().map(|value| (value - mean) * (value - mean)).sum();
                    (image.len() as f64, mean, squares)
                })
                .fold((0.0, 0.0, 0.0), |(n, mean, squares), (m, other, others)| {
                    let apart = other - mean;
                    let total = n + m;
                    (
                        total,
                        mean + apart * m / total,
                        squares + others + apart * apart * n * m / total,
                    )
                });
            (mean, squares / count)
        }));
    }
    Ok(normalized(x, gamma, beta, bn, &statistics))
}

/// Caches only x, the mean and ε, and computes x̂ again.
fn recomputed(dout: X<'_>, cache: &Cache) -> Answer<Gradients64> {
    let channel = |k: usize| -> Answer<(Array4<f64>, f64, f64)> {
        let x = cache.x.index_axis(Axis(1), k);
        let dout = dout.index_axis(Axis(1), k);
        let n = x.len() as f64;
        let centred = x.mapv(|value| value - cache.mean[k]);
        let var = if cache.trained {
            centred.mapv(|value| value * value).sum() / n
        } else {
            1.0 / (cache.inv[k] * cache.inv[k]) - cache.eps
        };
        let std = (var + cache.eps).sqrt();
        let hat = centred / std;
        let (dgamma, dbeta) = ((&hat * &dout).sum(), dout.sum());
        let inner =
            if cache.trained { &dout - &(hat * (dgamma / n)) - dbeta / n } else { dout.to_owned() };
        Ok(((inner * (cache.gamma[k] / std)).insert_axis(Axis(1)), dgamma, dbeta))
    };
    let mut dx = Array4::zeros(dout.raw_dim());
    let (mut dgamma, mut dbeta) = (Vec::new(), Vec::new());
    for k in 0..cache.gamma.len() {
        let (own, of_gamma, of_beta) = channel(k)?;
        dx.index_axis_mut(Axis(1), k).assign(&own.index_axis(Axis(1), 0));
        dgamma.push(of_gamma);
        dbeta.push(of_beta);
    }
    Ok((dx, dgamma.into(), dbeta.into()))
}

/// Sums that carry the rounding error along. The output is scale·(x − mean) + shift.
fn compensated(
    x: X<'_>,
    gamma: V<'_>,
    beta: V<'_>,
    bn: &mut BnParam,
) -> Answer<(Array4<f64>, Cache)> {
    fn kahan(values: impl Iterator<Item = f64>) -> f64 {
        let (mut sum, mut lost) = (0.0, 0.0);
        for value in values {
            let corrected = value - lost;
            let next = sum + corrected;
            lost = (next - sum) - corrected;
            sum = next;
        }
        sum
    }
    let statistics: Vec<(f64, f64)> = (0..gamma.len())
        .map(|k| {
            let values = x.index_axis(Axis(1), k);
            chosen(bn, k, || {
                let n = values.len() as f64;
                let mean = kahan(values.iter().copied()) / n;
                (mean, kahan(values.iter().map(|value| (value - mean) * (value - mean))) / n)
            })
        })
        .collect();
    let (mut out, cache) = normalized(x, gamma, beta, bn, &statistics);
    Zip::indexed(&mut out).and(&x).for_each(|(_, k, _, _), out, x| {
        let scale = gamma[k] * cache.inv[k];
        *out = scale * (x - cache.mean[k]) + beta[k];
    });
    Ok((out, cache))
}

/// dx = a·dout + b·(x − mean) + c, with three numbers per channel.
fn affine_in_x(dout: X<'_>, cache: &Cache) -> Answer<Gradients64> {
    let channels = cache.gamma.len();
    let (mut dgamma, mut dbeta) = (vec![0.0; channels], vec![0.0; channels]);
    let mut dx = dout.to_owned();
    for k in 0..channels {
        let dout = dout.index_axis(Axis(1), k);
        let centred = cache.x.index_axis(Axis(1), k).mapv(|x| x - cache.mean[k]);
        let n = dout.len() as f64;
        dbeta[k] = dout.fold(0.0, |sum, dout| sum + dout);
        dgamma[k] =
            Zip::from(&dout).and(&centred).fold(0.0, |sum, dout, centred| sum + dout * centred)
                * cache.inv[k];
        let a = cache.gamma[k] * cache.inv[k];
        let (b, c) = if cache.trained {
            (-a * dgamma[k] * cache.inv[k] / n, -a * dbeta[k] / n)
        } else {
            (0.0, 0.0)
        };
        Zip::from(dx.index_axis_mut(Axis(1), k))
            .and(&dout)
            .and(&centred)
            .for_each(|dx, dout, centred| *dx = a * dout + b * centred + c);
    }
    Ok((dx, dgamma.into(), dbeta.into()))
}

struct MatrixCache {
    hat: Array2<f64>,
    std: Array1<f64>,
    gamma: Array1<f64>,
    trained: bool,
}

/// As in NumPy: a matrix, axis 0, broadcasting.
fn matrix(
    x: X<'_>,
    gamma: V<'_>,
    beta: V<'_>,
    bn: &mut BnParam,
) -> Answer<(Array4<f64>, MatrixCache)> {
    let (n, c, h, w) = x.dim();
    let flat: Array2<f64> = Array2::from_shape_vec(
        (c, n * h * w),
        x.permuted_axes([1, 0, 2, 3]).iter().copied().collect(),
    )?;
    let flat = flat.reversed_axes();
    let (mean, var) = if bn.mode == Mode::Train {
        let mean = flat.mean_axis(Axis(0)).ok_or("no rows")?;
        let var =
            (&flat - &mean).mapv(|value| value * value).mean_axis(Axis(0)).ok_or("no rows")?;
        bn.running_mean = &bn.running_mean * bn.momentum + &mean * (1.0 - bn.momentum);
        bn.running_var = &bn.running_var * bn.momentum + &var * (1.0 - bn.momentum);
        (mean, var)
    } else {
        (bn.running_mean.clone(), bn.running_var.clone())
    };
    let std = (var + bn.eps).mapv(f64::sqrt);
    let hat = (flat - mean) / &std;
    let out = &hat * &gamma + beta;
    let out: Vec<f64> = out.reversed_axes().iter().copied().collect();
    let out = Array4::from_shape_vec((c, n, h, w), out)?.permuted_axes([1, 0, 2, 3]);
    let trained = bn.mode == Mode::Train;
    Ok((out, MatrixCache { hat, std, gamma: gamma.to_owned(), trained }))
}

fn matrix_backward(dout: X<'_>, cache: &MatrixCache) -> Answer<Gradients64> {
    let (n, c, h, w) = dout.dim();
    let flat: Vec<f64> = dout.permuted_axes([1, 0, 2, 3]).iter().copied().collect();
    let flat = Array2::from_shape_vec((c, n * h * w), flat)?.reversed_axes();
    let dgamma = (&flat * &cache.hat).sum_axis(Axis(0));
    let dbeta = flat.sum_axis(Axis(0));
    let rows = (n * h * w) as f64;
    let dx = if cache.trained {
        let mean = &dbeta / rows;
        let slope = &dgamma / rows;
        (&flat - &mean - &cache.hat * &slope) * (&cache.gamma / &cache.std)
    } else {
        flat * (&cache.gamma / &cache.std)
    };
    let dx: Vec<f64> = dx.reversed_axes().iter().copied().collect();
    let dx = Array4::from_shape_vec((c, n, h, w), dx)?.permuted_axes([1, 0, 2, 3]);
    Ok((dx, dgamma, dbeta))
}

/// Sums each half by itself, recursively.
fn pairwise(x: X<'_>, gamma: V<'_>, beta: V<'_>, bn: &mut BnParam) -> Answer<(Array4<f64>, Cache)> {
    fn sum(values: &[f64]) -> f64 {
        match values {
            [] => 0.0,
            [one] => *one,
            more => {
                let (left, right) = more.split_at(more.len() / 2);
                sum(left) + sum(right)
            }
        }
    }
    let mut statistics = Vec::new();
    for k in 0..gamma.len() {
        let values: Vec<f64> = x.index_axis(Axis(1), k).iter().copied().collect();
        statistics.push(chosen(bn, k, || {
            let mean = sum(&values) / values.len() as f64;
            let squares: Vec<f64> =
                values.iter().map(|value| (value - mean) * (value - mean)).collect();
            (mean, sum(&squares) / values.len() as f64)
        }));
    }
    Ok(normalized(x, gamma, beta, bn, &statistics))
}

/// Subtracts from dout its projections on 1 and on x̂, as in linear algebra. Because of ε, x̂ is
/// shorter than √n.
fn by_projection(dout: X<'_>, cache: &Cache) -> Answer<Gradients64> {
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let mut dx = dout.to_owned();
    let (mut dgamma, mut dbeta) = (Vec::new(), Vec::new());
    for k in 0..cache.gamma.len() {
        let g: Vec<f64> = dout.index_axis(Axis(1), k).iter().copied().collect();
        let hat: Vec<f64> = cache.x_hat.index_axis(Axis(1), k).iter().copied().collect();
        let ones = vec![1.0; g.len()];
        let n = dot(&ones, &ones);
        let (on_ones, on_hat) = (dot(&g, &ones), dot(&g, &hat));
        for (at, dx) in dx.index_axis_mut(Axis(1), k).iter_mut().enumerate() {
            let taken = if cache.trained { on_ones / n + hat[at] * on_hat / n } else { 0.0 };
            *dx = (g[at] - taken) * cache.inv[k] * cache.gamma[k];
        }
        dgamma.push(on_hat);
        dbeta.push(on_ones);
    }
    Ok((dx, dgamma.into(), dbeta.into()))
}

/// Accumulates all channels at once, position by position.
fn positions_first(
    x: X<'_>,
    gamma: V<'_>,
    beta: V<'_>,
    bn: &mut BnParam,
) -> Answer<(Array4<f64>, Cache)> {
    let (n, c, h, w) = x.dim();
    let count = (n * h * w) as f64;
    let mut sums = vec![0.0; c];
    for q in 0..w {
        for p in 0..h {
            for k in 0..c {
                for i in 0..n {
                    sums[k] += x[(i, k, p, q)];
                }
            }
        }
    }
    let mut squares = vec![0.0; c];
    for q in 0..w {
        for p in 0..h {
            for i in 0..n {
                for k in 0..c {
                    let centred = x[(i, k, p, q)] - sums[k] / count;
                    squares[k] += centred * centred;
                }
            }
        }
    }
    let statistics: Vec<(f64, f64)> =
        (0..c).map(|k| chosen(bn, k, || (sums[k] / count, squares[k] / count))).collect();
    Ok(normalized(x, gamma, beta, bn, &statistics))
}

/// Computes in the script's own precision, statistics and gradients included. Accepts whole numbers,
/// refuses unknown modes, and creates missing running statistics.
struct Single;

struct Kept {
    hat: Vec<f64>,
    inv: Vec<f64>,
    gamma: Vec<f64>,
    trained: bool,
}

impl Single {
    /// The result of one operation, rounded to the script's type.
    fn round(script: &Script) -> impl Fn(f64) -> f64 + use<> {
        let single = script.dtype() == Dtype::Float32;
        move |value| if single { f64::from(value as f32) } else { value }
    }

    fn tensor(script: &Script, shape: &[usize], values: Vec<f64>) -> Tensor {
        let array = ndarray::ArrayD::from_shape_vec(shape, values).unwrap();
        if script.dtype() == Dtype::Float32 {
            Tensor::Float32(array.mapv(|value| value as f32))
        } else {
            Tensor::Float64(array)
        }
    }

    fn values(tensor: &Tensor) -> Vec<f64> {
        tensor.to_f64().iter().copied().collect()
    }
}

impl Submission for Single {
    fn name(&self) -> &str {
        "single precision"
    }

    fn declines(&self, script: &Script) -> Option<&'static str> {
        let is_foreign = script.config.convention() == Convention::PyTorch;
        (is_foreign || script.kind == Kind::Plain).then_some("of another kind")
    }

    fn run(&self, script: &Script) -> Result<Outputs, Failure> {
        let round = Self::round(script);
        let (eps, momentum) = (script.config.eps(), script.config.momentum());
        let mut mean = Self::values(&script.running_mean);
        let mut var = Self::values(&script.running_var);
        if !script.entries.running {
            mean.fill(0.0);
            var.fill(0.0);
        }
        let mut steps = Vec::new();
        let mut caches = Vec::new();
        for step in &script.steps {
            if step.mode == AskedMode::Unknown {
                steps.push(Err(Failure::Refused("which mode is that?".to_owned())));
                caches.push(None);
                continue;
            }
            let shape = step.x.shape();
            let (c, area) = (shape[1], shape[2] * shape[3]);
            let channel = |at: usize| at / area % c;
            let x = Self::values(&step.x);
            let (gamma, beta) = (Self::values(&step.gamma), Self::values(&step.beta));
            let n = (x.len() / c) as f64;
            let (mut m, mut v) = (mean.clone(), var.clone());
            let trained = step.mode == AskedMode::Train;
            if trained {
                // One sum per image, so that no sum grows long.
                m = vec![0.0; c];
                for image in x.chunks(c * area) {
                    let mut sums = vec![0.0; c];
                    image.iter().enumerate().for_each(|(at, value)| {
                        sums[channel(at)] = round(sums[channel(at)] + value);
                    });
                    m.iter_mut().zip(sums).for_each(|(m, sum)| *m = round(*m + round(sum / n)));
                }
                v = vec![0.0; c];
                for (at, value) in x.iter().enumerate() {
                    let centred = round(value - m[channel(at)]);
                    v[channel(at)] = round(v[channel(at)] + round(round(centred * centred) / n));
                }
                for k in 0..c {
                    mean[k] = round(round(momentum * mean[k]) + round((1.0 - momentum) * m[k]));
                    var[k] = round(round(momentum * var[k]) + round((1.0 - momentum) * v[k]));
                }
            }
            let inv: Vec<f64> =
                v.iter().map(|v| round(1.0 / round(round(v + eps).sqrt()))).collect();
            let hat: Vec<f64> = x
                .iter()
                .enumerate()
                .map(|(at, x)| round(round(x - m[channel(at)]) * inv[channel(at)]))
                .collect();
            let out = hat
                .iter()
                .enumerate()
                .map(|(at, hat)| round(round(hat * gamma[channel(at)]) + beta[channel(at)]));
            steps.push(Ok(StepOutput {
                out: Self::tensor(script, shape, out.collect()),
                running_mean: Some(Self::tensor(script, &[c], mean.clone())),
                running_var: Some(Self::tensor(script, &[c], var.clone())),
                touched: Vec::new(),
            }));
            caches.push(Some(Kept { hat, inv, gamma, trained }));
        }
        let gradients = script.backwards.iter().map(|asked| {
            let Some(kept) = &caches[asked.step] else {
                return Err(Failure::Refused("its forward pass failed".to_owned()));
            };
            let shape = asked.dout.shape();
            let (c, area) = (shape[1], shape[2] * shape[3]);
            let channel = |at: usize| at / area % c;
            let dout = Self::values(&asked.dout);
            let n = (dout.len() / c) as f64;
            let (mut dgamma, mut dbeta) = (vec![0.0; c], vec![0.0; c]);
            for (at, dout) in dout.iter().enumerate() {
                let k = channel(at);
                dgamma[k] = round(dgamma[k] + round(dout * kept.hat[at]));
                dbeta[k] = round(dbeta[k] + dout);
            }
            let dx = dout.iter().enumerate().map(|(at, dout)| {
                let k = channel(at);
                let through = round(dbeta[k] / n) + round(kept.hat[at] * round(dgamma[k] / n));
                let inner = if kept.trained { round(dout - round(through)) } else { *dout };
                round(round(kept.gamma[k] * kept.inv[k]) * inner)
            });
            let dx = dx.collect();
            Ok(Gradients {
                dx: Self::tensor(script, shape, dx),
                dgamma: Self::tensor(script, &[c], dgamma),
                dbeta: Self::tensor(script, &[c], dbeta),
                touched: Vec::new(),
            })
        });
        Ok(Outputs { steps, gradients: gradients.collect() })
    }
}
