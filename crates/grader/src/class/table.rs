//! The table of marks: one line per hand-in.

use serde::{Deserialize, Serialize};

use crate::class::cells::inert;
use crate::class::reason::{for_student, has_timeout, reason};
use crate::diagnosis::{Diagnosis, Mistake};
use crate::grading::Grading;
use crate::messages::on_one_line;
use crate::report::SuiteName;

/// A line of the table. Cells of what was not graded are empty.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Line {
    /// The hand-in.
    pub id: String,
    /// The points earned.
    pub marks: Option<f64>,
    /// The points that there are.
    pub out_of: Option<f64>,
    /// The points earned by each entry of the rubric, in its order.
    pub entries: Vec<f64>,
    /// The checks of the notebook suite that passed, as in "4 of 4".
    pub notebook: Option<String>,
    /// The same of the reference suite.
    pub reference: Option<String>,
    /// The same of the behaviour suite.
    pub behaviour: Option<String>,
    /// The same of the random suite.
    pub random: Option<String>,
    /// The mistakes found, by their ids.
    pub diagnosis: String,
    /// Why marks are missing, in one sentence; empty if none are.
    pub reason: String,
    /// The same as far as students may know it, which is in no cell of this table.
    pub for_student: String,
    /// How long grading took.
    pub seconds: Option<f64>,
    /// Why the hand-in could not be graded.
    pub problem: Option<String>,
}

impl Line {
    /// The line of a hand-in that could not be graded.
    pub(super) fn problem(id: &str, problem: &str) -> Self {
        Self { id: id.to_owned(), problem: Some(on_one_line(problem)), ..Self::default() }
    }

    /// The line of a hand-in that was graded.
    pub(super) fn of(id: &str, grading: &Grading) -> Self {
        // Not 3/4, which spreadsheets take for a day of April.
        let suite = |name: SuiteName| {
            let suite = grading.report.suites.iter().find(|suite| suite.name == name)?;
            Some(format!("{} of {}", suite.passed(), suite.verdicts.len()))
        };
        let marks = grading.marks.as_ref();
        Self {
            id: id.to_owned(),
            marks: marks.map(|marks| marks.scored.to_f64()),
            out_of: marks.map(|marks| marks.out_of.to_f64()),
            entries: marks
                .map(|marks| marks.entries.iter().map(|entry| entry.scored.to_f64()).collect())
                .unwrap_or_default(),
            notebook: suite(SuiteName::Notebook),
            reference: suite(SuiteName::Reference),
            behaviour: suite(SuiteName::Behaviour),
            random: suite(SuiteName::Random),
            diagnosis: in_ids(grading),
            reason: reason(grading),
            for_student: for_student(grading),
            seconds: grading.seconds.map(|seconds| (seconds * 100.0).round() / 100.0),
            problem: None,
        }
    }

    /// The cells of the line, with those of so many entries of the rubric.
    pub(super) fn cells(&self, entries: usize) -> Vec<String> {
        // 10.0, not 10: every number of a column has decimals.
        let number = |number: Option<&f64>| number.map(|number| format!("{number:?}"));
        let text = |text: &Option<String>| text.as_deref().map(inert);
        let before =
            [Some(inert(&self.id)), number(self.marks.as_ref()), number(self.out_of.as_ref())];
        let entries = (0..entries).map(|at| number(self.entries.get(at)));
        let after = [
            text(&self.notebook),
            text(&self.reference),
            text(&self.behaviour),
            text(&self.random),
            Some(inert(&self.diagnosis)),
            Some(inert(&self.reason)),
            number(self.seconds.as_ref()),
            text(&self.problem),
        ];
        before.into_iter().chain(entries).chain(after).map(Option::unwrap_or_default).collect()
    }
}

/// The mistakes found, by their ids: ties with "or", two together with "and".
fn in_ids(grading: &Grading) -> String {
    let Diagnosis { found, unexplained, .. } = &grading.diagnosis;
    let together = |mistakes: &Vec<Mistake>| {
        mistakes.iter().map(|mistake| mistake.id).collect::<Vec<_>>().join(" and ")
    };
    let found = found
        .iter()
        .map(|found| found.alternatives.iter().map(together).collect::<Vec<_>>().join(" or "));
    // What was not answered in time is wrong for that reason.
    let is_late = has_timeout(&grading.report);
    let unknown = unexplained.iter().filter(|_| !is_late);
    let unknown = unknown.map(|part| format!("unknown: {part}"));
    found.chain(unknown).collect::<Vec<_>>().join("; ")
}

/// The columns of the table. The entries of the rubric follow `out_of`.
pub(super) const COLUMNS: [&str; 11] = [
    "id",
    "marks",
    "out_of",
    "notebook",
    "reference",
    "behaviour",
    "random",
    "diagnosis",
    "reason",
    "seconds",
    "problem",
];

/// The place of `out_of` among the columns.
pub(super) const OUT_OF: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_what_was_not_graded_are_empty_and_names_are_no_formulas() {
        let line = Line::problem("=1+1", "found no .py file, expected one");
        let mut expected = vec![String::new(); COLUMNS.len() + 2];
        expected[0] = "'=1+1".to_owned();
        expected[COLUMNS.len() + 1] = "found no .py file, expected one".to_owned();
        assert_eq!(line.cells(2), expected);
    }

    #[test]
    fn every_cell_stands_below_its_heading() {
        let of = |name: &str| Some(name.to_owned());
        let line = Line {
            id: "id".to_owned(),
            marks: Some(7.25),
            out_of: Some(10.0),
            entries: vec![6.0, 1.25],
            notebook: of("notebook"),
            reference: of("reference"),
            behaviour: of("behaviour"),
            random: of("random"),
            diagnosis: "diagnosis".to_owned(),
            reason: "reason".to_owned(),
            for_student: "for the student".to_owned(),
            seconds: Some(0.5),
            problem: of("problem"),
        };
        let mut expected = COLUMNS.map(str::to_owned).to_vec();
        expected[1] = "7.25".to_owned();
        expected[OUT_OF] = "10.0".to_owned();
        expected[9] = "0.5".to_owned();
        expected.splice(OUT_OF + 1..OUT_OF + 1, ["6.0".to_owned(), "1.25".to_owned()]);
        assert_eq!(line.cells(2), expected);
    }
}
