//! The table of marks of a class: the grader's own, or a learning platform's file with the marks in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::class::cells::inert;
use crate::class::error::ClassError;
use crate::class::filled::Filled;
use crate::class::record::Record;
use crate::class::roster::{
    Claim, Flaw, Matching, Platform, Roster, Student, Students, TableFormat, Unfit, Why, matching,
};
use crate::class::table::{COLUMNS, Line, OUT_OF};
use crate::hand_in::Download;
use crate::messages::on_one_line;
use crate::rubric::{Points, Rubric};

/// The problem of a student who is in the roster and has no hand-in.
const NOTHING: &str = "handed in nothing";

/// What the table of marks is to be.
#[derive(Debug)]
pub struct TableRequest<'a> {
    /// Its format.
    pub format: &'a TableFormat,
    /// Who is in the class.
    pub roster: Option<Roster>,
    /// What a platform calls the assignment, or the column of its marks.
    pub assignment: Option<&'a str>,
    /// What the checks are worth.
    pub rubric: &'a Rubric,
    /// The ids of the hand-ins.
    pub hand_ins: &'a [&'a str],
    /// The ids of what is there and cannot be graded. Who has something better, has not handed in these.
    pub others: &'a [&'a str],
}

/// The table of marks of a class, but for its marks.
#[derive(Debug)]
pub struct MarksTable {
    /// The headings of the rubric's entries.
    entries: Vec<String>,
    /// What to fill in; none for the grader's own table.
    filled: Option<Filled>,
    /// The file that lists the students, if one was named.
    roster: Option<PathBuf>,
    students: Students,
    claims: Vec<Claim>,
    /// The hand-ins that are nobody's, and why.
    unmatched: Vec<(String, String)>,
}

