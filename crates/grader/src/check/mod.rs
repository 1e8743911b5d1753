//! The questions asked of a submission.

mod compare;
mod hint;
mod kernel_answers;
mod notebook;
mod question;
mod reference;

use ndarray::Axis;

use crate::check::notebook::notebook_questions;
use crate::check::question::ask;
use crate::check::reference::reference_questions;
use crate::fixture::{Case, Config, Operation};
use crate::submission::{AskedMode, Backward, Kind, Script, Step, Submission};
use crate::tensor::{Element, Tensor};
use crate::verdict::Report;

pub use compare::compare;
pub use kernel_answers::{Compared, compare_kernels_with, kernel_answers};
pub use notebook::notebook_suite;

/// Asks a submission everything that `cases` hold for it.
///
/// `command` is the command that grades this submission, to which transcripts add `--case NAME`.
pub fn grade(submission: &dyn Submission, cases: &[Case], command: &str) -> Report {
    let questions = vec![
        notebook_questions(submission, cases, command),
        reference_questions(submission, cases, command),
    ];
    let mut suites = ask(submission, questions);
    suites.retain(|suite| !suite.is_empty());
    Report { target: submission.name().to_owned(), suites }
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
    let step = |mode: AskedMode, x| Step { mode, x, gamma: gamma.clone(), beta: beta.clone() };
    let mut steps = match case.input("warm_up") {
        None => Vec::new(),
        Some(batches) => slices(batches)?.into_iter().map(|x| step(AskedMode::Train, x)).collect(),
    };
    steps.push(step((*mode).into(), input("x")?));
    let last = steps.len() - 1;
    let backward = |dout| Backward { step: last, dout, x_overwritten: false };
    Some(Script {
        kind,
        config: *config,
        running_mean: input("running_mean")?,
        running_var: input("running_var")?,
        starts_empty: false,
        steps,
        backwards: input("dout").map(backward).into_iter().collect(),
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
