//! The checks: what is asked of a submission, and how its answers are judged.

mod behaviour;
mod drawn;
mod hint;
mod kernel_answers;
mod kernel_verdicts;
mod notebook;
mod numpy;
mod question;
mod recipe;
mod reference;
mod script;
mod tolerances;
mod unwritten;
mod values;

use crate::check::behaviour::behaviour_questions;
use crate::check::drawn::random_questions;
use crate::check::notebook::notebook_questions;
use crate::check::question::{Questions, ask};
use crate::check::reference::{give_own_hints, reference_questions};
use crate::diagnosis::{Diagnosis, Profile};
use crate::fixture::Case;
use crate::report::{CheckId, Report, SuiteName};
use crate::rubric::Pattern;
use crate::submission::{Answer, Failure, Script, Submission, protocol};
use crate::verdict::Verdict;

pub use kernel_answers::{Compared, compare_kernels_with, kernel_answers};
pub use kernel_verdicts::kernel_verdicts;

/// The seed of the random suite, unless another is chosen.
pub const DEFAULT_SEED: u64 = 1;

/// How a submission is graded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Whether conventions pass.
    pub profile: Profile,
    /// The seed of the random suite.
    pub seed: u64,
    /// What is asked beside the given cases.
    pub scope: Scope,
    /// The checks that students do not see: [`Rubric::hidden`](crate::rubric::Rubric::hidden). What
    /// serves them alone is asked after everything else and apart from it, so that no answer to a
    /// check that students see can hold inputs of one that they do not.
    pub hidden: Vec<Pattern>,
}

impl Default for Options {
    /// Everything is asked, with the default seed and profile.
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            seed: DEFAULT_SEED,
            scope: Scope::Everything,
            hidden: Vec::new(),
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
    case.starts_with(behaviour::PREFIX) || case.starts_with(drawn::PREFIX)
}

/// Everything that `cases` hold for a submission, and what needs no case.
fn questions<'a>(
    submission: &dyn Submission,
    cases: &'a [Case],
    options: &Options,
) -> Vec<Questions<'a>> {
    let mut questions = vec![
        notebook_questions(submission, cases, &options.hidden),
        reference_questions(submission, cases),
    ];
    if options.scope != Scope::Cases {
        questions.push(behaviour_questions(submission));
        questions.push(random_questions(submission, options.seed));
    }
    if let Scope::Only(case) = &options.scope {
        for suite in &mut questions {
            suite.keep_of_case(case);
        }
    }
    questions
}

/// Asks a submission everything, and judges its answers.
pub(crate) fn examine(
    submission: &dyn Submission,
    cases: &[Case],
    options: &Options,
) -> (Report, Diagnosis) {
    let questions = questions(submission, cases, options);
    let (mut suites, diagnosis) = ask(submission, questions, options.profile, &options.hidden);
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
    (Report { target: submission.name().to_owned(), suites }, diagnosis)
}

/// Answers nothing; used to list what is asked.
struct AsksOnly {
    /// Whether it declines what the protocol does not ask.
    by_protocol: bool,
}

impl Submission for AsksOnly {
    fn name(&self) -> &str {
        "none"
    }

    fn declines(&self, script: &Script) -> Option<&'static str> {
        self.by_protocol.then(|| protocol::declines(script, true)).flatten()
    }

    fn run(&self, _: &Script) -> Answer {
        Err(Failure::TooFew)
    }
}

/// Every check that is made of a submission that declines nothing, in order.
pub fn known_checks(cases: &[Case]) -> Vec<CheckId> {
    let (report, _) = examine(&AsksOnly { by_protocol: false }, cases, &Options::default());
    let id =
        |verdict: &Verdict| CheckId { case: verdict.case.clone(), check: verdict.check.clone() };
    report.verdicts().map(id).collect()
}

/// Every script that a submission is asked by the protocol, in order.
pub fn protocol_scripts(cases: &[Case], options: &Options) -> Vec<Script> {
    let questions = questions(&AsksOnly { by_protocol: true }, cases, options);
    questions.iter().flat_map(Questions::scripts).cloned().collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Counts the scripts that it is asked.
    struct Counts(Cell<usize>);

    impl Submission for Counts {
        fn name(&self) -> &str {
            "counts"
        }

        fn run(&self, _: &Script) -> Answer {
            self.0.set(self.0.get() + 1);
            Err(Failure::TooFew)
        }
    }

    #[test]
    fn of_one_case_nothing_else_is_asked() {
        for (case, scripts) in
            [("random/train", 1), ("behaviour/x_untouched", 2), ("behaviour/no_such", 0)]
        {
            let counts = Counts(Cell::new(0));
            let options = Options { scope: Scope::Only(case.to_owned()), ..Options::default() };
            let (report, _) = examine(&counts, &[], &options);
            assert_eq!(counts.0.get(), scripts, "{case}");
            assert!(report.verdicts().all(|verdict| verdict.case == case));
            assert_eq!(report.verdicts().count() == 0, scripts == 0);
        }
    }
}