impl MarksTable {
    /// The table of this class.
    ///
    /// # Errors
    ///
    /// [`ClassError::Roster`] and [`ClassError::TableFormat`] for a roster that the format has no use
    /// for, or if what the format needs is not there.
    pub fn new(request: TableRequest<'_>) -> Result<Self, ClassError> {
        let TableRequest { format, roster, assignment, rubric, hand_ins, others } = request;
        let all = [hand_ins, others].concat();
        if let Some(roster) = &roster {
            roster.expect_header(&all)?;
        }
        let path = roster.as_ref().map(|roster| roster.path.clone());
        // What is wrong with a file that is made up stands in no file.
        let refuse = |flaw: Flaw| match &path {
            Some(path) => ClassError::roster(path, flaw),
            None => unfit(format, flaw),
        };
        let out_of = rubric.entries.iter().map(|entry| entry.points).sum();
        let roster = match (format.platform, roster) {
            (None, _) if assignment.is_some() => {
                return Err(ClassError::TableFormat {
                    format: format.name,
                    found: "--assignment".to_owned(),
                    expected: "it with canvas or moodle alone".to_owned(),
                });
            }
            (None, roster) => roster,
            (Some(platform), Some(roster)) => {
                expect_export(platform, &roster)?;
                Some(roster)
            }
            (Some(platform), None) => Some(made_up(format, platform, &all, assignment, out_of)?),
        };
        let entries = headings(
            rubric.entries.iter().map(|entry| entry.name.as_str()),
            COLUMNS.map(str::to_owned).into(),
            "_points",
        );
        let Some(roster) = roster else {
            let (students, claims) = (Students::default(), Vec::new());
            return Ok(Self {
                entries,
                filled: None,
                roster: path,
                students,
                claims,
                unmatched: Vec::new(),
            });
        };
        let Roster { path: _, sheet, platform, mut students } = roster;
        let downloaded: fn(&str) -> Option<Download<'_>> = match platform {
            Some(platform) => platform.downloaded,
            None => |_| None,
        };
        let Matching { claims, unmatched } =
            matching(&students.students, [hand_ins, others], downloaded);
        let line = |at: usize| sheet.rows()[students.students[at].row][0].place.to_string();
        let why = |why: Why| match why {
            Why::Unknown => "no line has this id".to_owned(),
            Why::Several(of) => {
                let lines: Vec<String> = of.into_iter().map(line).collect();
                format!("it fits {}", lines.join(" and "))
            }
            Why::Taken(at) => format!("{} has another hand-in", line(at)),
            Why::Shared(at) => format!("another hand-in fits {} too", line(at)),
        };
        let unmatched = unmatched.into_iter().map(|(id, reason)| (id, why(reason))).collect();
        let filled = match format.platform {
            None => None,
            Some(platform) => Some(
                Filled::new(platform, sheet, &students.students, assignment, out_of)
                    .map_err(refuse)?,
            ),
        };
        let taken = COLUMNS.into_iter().map(str::to_owned).chain(entries.iter().cloned());
        let named = students.headings.iter().map(String::as_str);
        students.headings = headings(named, taken.collect(), "_in_roster");
        Ok(Self { entries, filled, roster: path, students, claims, unmatched })
    }

    /// The file that lists the students.
    pub fn roster(&self) -> Option<&PathBuf> {
        self.roster.as_ref()
    }

    /// How many students the roster has.
    pub fn students(&self) -> usize {
        self.students.students.iter().filter(|student| !student.is_for_tests).count()
    }

    /// The students who handed in nothing, by id, with their names in brackets.
    pub fn absent(&self) -> Vec<String> {
        let absent = self
            .claimed()
            .filter(|(student, claim)| **claim == Claim::Nothing && !student.is_for_tests);
        let shown = |(student, _): (&Student, _)| {
            let names: Vec<&str> = student
                .names
                .iter()
                .map(String::as_str)
                .filter(|name| !name.is_empty() && *name != student.id)
                .collect();
            let names =
                if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
            on_one_line(&format!("{}{names}", student.id))
        };
        absent.map(shown).collect()
    }

    /// The hand-ins that are nobody's in the roster, each with the reason.
    pub fn unmatched(&self) -> &[(String, String)] {
        &self.unmatched
    }

    /// Whether there is a place for the marks of hand-ins that are nobody's.
    pub fn has_lines_for_unmatched(&self) -> bool {
        self.filled.is_none()
    }

    fn claimed(&self) -> impl Iterator<Item = (&Student, &Claim)> {
        self.students.students.iter().zip(&self.claims)
    }

    /// The bytes of the table.
    pub(super) fn bytes(&self, lines: &BTreeMap<String, Record>) -> csv::Result<Vec<u8>> {
        match &self.filled {
            None => self.own(lines),
            Some(filled) => Ok(filled.with(self.claimed(), lines)),
        }
    }

    fn own(&self, lines: &BTreeMap<String, Record>) -> csv::Result<Vec<u8>> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let after = OUT_OF + 1;
        let header = COLUMNS.iter().take(after).copied().map(str::to_owned);
        let header = header.chain(self.entries.iter().map(|name| inert(name)));
        let header = header.chain(COLUMNS.iter().skip(after).copied().map(str::to_owned));
        writer.write_record(header.chain(self.students.headings.iter().map(|name| inert(name))))?;
        let names: BTreeMap<&str, &[String]> = self
            .claimed()
            .filter_map(|(student, claim)| match claim {
                Claim::HandIn(id) => Some((id.as_str(), student.names.as_slice())),
                Claim::Nothing | Claim::Unclear(_) => None,
            })
            .collect();
        let known = lines.iter().map(|(id, record)| {
            (record.line.clone(), names.get(id.as_str()).copied().unwrap_or_default())
        });
        let without = self.claimed().filter(|(student, _)| !student.is_for_tests).filter_map(
            |(student, claim)| {
                let problem = match claim {
                    Claim::HandIn(_) => return None,
                    Claim::Nothing => NOTHING.to_owned(),
                    Claim::Unclear(ids) => {
                        format!("it is unclear whether {} is theirs", ids.join(" or "))
                    }
                };
                Some((Line::problem(&student.id, &problem), student.names.as_slice()))
            },
        );
        let mut rows: Vec<(Line, &[String])> = known.chain(without).collect();
        rows.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
        for (line, names) in rows {
            let mut cells = line.cells(self.entries.len());
            let blank = String::new();
            let names = (0..self.students.headings.len()).map(|at| names.get(at).unwrap_or(&blank));
            cells.extend(names.map(|name| inert(name)));
            writer.write_record(cells)?;
        }
        writer.into_inner().map_err(|error| error.into_error().into())
    }
}

/// Headings that are in no other column: a taken one gets this ending.
fn headings<'a>(
    names: impl Iterator<Item = &'a str>,
    mut taken: BTreeSet<String>,
    ending: &str,
) -> Vec<String> {
    let unique = |name: &str| {
        let mut heading = name.to_owned();
        while !taken.insert(heading.clone()) {
            heading.push_str(ending);
        }
        heading
    };
    names.map(unique).collect()
}

