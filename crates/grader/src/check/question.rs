//! Questions: all are collected before the first is asked, so that a submission in another process
//! is started once for a whole grading.

use crate::diagnosis::limits::VALUES_PER_SCRIPT;
use crate::diagnosis::{Answered, ConventionPolicy, Diagnosis, Profile, diagnose};
use crate::report::{Suite, SuiteName};
use crate::submission::{Answer, Failure, Script, Submission};
use crate::verdict::Verdict;

/// Judges the answers to a question's scripts.
type Judge<'a> = Box<dyn Fn(&[Script], &[Answer], &ConventionPolicy) -> Vec<Verdict> + 'a>;

/// Scripts to be answered, and how the answers are judged.
pub(crate) struct Question<'a> {
    scripts: Vec<Script>,
    judge: Judge<'a>,
    for_diagnosis: bool,
}

impl<'a> Question<'a> {
    /// `judge` is given these scripts and as many answers.
    pub(crate) fn new(
        scripts: Vec<Script>,
        judge: impl Fn(&[Script], &[Answer], &ConventionPolicy) -> Vec<Verdict> + 'a,
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

    /// The scripts to be answered, in order.
    pub(crate) fn scripts(&self) -> impl Iterator<Item = &Script> {
        self.asked.iter().flat_map(|question| &question.scripts)
    }
}

/// Asks all questions at once, judges, and looks for what is wrong if anything is.
pub(crate) fn ask(
    submission: &dyn Submission,
    suites: Vec<Questions<'_>>,
    profile: Profile,
) -> (Vec<Suite>, Diagnosis) {
    let scripts: Vec<Script> = suites.iter().flat_map(Questions::scripts).cloned().collect();
    let mut answers = submission.run_all(&scripts);
    answers.resize_with(scripts.len(), || Err(Failure::TooFew));

    let mut diagnosis = Diagnosis::default();
    let mut policy = ConventionPolicy::new(profile, &diagnosis);
    let mut judged = judge(&suites, &answers, &policy);
    if judged.iter().flat_map(|suite| &suite.verdicts).any(|verdict| !verdict.is_well()) {
        diagnosis = diagnose(&to_diagnose(&suites, &scripts, &answers));
        policy = ConventionPolicy::new(profile, &diagnosis);
        if policy.is_lenient() {
            judged = judge(&suites, &answers, &policy);
        }
        if judged.iter().flat_map(|suite| &suite.verdicts).all(Verdict::is_well) {
            // What nothing complains of needs no explanation.
            let found = diagnosis.found;
            diagnosis = Diagnosis { found, ..Diagnosis::default() };
        }
    }
    (judged, diagnosis)
}

fn judge(suites: &[Questions<'_>], answers: &[Answer], policy: &ConventionPolicy) -> Vec<Suite> {
    let mut answers = answers;
    let mut judged = Vec::with_capacity(suites.len());
    for Questions { suite, asked } in suites {
        let mut suite = suite.clone();
        for Question { scripts, judge, .. } in asked {
            let (own, rest) = answers.split_at(scripts.len());
            suite.verdicts.extend(judge(scripts, own, policy));
            answers = rest;
        }
        judged.push(suite);
    }
    judged
}

/// The scripts meant for it, or all of a fair size if there are none.
fn to_diagnose<'a>(
    suites: &[Questions<'_>],
    scripts: &'a [Script],
    answers: &'a [Answer],
) -> Vec<Answered<'a>> {
    let questions = suites.iter().flat_map(|suite| &suite.asked);
    let is_meant: Vec<bool> = questions
        .flat_map(|question| vec![question.for_diagnosis; question.scripts.len()])
        .collect();
    let any = is_meant.contains(&true);
    let is_small = |script: &Script| {
        let sizes = script.steps.iter().map(|step| step.x.shape().iter().product::<usize>());
        sizes.sum::<usize>() <= VALUES_PER_SCRIPT
    };
    scripts
        .iter()
        .zip(answers)
        .zip(is_meant)
        .filter(|((script, _), is_meant)| *is_meant || (!any && is_small(script)))
        .filter_map(|((script, answer), _)| answer.as_ref().ok().map(|outputs| (script, outputs)))
        .collect()
}
