//! Who is in a class: a list of ids, or the file that a learning platform exports and takes back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::class::error::ClassError;
use crate::class::roster::canvas::CANVAS;
use crate::class::roster::moodle::MOODLE;

mod canvas;
mod matching;
mod moodle;
mod platform;
mod sheet;

pub(super) use matching::{Claim, Matching, Why, matching};
pub use platform::TableFormat;
pub(super) use platform::{Platform, Student, Students, Unfit};
pub(super) use sheet::{Flaw, Sheet};

/// The grader's own table.
const TABLE: TableFormat = TableFormat {
    name: "table",
    summary: "marks, checks passed, diagnosis and problems, one line per hand-in",
    platform: None,
};

/// All formats of the table of marks. The first is the default.
pub const TABLE_FORMATS: [&TableFormat; 3] = [&TABLE, &CANVAS, &MOODLE];

/// What is called the column of the ids, in letters of either case.
const ID: &str = "id";

/// The students of a class, as a file lists them.
#[derive(Debug)]
pub struct Roster {
    /// The file, for messages.
    pub(super) path: PathBuf,
    pub(super) sheet: Sheet,
    /// The platform that exported it; none for a list of ids.
    pub(super) platform: Option<&'static Platform>,
    pub(super) students: Students,
}

impl Roster {
    /// The students in these bytes, which are the file's: a CSV file whose first line is its header.
    /// A gradebook of Canvas and a grading worksheet of Moodle are known by their headers. In any other
    /// file the column `id` has the ids, or the first column if no column has this name.
    ///
    /// # Errors
    ///
    /// [`ClassError::Roster`], with line and column.
    pub fn of(path: &Path, bytes: &[u8]) -> Result<Self, ClassError> {
        Self::read(path.to_owned(), bytes).map_err(|flaw| ClassError::roster(path, flaw))
    }

    /// As [`Roster::of`], with the flaw alone for an error.
    pub(super) fn read(path: PathBuf, bytes: &[u8]) -> Result<Self, Flaw> {
        let sheet = Sheet::read(bytes)?;
        let known = TABLE_FORMATS.into_iter().filter_map(|format| format.platform);
        let platform = known.into_iter().find(|platform| (platform.is_export)(&sheet));
        let students = match platform {
            Some(platform) => (platform.students)(&sheet),
            None => listed(&sheet)?,
        };
        expect_students(&sheet, &students.students)?;
        Ok(Self { path, sheet, platform, students })
    }

    /// Refuses a list whose first line is a student and no header.
    pub(super) fn expect_header(&self, hand_ins: &[&str]) -> Result<(), ClassError> {
        let header = self.sheet.header();
        if self.platform.is_some() || id_column(&self.sheet).is_some() {
            return Ok(());
        }
        let Some(first) = header.first() else { return Ok(()) };
        let heading = first.value.trim();
        let is_student = heading.contains(|letter: char| letter == '@' || letter.is_numeric())
            || hand_ins.iter().any(|id| matching::folded(id) == matching::folded(heading));
        if is_student {
            let found = format!("{heading:?}, which looks like a student's");
            let expected = "a header such as id,name in the first line";
            return Err(ClassError::roster(&self.path, Flaw::new(first.place, &found, expected)));
        }
        Ok(())
    }
}

fn id_column(sheet: &Sheet) -> Option<usize> {
    sheet.header().iter().position(|cell| cell.value.trim().eq_ignore_ascii_case(ID))
}