/// Refuses a roster that is not what this platform exports.
fn expect_export(platform: &Platform, roster: &Roster) -> Result<(), ClassError> {
    if (platform.is_export)(&roster.sheet) {
        return Ok(());
    }
    let header = roster.sheet.header();
    let headings: Vec<String> =
        header.iter().take(6).map(|cell| format!("{:?}", cell.value.trim())).collect();
    let found = format!("the columns {}", headings.join(", "));
    Err(ClassError::roster(&roster.path, Flaw::new(header[0].place, &found, platform.export)))
}

/// What the platform would export, as far as the names of the hand-ins say it.
fn made_up(
    format: &TableFormat,
    platform: &'static Platform,
    hand_ins: &[&str],
    assignment: Option<&str>,
    out_of: Points,
) -> Result<Roster, ClassError> {
    let refuse = |found: String, expected: String| ClassError::TableFormat {
        format: format.name,
        found,
        expected,
    };
    let or_export = format!("or {}, named with --roster", platform.export);
    let mut downloads: Vec<Download<'_>> = Vec::new();
    for id in hand_ins {
        let Some(read) = (platform.downloaded)(id) else {
            let expected = format!("names such as {}, {or_export}", platform.example);
            return Err(refuse(format!("the hand-in {id}"), expected));
        };
        if !downloads.iter().any(|known| known.number == read.number) {
            downloads.push(read);
        }
    }
    let rows = (platform.new_export)(&downloads, assignment, out_of)
        .map_err(|Unfit { found, expected }| refuse(found, format!("{expected}, {or_export}")))?;
    let refuse_text = |error: csv::Error| refuse(error.to_string(), platform.export.to_owned());
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(refuse_text)?;
    }
    let bytes = writer.into_inner().map_err(|error| refuse_text(error.into_error().into()))?;
    Roster::read(PathBuf::new(), &bytes).map_err(|flaw| unfit(format, flaw))
}

