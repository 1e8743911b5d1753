//! A program for the grader: two functions, and a crate that speaks the protocol of README.md for them.
//!
//! ```sh
//! cargo build --example answer
//! cargo xtask grade --program target/debug/examples/answer
//! ```

use answer::{BnParam, Gradients, Mode, ProgramError, Result};
use ndarray::{Array1, Array4, ArrayView1, ArrayView4, Axis};

/// What a backward pass needs: the normalised x, γ/√(σ² + ε), and the mode.
struct Cache {
    normed: Array4<f64>,
    scale: Array1<f64>,
    mode: Mode,
}

/// The mean of each channel.
fn channel_means(x: &Array4<f64>) -> Array1<f64> {
    let values = (x.len() / x.len_of(Axis(1))) as f64;
    x.sum_axis(Axis(3)).sum_axis(Axis(2)).sum_axis(Axis(0)) / values
}

/// A value for each channel, as wide as images.
fn wide(channels: ArrayView1<'_, f64>) -> Array4<f64> {
    let last = channels.to_owned().insert_axis(Axis(1)).insert_axis(Axis(2));
    last.insert_axis(Axis(0))
}

fn forward(
    x: ArrayView4<'_, f64>,
    gamma: ArrayView1<'_, f64>,
    beta: ArrayView1<'_, f64>,
    bn_param: &mut BnParam,
) -> Result<(Array4<f64>, Cache)> {
    let x = x.to_owned();
    let (mean, var) = match bn_param.mode {
        Mode::Train => {
            let mean = channel_means(&x);
            let var = channel_means(&(&x - &wide(mean.view())).mapv(|value| value * value));
            let keep = bn_param.momentum;
            bn_param.running_mean = &bn_param.running_mean * keep + &mean * (1.0 - keep);
            bn_param.running_var = &bn_param.running_var * keep + &var * (1.0 - keep);
            (mean, var)
        }
        Mode::Test => (bn_param.running_mean.clone(), bn_param.running_var.clone()),
    };
    let std = var.mapv(|var| (var + bn_param.eps).sqrt());
    let normed = (&x - &wide(mean.view())) / wide(std.view());
    let out = &normed * &wide(gamma) + wide(beta);
    Ok((out, Cache { normed, scale: &gamma / &std, mode: bn_param.mode }))
}

fn backward(dout: ArrayView4<'_, f64>, cache: &Cache) -> Result<Gradients> {
    let Cache { normed, scale, mode } = cache;
    let dout = dout.to_owned();
    let values = (dout.len() / scale.len()) as f64;
    let (dbeta, dgamma) = (channel_means(&dout), channel_means(&(&dout * normed)));
    let through_statistics = match mode {
        Mode::Train => normed * &wide(dgamma.view()) + wide(dbeta.view()),
        Mode::Test => Array4::zeros(dout.raw_dim()),
    };
    let dx = (&dout - &through_statistics) * wide(scale.view());
    Ok((dx, dgamma * values, dbeta * values))
}

fn main() -> std::result::Result<(), ProgramError> {
    answer::run(forward, backward, answer::source!("answer.rs"))
}
