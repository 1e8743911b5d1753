//! A submission of two Rust functions in this process, so that hundreds are graded in a moment. The
//! exercise, which is a program, has the same signatures.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use grader::fixture::Mode;
use grader::submission::{
    Answer, AskedMode, Failure, Gradients, Kind, Outputs, Script, Step, StepOutput, Submission,
};
use grader::tensor::{Dtype, Tensor};
use kernels::{Convention, with_rank};
use ndarray::{Array1, Array4, ArrayView, ArrayView1, ArrayView4, Dimension, Ix1, Ix4};

/// What the forward function is told beside its inputs, and where its running statistics live.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BnParam {
    /// Training or evaluation.
    pub(crate) mode: Mode,
    /// ε, added to the variance inside the root.
    pub(crate) eps: f64,
    /// `running = momentum * running + (1 - momentum) * batch`.
    pub(crate) momentum: f64,
    /// Running mean, (C).
    pub(crate) running_mean: Array1<f64>,
    /// Running variance, biased, (C).
    pub(crate) running_var: Array1<f64>,
}

/// dx, dgamma and dbeta.
pub(crate) type Gradients64 = (Array4<f64>, Array1<f64>, Array1<f64>);

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
pub(crate) struct RustFunctions<C> {
    name: String,
    forward: Box<Forward<C>>,
    backward: Box<BackwardPass<C>>,
}

impl<C> RustFunctions<C> {
    /// The submission of these functions, by the name that transcripts use.
    pub(crate) fn new(
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

    fn step(&self, step: &Step, bn_param: &mut BnParam) -> Result<(StepOutput, C), Failure> {
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

    fn gradients(&self, dout: &Tensor, cache: &C) -> Result<Gradients, Failure> {
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
        let is_one_value = |step: &Step| {
            let values = step.x.shape().iter().product::<usize>();
            step.mode == AskedMode::Train && values == step.gamma.shape()[0]
        };
        if script.kind == Kind::Plain {
            Some("of plain batch norm, which is supplied")
        } else if script.dtype() != Dtype::Float64 {
            Some("in float32")
        } else if script.config.convention() != Convention::Notebook {
            Some("in PyTorch's convention")
        } else if script.steps.iter().any(|step| step.mode == AskedMode::Unknown) {
            Some("of an unknown mode, which the types rule out")
        } else if script.steps.iter().any(is_one_value) {
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
        let (mut steps, mut caches) = (Vec::new(), Vec::new());
        for step in &script.steps {
            let (output, cache) = match self.step(step, &mut bn_param) {
                Ok((output, cache)) => (Ok(output), Ok(cache)),
                Err(failure) => (Err(failure.clone()), Err(failure)),
            };
            steps.push(output);
            caches.push(cache);
        }
        // A cache cannot hold a view of x, so that an overwritten x makes no difference.
        let gradients = script.backwards.iter().map(|asked| match &caches[asked.step] {
            Ok(cache) => self.gradients(&asked.dout, cache),
            Err(failure) => Err(failure.clone()),
        });
        Ok(Outputs { steps, gradients: gradients.collect() })
    }
}

fn call<T>(f: impl FnOnce() -> Returned<T>) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Failure::Refused(error.to_string())),
        Err(payload) => {
            let literal = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = literal.or_else(|| payload.downcast_ref::<String>().cloned());
            Err(Failure::Panicked(text.unwrap_or_default()))
        }
    }
}

fn array<'a, D: Dimension>(
    argument: &'static str,
    tensor: &'a Tensor,
) -> Result<ArrayView<'a, f64, D>, Failure> {
    let view = tensor.view::<f64>().ok_or_else(|| {
        Failure::Grader(format!("{argument} is {}, expected float64", tensor.dtype()))
    })?;
    with_rank("spatial_batch_norm", argument, view)
        .map_err(|error| Failure::Grader(error.to_string()))
}
