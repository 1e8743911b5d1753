//! Canvas: the gradebook that it exports and imports, and the names of downloaded submissions.
//!
//! Its guides "How do I export grades in the Gradebook?" and "How do I import grades in the
//! Gradebook?" describe the file. What is decisive is how Canvas writes and reads it:
//! [`lib/gradebook_exporter.rb`](https://github.com/instructure/canvas-lms/blob/master/lib/gradebook_exporter.rb)
//! and
//! [`lib/gradebook_importer.rb`](https://github.com/instructure/canvas-lms/blob/master/lib/gradebook_importer.rb).

use crate::class::cells::inert;
use crate::class::roster::platform::{
    MarkColumn, Platform, Rows, Student, Students, TableFormat, Unfit, plain, present,
};
use crate::class::roster::sheet::{Flaw, Sheet};
use crate::hand_in::{Download, of_canvas};
use crate::rubric::Points;

/// Canvas's gradebook.
pub(crate) const CANVAS: TableFormat = TableFormat {
    name: "canvas",
    summary: "Canvas's gradebook, to be imported there",
    platform: Some(&Platform {
        export: "a gradebook as Canvas exports it",
        is_export,
        students,
        downloaded: of_canvas,
        excused: Some("EX"),
        feedback: |_| None,
        example: "doejane_1234_5678_layers.py",
        marks,
        new_export,
    }),
};

/// What the importer knows as no assignment: totals, by these words anywhere in a heading.
const TOTALS: [&str; 9] = [
    "Current Score",
    "Current Points",
    "Current Grade",
    "Final Score",
    "Final Points",
    "Final Grade",
    "Override Score",
    "Override Grade",
    "Override Status",
];

const POSSIBLE: &str = "Points Possible";

/// The student that Canvas shows the course as.
const TEST_STUDENT: &str = "Student, Test";

/// The columns that say who somebody is end in this one. The importer looks for it by its place; the
/// columns between are optional.
fn section(sheet: &Sheet) -> Option<usize> {
    sheet.column("Section")
}

/// Whether the names are in two columns.
fn has_last_names(sheet: &Sheet) -> bool {
    sheet.value(0, 0) == "LastName" && sheet.value(0, 1) == "FirstName"
}

fn is_export(sheet: &Sheet) -> bool {
    let id = if has_last_names(sheet) { 2 } else { 1 };
    let is_named = id == 2 || sheet.value(0, 0) == "Student";
    is_named && sheet.value(0, id) == "ID" && section(sheet).is_some()
}

/// Whether a row is about the columns and not about a student.
fn is_about_columns(sheet: &Sheet, row: usize) -> bool {
    let is_of_posting =
        |value: &str| value.is_empty() || value == "Muted" || value.starts_with("Manual Posting");
    sheet.value(row, 0).contains(POSSIBLE)
        || (0..sheet.header().len()).all(|column| is_of_posting(sheet.value(row, column)))
}

fn students(sheet: &Sheet) -> Students {
    let of_heading = |row: usize, heading: &str| {
        sheet.column(heading).map_or("", |column| plain(sheet.value(row, column)))
    };
    let student = |row: usize| {
        let (id, sis, login) = (
            of_heading(row, "ID"),
            of_heading(row, "SIS User ID"),
            of_heading(row, "SIS Login ID"),
        );
        let name = if has_last_names(sheet) {
            format!("{}, {}", plain(sheet.value(row, 0)), plain(sheet.value(row, 1)))
        } else {
            plain(sheet.value(row, 0)).to_owned()
        };
        let spoken = name
            .split_once(',')
            .map(|(last, first)| format!("{} {}", first.trim(), last.trim()))
            .unwrap_or_default();
        let integration = of_heading(row, "Integration ID");
        let keys = present([login, sis, id, integration, &name, &spoken]);
        Student {
            row,
            id: keys.first().cloned().unwrap_or_default(),
            number: Some(id.to_owned()).filter(|id| !id.is_empty()),
            keys,
            is_for_tests: name == TEST_STUDENT,
            names: vec![name],
        }
    };
    let rows = (1..sheet.rows().len()).filter(|&row| !is_about_columns(sheet, row));
    let students = rows.map(student).filter(|student| !student.id.is_empty()).collect();
    Students { headings: vec!["Student".to_owned()], students }
}

/// A heading without the assignment's ID, which Canvas writes after its title: `Batch norm (1234)`.
fn title(heading: &str) -> &str {
    let parted = heading.strip_suffix(')').and_then(|heading| heading.rsplit_once(" ("));
    match parted {
        Some((title, id)) if id.bytes().all(|byte| byte.is_ascii_digit()) => title,
        Some(_) | None => heading,
    }
}

