//! Questions: all are collected before the first is asked, so that a submission in another process
//! is started once for a whole grading.

use crate::diagnosis::{Leniency, Profile};
use crate::submission::{Failure, Outputs, Script, Submission};
use crate::verdict::{Suite, SuiteName, Verdict};

/// What a submission answered to a script.
pub(crate) type Answer = Result<Outputs, Failure>;

/// Judges the answers to a question's scripts.
type Judge<'a> = Box<dyn Fn(&[Script], &[Answer], &Leniency) -> Vec<Verdict> + 'a>;

/// Scripts to be answered, and how the answers are judged.
pub(crate) struct Question<'a> {
    scripts: Vec<Script>,
    judge: Judge<'a>,
    #[expect(dead_code, reason = "the diagnosis comes next")]
    for_diagnosis: bool,
}

impl<'a> Question<'a> {
    /// `judge` is given these scripts and as many answers.
    pub(crate) fn new(
        scripts: Vec<Script>,
        judge: impl Fn(&[Script], &[Answer], &Leniency) -> Vec<Verdict> + 'a,
    ) -> Self {
        Self { scripts, judge: Box::new(judge), for_diagnosis: false }
    }

    /// The same, whose answers are what a diagnosis goes by.
    pub(crate) fn for_diagnosis(self) -> Self {
        Self { for_diagnosis: true, ..self }
    }
}

/// A suite before its questions are asked.
pub(crate) struct Questions<'a> {
    suite: Suite,
    asked: Vec<Question<'a>>,
}

impl<'a> Questions<'a> {
    /// These questions, without those that the submission declines, which the suite counts.
    pub(crate) fn new(
        name: SuiteName,
        submission: &dyn Submission,
        questions: impl IntoIterator<Item = Question<'a>>,
    ) -> Self {
        let mut suite = Suite::new(name);
        let mut asked = Vec::new();
        for question in questions {
            match question.scripts.iter().find_map(|script| submission.declines(script)) {
                Some(reason) => suite.not_asked(reason),
                None => asked.push(question),
            }
        }
        Self { suite, asked }
    }
}

/// Asks all questions at once, and judges.
pub(crate) fn ask(
    submission: &dyn Submission,
    suites: Vec<Questions<'_>>,
    profile: Profile,
) -> Vec<Suite> {
    let questions = || suites.iter().flat_map(|suite| &suite.asked);
    let scripts: Vec<Script> =
        questions().flat_map(|question| &question.scripts).cloned().collect();
    let mut answers = submission.run_all(&scripts);
    answers.resize_with(scripts.len(), || Err(no_answer()));

    let leniency = Leniency::new(profile);
    let mut answers = answers.as_slice();
    let mut judged = Vec::with_capacity(suites.len());
    for Questions { mut suite, asked } in suites {
        for Question { scripts, judge, .. } in asked {
            let (own, rest) = answers.split_at(scripts.len());
            suite.verdicts.extend(judge(&scripts, own, &leniency));
            answers = rest;
        }
        judged.push(suite);
    }
    judged
}

pub(crate) fn no_answer() -> Failure {
    Failure::Refused("the submission returned fewer results than it was asked for".to_owned())
}
