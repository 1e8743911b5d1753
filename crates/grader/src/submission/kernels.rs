//! The reference: this workspace's own kernels.

use kernels::batch_norm::{self, BatchNormGradients, BatchStatistics};
use kernels::{RunningStatistics, spatial_batch_norm, with_rank};
use ndarray::{Array1, ArrayView, Dimension, Ix1, Ix2, Ix4};

use crate::submission::failure::Failure;
use crate::submission::interface::{Submission, call_by_call};
use crate::submission::outputs::{Answer, Gradients, StepOutput};
use crate::submission::script::{AskedMode, Kind, Script, Step};
use crate::tensor::{Dtype, Element, Tensor};

/// [`kernels::batch_norm`] and [`kernels::spatial_batch_norm`], in both types and conventions.
#[derive(Debug, Clone, Copy, Default)]
pub struct Kernels;

impl Submission for Kernels {
    fn name(&self) -> &str {
        "kernels"
    }

    fn declines(&self, script: &Script) -> Option<&'static str> {
        let is_refused = script.trains_on_one_value();
        is_refused.then_some("of one value per channel, which the kernels refuse as PyTorch does")
    }

    fn run(&self, script: &Script) -> Answer {
        if script.dtype() == Dtype::Float32 { run::<f32>(script) } else { run::<f64>(script) }
    }
}

/// What the backward pass of a step needs beside the step.
enum Cache<F> {
    Train(BatchStatistics),
    Eval(RunningStatistics<F>),
}

fn run<F: Element>(script: &Script) -> Answer {
    let mut running = RunningStatistics::<F> {
        mean: vector(script.kind, "running_mean", &script.running_mean)?,
        var: vector(script.kind, "running_var", &script.running_var)?,
    };
    Ok(call_by_call(
        script,
        |step| forward(script, step, &mut running),
        |step, cache, dout| backward(script, step, cache, dout),
    ))
}

/// The two kinds differ in rank, and so in type.
macro_rules! of_kind {
    ($kind:expr, $answer:ident) => {
        match $kind {
            Kind::Plain => $answer!(batch_norm, Ix2),
            Kind::Spatial => $answer!(spatial_batch_norm, Ix4),
        }
    };
}

fn forward<F: Element>(
    script: &Script,
    step: &Step,
    running: &mut RunningStatistics<F>,
) -> Result<(StepOutput, Cache<F>), Failure> {
    let (kind, config) = (script.kind, &script.config);
    let gamma = vector(kind, "gamma", &step.gamma)?;
    let beta = vector(kind, "beta", &step.beta)?;
    let (gamma, beta) = (gamma.view(), beta.view());
    macro_rules! answer {
        ($kernel:ident, $rank:ty) => {{
            let x = array::<F, $rank>(kind, "x", &step.x)?;
            match step.mode {
                AskedMode::Train => {
                    let (out, statistics) =
                        $kernel::forward_train(x, gamma, beta, running, config)?;
                    (out.into_dyn(), Cache::Train(statistics))
                }
                AskedMode::Eval => {
                    let out = $kernel::forward_eval(x, gamma, beta, running, config)?;
                    (out.into_dyn(), Cache::Eval(running.clone()))
                }
                AskedMode::Unknown => {
                    return Err(Failure::Refused(format!("{}: no such mode", kind.name())));
                }
            }
        }};
    }
    let (out, cache) = of_kind!(kind, answer);
    let output = StepOutput {
        out: F::tensor(out),
        running_mean: Some(F::tensor(running.mean.clone().into_dyn())),
        running_var: Some(F::tensor(running.var.clone().into_dyn())),
        touched: Vec::new(),
    };
    Ok((output, cache))
}

fn backward<F: Element>(
    script: &Script,
    step: &Step,
    cache: &Cache<F>,
    dout: &Tensor,
) -> Result<Gradients, Failure> {
    let kind = script.kind;
    let gamma = vector::<F>(kind, "gamma", &step.gamma)?;
    let gamma = gamma.view();
    macro_rules! answer {
        ($kernel:ident, $rank:ty) => {{
            let x = array::<F, $rank>(kind, "x", &step.x)?;
            let dout = array::<F, $rank>(kind, "dout", dout)?;
            let gradients = match cache {
                Cache::Train(statistics) => $kernel::backward_train(dout, x, gamma, statistics),
                Cache::Eval(running) => {
                    $kernel::backward_eval(dout, x, gamma, running, &script.config)
                }
            };
            tensors(gradients?)
        }};
    }
    Ok(of_kind!(kind, answer))
}

fn tensors<F: Element, D: Dimension>(gradients: BatchNormGradients<F, D>) -> Gradients {
    Gradients {
        dx: F::tensor(gradients.dx.into_dyn()),
        dgamma: F::tensor(gradients.dgamma.into_dyn()),
        dbeta: F::tensor(gradients.dbeta.into_dyn()),
        touched: Vec::new(),
    }
}

fn vector<F: Element>(
    kind: Kind,
    argument: &'static str,
    tensor: &Tensor,
) -> Result<Array1<F>, Failure> {
    // The kernels' types rule integers out; a caller converts them.
    let converted = match tensor {
        Tensor::Int64(values) => F::tensor(values.mapv(|value| F::from_f64(value as f64))),
        Tensor::Float32(_) | Tensor::Float64(_) | Tensor::Bool(_) => tensor.clone(),
    };
    array::<F, Ix1>(kind, argument, &converted).map(|view| view.to_owned())
}

fn array<'a, F: Element, D: Dimension>(
    kind: Kind,
    argument: &'static str,
    tensor: &'a Tensor,
) -> Result<ArrayView<'a, F, D>, Failure> {
    let view = tensor.view::<F>().ok_or_else(|| {
        Failure::Grader(format!("{argument} is {}, unlike the rest", tensor.dtype()))
    })?;
    Ok(with_rank(kind.name(), argument, view)?)
}
