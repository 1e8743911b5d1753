//! Questions: all are collected before the first is asked, so that a submission in another process
//! is started once for a whole grading; once more, and later, for what students do not see.

use crate::check::unwritten::unwritten_backward;
use crate::diagnosis::limits::VALUES_PER_SCRIPT;
use crate::diagnosis::{Answered, ConventionPolicy, Diagnosis, Profile, diagnose};
use crate::report::{Suite, SuiteName};
use crate::rubric::Pattern;
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

    /// Whether it serves only checks that are hidden.
    fn is_hidden(&self, hidden: &[Pattern]) -> bool {
        !hidden.is_empty()
            && self.of_no_answers().iter().all(|verdict| {
                hidden.iter().any(|pattern| pattern.names(&verdict.case, &verdict.check))
            })
    }

    /// The checks that it serves, found out by judging no answers at all.
    fn of_no_answers(&self) -> Vec<Verdict> {
        let nothing: Vec<Answer> = vec![Err(Failure::TooFew); self.scripts.len()];
        let policy = ConventionPolicy::new(Profile::Strict, &Diagnosis::default());
        (self.judge)(&self.scripts, &nothing, &policy)
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

    /// Leaves out what serves no check of the case of this name.
    pub(crate) fn keep_of_case(&mut self, case: &str) {
        self.asked
            .retain(|question| question.of_no_answers().iter().any(|verdict| verdict.case == case));
    }

    /// The scripts to be answered, in order.
    pub(crate) fn scripts(&self) -> impl Iterator<Item = &Script> {
        self.asked.iter().flat_map(|question| &question.scripts)
    }
}

/// Asks all questions at once, but those that are `hidden` after the others and apart from them. Judges,
/// and looks for what is wrong if anything is.
pub(crate) fn ask(
    submission: &dyn Submission,
    suites: Vec<Questions<'_>>,
    profile: Profile,
    hidden: &[Pattern],
) -> (Vec<Suite>, Diagnosis) {
    let scripts: Vec<Script> = suites.iter().flat_map(Questions::scripts).cloned().collect();
    let is_hidden: Vec<bool> = suites
        .iter()
        .flat_map(|suite| &suite.asked)
        .flat_map(|question| vec![question.is_hidden(hidden); question.scripts.len()])
        .collect();
    let mut answers = answers(submission, &scripts, &is_hidden);
    let unwritten = unwritten_backward(&scripts, &mut answers);

    let mut diagnosis = Diagnosis::default();
    let policy_by = |diagnosis: &Diagnosis| {
        ConventionPolicy::new(profile, diagnosis).without_backward(unwritten.clone())
    };
    let mut policy = policy_by(&diagnosis);
    let mut judged = judge(&suites, &answers, &policy);
    if judged.iter().flat_map(|suite| &suite.verdicts).any(|verdict| !verdict.is_well()) {
        let (shown, unseen) = to_diagnose(&suites, &scripts, &answers, &is_hidden);
        if has_numbers(shown.iter().chain(&unseen)) {
            diagnosis = diagnose(&shown, &unseen, submission.language());
        }
        policy = policy_by(&diagnosis);
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

/// Whether there is a number in the outputs, if there are outputs at all. What has none equals every mistake
/// that gives none, which is no evidence of how it was computed.
fn has_numbers<'a>(answered: impl Iterator<Item = &'a Answered<'a>>) -> bool {
    let outputs = answered.flat_map(|(_, outputs)| outputs.steps.iter().flatten());
    let mut values = outputs.flat_map(|step| step.out.to_f64()).peekable();
    values.peek().is_none() || values.any(|value| !value.is_nan())
}

/// The answers to all scripts, in order. A program that answers what students see has not met the rest.
fn answers(submission: &dyn Submission, scripts: &[Script], is_hidden: &[bool]) -> Vec<Answer> {
    let mut answers = vec![Err(Failure::TooFew); scripts.len()];
    for asks_hidden in [false, true] {
        let places: Vec<usize> =
            (0..scripts.len()).filter(|&at| is_hidden[at] == asks_hidden).collect();
        if places.is_empty() {
            continue;
        }
        let asked: Vec<Script> = places.iter().map(|&at| scripts[at].clone()).collect();
        for (at, answer) in places.into_iter().zip(submission.run_all(&asked)) {
            answers[at] = answer;
        }
    }
    answers
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

/// The scripts meant for it, or all of a fair size if there are none: those of which students see
/// something, and the hidden ones.
fn to_diagnose<'a>(
    suites: &[Questions<'_>],
    scripts: &'a [Script],
    answers: &'a [Answer],
    is_hidden: &[bool],
) -> (Vec<Answered<'a>>, Vec<Answered<'a>>) {
    let questions = suites.iter().flat_map(|suite| &suite.asked);
    let is_meant: Vec<bool> = questions
        .flat_map(|question| vec![question.for_diagnosis; question.scripts.len()])
        .collect();
    let any = is_meant.contains(&true);
    let is_small = |script: &Script| {
        let sizes = script.steps.iter().map(|step| step.x.shape().iter().product::<usize>());
        sizes.sum::<usize>() <= VALUES_PER_SCRIPT
    };
    let (mut shown, mut unseen) = (Vec::new(), Vec::new());
    for (at, (script, answer)) in scripts.iter().zip(answers).enumerate() {
        if (is_meant[at] || (!any && is_small(script)))
            && let Ok(outputs) = answer
        {
            let part = if is_hidden[at] { &mut unseen } else { &mut shown };
            part.push((script, outputs));
        }
    }
    (shown, unseen)
}