/// The error of a format for which the arguments and the names of the hand-ins do not suffice.
fn unfit(format: &TableFormat, flaw: Flaw) -> ClassError {
    ClassError::TableFormat { format: format.name, found: flaw.found, expected: flaw.expected }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::class::roster::TABLE_FORMATS;

    fn table(
        format: &str,
        roster: Option<&str>,
        assignment: Option<&str>,
        hand_ins: &[&str],
    ) -> Result<MarksTable, String> {
        let rubric = "[[entry]]\nname = \"all\"\nchecks = [\"random/*\"]\npoints = 10\n";
        let roster = roster.map(|text| Roster::of(Path::new("file.csv"), text.as_bytes()).unwrap());
        MarksTable::new(TableRequest {
            format: TABLE_FORMATS.into_iter().find(|known| known.name == format).unwrap(),
            roster,
            assignment,
            rubric: &Rubric::parse(rubric, "rubric.toml").unwrap(),
            hand_ins,
            others: &[],
        })
        .map_err(|error| error.to_string())
    }

    /// A line with marks, and what its student is told.
    fn graded(id: &str, marks: f64, for_student: &str) -> (String, Record) {
        let (id, for_student) = (id.to_owned(), for_student.to_owned());
        let line = Line { id: id.clone(), marks: Some(marks), for_student, ..Line::default() };
        (id, Record { line, ..Record::problem("", "") })
    }

    fn text(table: &MarksTable, lines: &BTreeMap<String, Record>) -> String {
        String::from_utf8(table.bytes(lines).unwrap()).unwrap()
    }

    #[test]
    fn a_mark_of_the_platform_stays_until_the_hand_in_is_graded() {
        let gradebook = "Student,ID,Section,Task\n    Points Possible,,,10\n\
                         A,1,S,3\nB,2,S,4\nC,3,S,5\nD,4,S,6\n";
        let ids = ["a_1_10_x", "b_2_20_x", "c_3_30_x"];
        let table = table("canvas", Some(gradebook), None, &ids).unwrap();
        let mut lines = BTreeMap::from([
            graded(ids[0], 7.5, ""),
            (ids[1].to_owned(), Record::problem(ids[1], "it is no Python")),
        ]);
        let expected = gradebook.replace("A,1,S,3", "A,1,S,7.5").replace("B,2,S,4", "B,2,S,");
        assert_eq!(text(&table, &lines), expected);
        lines.clear();
        assert_eq!(text(&table, &lines), gradebook);
    }

    #[test]
    fn who_is_excused_stays_excused_whatever_is_handed_in() {
        let gradebook = "Student,ID,Section,Task\nA,1,S,EX\nB,2,S, ex \nC,3,S,EXX\n";
        let ids = ["a_1_10_x", "b_2_20_x", "c_3_30_x"];
        let table = table("canvas", Some(gradebook), None, &ids).unwrap();
        let lines = BTreeMap::from([
            graded(ids[0], 0.0, "It does nothing."),
            (ids[1].to_owned(), Record::problem(ids[1], "it is no Python")),
            graded(ids[2], 1.0, ""),
        ]);
        assert_eq!(text(&table, &lines), gradebook.replace("EXX", "1"));
    }

    #[test]
    fn moodle_is_told_why_marks_are_missing_where_nobody_has_written_there() {
        let worksheet = "Identifier,Grade,Maximum Grade,Feedback comments\n\
                         Participant 1,,10,\nParticipant 2,,10,Well done\nParticipant 3,,10,\n\
                         Participant 4,,10,\n";
        let ids = [1, 2, 3, 4].map(|number| format!("A_{number}_assignsubmission_file"));
        let ids = [&*ids[0], &*ids[1], &*ids[2], &*ids[3]];
        let table = table("moodle", Some(worksheet), None, &ids).unwrap();
        let lines = BTreeMap::from([
            graded(ids[0], 4.0, "Your dx is wrong, \"x\"."),
            graded(ids[1], 5.0, "Your dx is wrong."),
            graded(ids[2], 10.0, ""),
            (ids[3].to_owned(), Record::problem(ids[3], "it is no Python")),
        ]);
        let expected = "Identifier,Grade,Maximum Grade,Feedback comments\n\
                        Participant 1,4,10,\"Your dx is wrong, \"\"x\"\".\"\n\
                        Participant 2,5,10,Well done\nParticipant 3,10,10,\nParticipant 4,,10,\n";
        assert_eq!(text(&table, &lines), expected);
        // A worksheet need not have the column.
        let without = "Identifier,Grade\nParticipant 1,\n";
        let table = self::table("moodle", Some(without), None, &ids[..1]).unwrap();
        assert_eq!(text(&table, &lines), without.replace("1,", "1,4"));
    }

    #[test]
    fn what_no_file_can_be_made_of_is_refused_by_the_name_of_the_format() {
        let canvas = ["a_1_10_x"];
        let moodle = ["A_1_assignsubmission_file"];
        let end = |export| format!(", or {export}, named with --roster");
        let (gradebook, worksheet) = (
            end("a gradebook as Canvas exports it"),
            end("a grading worksheet as Moodle gives it"),
        );
        for (format, assignment, ids, said) in [
            (
                "canvas",
                None,
                canvas,
                format!(
                    "found no name of the assignment, expected --assignment with its name there{gradebook}"
                ),
            ),
            (
                "canvas",
                Some(" "),
                canvas,
                format!(
                    "found no name of the assignment, expected --assignment with its name there{gradebook}"
                ),
            ),
            (
                "canvas",
                Some("My Final Score"),
                canvas,
                format!(
                    "found the assignment \"My Final Score\", expected a name without \"Final Score\", \
                     by which Canvas knows its totals{gradebook}"
                ),
            ),
            (
                "moodle",
                Some("Task"),
                moodle,
                format!(
                    "found --assignment without a worksheet, expected no --assignment{worksheet}"
                ),
            ),
        ] {
            let refused = table(format, None, assignment, &ids).unwrap_err();
            assert_eq!(refused, format!("--csv-format {format}: {said}"));
        }
        assert!(table("moodle", None, Some("Grade"), &moodle).is_ok());
    }

    #[test]
    fn names_in_files_that_are_made_up_are_no_formulas() {
        let formulas = [
            ("canvas", Some("Task"), "=1+1_1_10_x"),
            ("moodle", None, "=1+1_1_assignsubmission_file"),
        ];
        for (format, assignment, id) in formulas {
            let table = table(format, None, assignment, &[id]).unwrap();
            let text = String::from_utf8(table.bytes(&BTreeMap::new()).unwrap()).unwrap();
            assert!(text.contains("'=1+1,"), "{text}");
            assert_eq!(text.matches('=').count(), 1, "{text}");
        }
    }
}
