//! Mistakes that the catalogue does not have.

use std::error::Error;

use grader::fixture::Mode;
use grader::submission::Submission;
use ndarray::{Array1, Array4, ArrayView1, ArrayView4, Axis, s};

use super::implementations::{self, Cache, Gradients};
use super::rust_functions::{BnParam, RustFunctions};

type Answer<T> = Result<T, Box<dyn Error>>;
type Images<'a> = ArrayView4<'a, f64>;

/// What a wrong forward pass makes of the right one's output: x, the output, gamma, beta, what
/// bn_param was, what it has become.
type ForwardEdit = fn(
    Images<'_>,
    &mut Array4<f64>,
    ArrayView1<'_, f64>,
    ArrayView1<'_, f64>,
    &BnParam,
    &mut BnParam,
);

/// What a wrong backward pass makes of the right one's gradients.
type BackwardEdit = fn(Images<'_>, &mut Gradients);

fn edited(
    name: &'static str,
    forward: Option<ForwardEdit>,
    backward: Option<BackwardEdit>,
) -> (&'static str, Box<dyn Submission>) {
    let submission = RustFunctions::new(
        name,
        move |x: Images<'_>,
              gamma: ArrayView1<'_, f64>,
              beta: ArrayView1<'_, f64>,
              bn: &mut BnParam| {
            let before = bn.clone();
            let (mut out, cache) = implementations::forward(x, gamma, beta, bn)?;
            if let Some(edit) = forward {
                edit(x, &mut out, gamma, beta, &before, bn);
            }
            Ok((out, cache))
        },
        move |dout: Images<'_>, cache: &Cache| -> Answer<Gradients> {
            let mut gradients = implementations::backward(dout, cache);
            if let Some(edit) = backward {
                edit(dout, &mut gradients);
            }
            Ok(gradients)
        },
    );
    (name, Box::new(submission))
}

/// Two dozen lines of somebody's bad day.
pub(crate) fn all() -> Vec<(&'static str, Box<dyn Submission>)> {
    vec![
        edited(
            "the output is clipped at 1",
            Some(|_, out, _, _, _, _| out.mapv_inplace(|y| y.min(1.0))),
            None,
        ),
        edited(
            "the output is rounded to two digits",
            Some(|_, out, _, _, _, _| {
                out.mapv_inplace(|y| (y * 100.0).round() / 100.0);
            }),
            None,
        ),
        edited(
            "the last image comes back as it was",
            Some(|x, out, _, _, _, _| {
                let last = out.shape()[0] - 1;
                out.index_axis_mut(Axis(0), last).assign(&x.index_axis(Axis(0), last));
            }),
            None,
        ),
        edited(
            "beta of the next channel",
            Some(|_, out, _, beta, _, _| {
                let channels = beta.len();
                for (channel, mut values) in out.axis_iter_mut(Axis(1)).enumerate() {
                    values += beta[(channel + 1) % channels] - beta[channel];
                }
            }),
            None,
        ),
        edited(
            "the output is flipped upside down",
            Some(|_, out, _, _, _, _| {
                let flipped = out.slice(s![.., .., ..;-1, ..]).to_owned();
                out.assign(&flipped);
            }),
            None,
        ),
        edited(
            "momentum squared",
            Some(|_, _, _, _, before, after| {
                if after.mode == Mode::Train {
                    let part = 1.0 - before.momentum;
                    let batch =
                        (&after.running_mean - &(&before.running_mean * before.momentum)) / part;
                    let squared = before.momentum * before.momentum;
                    after.running_mean = &before.running_mean * squared + batch * (1.0 - squared);
                }
            }),
            None,
        ),
        edited(
            "the running variance of all channels is the first one's",
            Some(|_, _, _, _, _, after| {
                let first = after.running_var[0];
                after.running_var.fill(first);
            }),
            None,
        ),
        edited(
            "evaluation halfway between running mean and batch mean",
            Some(|x, out, gamma, _, before, after| {
                if after.mode == Mode::Eval {
                    for (channel, mut values) in out.axis_iter_mut(Axis(1)).enumerate() {
                        let batch = x.index_axis(Axis(1), channel).mean().unwrap_or(0.0);
                        let std = (before.running_var[channel] + before.eps).sqrt();
                        values -=
                            gamma[channel] * (batch - before.running_mean[channel]) / 2.0 / std;
                    }
                }
            }),
            None,
        ),
        edited(
            "dx of the first image only",
            None,
            Some(|_, (dx, _, _)| {
                dx.slice_mut(s![1.., .., .., ..]).fill(0.0);
            }),
        ),
        edited("dx is clipped at 0", None, Some(|_, (dx, _, _)| dx.mapv_inplace(|dx| dx.max(0.0)))),
        edited("dx has dout added", None, Some(|dout, (dx, _, _)| *dx += &dout)),
        edited(
            "dgamma of the wrong channel",
            None,
            Some(|_, (_, dgamma, _)| {
                *dgamma = dgamma.iter().rev().copied().collect::<Array1<f64>>();
            }),
        ),
        edited(
            "dbeta is absolute",
            None,
            Some(|dout, (_, _, dbeta)| {
                for (channel, dbeta) in dbeta.iter_mut().enumerate() {
                    *dbeta = dout.index_axis(Axis(1), channel).mapv(f64::abs).sum();
                }
            }),
        ),
    ]
}
