//! A learning platform's file with the marks in it.

use std::collections::BTreeMap;

use crate::class::cells::inert;
use crate::class::record::Record;
use crate::class::roster::{Claim, Flaw, Platform, Sheet, Student};
use crate::rubric::Points;

/// A platform's file, and where the marks go in it.
#[derive(Debug)]
pub(super) struct Filled {
    sheet: Sheet,
    /// The column of the marks.
    column: usize,
    /// The column of what students are told.
    feedback: Option<usize>,
    /// What the column of the marks says of who need not do the assignment.
    excused: Option<&'static str>,
    has_decimal_comma: bool,
}

impl Filled {
    pub(super) fn new(
        platform: &Platform,
        sheet: Sheet,
        students: &[Student],
        assignment: Option<&str>,
        out_of: Points,
    ) -> Result<Self, Flaw> {
        let marks = (platform.marks)(&sheet, assignment)?;
        let column = marks.column;
        let mut has_decimal_comma = false;
        for cell in marks.maxima {
            let maximum = cell.value.trim();
            if maximum.is_empty() {
                continue;
            }
            if number(maximum).is_none_or(|maximum| (maximum - out_of.to_f64()).abs() > 1e-9) {
                let expected =
                    format!("{out_of}, which the entries of the rubric add up to; change either");
                let found = format!("{maximum:?} as the most points");
                return Err(Flaw::new(cell.place, &found, &expected));
            }
            has_decimal_comma |= maximum.contains(',') && !maximum.contains('.');
        }
        let is_short = |student: &&Student| sheet.cell(student.row, column).is_none();
        if let Some(student) = students.iter().find(is_short) {
            let row = &sheet.rows()[student.row];
            let found = format!("{} cells", row.len());
            let expected = format!("{}, one per heading", sheet.header().len());
            return Err(Flaw::new(row[0].place, &found, &expected));
        }
        let feedback = (platform.feedback)(&sheet).filter(|&feedback| feedback != column);
        let excused = platform.excused;
        Ok(Self { sheet, column, feedback, excused, has_decimal_comma })
    }

    /// The file with marks. What it has for students who are excused, without a hand-in of their own, or with
    /// one that is not graded yet, stays. So does what somebody has written to a student.
    pub(super) fn with<'a>(
        &self,
        claimed: impl Iterator<Item = (&'a Student, &'a Claim)>,
        lines: &BTreeMap<String, Record>,
    ) -> Vec<u8> {
        let mut values = BTreeMap::new();
        for (&Student { row, .. }, claim) in claimed {
            let line = match claim {
                Claim::Nothing | Claim::Unclear(_) => None,
                Claim::HandIn(id) => lines.get(id).map(|record| &record.line),
            };
            let Some(line) = line.filter(|_| !self.is_excused(row)) else { continue };
            let mark = line.marks.map(|marks| self.written(marks)).unwrap_or_default();
            values.insert((row, self.column), mark);
            let is_open = |&column: &usize| self.sheet.value(row, column).is_empty();
            if let Some(feedback) = self.feedback.filter(is_open) {
                values.insert((row, feedback), inert(&line.for_student));
            }
        }
        self.sheet.with(&values)
    }

    fn is_excused(&self, row: usize) -> bool {
        let value = self.sheet.value(row, self.column);
        self.excused.is_some_and(|excused| excused.eq_ignore_ascii_case(value))
    }

    fn written(&self, mark: f64) -> String {
        let mark = mark.to_string();
        if self.has_decimal_comma { mark.replace('.', ",") } else { mark }
    }
}

/// A number with a point or a comma before its decimals. What stands before the last of these parts
/// thousands.
fn number(text: &str) -> Option<f64> {
    let text = match text.rsplit_once(['.', ',']) {
        None => text.to_owned(),
        Some((whole, decimals)) => format!("{}.{decimals}", whole.replace(['.', ','], "")),
    };
    text.parse().ok()
}
