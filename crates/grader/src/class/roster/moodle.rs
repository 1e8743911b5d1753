//! Moodle: the worksheet for grading an assignment offline, and the names of downloaded submissions.
//!
//! "Download grading worksheet" gives the file and "Upload grading worksheet" takes it, where the
//! assignment's feedback type "Offline grading worksheet" is on. Which columns Moodle reads is in
//! [`importgradeslib.php`](https://github.com/moodle/moodle/blob/main/mod/assign/feedback/offline/importgradeslib.php):
//! `Identifier`, `Grade` and `Last modified (grade)`, each in the language of whoever uploads it.

use crate::class::cells::inert;
use crate::class::roster::platform::{
    MarkColumn, Platform, Rows, Student, Students, TableFormat, Unfit, plain, present,
};
use crate::class::roster::sheet::{Flaw, Sheet};
use crate::hand_in::{Download, of_moodle};
use crate::rubric::Points;

/// Moodle's worksheet for grading offline.
pub(crate) const MOODLE: TableFormat = TableFormat {
    name: "moodle",
    summary: "Moodle's worksheet for grading offline, to be uploaded there",
    platform: Some(&Platform {
        export: "a grading worksheet as Moodle gives it",
        is_export,
        students,
        downloaded: of_moodle,
        excused: None,
        feedback,
        example: "Jane Doe_1234_assignsubmission_file",
        marks,
        new_export,
    }),
};

const IDENTIFIER: &str = "Identifier";
const GRADE: &str = "Grade";
const MAXIMUM: &str = "Maximum Grade";
const NAME: &str = "Full name";
const FEEDBACK: &str = "Feedback comments";

/// The columns by which Moodle says who somebody is.
const WHO: [&str; 4] = [NAME, "ID number", "Email address", "Username"];

/// The number of an identifier, which is a word and a number: `Participant 1234`.
fn number(identifier: &str) -> Option<&str> {
    let (_, number) = identifier.rsplit_once([' ', '\u{a0}'])?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(number)
}

/// The fewest columns of a worksheet, which has no names where the participants are anonymous.
const COLUMNS: usize = 7;

fn is_export(sheet: &Sheet) -> bool {
    let mut identifiers = (1..sheet.rows().len()).map(|row| sheet.value(row, 0));
    if sheet.value(0, 0) == IDENTIFIER {
        return identifiers.all(|identifier| number(identifier).is_some());
    }
    // In other languages the column has another heading, and one word before every number.
    let word = |identifier: &'_ str| -> Option<usize> {
        number(identifier).map(|number| identifier.len() - number.len())
    };
    let first = sheet.value(1, 0);
    let Some(beginning) = word(first).map(|end| &first[..end]) else { return false };
    sheet.header().len() >= COLUMNS
        && identifiers
            .all(|identifier| word(identifier).is_some_and(|end| &identifier[..end] == beginning))
}

fn students(sheet: &Sheet) -> Students {
    let mut who: Vec<usize> = WHO.iter().filter_map(|heading| sheet.column(heading)).collect();
    if sheet.value(0, 0) != IDENTIFIER {
        // In every language the name follows the identifier.
        who = vec![1, 2];
    }
    let name = who.first().copied();
    let student = |row: usize| {
        let identifier = sheet.value(row, 0);
        let number = number(identifier);
        let keys = who.iter().map(|&column| plain(sheet.value(row, column)));
        Student {
            row,
            id: identifier.to_owned(),
            number: number.map(str::to_owned),
            keys: present(number.into_iter().chain([identifier]).chain(keys)),
            names: name.iter().map(|&name| plain(sheet.value(row, name)).to_owned()).collect(),
            is_for_tests: false,
        }
    };
    Students {
        headings: name.iter().map(|&name| sheet.value(0, name).to_owned()).collect(),
        students: (1..sheet.rows().len()).map(student).collect(),
    }
}

fn marks<'a>(sheet: &'a Sheet, assignment: Option<&str>) -> Result<MarkColumn<'a>, Flaw> {
    let heading = assignment.unwrap_or(GRADE).trim();
    let Some(column) = sheet.column(heading) else {
        let all: Vec<String> =
            sheet.header().iter().map(|cell| format!("{:?}", cell.value.trim())).collect();
        let expected = match assignment {
            Some(_) => format!("{heading:?}"),
            None => format!(
                "{GRADE:?}; download the worksheet in English, or name the column of the grades \
                 with --assignment"
            ),
        };
        let found = format!("the columns {}", all.join(", "));
        return Err(Flaw::new(sheet.header()[0].place, &found, &expected));
    };
    // In every language the maximum follows the grade.
    let maximum = sheet.column(MAXIMUM).unwrap_or(column + 1);
    let maxima = (1..sheet.rows().len()).filter_map(|row| sheet.cell(row, maximum)).collect();
    Ok(MarkColumn { column, maxima })
}

