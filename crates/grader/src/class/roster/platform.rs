//! What a learning platform exports, takes back, and calls the hand-ins that it gives out.

use crate::class::roster::sheet::{Cell, Flaw, Sheet};
use crate::hand_in::Download;
use crate::rubric::Points;

/// A format of the table of marks.
#[derive(Debug)]
pub struct TableFormat {
    /// The name on the command line.
    pub name: &'static str,
    /// What the format is for, in a few words.
    pub summary: &'static str,
    /// The platform that takes the table; none for the grader's own.
    pub(crate) platform: Option<&'static Platform>,
}

/// A learning platform. It exports a file with a row per student, and takes the same file back with
/// marks in it.
#[derive(Debug)]
pub(crate) struct Platform {
    /// What it calls the file, for messages.
    pub(crate) export: &'static str,
    /// Whether this is such a file.
    pub(crate) is_export: fn(&Sheet) -> bool,
    /// The students of such a file.
    pub(crate) students: fn(&Sheet) -> Students,
    /// What the name of a hand-in says, if the platform gave it.
    pub(crate) downloaded: fn(&str) -> Option<Download<'_>>,
    /// What a cell says in place of a mark if the student need not do the assignment.
    pub(crate) excused: Option<&'static str>,
    /// The column of what students are told in words.
    pub(crate) feedback: fn(&Sheet) -> Option<usize>,
    /// An example of such a name.
    pub(crate) example: &'static str,
    /// Where the marks of the assignment of this name go.
    pub(crate) marks: for<'a> fn(&'a Sheet, Option<&str>) -> Result<MarkColumn<'a>, Flaw>,
    /// A file for these students alone, with the assignment of this name.
    pub(crate) new_export: NewExport,
}

/// Makes a file for these students, the assignment of this name, and so many points at most.
pub(crate) type NewExport = fn(&[Download<'_>], Option<&str>, Points) -> Result<Rows, Unfit>;

/// Why no file can be made for an assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfit {
    pub(crate) found: String,
    pub(crate) expected: String,
}

/// The cells of a file, row by row.
pub(crate) type Rows = Vec<Vec<String>>;

/// The students of a file.
#[derive(Debug, Default)]
pub(crate) struct Students {
    /// The headings of the columns that name students to people.
    pub(crate) headings: Vec<String>,
    /// The students, in the order of their rows.
    pub(crate) students: Vec<Student>,
}

/// A student of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Student {
    /// The row.
    pub(crate) row: usize,
    /// What the grader's own table calls a student who handed in nothing.
    pub(crate) id: String,
    /// The number that the platform writes into the names of hand-ins.
    pub(crate) number: Option<String>,
    /// What a hand-in of theirs may be called.
    pub(crate) keys: Vec<String>,
    /// What names them to people, one per heading.
    pub(crate) names: Vec<String>,
    /// Whether they are no student, but the platform's own way to try an assignment.
    pub(crate) is_for_tests: bool,
}

/// Where marks go.
#[derive(Debug)]
pub(crate) struct MarkColumn<'a> {
    pub(crate) column: usize,
    /// The cells that say how many points there are.
    pub(crate) maxima: Vec<&'a Cell>,
}

/// A name without what keeps a spreadsheet from taking it for a formula or a number: `="0123"`.
pub(crate) fn plain(value: &str) -> &str {
    let inner = value.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(value).trim()
}

/// The names that are there, each once.
pub(crate) fn present<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in names {
        if !name.is_empty() && !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    found
}
