//! The questions asked of a submission.

mod compare;
mod hint;
mod kernel_answers;
mod notebook;
mod reference;

use ndarray::Axis;

use crate::check::reference::reference_suite;
use crate::fixture::{Case, Config, Mode, Operation};
use crate::submission::{Kind, Script, Step, Submission};
use crate::tensor::{Element, Tensor};
use crate::verdict::Report;

pub use compare::compare;
pub use kernel_answers::{Compared, compare_kernels_with, kernel_answers};
pub use notebook::notebook_suite;

/// Asks a submission everything that `cases` hold for it.
///
/// `command` is the command that grades this submission, to which transcripts add `--case NAME`.
pub fn grade(submission: &dyn Submission, cases: &[Case], command: &str) -> Report {
    let suites =
        [notebook_suite(submission, cases, command), reference_suite(submission, cases, command)];
    Report {
        target: submission.name().to_owned(),
        suites: suites.into_iter().filter(|suite| !suite.is_empty()).collect(),
    }
}

/// What a case of batch norm asks: the warm-up batches in training, then x in the case's own mode,
/// then the backward pass if there is a dout. `None` for cases of other operations.
fn script_of(case: &Case) -> Option<Script> {
    let Config::BatchNorm(mode, config) = &case.config else { return None };
    let kind = match case.operation {
        Operation::BatchNorm => Kind::Plain,
        _ => Kind::Spatial,
    };
    let input = |role| case.input(role).cloned();
    let (gamma, beta) = (input("gamma")?, input("beta")?);
    let step = |mode, x| Step { mode, x, gamma: gamma.clone(), beta: beta.clone() };
    let mut steps = match case.input("warm_up") {
        None => Vec::new(),
        Some(batches) => slices(batches)?.into_iter().map(|x| step(Mode::Train, x)).collect(),
    };
    steps.push(step(*mode, input("x")?));
    Some(Script {
        kind,
        config: *config,
        running_mean: input("running_mean")?,
        running_var: input("running_var")?,
        steps,
        dout: input("dout"),
    })
}

/// The parts of a floating-point array along its first axis.
fn slices(tensor: &Tensor) -> Option<Vec<Tensor>> {
    fn of<F: Element>(tensor: &Tensor) -> Option<Vec<Tensor>> {
        let array = F::view(tensor)?;
        Some(array.axis_iter(Axis(0)).map(|part| F::tensor(part.to_owned())).collect())
    }
    of::<f64>(tensor).or_else(|| of::<f32>(tensor))
}
