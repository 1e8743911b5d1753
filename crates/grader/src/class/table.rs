//! The table of marks: one line per hand-in.

use serde::{Deserialize, Serialize};

use crate::class::cells::inert;
use crate::class::reason::reason;
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
            notebook: suite(SuiteName::Notebook),
            reference: suite(SuiteName::Reference),
            behaviour: suite(SuiteName::Behaviour),
            random: suite(SuiteName::Random),
            diagnosis: in_ids(&grading.diagnosis),
            reason: reason(grading),
            seconds: grading.seconds.map(|seconds| (seconds * 100.0).round() / 100.0),
            problem: None,
        }
    }
}

/// The mistakes found, by their ids: ties with "or", two together with "and".
fn in_ids(diagnosis: &Diagnosis) -> String {
    let together = |mistakes: &Vec<Mistake>| {
        mistakes.iter().map(|mistake| mistake.id).collect::<Vec<_>>().join(" and ")
    };
    let found = diagnosis
        .found
        .iter()
        .map(|found| found.alternatives.iter().map(together).collect::<Vec<_>>().join(" or "));
    let unknown = diagnosis.unexplained.iter().map(|part| format!("unknown: {part}"));
    found.chain(unknown).collect::<Vec<_>>().join("; ")
}

/// The columns of the table: the fields of a line.
const COLUMNS: [&str; 11] = [
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

/// The bytes of the table, with its heading.
pub(super) fn table<'a>(lines: impl Iterator<Item = &'a Line>) -> csv::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    // A table without lines has its heading too.
    writer.write_record(COLUMNS)?;
    for line in lines {
        writer.serialize(Line {
            id: inert(&line.id),
            diagnosis: inert(&line.diagnosis),
            reason: inert(&line.reason),
            problem: line.problem.as_deref().map(inert),
            ..line.clone()
        })?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_what_was_not_graded_are_empty_and_names_are_no_formulas() {
        let lines = [Line::problem("=1+1", "found no .py file, expected one")];
        let table = String::from_utf8(table(lines.iter()).unwrap()).unwrap();
        let expected = "id,marks,out_of,notebook,reference,behaviour,random,diagnosis,reason,seconds,problem\n\
                        '=1+1,,,,,,,,,,\"found no .py file, expected one\"\n";
        assert_eq!(table, expected);
        let mut by_fields = csv::Writer::from_writer(Vec::new());
        by_fields.serialize(&lines[0]).unwrap();
        let by_fields = String::from_utf8(by_fields.into_inner().unwrap()).unwrap();
        assert_eq!(by_fields.lines().next(), Some(COLUMNS.join(",").as_str()));
    }
}