/// The students of a list of ids.
fn listed(sheet: &Sheet) -> Result<Students, Flaw> {
    let id = id_column(sheet).unwrap_or(0);
    let others: Vec<usize> = (0..sheet.header().len()).filter(|&column| column != id).collect();
    let of_row = |row: usize, columns: &[usize]| -> Vec<String> {
        columns.iter().map(|&column| sheet.value(row, column).to_owned()).collect()
    };
    let mut students = Vec::new();
    for (row, cells) in sheet.rows().iter().enumerate().skip(1) {
        let name = platform::plain(sheet.value(row, id)).to_owned();
        if name.is_empty() {
            let place =
                cells.get(id).or(cells.first()).map_or(sheet.header()[0].place, |c| c.place);
            return Err(Flaw::new(place, "no id", "one in every line"));
        }
        students.push(Student {
            row,
            keys: vec![name.clone()],
            id: name,
            number: None,
            names: of_row(row, &others),
            is_for_tests: false,
        });
    }
    Ok(Students { headings: of_row(0, &others), students })
}

/// Refuses a file without students, or with one who is there twice.
fn expect_students(sheet: &Sheet, students: &[Student]) -> Result<(), Flaw> {
    if students.is_empty() {
        return Err(Flaw::new(sheet.header()[0].place, "a header alone", "a line per student"));
    }
    let mut seen: BTreeMap<&str, &Student> = BTreeMap::new();
    for student in students {
        let id = student.number.as_ref().unwrap_or(&student.id);
        if let Some(first) = seen.insert(id, student) {
            let place = |student: &Student| sheet.rows()[student.row][0].place;
            let found = format!("{id:?} for the second time");
            let expected = format!("each student once; the first is in {}", place(first));
            return Err(Flaw::new(place(student), &found, &expected));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Roster, String> {
        Roster::of(Path::new("roster.csv"), text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn ids_are_in_the_column_id_or_in_the_first() {
        let ids = |text: &str| -> Vec<String> {
            read(text).unwrap().students.students.into_iter().map(|student| student.id).collect()
        };
        assert_eq!(ids("id\nanna\nben\n"), ["anna", "ben"]);
        assert_eq!(ids("\u{feff}name;ID\r\n\"M; Anna\"; anna \r\n;ben\r\n\r\n"), ["anna", "ben"]);
        assert_eq!(ids("student,group\nanna,1\n\"=\"\"007\"\"\",2\n"), ["anna", "007"]);
        let roster = read("name,id,group\nAnna,a,1\n").unwrap();
        assert_eq!(roster.students.headings, ["name", "group"]);
        assert_eq!(roster.students.students[0].names, ["Anna", "1"]);
    }

    #[test]
    fn a_list_that_leaves_somebody_unclear_is_refused_with_line_and_column() {
        let refused = |text| read(text).unwrap_err();
        assert_eq!(
            refused("id,name\nanna,A\nben,B\n\"anna\",C\n"),
            "roster.csv: line 4, column 1: found \"anna\" for the second time, expected each student \
             once; the first is in line 2, column 1"
        );
        assert_eq!(
            refused("name,id\nAnna,\n"),
            "roster.csv: line 2, column 6: found no id, expected one in every line"
        );
        assert!(refused("id\n\n").contains("found a header alone, expected a line per student"));
        let twice = "Identifier,Full name,Grade\nParticipant 1,A,\nParticipant 1,B,\n";
        assert!(refused(twice).contains("line 3, column 1: found \"1\" for the second time"));
    }

    #[test]
    fn a_list_without_a_header_is_refused() {
        let refused = |text| {
            let error = read(text).unwrap().expect_header(&["Anna"]).unwrap_err();
            error.to_string()
        };
        for (text, found) in [
            ("anna,1\nben,2\n", "\"anna\""),
            ("s1234\ns1235\n", "\"s1234\""),
            ("a@uni.example,Anna\nb@uni.example,Ben\n", "\"a@uni.example\""),
        ] {
            let expected = format!(
                "roster.csv: line 1, column 1: found {found}, which looks like a student's, \
                 expected a header such as id,name in the first line"
            );
            assert_eq!(refused(text), expected);
        }
        assert!(read("student\nanna\n").unwrap().expect_header(&["Anna"]).is_ok());
        assert!(read("id 2026,id\n1,anna\n").unwrap().expect_header(&["Anna"]).is_ok());
    }
}