fn marks<'a>(sheet: &'a Sheet, assignment: Option<&str>) -> Result<MarkColumn<'a>, Flaw> {
    let possible = (1..sheet.rows().len()).find(|&row| sheet.value(row, 0).contains(POSSIBLE));
    let is_assignment = |&column: &usize| {
        let heading = sheet.value(0, column);
        // Columns of notes have no points, and those that Canvas computes are for reading only.
        let has_points = possible.is_none_or(|row| {
            sheet.value(row, column).starts_with(|letter: char| letter.is_ascii_digit())
        });
        has_points && !heading.is_empty() && !TOTALS.iter().any(|total| heading.contains(total))
    };
    let first = section(sheet).map_or(0, |section| section + 1);
    let all: Vec<usize> = (first..sheet.header().len()).filter(is_assignment).collect();
    let named = |is_named: &dyn Fn(&str) -> bool| -> Vec<usize> {
        all.iter().copied().filter(|&column| is_named(sheet.value(0, column))).collect()
    };
    let found = match assignment.map(str::trim) {
        None => all.clone(),
        Some(name) => {
            let same = named(&|heading| heading == name);
            if same.is_empty() { named(&|heading| title(heading) == name) } else { same }
        }
    };
    let [column] = found[..] else {
        let place = sheet.header()[all.first().copied().unwrap_or(0)].place;
        let list: Vec<String> =
            all.iter().map(|&column| format!("{:?}", sheet.value(0, column))).collect();
        let list = if list.is_empty() { "none".to_owned() } else { list.join(", ") };
        let expected = match assignment {
            None => "one; name it with --assignment".to_owned(),
            Some(name) => format!("one that is called {name:?}"),
        };
        return Err(Flaw::new(place, &format!("the assignments {list}"), &expected));
    };
    let maxima = possible.and_then(|row| sheet.cell(row, column)).into_iter().collect();
    Ok(MarkColumn { column, maxima })
}

/// The importer needs no more than the ID to know a student.
fn new_export(
    students: &[Download<'_>],
    assignment: Option<&str>,
    out_of: Points,
) -> Result<Rows, Unfit> {
    let refuse = |found: String, expected: &str| Unfit { found, expected: expected.to_owned() };
    let Some(assignment) = assignment.map(str::trim).filter(|name| !name.is_empty()) else {
        let found = "no name of the assignment".to_owned();
        return Err(refuse(found, "--assignment with its name there"));
    };
    if let Some(total) = TOTALS.iter().find(|total| assignment.contains(**total)) {
        let found = format!("the assignment {assignment:?}");
        let expected = format!("a name without {total:?}, by which Canvas knows its totals");
        return Err(refuse(found, &expected));
    }
    let row = |cells: [&str; 6]| cells.map(str::to_owned).to_vec();
    let header = row(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment]);
    let possible = row(["    Points Possible", "", "", "", "", &out_of.to_string()]);
    let students =
        students.iter().map(|student| row([&inert(student.name), student.number, "", "", "", ""]));
    Ok([header, possible].into_iter().chain(students).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRADEBOOK: &str = "\u{feff}Student,ID,SIS User ID,SIS Login ID,Section,Notes,Essay (7),Batch norm (8),Assignments Current Score\r\n\
        ,,,,,,,Manual Posting,\r\n    \
        Points Possible,,,,,,20.00,10.00,(read only)\r\n\
        \"Müller, Änne\",101,S1,amuell,\"CS, 1\",\"likes \"\"quotes\"\"\",18.00,,90.00\r\n\
        \"=\"\"=Doe, Jane\"\"\",102,,jdoe,CS 1,,,EX,\r\n\
        \"Student, Test\",999,,f00,CS 1,,,,\r\n";

    fn gradebook() -> Sheet {
        Sheet::read(GRADEBOOK.as_bytes()).unwrap()
    }

    #[test]
    fn students_are_known_by_every_name_that_canvas_has_for_them() {
        let sheet = gradebook();
        assert!(is_export(&sheet));
        let Students { headings, students } = students(&sheet);
        assert_eq!(headings, ["Student"]);
        let keys: Vec<_> = students.iter().map(|student| student.keys.join("|")).collect();
        let expected = [
            "amuell|S1|101|Müller, Änne|Änne Müller",
            "jdoe|102|=Doe, Jane|Jane =Doe",
            "f00|999|Student, Test|Test Student",
        ];
        assert_eq!(keys, expected);
        assert_eq!(students[0].id, "amuell");
        let for_tests: Vec<bool> = students.iter().map(|student| student.is_for_tests).collect();
        assert_eq!(for_tests, [false, false, true]);
        let parted = "LastName,FirstName,ID,SIS Login ID,Section,A\nDoe,Jane,1,,S,\n";
        let parted = Sheet::read(parted.as_bytes()).unwrap();
        assert!(is_export(&parted));
        assert_eq!(super::students(&parted).students[0].keys, ["1", "Doe, Jane", "Jane Doe"]);
        let roster = Sheet::read(b"Student,Group\na,b\n").unwrap();
        assert!(!is_export(&roster));
    }

    #[test]
    fn marks_go_to_the_assignment_that_is_named_or_the_only_one() {
        let sheet = gradebook();
        let column = |name| marks(&sheet, name).map(|found| found.column);
        assert_eq!(column(Some("Batch norm")), Ok(7));
        assert_eq!(column(Some("Batch norm (8)")), Ok(7));
        assert_eq!(column(Some("Essay")), Ok(6));
        let several = column(None).unwrap_err().to_string();
        assert_eq!(
            several,
            "line 1, column 51: found the assignments \"Essay (7)\", \"Batch norm (8)\", expected \
             one; name it with --assignment"
        );
        for no_assignment in ["Notes", "Assignments Current Score", "batch"] {
            let refused = column(Some(no_assignment)).unwrap_err().to_string();
            assert!(refused.ends_with(&format!("expected one that is called {no_assignment:?}")));
        }
        let maxima = marks(&sheet, Some("Essay")).unwrap().maxima;
        assert_eq!(maxima[0].value, "20.00");
        let only = Sheet::read(b"Student,ID,Section,A (1),Final Score\n\"D, J\",1,S,,\n").unwrap();
        assert_eq!(marks(&only, None).unwrap().column, 3);
    }
}
