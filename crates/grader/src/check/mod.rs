//! The questions asked of a submission.

mod behaviour;
mod compare;
mod hint;
mod kernel_answers;
mod notebook;
mod question;
mod random;
mod recipe;
mod reference;
mod values;

use ndarray::Axis;

use crate::check::behaviour::behaviour_questions;
use crate::check::notebook::notebook_questions;
use crate::check::question::{ask, no_answer};
use crate::check::random::random_questions;
use crate::check::reference::{give_own_hints, reference_questions};
use crate::diagnosis::Profile;
use crate::fixture::{Case, Config, Operation};
use crate::submission::{AskedMode, Backward, Failure, Kind, Outputs, Script, Step, Submission};
use crate::tensor::{Element, Tensor};
use crate::verdict::{Report, SuiteName};

pub use compare::compare;
pub use kernel_answers::{Compared, compare_kernels_with, kernel_answers};
pub use notebook::notebook_suite;

/// The seed of the random suite, unless another is chosen.
pub const DEFAULT_SEED: u64 = 1;

/// How a submission is graded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The command that grades this submission in this way, to which transcripts add
    /// `--case NAME`.
    pub command: String,
    /// Whether conventions pass.
    pub profile: Profile,
    /// The seed of the random suite.
    pub seed: u64,
    /// What is asked beside the given cases.
    pub scope: Scope,
}

impl Options {
    /// Everything is asked, with the default seed and profile.
    pub fn new(command: impl Into<String>) -> Self {
        Self {
            command: command.into(),
            profile: Profile::default(),
            seed: DEFAULT_SEED,
            scope: Scope::Everything,
        }
    }
}

/// What is asked beside the cases given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The suites of checks that need no fixtures.
    Everything,
    /// Nothing.
    Cases,
    /// One of these checks, as in `behaviour/x_untouched`.
    Only(String),
}

/// Whether a case of this name needs no fixture.
pub fn needs_no_fixture(case: &str) -> bool {
    case.starts_with(behaviour::PREFIX) || case.starts_with(random::PREFIX)
}

/// Asks a submission everything that `cases` hold for it, and what needs no case.
pub fn grade(submission: &dyn Submission, cases: &[Case], options: &Options) -> Report {
    let command = &options.command;
    let mut questions = vec![
        notebook_questions(submission, cases, command),
        reference_questions(submission, cases, command),
    ];
    if options.scope != Scope::Cases {
        questions.push(behaviour_questions(submission, command));
        questions.push(random_questions(submission, options.seed, command));
    }
    let (mut suites, diagnosis) = ask(submission, questions, options.profile);
    for suite in suites.iter_mut().filter(|suite| suite.name == SuiteName::Reference) {
        give_own_hints(suite, cases);
    }
    if let Scope::Only(name) = &options.scope {
        for suite in &mut suites {
            suite.verdicts.retain(|verdict| verdict.case == *name);
            suite.not_asked.clear();
        }
    }
    suites.retain(|suite| !suite.is_empty());
    Report { target: submission.name().to_owned(), suites, diagnosis, isolation: None, marks: None }
}

/// Where a check is found: its case, and its name among the checks of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckId {
    /// The case.
    pub case: String,
    /// The check.
    pub check: String,
}

/// Every check that [`grade`] makes of a submission that declines nothing, in order.
pub fn known_checks(cases: &[Case]) -> Vec<CheckId> {
    struct Mute;
    impl Submission for Mute {
        fn name(&self) -> &str {
            "nobody"
        }

        fn run(&self, _: &Script) -> Result<Outputs, Failure> {
            Err(no_answer())
        }
    }
    let report = grade(&Mute, cases, &Options::new(""));
    let verdicts = report.suites.into_iter().flat_map(|suite| suite.verdicts);
    verdicts.map(|verdict| CheckId { case: verdict.case, check: verdict.check }).collect()
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
