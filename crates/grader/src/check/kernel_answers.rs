//! The kernels' answers to cases of every operation, to hold kernels and cases against each other.

use kernels::{
    conv2d, dropout, linear, max_pool2d, relu, sigmoid, softmax_cross_entropy, tanh, with_rank,
};
use ndarray::{Array, Array1, ArrayView, Dimension, Ix1, Ix2, Ix4, IxDyn, arr0};

use crate::check::script::script_of;
use crate::compare::compare;
use crate::fixture::{Case, Config, Expected, Operation};
use crate::submission::{Failure, Kernels, Submission};
use crate::tensor::{Dtype, Element, Tensor};
use crate::verdict::Finding;

/// What the kernels answer to a case, by output role. Empty for cases of the notebook, which have
/// no output roles, and for trainings, which no kernel alone can do.
///
/// # Errors
///
/// [`Failure`] when a kernel refuses the inputs.
pub fn kernel_answers(case: &Case) -> Result<Vec<(&'static str, Tensor)>, Failure> {
    match case.inputs.values().find(|tensor| tensor.dtype() == Dtype::Float32) {
        Some(_) => answers::<f32>(case),
        None => answers::<f64>(case),
    }
}

/// An output role, and how the kernels' answer differs from the expected one if it does.
pub type Compared = (&'static str, Result<(), Finding>);

/// Holds the kernels' answers against the expected ones, role by role.
///
/// # Errors
///
/// [`Failure`] when a kernel refuses the inputs, and for a training.
pub fn compare_kernels_with(case: &Case) -> Result<Vec<Compared>, Failure> {
    let answers = kernel_answers(case)?;
    let judge = |(role, expected): &(&'static str, Expected)| {
        let answer = answers.iter().find(|(answered, _)| answered == role);
        let (_, found) = answer.ok_or_else(|| {
            Failure::Grader(format!("the kernel of {} gives no {role}", case.operation))
        })?;
        Ok((*role, compare(role, found, &expected.values, expected.rtol, expected.atol)))
    };
    case.expected.iter().map(judge).collect()
}

fn batch_norm(case: &Case) -> Result<Vec<(&'static str, Tensor)>, Failure> {
    let script = script_of(case)
        .ok_or_else(|| Failure::Grader(format!("{} has no complete inputs", case.name)))?;
    let outputs = Kernels.run(&script)?;
    let mut answers = Vec::new();
    for role in case.operation.outputs() {
        if let Some(answer) = outputs.of_role(role.name) {
            answers.push((role.name, answer.cloned().map_err(Clone::clone)?));
        }
    }
    Ok(answers)
}

fn answers<F: Element>(case: &Case) -> Result<Vec<(&'static str, Tensor)>, Failure> {
    let inputs = Inputs { case };
    let answers = match (case.operation, &case.config) {
        (Operation::Notebook | Operation::Training, _) => Vec::new(),
        (Operation::BatchNorm | Operation::SpatialBatchNorm, _) => return batch_norm(case),
        (Operation::Conv2d, Config::Conv2d(config)) => {
            let (x, dout) = (inputs.float::<F, Ix4>("x")?, inputs.float::<F, Ix4>("dout")?);
            let weight = inputs.float::<F, Ix4>("weight")?;
            let bias = inputs.float::<F, Ix1>("bias")?;
            let out = conv2d::forward(x, weight, bias, config)?;
            let gradients = conv2d::backward(dout, x, weight, config)?;
            vec![
                ("out", tensor(out)),
                ("dx", tensor(gradients.dx)),
                ("dweight", tensor(gradients.parameters.dweight)),
                ("dbias", tensor(gradients.parameters.dbias)),
            ]
        }
        (Operation::MaxPool2d, Config::MaxPool2d(config)) => {
            let (x, dout) = (inputs.float::<F, Ix4>("x")?, inputs.float::<F, Ix4>("dout")?);
            let (out, argmax) = max_pool2d::forward(x, config)?;
            let (_, _, h, w) = x.dim();
            let dx = max_pool2d::backward(dout, argmax.view(), [h, w], config)?;
            vec![
                ("out", tensor(out)),
                ("argmax", Tensor::Int64(argmax.mapv(i64::from).into_dyn())),
                ("dx", tensor(dx)),
            ]
        }
        (Operation::Dropout, Config::Dropout(p)) => {
            let (x, dout) = (inputs.float::<F, IxDyn>("x")?, inputs.float::<F, IxDyn>("dout")?);
            let mask = match case.input("mask") {
                Some(Tensor::Bool(mask)) => mask,
                _ => return Err(missing("mask")),
            };
            vec![
                ("out", tensor(dropout::forward(x, mask.view(), *p)?)),
                ("dx", tensor(dropout::backward(dout, mask.view(), *p)?)),
            ]
        }
        (Operation::Linear, Config::None) => {
            let (x, dout) = (inputs.float::<F, Ix2>("x")?, inputs.float::<F, Ix2>("dout")?);
            let weight = inputs.float::<F, Ix2>("weight")?;
            let bias = inputs.float::<F, Ix1>("bias")?;
            let out = linear::forward(x, weight, bias)?;
            let gradients = linear::backward(dout, x, weight)?;
            vec![
                ("out", tensor(out)),
                ("dx", tensor(gradients.dx)),
                ("dweight", tensor(gradients.dweight)),
                ("dbias", tensor(gradients.dbias)),
            ]
        }
        (Operation::SoftmaxCrossEntropy, Config::None) => {
            let logits = inputs.float::<F, Ix2>("logits")?;
            let labels = inputs.labels()?;
            let (loss, probabilities) = softmax_cross_entropy::forward(logits, labels.view())?;
            let dlogits = softmax_cross_entropy::backward(probabilities.view(), labels.view())?;
            vec![("loss", tensor(arr0(loss))), ("dlogits", tensor(dlogits))]
        }
        (Operation::Relu, Config::None) => {
            let (x, dout) = (inputs.float::<F, IxDyn>("x")?, inputs.float::<F, IxDyn>("dout")?);
            let dx = relu::backward(dout, x.view())?;
            vec![("out", tensor(relu::forward(x))), ("dx", tensor(dx))]
        }
        (Operation::Sigmoid, Config::None) => {
            let (x, dout) = (inputs.float::<F, IxDyn>("x")?, inputs.float::<F, IxDyn>("dout")?);
            let out = sigmoid::forward(x);
            let dx = sigmoid::backward(dout, out.view())?;
            vec![("out", tensor(out)), ("dx", tensor(dx))]
        }
        (Operation::Tanh, Config::None) => {
            let (x, dout) = (inputs.float::<F, IxDyn>("x")?, inputs.float::<F, IxDyn>("dout")?);
            let out = tanh::forward(x);
            let dx = tanh::backward(dout, out.view())?;
            vec![("out", tensor(out)), ("dx", tensor(dx))]
        }
        // By name, so that a new operation does not compile before it has its answers here.
        (
            Operation::Conv2d
            | Operation::MaxPool2d
            | Operation::Relu
            | Operation::Sigmoid
            | Operation::Tanh
            | Operation::Linear
            | Operation::SoftmaxCrossEntropy
            | Operation::Dropout,
            _,
        ) => {
            let found = format!("the [config] of {} is of another operation", case.name);
            return Err(Failure::Grader(found));
        }
    };
    Ok(answers)
}

/// The inputs of a case, by role.
struct Inputs<'a> {
    case: &'a Case,
}

impl<'a> Inputs<'a> {
    fn float<F: Element, D: Dimension>(
        &self,
        role: &'static str,
    ) -> Result<ArrayView<'a, F, D>, Failure> {
        let view =
            self.case.input(role).and_then(Tensor::view::<F>).ok_or_else(|| missing(role))?;
        Ok(with_rank(self.case.operation.name(), role, view)?)
    }

    fn labels(&self) -> Result<Array1<usize>, Failure> {
        let Some(Tensor::Int64(labels)) = self.case.input("labels") else {
            return Err(missing("labels"));
        };
        let index = |&label: &i64| {
            usize::try_from(label).map_err(|_| {
                Failure::Grader(format!("found the label {label}, expected 0 or more"))
            })
        };
        labels.iter().map(index).collect::<Result<Vec<_>, _>>().map(Array1::from)
    }
}

/// An array of any rank as a tensor.
fn tensor<F: Element, D: Dimension>(array: Array<F, D>) -> Tensor {
    F::tensor(array.into_dyn())
}

fn missing(role: &str) -> Failure {
    Failure::Grader(format!("the case has no input {role} of the right type"))
}
