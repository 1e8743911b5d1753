//! A grading: the report on a submission, and everything that was made of it.

use isolation::InForce;

use crate::check::{Options, examine};
use crate::diagnosis::Diagnosis;
use crate::fixture::Case;
use crate::report::Report;
use crate::rubric::{Marks, Rubric};
use crate::submission::Submission;
use crate::verdict::Verdict;

/// Everything that grading one submission gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Grading {
    /// The verdicts.
    pub report: Report,
    /// What is wrong, if anything is.
    pub diagnosis: Diagnosis,
    /// What the report is worth, once [`Grading::mark`] was called.
    pub marks: Option<Marks>,
    /// The sandbox measures that were in force, if the submission is a program.
    pub isolation: Option<InForce>,
    /// The command that grades the same submission in the same way.
    pub command: String,
    /// How many seconds grading took, if it was measured.
    pub seconds: Option<f64>,
}

/// Asks a submission everything that `cases` hold for it, and what needs no case. `command` is the
/// one that does the same again, to which transcripts add `--case NAME`.
pub fn grade(
    submission: &dyn Submission,
    cases: &[Case],
    options: &Options,
    command: impl Into<String>,
) -> Grading {
    let (report, diagnosis) = examine(submission, cases, options);
    let command = command.into();
    Grading { report, diagnosis, marks: None, isolation: None, command, seconds: None }
}

impl Grading {
    /// Marks the report by a rubric.
    pub fn mark(&mut self, rubric: &Rubric) {
        self.marks = Some(Marks::of(&self.report, rubric));
    }

    /// The command that asks the case of this verdict alone.
    pub(crate) fn rerun(&self, verdict: &Verdict) -> String {
        format!("{} --case {}", self.command, verdict.case)
    }

    /// What students may see: hidden checks are left out, and their entries are one.
    pub(crate) fn shown(&self) -> Self {
        let mut shown = self.clone();
        let Some(marks) = &self.marks else { return shown };
        for (at, suite) in shown.report.suites.iter_mut().enumerate() {
            let mut place = 0..;
            suite.verdicts.retain(|_| place.next().is_none_or(|nth| !marks.hides((at, nth))));
        }
        shown.report.suites.retain(|suite| !suite.is_empty());
        shown.marks = Some(marks.shown());
        shown
    }
}
