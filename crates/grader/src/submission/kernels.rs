//! The reference: this workspace's own kernels.

use kernels::batch_norm::{self, BatchNormGradients};
use kernels::{KernelError, RunningStatistics, spatial_batch_norm, with_rank};
use ndarray::{Array1, ArrayView, Dimension, Ix1, Ix2, Ix4};

use crate::fixture::Mode;
use crate::submission::{Failure, Gradients, Kind, Outputs, Script, Step, StepOutput, Submission};
use crate::tensor::{Dtype, Element, Tensor};

/// [`kernels::batch_norm`] and [`kernels::spatial_batch_norm`], in both types and conventions.
#[derive(Debug, Clone, Copy, Default)]
pub struct Kernels;

impl Submission for Kernels {
    fn name(&self) -> &str {
        "kernels"
    }

    fn run(&self, script: &Script) -> Result<Outputs, Failure> {
        if script.dtype() == Dtype::Float32 { run::<f32>(script) } else { run::<f64>(script) }
    }
}

fn run<F: Element>(script: &Script) -> Result<Outputs, Failure> {
    let mut running = RunningStatistics::<F> {
        mean: vector(script.kind, "running_mean", &script.running_mean)?,
        var: vector(script.kind, "running_var", &script.running_var)?,
    };
    let (earlier, last) = match script.steps.split_last() {
        Some((last, earlier)) => (earlier, last),
        None => return Err(Failure::Refused("a script without steps".to_owned())),
    };
    let mut steps = Vec::with_capacity(script.steps.len());
    for step in earlier {
        steps.push(answer(script, step, None, &mut running)?.0);
    }
    let (output, gradients) = answer(script, last, script.dout.as_ref(), &mut running)?;
    steps.push(output);
    Ok(Outputs { steps, gradients: gradients.map(Ok) })
}

/// One forward pass, and its backward pass if there is a `dout`.
fn answer<F: Element>(
    script: &Script,
    step: &Step,
    dout: Option<&Tensor>,
    running: &mut RunningStatistics<F>,
) -> Result<(StepOutput, Option<Gradients>), Failure> {
    let (kind, config) = (script.kind, &script.config);
    let gamma = vector(kind, "gamma", &step.gamma)?;
    let beta = vector(kind, "beta", &step.beta)?;
    // The two kinds differ in rank, and so in type.
    macro_rules! answer {
        ($kernel:ident, $rank:ty) => {{
            let x = array::<F, $rank>(kind, "x", &step.x)?;
            let dout = dout.map(|dout| array::<F, $rank>(kind, "dout", dout)).transpose()?;
            let (out, gradients) = match step.mode {
                Mode::Train => {
                    let (out, statistics) =
                        $kernel::forward_train(x, gamma.view(), beta.view(), running, config)
                            .map_err(refused)?;
                    let gradients = dout
                        .map(|dout| $kernel::backward_train(dout, x, gamma.view(), &statistics));
                    (out, gradients)
                }
                Mode::Eval => {
                    let out = $kernel::forward_eval(x, gamma.view(), beta.view(), running, config)
                        .map_err(refused)?;
                    let gradients = dout
                        .map(|dout| $kernel::backward_eval(dout, x, gamma.view(), running, config));
                    (out, gradients)
                }
            };
            (out.into_dyn(), gradients.transpose().map_err(refused)?.map(tensors))
        }};
    }
    let (out, gradients) = match kind {
        Kind::Plain => answer!(batch_norm, Ix2),
        Kind::Spatial => answer!(spatial_batch_norm, Ix4),
    };
    let output = StepOutput {
        out: F::tensor(out),
        running_mean: F::tensor(running.mean.clone().into_dyn()),
        running_var: F::tensor(running.var.clone().into_dyn()),
    };
    Ok((output, gradients))
}

fn tensors<F: Element, D: Dimension>(gradients: BatchNormGradients<F, D>) -> Gradients {
    Gradients {
        dx: F::tensor(gradients.dx.into_dyn()),
        dgamma: F::tensor(gradients.dgamma.into_dyn()),
        dbeta: F::tensor(gradients.dbeta.into_dyn()),
    }
}

fn vector<F: Element>(
    kind: Kind,
    argument: &'static str,
    tensor: &Tensor,
) -> Result<Array1<F>, Failure> {
    array::<F, Ix1>(kind, argument, tensor).map(|view| view.to_owned())
}

fn array<'a, F: Element, D: Dimension>(
    kind: Kind,
    argument: &'static str,
    tensor: &'a Tensor,
) -> Result<ArrayView<'a, F, D>, Failure> {
    let view = tensor.view::<F>().ok_or_else(|| {
        Failure::Refused(format!("{argument} is {}, unlike the rest", tensor.dtype()))
    })?;
    with_rank(kind.name(), argument, view).map_err(refused)
}

fn refused(error: KernelError) -> Failure {
    Failure::Refused(error.to_string())
}
