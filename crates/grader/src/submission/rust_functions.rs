//! A pair of Rust functions with the notebook's signatures.

use std::error::Error;

use kernels::{Convention, with_rank};
use ndarray::{Array1, Array4, ArrayView1, ArrayView4, Dimension, Ix1, Ix4};

use crate::fixture::Mode;
use crate::submission::failure::Failure;
use crate::submission::interface::{Submission, call_by_call};
use crate::submission::outputs::{Answer, Gradients, StepOutput};
use crate::submission::panics::catch;
use crate::submission::script::{AskedMode, Kind, Script, Step};
use crate::tensor::{Dtype, Tensor};

/// What the forward function is told beside its inputs, and where its running statistics live.
#[derive(Debug, Clone, PartialEq)]
pub struct BnParam {
    /// Training or evaluation.
    pub mode: Mode,
    /// ε, added to the variance inside the root.
    pub eps: f64,
    /// `running = momentum * running + (1 - momentum) * batch`.
    pub momentum: f64,
    /// Running mean, (C).
    pub running_mean: Array1<f64>,
    /// Running variance, biased, (C).
    pub running_var: Array1<f64>,
}

/// dx, dgamma and dbeta.
pub type Gradients64 = (Array4<f64>, Array1<f64>, Array1<f64>);

/// What both functions return.
type Returned<T> = Result<T, Box<dyn Error>>;

type Forward<C> = dyn Fn(
    ArrayView4<'_, f64>,
    ArrayView1<'_, f64>,
    ArrayView1<'_, f64>,
    &mut BnParam,
) -> Returned<(Array4<f64>, C)>;
type BackwardPass<C> = dyn Fn(ArrayView4<'_, f64>, &C) -> Returned<Gradients64>;

/// A submission of two functions: `forward(x, gamma, beta, bn_param)` gives the output and a cache
/// of any type, `backward(dout, cache)` the gradients. They work in `f64`, in the notebook's
/// convention, on images. Their panics are failures.
pub struct RustFunctions<C> {
    name: String,
    forward: Box<Forward<C>>,
    backward: Box<BackwardPass<C>>,
}

impl<C> RustFunctions<C> {
    /// The submission of these functions, by the name that transcripts use.
    pub fn new(
        name: impl Into<String>,
        forward: impl Fn(
            ArrayView4<'_, f64>,
            ArrayView1<'_, f64>,
            ArrayView1<'_, f64>,
            &mut BnParam,
        ) -> Returned<(Array4<f64>, C)>
        + 'static,
        backward: impl Fn(ArrayView4<'_, f64>, &C) -> Returned<Gradients64> + 'static,
    ) -> Self {
        Self { name: name.into(), forward: Box::new(forward), backward: Box::new(backward) }
    }

    fn forward(&self, step: &Step, bn_param: &mut BnParam) -> Result<(StepOutput, C), Failure> {
        let x = array::<Ix4>("x", &step.x)?;
        // The types rule integers out; a caller converts them.
        let double = |tensor: &Tensor| Tensor::Float64(tensor.to_f64());
        let (gamma, beta) = (double(&step.gamma), double(&step.beta));
        let gamma = array::<Ix1>("gamma", &gamma)?;
        let beta = array::<Ix1>("beta", &beta)?;
        bn_param.mode = match step.mode {
            AskedMode::Train => Mode::Train,
            AskedMode::Eval => Mode::Eval,
            AskedMode::Unknown => return Err(Failure::Refused("no such mode".to_owned())),
        };
        let (out, cache) = call(|| (self.forward)(x, gamma, beta, bn_param))?;
        let output = StepOutput {
            out: Tensor::Float64(out.into_dyn()),
            running_mean: Some(Tensor::Float64(bn_param.running_mean.clone().into_dyn())),
            running_var: Some(Tensor::Float64(bn_param.running_var.clone().into_dyn())),
            touched: Vec::new(),
        };
        Ok((output, cache))
    }

    fn backward(&self, dout: &Tensor, cache: &C) -> Result<Gradients, Failure> {
        let dout = array::<Ix4>("dout", dout)?;
        let (dx, dgamma, dbeta) = call(|| (self.backward)(dout, cache))?;
        Ok(Gradients {
            dx: Tensor::Float64(dx.into_dyn()),
            dgamma: Tensor::Float64(dgamma.into_dyn()),
            dbeta: Tensor::Float64(dbeta.into_dyn()),
            touched: Vec::new(),
        })
    }
}

impl<C> Submission for RustFunctions<C> {
    fn name(&self) -> &str {
        &self.name
    }

    fn declines(&self, script: &Script) -> Option<&'static str> {
        if script.kind == Kind::Plain {
            Some("of plain batch norm, which is supplied")
        } else if script.dtype() != Dtype::Float64 {
            Some("in float32")
        } else if script.config.convention() != Convention::Notebook {
            Some("in PyTorch's convention")
        } else if script.asks_an_unknown_mode() {
            Some("of an unknown mode, which the types rule out")
        } else if script.trains_on_one_value() {
            Some("of one value per channel, which the batch norm that is supplied refuses")
        } else {
            None
        }
    }

    fn run(&self, script: &Script) -> Answer {
        let mut bn_param = BnParam {
            mode: Mode::Train,
            eps: script.config.eps(),
            momentum: script.config.momentum(),
            running_mean: array::<Ix1>("running_mean", &script.running_mean)?.to_owned(),
            running_var: array::<Ix1>("running_var", &script.running_var)?.to_owned(),
        };
        // A cache cannot hold a view of x, so that an overwritten x makes no difference.
        Ok(call_by_call(
            script,
            |step| self.forward(step, &mut bn_param),
            |_, cache, dout| self.backward(dout, cache),
        ))
    }
}

fn call<T>(f: impl FnOnce() -> Returned<T>) -> Result<T, Failure> {
    match catch(f) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Failure::Refused(error.to_string())),
        Err(message) => Err(Failure::Panicked(message)),
    }
}

fn array<'a, D: Dimension>(
    argument: &'static str,
    tensor: &'a Tensor,
) -> Result<ndarray::ArrayView<'a, f64, D>, Failure> {
    let view = tensor.view::<f64>().ok_or_else(|| {
        Failure::Grader(format!("{argument} is {}, expected float64", tensor.dtype()))
    })?;
    with_rank(Kind::Spatial.name(), argument, view)
        .map_err(|error| Failure::Grader(error.to_string()))
}