/// The column of what students are told. In every language it is the last one that Moodle writes for
/// feedback in words, and it is known by its heading alone.
fn feedback(sheet: &Sheet) -> Option<usize> {
    sheet.column(FEEDBACK)
}

/// The columns without which Moodle refuses a worksheet, and the name and the maximum for people.
fn new_export(
    students: &[Download<'_>],
    assignment: Option<&str>,
    out_of: Points,
) -> Result<Rows, Unfit> {
    if assignment.is_some_and(|heading| heading.trim() != GRADE) {
        return Err(Unfit {
            found: "--assignment without a worksheet".to_owned(),
            expected: "no --assignment".to_owned(),
        });
    }
    let header = [IDENTIFIER, NAME, GRADE, MAXIMUM, "Last modified (grade)"].map(str::to_owned);
    let row = |student: &Download<'_>| {
        let identifier = format!("Participant {}", student.number);
        vec![identifier, inert(student.name), String::new(), out_of.to_string(), "-".to_owned()]
    };
    Ok(std::iter::once(header.to_vec()).chain(students.iter().map(row)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKSHEET: &str = "Identifier,\"Full name\",\"ID number\",\"Email address\",Status,Grade,\"Maximum Grade\",\"Grade can be changed\",\"Last modified (submission)\",\"Last modified (grade)\",\"Feedback comments\"\n\
        \"Participant 12\",\"Änne Müller\",S1,anne@uni.example,\"Submitted for grading - \",,10.00,Yes,\"Monday, 2 March 2026, 9:00 AM\",-,\n\
        \"Participant 34\",\"Jane Doe\",,jane@uni.example,\"No submission - \",7.50,10.00,Yes,-,-,\"well, \"\"nearly\"\"\"\n";

    #[test]
    fn participants_are_known_by_number_and_by_who_they_are() {
        let sheet = Sheet::read(WORKSHEET.as_bytes()).unwrap();
        assert!(is_export(&sheet));
        let Students { headings, students: found } = students(&sheet);
        assert_eq!(headings, [NAME]);
        let keys: Vec<_> = found.iter().map(|student| student.keys.join("|")).collect();
        let expected = [
            "12|Participant 12|Änne Müller|S1|anne@uni.example",
            "34|Participant 34|Jane Doe|jane@uni.example",
        ];
        assert_eq!(keys, expected);
        assert_eq!(found[1].number.as_deref(), Some("34"));
        let anonymous = "Identifier,Status,Grade\nParticipant 7,No submission,\n";
        let anonymous = students(&Sheet::read(anonymous.as_bytes()).unwrap());
        assert_eq!(anonymous.students[0].keys, ["7", "Participant 7"]);
        for other in [
            "id,name,group\ns12,a,b\n",
            "Name,Points,x\nAnna,1,2\n",
            "id\nanna\n",
            "room,id,name\nRoom 1,anna,Anna\n",
            "student,b,c,d,e,f,g\nAnna 1\nBen 2\n",
            "a,b,c,d,e,f,g\n",
        ] {
            assert!(!is_export(&Sheet::read(other.as_bytes()).unwrap()), "{other}");
        }
    }

    #[test]
    fn grades_go_below_grade_or_below_the_heading_that_is_named() {
        let sheet = Sheet::read(WORKSHEET.as_bytes()).unwrap();
        let found = marks(&sheet, None).unwrap();
        assert_eq!((found.column, found.maxima.len()), (5, 2));
        let german = WORKSHEET
            .replace("Identifier", "ID")
            .replace("Participant", "Teilnehmer/in")
            .replace("\"Full name\"", "\"Vollständiger Name\"")
            .replace("Grade,\"Maximum Grade\"", "Bewertung,\"Bestwertung\"")
            .replace("10.00", "\"10,00\"");
        let german = Sheet::read(german.as_bytes()).unwrap();
        assert!(is_export(&german));
        assert_eq!(students(&german).students[1].number.as_deref(), Some("34"));
        let refused = marks(&german, None).unwrap_err().to_string();
        assert!(refused.contains("expected \"Grade\"; download the worksheet in English"));
        let found = marks(&german, Some("Bewertung")).unwrap();
        assert_eq!((found.column, found.maxima[0].value.as_str()), (5, "10,00"));
    }
}
