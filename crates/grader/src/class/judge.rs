//! Grading one hand-in: everything that its marks depend on, and what comes out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::check::Options;
use crate::class::finding::Findings;
use crate::class::key::Key;
use crate::class::table::Line;
use crate::export::{OutputFormat, TEXT};
use crate::fixture::Case;
use crate::grading::grade;
use crate::hand_in::{Course, HandIn};
use crate::rubric::Rubric;
use crate::submission::{Interpreter, Process, RunContext, Submission};

/// What every hand-in of a class is asked, how it is run, and what its checks are worth.
pub struct Judge<'a> {
    /// The cases of the fixtures.
    pub cases: &'a [Case],
    /// What is asked.
    pub options: &'a Options,
    /// What the checks are worth.
    pub rubric: &'a Rubric,
    /// The format of the reports, beside text.
    pub format: &'a OutputFormat,
    /// The Python that runs the hand-ins.
    pub interpreter: &'a Interpreter,
    /// The course's own files, which hand-ins in Python may import.
    pub course: Option<&'a Course>,
    /// How the hand-ins are run. Its launcher is the program that grades: a hand-in is graded again
    /// when the program has changed.
    pub context: &'a RunContext,
}

/// A hand-in to grade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Task {
    /// Its name in the table.
    pub(super) id: String,
    /// The command that grades it in the same way.
    pub(super) command: String,
}

/// What grading one hand-in gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Judged {
    /// The grade, or why there is none.
    pub(super) grade: Result<Grade, String>,
    /// What went wrong that the machine could have caused.
    pub(super) suspicion: Option<String>,
}

/// The grade of one hand-in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Grade {
    /// Its line of the table.
    pub(super) line: Line,
    /// What was found.
    pub(super) findings: Findings,
    /// Its reports, in the order of [`Judge::formats`].
    pub(super) reports: Vec<String>,
}

impl Judge<'_> {
    /// The formats of reports.
    pub(super) fn formats(&self) -> [&OutputFormat; 2] {
        [&TEXT, self.format]
    }

    /// Everything that all grades depend on, but for the program that grades.
    pub(super) fn key(&self) -> Key {
        let Self { cases, options, rubric, interpreter, course, context, .. } = self;
        let RunContext { strength, limits, time_limits, .. } = context;
        let cases = cases.iter().map(|case| format!("{} {}\n", case.sha256, case.name));
        Key::default()
            .with(cases.collect::<String>())
            .with(format!("{:?}", rubric.entries))
            .with(format!("{options:?}"))
            .with(format!("{strength:?} {limits:?} {time_limits:?} {interpreter:?}"))
            .with(course.map_or("", |course| &course.sha256))
    }

    /// Grades a hand-in. Whatever is wrong with it, or with the grader on meeting it, stays with it.
    pub(super) fn judge(&self, task: &Task, hand_in: &HandIn) -> Judged {
        catch_unwind(AssertUnwindSafe(|| self.grade(task, hand_in))).unwrap_or_else(|_| Judged {
            grade: Err("the grader panicked; please report this as a bug".to_owned()),
            suspicion: None,
        })
    }

    fn grade(&self, task: &Task, hand_in: &HandIn) -> Judged {
        let started = Instant::now();
        let context = self.context.clone();
        let process = Process::hand_in(&task.id, hand_in, self.interpreter, self.course, context);
        let mut grading = grade(&process, self.cases, self.options, &task.command);
        if let Some(trouble) = process.trouble() {
            let problem = format!("{} was not run: {trouble}", process.name());
            return Judged { grade: Err(problem), suspicion: Some(trouble) };
        }
        grading.isolation = process.in_force();
        grading.mark(self.rubric);
        grading.seconds = Some(started.elapsed().as_secs_f64());
        let reports: Result<Vec<String>, String> = self
            .formats()
            .iter()
            .map(|format| format.write(&grading).map_err(|error| error.to_string()))
            .collect();
        let grade = reports.map(|reports| Grade {
            line: Line::of(&task.id, &grading),
            findings: Findings::of(&grading),
            reports,
        });
        Judged { grade, suspicion: process.suspicion() }
    }
}
