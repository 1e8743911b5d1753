//! `cargo xtask grade --batch`, as a teacher meets it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/python.rs"]
mod python;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use python::with_numpy;
use tempfile::TempDir;

const RUBRIC: &str = r#"
[[entry]]
name = "notebook"
title = "The notebook's own tests"
checks = ["notebook/*"]
points = 6

[[entry]]
name = "drawn"
checks = ["random/*"]
points = 4
hidden = true
"#;

/// A class of hand-ins, and a rubric.
struct Class {
    folder: TempDir,
    python: PathBuf,
}

impl Class {
    fn new(python: PathBuf, hand_ins: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("class")).unwrap();
        fs::write(folder.path().join("rubric.toml"), RUBRIC).unwrap();
        let class = Self { folder, python };
        for (name, of) in hand_ins {
            class.hand_in(name, &source(of));
        }
        class
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn hand_in(&self, name: &str, source: &str) {
        let path = self.path("class").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, source).unwrap();
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .args(["grade", "--batch", "class", "--csv", "marks.csv", "--rubric", "rubric.toml"])
            .arg("--interpreter")
            .arg(&self.python)
            .args(more)
            .current_dir(self.folder.path())
            .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"));
        command
    }

    fn grade(&self, more: &[&str]) -> Output {
        self.command(more).output().unwrap()
    }

    /// The table: its fields, without the seconds.
    fn table(&self) -> Vec<Vec<String>> {
        let mut reader = csv::Reader::from_path(self.path("marks.csv")).unwrap();
        let headers = reader.headers().unwrap().clone();
        let seconds = headers.iter().position(|header| header == "seconds").unwrap();
        let of = |record: &csv::StringRecord| {
            let fields = record.iter().enumerate().filter(|(at, _)| *at != seconds);
            fields.map(|(_, field)| field.to_owned()).collect()
        };
        let mut rows: Vec<Vec<String>> = vec![of(&headers)];
        rows.extend(reader.records().map(|record| of(&record.unwrap())));
        rows
    }
}

fn source(of: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hand_ins");
    fs::read_to_string(folder.join(of)).unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn modified(path: &Path) -> std::time::SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

#[test]
fn a_class_is_graded_and_only_what_changed_is_graded_again() {
    let Some(python) = with_numpy("a batch") else { return };
    let hand_ins = [
        ("anna.py", "right/one_step.py"),
        ("ben/cs231n/layers.py", "wrong/no_transpose.py"),
        ("cleo.py", "wrong/syntax.py"),
    ];
    let class = Class::new(python, &hand_ins);
    class.hand_in("dora/readme.txt", "I have nothing");
    let output = class.grade(&["--format", "gradescope"]);
    // One of them could not be graded.
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    insta::assert_snapshot!("said", stdout(&output));
    let rows: Vec<String> = class.table().iter().map(|row| row.join(" | ")).collect();
    insta::assert_snapshot!("table", rows.join("\n"));

    let anna = fs::read_to_string(class.path("marks/anna.txt")).unwrap();
    assert!(anna.contains("\nMarks: 10 of 10\n") && !anna.contains("random/"), "{anna}");
    let results = fs::read(class.path("marks/ben.gradescope.json")).unwrap();
    let results: serde_json::Value = serde_json::from_slice(&results).unwrap();
    assert_eq!(results["tests"][1]["visibility"], "hidden");
    assert_eq!(results["tests"][1]["score"], 0.0);

    // Ben mends his, Dora hands in, Emil is new; Anna's and Cleo's stay as they are.
    class.hand_in("ben/cs231n/layers.py", &source("right/one_step.py"));
    class.hand_in("dora/layers.py", &source("right/one_step.py"));
    class.hand_in("emil.py", &source("wrong/syntax.py"));
    let before: Vec<_> =
        ["anna", "cleo"].map(|id| modified(&class.path(&format!("marks/{id}.txt")))).into();
    let output = class.grade(&["--format", "gradescope"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        stdout(&output).starts_with("5 hand-ins, 3 of them graded now: "),
        "{}",
        stdout(&output)
    );
    let after: Vec<_> =
        ["anna", "cleo"].map(|id| modified(&class.path(&format!("marks/{id}.txt")))).into();
    assert_eq!(before, after);
    let table = class.table();
    let marks: Vec<[&str; 2]> = table[1..].iter().map(|row| [row[0].as_str(), &row[1]]).collect();
    let expected =
        [["anna", "10.0"], ["ben", "10.0"], ["cleo", "0.0"], ["dora", "10.0"], ["emil", "0.0"]];
    assert_eq!(marks, expected);

    // Nothing to do, and a lost report is made again.
    assert!(stdout(&class.grade(&["--format", "gradescope"])).contains(" 0 of them graded now"));
    fs::remove_file(class.path("marks/cleo.txt")).unwrap();
    assert!(stdout(&class.grade(&["--format", "gradescope"])).contains(" 1 of them graded now"));
    // Another rubric, and all of it.
    fs::write(class.path("rubric.toml"), RUBRIC.replace("points = 4", "points = 5")).unwrap();
    assert!(stdout(&class.grade(&["--format", "gradescope"])).contains(" 5 of them graded now"));
}

/// A line of a table by its beginning.
fn line<'a>(table: &'a str, beginning: &str) -> &'a str {
    let found = table.lines().find(|line| line.starts_with(beginning));
    found.unwrap_or_else(|| panic!("no line begins with {beginning:?}: {table}"))
}

#[test]
fn who_handed_in_nothing_has_a_line_and_whose_hand_in_is_unknown_is_named() {
    let Some(python) = with_numpy("a roster") else { return };
    let class =
        Class::new(python, &[("anna.py", "right/one_step.py"), ("zoe.py", "wrong/syntax.py")]);
    fs::write(class.path("ids.csv"), "\u{feff}Name;ID\r\n=Müller;ANNA\r\n\"Maier; Ben\";ben\r\n")
        .unwrap();
    let output = class.grade(&["--roster", "ids.csv"]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.starts_with("2 hand-ins, 2 of them graded now: "), "{said}");
    assert!(said.contains("\nhanded in nothing: 1 of 2 in ids.csv: ben (Maier; Ben)\n"), "{said}");
    assert!(said.contains("\nnobody's, by ids.csv: zoe: no line has this id\n"), "{said}");
    let table = fs::read_to_string(class.path("marks.csv")).unwrap();
    let header = "id,marks,out_of,notebook_points,drawn,notebook,reference,behaviour,random,\
                  diagnosis,reason,seconds,problem,Name";
    assert_eq!(table.lines().next(), Some(header));
    let anna = line(&table, "anna,");
    assert!(anna.starts_with("anna,10.0,10.0,6.0,4.0,4 of 4,") && anna.ends_with(",,'=Müller"));
    assert_eq!(line(&table, "ben,"), "ben,,,,,,,,,,,,handed in nothing,Maier; Ben");
    assert!(line(&table, "zoe,").starts_with("zoe,0.0,10.0,0.0,0.0,0 of 4,"), "{table}");
    let page = fs::read_to_string(class.path("marks/class.md")).unwrap();
    assert!(page.contains("\nHanded in nothing: ben \\(Maier; Ben\\).\n"), "{page}");
    // What cannot be used is refused before anyone is graded again.
    for (file, text, more, expected) in [
        ("a.csv", "anna\nben\n", &[][..], "a.csv: line 1, column 1: found \"anna\", which looks"),
        (
            "b.csv",
            "id\nben\nben\n",
            &[],
            "b.csv: line 3, column 1: found \"ben\" for the second time",
        ),
        ("c.csv", "id,name\nben,\"B\n", &[], "c.csv: line 2, column 5: found a quotation mark"),
        (
            "d.csv",
            "id\nben\n",
            &["--csv-format", "moodle"],
            "d.csv: line 1, column 1: found the columns \"id\", expected a grading worksheet",
        ),
        ("e.csv", "id\nben\n", &["--csv", "e.csv"], "e.csv: found one file for --roster and --csv"),
        (
            "f.csv",
            "id\nben\n",
            &["--assignment", "A"],
            "--csv-format table: found --assignment, expected",
        ),
    ] {
        fs::write(class.path(file), text).unwrap();
        let mut command = class.command(&[]);
        if more.contains(&"--csv") {
            command = Command::new(env!("CARGO_BIN_EXE_xtask"));
            command.args(["grade", "--batch", "class"]).arg("--interpreter").arg(&class.python);
            command
                .current_dir(class.folder.path())
                .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"));
        }
        let output = command.args(["--roster", file]).args(more).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(expected), "{said}");
        assert_eq!(fs::read_to_string(class.path(file)).unwrap(), text);
    }
    assert_eq!(fs::read_to_string(class.path("marks.csv")).unwrap(), table);
    // The roster may lie among the hand-ins, and there may be none.
    fs::remove_dir_all(class.path("class")).unwrap();
    class.hand_in("ids.csv", "id\nanna\nben\n");
    let output = class.grade(&["--roster", "class/ids.csv"]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.starts_with("0 hand-ins, 0 of them graded now: "), "{said}");
    assert!(said.contains("\nhanded in nothing: 2 of 2 in class/ids.csv: anna; ben\n"), "{said}");
    let table = fs::read_to_string(class.path("marks.csv")).unwrap();
    let nothing = format!("{header}\nanna{0}\nben{0}\n", ",,,,,,,,,,,,handed in nothing");
    assert_eq!(table, nothing.replace(",Name\n", "\n"));
}

/// A gradebook as Canvas exports it: a byte order mark, quotation marks, a line on posting, the points, notes,
/// a student who is excused, and the student that Canvas tries a course as.
const GRADEBOOK: &str = "\u{feff}Student,ID,SIS User ID,SIS Login ID,Section,Notes,Essay (7),Batch norm (8),Final Score\r\n\
    ,,,,,,,Manual Posting,\r\n    \
    Points Possible,,,,,,20.00,10.00,(read only)\r\n\
    \"Zuse, Änne\",101,S1,azuse,\"CS, 1\",\"says \"\"hi\"\"\",18.00,,90.00\r\n\
    \"Doe, Jane\",102,S2,jdoe,CS 1,,,3.00,\r\n\
    \"Roe, Ben\",103,S3,broe,CS 1,,,,\r\n\
    \"=cmd, X\",104,S4,xcmd,CS 1,,,5.50,\r\n\
    \"Maier, Eva\",105,S5,emaier,CS 1,,,EX,\r\n\
    \"Nobody, No\",106,S6,nobody,CS 1,,,,\r\n\
    \"Student, Test\",999,,f00,CS 1,,,,\r\n";

/// A grading worksheet as Moodle gives it.
const WORKSHEET: &str = "Identifier,\"Full name\",\"ID number\",\"Email address\",Status,Grade,\"Maximum Grade\",\"Grade can be changed\",\"Last modified (submission)\",\"Last modified (grade)\",\"Feedback comments\"\n\
    \"Participant 12\",\"Änne Zuse\",S1,azuse@uni.example,\"Submitted for grading - \",,10.00,Yes,\"Monday, 2 March 2026, 9:00 AM\",-,\n\
    \"Participant 34\",\"Jane Doe\",S2,jdoe@uni.example,\"Submitted for grading - \",3.00,10.00,Yes,-,-,\"well, \"\"nearly\"\"\"\n\
    \"Participant 56\",\"Eva Maier\",S5,emaier@uni.example,\"No submission - \",,10.00,Yes,-,-,\n";

#[test]
fn a_file_of_canvas_or_moodle_comes_back_with_the_marks_and_nothing_else_changed() {
    let Some(python) = with_numpy("tables of platforms") else { return };
    let class = Class::new(python, &[]);
    let (right, wrong) = (source("right/one_step.py"), source("wrong/no_transpose.py"));
    // As Canvas and Moodle name downloads, and by login, number and name.
    class.hand_in("zuseaenne_LATE_101_5501_layers.py", &right);
    class.hand_in("S3.py", &wrong);
    class.hand_in("X =cmd.py", &right);
    class.hand_in("Jane Doe_34_assignsubmission_file/readme.txt", "I have nothing");
    class.hand_in("Änne Zuse_12_assignsubmission_file_/layers.py", &right);
    class.hand_in("jdoe/readme.txt", "I have nothing");
    fs::write(class.path("gradebook.csv"), GRADEBOOK).unwrap();
    fs::write(class.path("worksheet.csv"), WORKSHEET).unwrap();

    let canvas =
        ["--csv-format", "canvas", "--roster", "gradebook.csv", "--assignment", "Batch norm"];
    let output = class.grade(&canvas);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.starts_with("6 hand-ins, 4 of them graded now: "), "{said}");
    let absent =
        "handed in nothing: 2 of 6 in gradebook.csv: emaier (Maier, Eva); nobody (Nobody, No)\n";
    assert!(said.contains(absent), "{said}");
    let nobodys = "without a place in gradebook.csv: Änne Zuse_12_assignsubmission_file_: no line has this id\n";
    assert!(said.contains(nobodys), "{said}");
    let expected = GRADEBOOK
        .replace(",18.00,,90.00", ",18.00,10,90.00")
        .replace("jdoe,CS 1,,,3.00,", "jdoe,CS 1,,,,")
        .replace("broe,CS 1,,,,", "broe,CS 1,,,0,")
        .replace("xcmd,CS 1,,,5.50,", "xcmd,CS 1,,,10,");
    assert_eq!(fs::read_to_string(class.path("marks.csv")).unwrap(), expected);

    // Another format, and nothing is graded again.
    let output = class.grade(&["--csv-format", "moodle", "--roster", "worksheet.csv"]);
    let said = stdout(&output);
    assert!(said.starts_with("6 hand-ins, 0 of them graded now: "), "{said}");
    let expected =
        WORKSHEET.replacen("- \",,10.00", "- \",10,10.00", 1).replace("3.00,10.00", ",10.00");
    assert_eq!(fs::read_to_string(class.path("marks.csv")).unwrap(), expected);
    // A worksheet of another language, with commas in its numbers.
    let german = WORKSHEET
        .replace("Identifier", "ID")
        .replace("Participant", "Teilnehmer/in")
        .replace("Grade,\"Maximum Grade\"", "Bewertung,\"Bestwertung\"")
        .replace("10.00", "\"10,00\"");
    fs::write(class.path("worksheet.csv"), &german).unwrap();
    fs::write(
        class.path("rubric.toml"),
        RUBRIC.replace("points = 4", "points = 3.5").replace("points = 6", "points = 6.5"),
    )
    .unwrap();
    class.hand_in("Änne Zuse_12_assignsubmission_file_/layers.py", &wrong);
    let moodle =
        ["--csv-format", "moodle", "--roster", "worksheet.csv", "--assignment", "Bewertung"];
    class.grade(&moodle);
    let marks = fs::read_to_string(class.path("marks.csv")).unwrap();
    let first = "\"Teilnehmer/in 12\",\"Änne Zuse\",S1,azuse@uni.example,\"Submitted for grading - \",0,\"10,00\",";
    assert!(marks.lines().nth(1).unwrap().starts_with(first), "{marks}");

    // Other points than the platform has.
    fs::write(class.path("rubric.toml"), RUBRIC.replace("points = 4", "points = 5")).unwrap();
    for (arguments, expected) in [
        (
            &canvas[..],
            "gradebook.csv: line 3, column 32: found \"10.00\" as the most points, expected 11, which",
        ),
        (
            &moodle[..],
            "worksheet.csv: line 2, column 81: found \"10,00\" as the most points, expected 11, which",
        ),
        (
            &canvas[..4],
            "gradebook.csv: line 1, column 51: found the assignments \"Essay (7)\", \"Batch norm (8)\", expected one",
        ),
    ] {
        let output = class.grade(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(expected), "{said}");
    }
}

#[test]
fn without_a_file_of_the_platform_the_names_of_downloads_give_the_rows() {
    let Some(python) = with_numpy("tables from names") else { return };
    let class = Class::new(python, &[("doejane_102_5502_layers.py", "right/one_step.py")]);
    class.hand_in("zuse_LATE_101_5501_my_layers/readme.txt", "I have nothing");
    let output = class.grade(&["--csv-format", "canvas", "--assignment", "Batch norm"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = "Student,ID,SIS User ID,SIS Login ID,Section,Batch norm\n    Points Possible,,,,,10\n\
                    doejane,102,,,,10\nzuse,101,,,,\n";
    assert_eq!(fs::read_to_string(class.path("marks.csv")).unwrap(), expected);
    let refused = |more: &[&str], expected: &str| {
        let output = class.grade(more);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(expected), "{said}");
    };
    refused(
        &["--csv-format", "canvas"],
        "--csv-format canvas: found no name of the assignment, expected --assignment",
    );
    refused(
        &["--csv-format", "moodle"],
        "--csv-format moodle: found the hand-in doejane_102_5502_layers, expected names such as Jane Doe_1234_assignsubmission_file, or a grading worksheet",
    );
    fs::remove_dir_all(class.path("class")).unwrap();
    class.hand_in("=Doe_34_assignsubmission_file/a.py", &source("right/one_step.py"));
    let output = class.grade(&["--csv-format", "moodle"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = "Identifier,Full name,Grade,Maximum Grade,Last modified (grade)\n\
                    Participant 34,'=Doe,10,10,-\n";
    assert_eq!(fs::read_to_string(class.path("marks.csv")).unwrap(), expected);
}

#[test]
fn a_batch_that_is_interrupted_leaves_a_table_and_goes_on() {
    let Some(python) = with_numpy("an interrupted batch") else { return };
    let hand_ins: Vec<String> = (0..6).map(|at| format!("student_{at}.py")).collect();
    let hand_ins: Vec<(&str, &str)> =
        hand_ins.iter().map(|name| (name.as_str(), "right/one_step.py")).collect();
    let class = Class::new(python, &hand_ins);
    let mut child = class
        .command(&["--threads", "1"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !class.path("marks/student_0.txt").exists() {
        assert!(child.try_wait().unwrap().is_none());
        thread::sleep(Duration::from_millis(20));
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("stopped after ") && said.contains("goes on from here"), "{said}");
    let done = class.table().len() - 1;
    assert!((1..6).contains(&done), "{done}");
    for row in &class.table()[1..] {
        assert_eq!(row[1], "10.0");
    }
    let output = class.grade(&[]);
    let expected = format!("6 hand-ins, {} of them graded now: ", 6 - done);
    assert!(stdout(&output).starts_with(&expected), "{}", stdout(&output));
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(class.table().len(), 7);
}

/// A hand-in whose forward pass takes longer than any test.
const SLOW: &str = "import time\ndef spatial_batchnorm_forward(x, gamma, beta, p): time.sleep(99)\n\
                    def spatial_batchnorm_backward(dout, cache): pass\n";

/// The processes that this one has started, by their ids.
fn children(parent: u32) -> Vec<u32> {
    let of = |entry: fs::DirEntry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // After the name, which may hold anything, come the state and the parent.
        let found = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse::<u32>().ok()?;
        (found == parent).then_some(id)
    };
    fs::read_dir("/proc").unwrap().filter_map(|entry| of(entry.unwrap())).collect()
}

fn wait_for<T>(what: &str, mut find: impl FnMut() -> Option<T>) -> T {
    for _ in 0..3_000 {
        if let Some(found) = find() {
            return found;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("waited in vain for {what}");
}

fn kill(signal: &str, id: u32) {
    assert!(Command::new("kill").args([signal, &id.to_string()]).status().unwrap().success());
}

/// A batch that grades one hand-in at a time, and the worker that is in the middle of the hand-in `slow`.
fn in_the_middle(class: &Class, slow_comes_after: &str) -> (Child, u32) {
    let mut batch = class
        .command(&["--threads", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let report = class.path("marks").join(format!("{slow_comes_after}.txt"));
    let worker = wait_for("a worker that runs the slow hand-in", || {
        assert!(batch.try_wait().unwrap().is_none());
        let workers = children(batch.id());
        let at_work = |&id: &u32| report.exists() && !children(id).is_empty();
        workers.into_iter().find(at_work)
    });
    (batch, worker)
}

/// Every file that grading a class has written, as text.
fn written(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(written(&path));
        } else {
            files.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
    files
}

#[test]
fn a_worker_that_dies_costs_one_hand_in_its_grade_and_no_other() {
    let Some(python) = with_numpy("a worker that dies") else { return };
    let right = "right/one_step.py";
    let class = Class::new(python, &[("anna.py", right), ("zoe.py", right)]);
    class.hand_in("ben.py", SLOW);
    for (signal, number) in [("-ABRT", 6), ("-ILL", 4), ("-KILL", 9)] {
        let _ = fs::remove_dir_all(class.path("marks"));
        let (batch, worker) = in_the_middle(&class, "anna");
        kill(signal, worker);
        let output = batch.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        let table = class.table();
        let problem = format!(
            "the grader ended with signal {number} while it judged this; please report this as a bug"
        );
        assert_eq!([&table[1][1], &table[3][1]], ["10.0", "10.0"]);
        assert_eq!([&table[2][0], &table[2][1], &table[2][11]], ["ben", "", problem.as_str()]);
        assert!(stdout(&output).contains(&format!("not graded: ben: {problem}\n")));
        assert!(!class.path("marks/.records/ben.json").exists());
    }
    // What was not graded is graded by the next batch.
    class.hand_in("ben.py", &source(right));
    assert!(stdout(&class.grade(&[])).contains(" 1 of them graded now"));
    assert_eq!(class.table()[2][1], "10.0");
}

#[test]
fn a_killed_batch_leaves_no_worker_and_no_lock() {
    let Some(python) = with_numpy("a killed batch") else { return };
    let class = Class::new(python, &[("anna.py", "right/one_step.py")]);
    class.hand_in("ben.py", SLOW);
    let (mut batch, worker) = in_the_middle(&class, "anna");
    // While it grades, another is kept out, and changes nothing.
    let table = fs::read(class.path("marks.csv")).unwrap();
    let output = class.grade(&["--threads", "1"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.starts_with("error: marks: found another batch"), "{said}");
    assert_eq!(fs::read(class.path("marks.csv")).unwrap(), table);
    kill("-KILL", batch.id());
    batch.wait().unwrap();
    // A process that has ended and that nobody has waited for has no arguments.
    let is_gone =
        || fs::read(format!("/proc/{worker}/cmdline")).map_or(true, |line| line.is_empty());
    wait_for("the end of the worker", || is_gone().then_some(()));
    class.hand_in("ben.py", &source("right/one_step.py"));
    let output = class.grade(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(stdout(&output).contains(" 1 of them graded now"), "{}", stdout(&output));
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn a_batch_that_is_killed_at_any_moment_leaves_nothing_unfinished() {
    let Some(python) = with_numpy("batches that are killed") else { return };
    let names: Vec<String> = (0..6).map(|at| format!("student_{at}.py")).collect();
    let hand_ins: Vec<(&str, &str)> =
        names.iter().map(|name| (name.as_str(), "right/one_step.py")).collect();
    let class = Class::new(python, &hand_ins);
    for step in 0..12 {
        let mut batch =
            class.command(&[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(150 * step));
        batch.kill().unwrap();
        batch.wait().unwrap();
        // Every table on the way is right.
        if class.path("marks.csv").exists() {
            assert!(class.table()[1..].iter().all(|row| row[1] == "10.0"), "{step}");
        }
        if step % 4 == 0 {
            let _ = fs::remove_dir_all(class.path("marks"));
        }
    }
    // As a process that is killed while it writes leaves it.
    let unfinished = |path: &Path| {
        let mut names: Vec<String> = Vec::new();
        for entry in fs::read_dir(path).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            names.extend(Some(name).filter(|name| name.starts_with(".part")));
        }
        names
    };
    let part = ".part-0b34b646-a1b2c3";
    for folder in ["", "marks", "marks/.records"] {
        fs::create_dir_all(class.path(folder)).unwrap();
        fs::write(class.path(folder).join(part), "").unwrap();
    }
    assert_eq!(class.grade(&[]).status.code(), Some(0));
    for folder in ["", "marks", "marks/.records"] {
        assert_eq!(unfinished(&class.path(folder)), [] as [String; 0], "{folder}");
    }
    assert_eq!(class.table().len(), 7);
}

#[test]
fn the_longest_names_have_marks_and_reports() {
    let Some(python) = with_numpy("long names") else { return };
    let right = "right/one_step.py";
    let names = [
        format!("{}.py", "a".repeat(240)),
        format!("{}.py", "b".repeat(252)),
        format!("{}.py", "ä".repeat(126)),
        format!("{}/layers.py", "c".repeat(255)),
        format!("{}/{}.py", "\u{1f600}".repeat(63), "d".repeat(252)),
        // Each of these has an id that is longer than its name.
        format!("{}.py", "\u{1b}".repeat(252)),
    ];
    let hand_ins: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), right)).collect();
    let class = Class::new(python, &hand_ins);
    let output = class.grade(&["--format", "gradescope"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let table = class.table();
    assert!(table.len() == 1 + names.len() && table[1..].iter().all(|row| row[1] == "10.0"));
    let reports = written(&class.path("marks"));
    for ending in [".txt", ".gradescope.json"] {
        let named = |(path, _): &&(PathBuf, String)| path.to_string_lossy().ends_with(ending);
        assert_eq!(reports.iter().filter(named).count(), names.len());
    }
    assert!(stdout(&class.grade(&["--format", "gradescope"])).contains(" 0 of them graded now"));
}

#[test]
fn a_report_that_cannot_be_written_costs_no_marks() {
    let Some(python) = with_numpy("reports that cannot be written") else { return };
    let names = ["anna.py", "ben.py", "cleo.py", "dora.py"];
    let class = Class::new(python, &names.map(|name| (name, "right/one_step.py")));
    for taken in ["marks/anna.txt/x", "marks/ben.gradescope.json/x", "marks/.records/cleo.json/x"] {
        fs::create_dir_all(class.path(taken)).unwrap();
    }
    let output = class.grade(&["--format", "gradescope"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let table = class.table();
    assert!(table[1..].iter().all(|row| row[1] == "10.0"), "{table:?}");
    for (row, file) in [(1, "marks/anna.txt"), (2, "marks/ben.gradescope.json"), (3, "cleo.json")] {
        assert!(table[row][11].contains(&format!("{file} cannot be written: ")), "{table:?}");
    }
    assert_eq!(table[4][11], "");
    assert!(class.path("marks/ben.txt").exists() && class.path("marks/dora.txt").exists());
    // Once they can be written, they are.
    for taken in ["marks/anna.txt", "marks/ben.gradescope.json", "marks/.records/cleo.json"] {
        fs::remove_dir_all(class.path(taken)).unwrap();
    }
    let output = class.grade(&["--format", "gradescope"]);
    assert!(stdout(&output).contains(" 3 of them graded now"), "{}", stdout(&output));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn records_and_reports_that_were_edited_are_made_again() {
    let Some(python) = with_numpy("edited records") else { return };
    let hand_ins = [("anna.py", "right/one_step.py"), ("ben.py", "wrong/no_transpose.py")];
    let class = Class::new(python, &hand_ins);
    class.grade(&[]);
    let table = class.table();
    let (anna, ben) =
        (class.path("marks/.records/anna.json"), class.path("marks/.records/ben.json"));
    let record = fs::read_to_string(&ben).unwrap();
    let report = fs::read(class.path("marks/ben.txt")).unwrap();
    let marks = format!("\"marks\": {}", table[2][1]);
    assert!(record.contains(&marks), "{record}");
    let edits: [&dyn Fn(); 7] = [
        &|| fs::write(&ben, record.replace(&marks, "\"marks\": 900")).unwrap(),
        &|| fs::write(&ben, record.replace(&marks, "\"marks\": 10.0")).unwrap(),
        &|| fs::write(&ben, &record[..record.len() / 2]).unwrap(),
        &|| fs::write(&ben, "").unwrap(),
        &|| assert!(fs::copy(&anna, &ben).unwrap() > 0),
        &|| fs::write(class.path("marks/ben.txt"), "All tests passed").unwrap(),
        &|| fs::write(class.path("marks/ben.txt"), "").unwrap(),
    ];
    for (number, edit) in edits.iter().enumerate() {
        edit();
        let output = class.grade(&[]);
        assert!(stdout(&output).contains(" 1 of them graded now"), "edit {number}");
        assert_eq!(class.table(), table, "edit {number}");
        assert_eq!(fs::read(class.path("marks/ben.txt")).unwrap(), report, "edit {number}");
    }
    assert!(stdout(&class.grade(&[])).contains(" 0 of them graded now"));
}

#[test]
fn names_and_words_of_hand_ins_move_no_cursor_and_break_no_line() {
    let Some(python) = with_numpy("control characters") else { return };
    let class = Class::new(python, &[]);
    let names = [
        "a\u{1b}[2Jb",
        "x\nspatial_batchnorm_forward passed.",
        "\u{202e}ypp.anna",
        "tab\tcr\rbell\u{7}",
        "\u{9b}31m",
        "＝1+1",
    ];
    let forged = "\u{1b}[2J\nspatial_batchnorm_forward passed.\r\u{202e}\u{85}";
    let raising = format!(
        "def spatial_batchnorm_forward(x, gamma, beta, p): raise ValueError({forged:?})\n\
         def spatial_batchnorm_backward(dout, cache): pass\n"
    );
    let raising = raising.replace("\\u{1b}", "\\x1b").replace("\\u{202e}", "\\u202e");
    let raising = raising.replace("\\u{85}", "\\x85");
    for name in names {
        class.hand_in(&format!("{name}.py"), &raising);
        fs::create_dir_all(class.path("class").join(format!("{name} none"))).unwrap();
        class.hand_in(&format!("{name} py/{name}.py"), &raising);
    }
    let is_harmless = |letter: char| letter == '\n' || !letter.is_control() && letter != '\u{202e}';
    for format in ["text", "json", "junit", "gradescope", "exercism"] {
        let output = class.grade(&["--format", format]);
        assert_eq!(output.status.code(), Some(1));
        for text in [&output.stdout, &output.stderr] {
            let text = String::from_utf8(text.clone()).unwrap();
            assert!(text.chars().all(is_harmless), "{format}: {text:?}");
            assert!(!text.lines().any(|line| line.starts_with("spatial_")), "{format}: {text}");
        }
        let mut files = written(&class.path("marks"));
        for table in ["marks.csv", "mistakes.csv"] {
            files.push((table.into(), fs::read_to_string(class.path(table)).unwrap()));
        }
        assert!(files.len() > 3 * names.len());
        for (path, text) in files {
            let path = path.to_string_lossy();
            assert!(path.chars().all(|letter| is_harmless(letter) && letter != '\n'), "{path:?}");
            assert!(text.chars().all(is_harmless), "{path}: {text:?}");
            let is_forged = |line: &str| line == "spatial_batchnorm_forward passed.";
            assert!(!text.lines().any(is_forged), "{path}: {text}");
        }
    }
    let table = class.table();
    let ids: Vec<&str> = table[1..].iter().map(|row| row[0].as_str()).collect();
    assert!(ids.contains(&r"a\u{1b}[2Jb") && ids.contains(&"'＝1+1"), "{ids:?}");
    // One alone, in text and in errors.
    for name in names {
        let file = class.path("class").join(format!("{name}.py"));
        let gone = class.path("class").join(format!("{name} gone.py"));
        for file in [file, gone] {
            let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
                .args(["grade", "--interpreter"])
                .args([class.python.as_os_str(), "--python".as_ref(), file.as_os_str()])
                .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
                .output()
                .unwrap();
            for text in [&output.stdout, &output.stderr] {
                let text = String::from_utf8(text.clone()).unwrap();
                assert!(text.chars().all(is_harmless), "{text:?}");
                let is_forged = |line: &str| line.starts_with("spatial_batchnorm_forward passed.");
                assert!(!text.lines().any(is_forged), "{text}");
            }
        }
    }
}

#[test]
fn a_machine_that_cannot_grade_gives_nobody_a_mark_and_leaves_what_is_there() {
    let Some(python) = with_numpy("a machine that cannot grade") else { return };
    let class = Class::new(python, &[("anna.py", "right/one_step.py")]);
    let scarce = ["--memory-limit", "50"];
    let refused = |output: &Output| {
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.starts_with("error: nobody gets a mark: this machine cannot grade"), "{said}");
        assert!(said.contains("\nhelp: give it more memory with --memory-limit"), "{said}");
    };
    refused(&class.grade(&scarce));
    for name in ["marks.csv", "mistakes.csv", "marks"] {
        assert!(!class.path(name).exists(), "{name}");
    }
    assert_eq!(class.grade(&[]).status.code(), Some(0));
    let files = || {
        let mut files = written(&class.path("marks"));
        files.push(("marks.csv".into(), fs::read_to_string(class.path("marks.csv")).unwrap()));
        files
    };
    let before = files();
    refused(&class.grade(&scarce));
    assert_eq!(files(), before);
    assert!(stdout(&class.grade(&[])).contains(" 0 of them graded now"));
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn a_machine_that_fails_in_the_middle_ends_the_batch_and_costs_nobody_marks() {
    let Some(python) = with_numpy("a machine that fails") else { return };
    let right = "right/one_step.py";
    let class = Class::new(python.clone(), &[("anna.py", right), ("cleo.py", right)]);
    class.hand_in("ben.py", &format!("import time\ntime.sleep(2)\n{}", source(right)));
    // A Python that can be taken away.
    let make = "import numpy, pathlib, sys, venv; venv.create(sys.argv[1]); \
                lib = next(pathlib.Path(sys.argv[1], 'lib').iterdir()) / 'site-packages'; \
                (lib / 'numpy.pth').write_text(str(pathlib.Path(numpy.__file__).parents[1]))";
    let environment = class.path("python");
    let made = Command::new(&python).args(["-c", make]).arg(&environment).status().unwrap();
    assert!(made.success());
    let interpreter = environment.join("bin/python");
    let class = Class { python: interpreter.clone(), ..class };
    let (batch, _) = in_the_middle(&class, "anna");
    fs::remove_file(&interpreter).unwrap();
    let output = batch.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.starts_with("error: the batch ends at the hand-in "), "{said}");
    assert!(said.contains(", which gets no mark: this machine cannot grade"), "{said}");
    let table = class.table();
    assert!((2..4).contains(&table.len()), "{table:?}");
    assert!(table[1..].iter().all(|row| row[1] == "10.0" && row[11].is_empty()), "{table:?}");
    // Once it works again, so does the batch.
    std::os::unix::fs::symlink(environment.join("bin/python3"), &interpreter).unwrap();
    let output = class.grade(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(class.table()[1..].iter().all(|row| row[1] == "10.0"));
}

#[test]
fn a_failure_that_the_machine_could_have_caused_counts_once_it_has_not() {
    let Some(python) = with_numpy("failures that look like the machine's") else { return };
    let class = Class::new(python, &[("anna.py", "right/one_step.py")]);
    for (name, raised) in [
        ("ben.py", "MemoryError('Unable to allocate 8.00 MiB')"),
        ("cleo.py", "OSError(28, 'No space left on device')"),
        ("dora.py", "RuntimeError(\"can't start new thread\")"),
    ] {
        class.hand_in(
            name,
            &format!(
                "def spatial_batchnorm_forward(x, gamma, beta, p): raise {raised}\n\
                 def spatial_batchnorm_backward(dout, cache): pass\n"
            ),
        );
    }
    let output = class.grade(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let table = class.table();
    let marks: Vec<&str> = table[1..].iter().map(|row| row[1].as_str()).collect();
    assert_eq!(marks, ["10.0", "0.0", "0.0", "0.0"]);
    assert!(table[2][10].starts_with("Every call ended in MemoryError"), "{table:?}");
    assert!(stdout(&class.grade(&[])).contains(" 0 of them graded now"));
}

#[test]
fn no_process_to_start_is_an_error_with_a_sentence() {
    let Some(python) = with_numpy("no process to start") else { return };
    let class = Class::new(python, &[("anna.py", "right/one_step.py")]);
    // A user of the test's own, of whom no other process counts; root is bound by no limit.
    for limit in 1..=12 {
        let _ = fs::remove_dir_all(class.path("marks"));
        let plain = class.command(&[]);
        let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        let mut command = Command::new(if is_root { "setpriv" } else { "prlimit" });
        if is_root {
            fs::set_permissions(class.folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
            command.args(["--reuid=54321", "--regid=54321", "--clear-groups"]);
            // It may read what root may, or it would not get as far.
            command.args(["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]);
            command.arg("prlimit");
        }
        command.arg(format!("--nproc={limit}")).arg(plain.get_program()).args(plain.get_args());
        let output = command
            .current_dir(class.folder.path())
            .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code().is_some_and(|code| code <= 2), "{limit}: {said}");
        assert!(!said.contains("panicked") && !stdout(&output).contains("panicked"), "{said}");
        if output.status.code() == Some(2) {
            assert!(said.starts_with("error: "), "{limit}: {said}");
        }
        // Whatever fails, no marks are lost by it.
        if class.path("marks.csv").exists() {
            assert!(
                class.table()[1..].iter().all(|row| ["", "10.0"].contains(&&*row[1])),
                "{limit}"
            );
        }
    }
}

#[test]
fn everything_in_a_class_has_a_row_and_who_is_gone_has_no_report() {
    let Some(python) = with_numpy("all that a class's folder holds") else { return };
    let right = "right/one_step.py";
    let class =
        Class::new(python, &[("anna.py", right), ("ben.py", right), ("ben/layers.py", right)]);
    class.hand_in("report.pdf", "%PDF");
    class.hand_in(".DS_Store", "");
    class.hand_in("__MACOSX/._anna.py", "");
    class.hand_in("zoe.py", &source("wrong/in_place.py"));
    class.hand_in("rubric.toml", include_str!("../../crates/grader/rubrics/default.toml"));
    class.hand_in("course/helpers.py", "x = 1\n");
    // The table, the reports and the course's own files lie among the hand-ins.
    let grade = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        let folder = class.path("class");
        let table = folder.join("marks.csv");
        command.args(["grade", "--batch"]).arg(&folder).arg("--csv").arg(&table);
        command.arg("--interpreter").arg(&class.python).args(["--format", "json"]);
        command.arg("--rubric").arg(folder.join("rubric.toml"));
        command.arg("--course").arg(folder.join("course"));
        command.current_dir("/").env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"));
        command.output().unwrap()
    };
    let rows = || -> Vec<[String; 2]> {
        let mut reader = csv::Reader::from_path(class.path("class/marks.csv")).unwrap();
        reader
            .records()
            .map(|record| {
                let record = record.unwrap();
                [record[0].to_owned(), record[record.len() - 1].to_owned()]
            })
            .collect()
    };
    for graded in [4, 0] {
        let output = grade();
        let said = stdout(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(&format!("5 hand-ins, {graded} of them graded now: ")), "{said}");
        assert!(said.contains("\nleft out, as no hand-ins: .DS_Store, __MACOSX\n"), "{said}");
        let problem = "found a .pdf, expected a .py, an .ipynb, a .zip or a folder";
        assert!(said.contains(&format!("\nnot graded: report.pdf: {problem}\n")), "{said}");
        let expected =
            ["anna", "ben", "ben.py", "report.pdf", "zoe"].map(|id| [id.to_owned(), String::new()]);
        let found = rows();
        assert_eq!(found[3][1], problem);
        assert!(
            found.iter().map(|row| &row[0]).eq(expected.iter().map(|row| &row[0])),
            "{found:?}"
        );
    }
    // What a student reads names the hand-in, and no folder of the teacher's.
    let marks = class.path("class/marks");
    let zoe = fs::read_to_string(marks.join("zoe.txt")).unwrap();
    assert!(zoe.contains("grade --python zoe.py --course course --case "), "{zoe}");
    for (path, text) in written(&marks) {
        let is_told = text.contains(class.folder.path().to_str().unwrap());
        assert!(!is_told, "{}: {text}", path.display());
    }
    // Who is gone has no report, unless somebody wrote into it.
    fs::write(marks.join("notes.txt"), "mine").unwrap();
    fs::write(marks.join("zoe.json"), "changed").unwrap();
    fs::remove_file(class.path("class/zoe.py")).unwrap();
    fs::remove_file(class.path("class/ben.py")).unwrap();
    let said = stdout(&grade());
    assert!(said.contains("3 hand-ins, 0 of them graded now: "), "{said}");
    assert!(said.contains("\nremoved the reports of 2 hand-ins that are gone\n"), "{said}");
    let mut left: Vec<String> = fs::read_dir(&marks)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.'))
        .collect();
    left.sort();
    let expected =
        ["anna.json", "anna.txt", "ben.json", "ben.txt", "class.md", "notes.txt", "zoe.json"];
    assert_eq!(left, expected);
    assert!(!marks.join(".records/zoe.json").exists());
}

#[test]
fn an_empty_folder_of_a_known_class_takes_no_reports_away() {
    let Some(python) = with_numpy("an empty folder") else { return };
    let class = Class::new(python, &[("anna.py", "right/one_step.py")]);
    fs::write(class.path("roster.csv"), "id\nanna\n").unwrap();
    class.grade(&["--roster", "roster.csv"]);
    let report = fs::read(class.path("marks/anna.txt")).unwrap();
    fs::rename(class.path("class/anna.py"), class.path("anna.py")).unwrap();
    let said = stdout(&class.grade(&["--roster", "roster.csv"]));
    assert!(said.contains("handed in nothing: 1 of 1") && !said.contains("gone"), "{said}");
    assert_eq!(fs::read(class.path("marks/anna.txt")).unwrap(), report);
    fs::rename(class.path("anna.py"), class.path("class/anna.py")).unwrap();
    let said = stdout(&class.grade(&["--roster", "roster.csv"]));
    assert!(said.contains(" 0 of them graded now"), "{said}");
}

#[test]
fn a_course_that_changes_grades_a_class_again() {
    let Some(python) = with_numpy("a course that changes") else { return };
    let class = Class::new(python, &[("anna.py", "right/one_step.py")]);
    fs::create_dir(class.path("course")).unwrap();
    fs::write(class.path("course/helpers.py"), "x = 1\n").unwrap();
    let graded = || stdout(&class.grade(&["--course", "course"]));
    assert!(graded().contains(" 1 of them graded now"));
    assert!(graded().contains(" 0 of them graded now"));
    fs::write(class.path("course/helpers.py"), "x = 2\n").unwrap();
    assert!(graded().contains(" 1 of them graded now"));
    let none = class.grade(&["--course", "none"]);
    let said = String::from_utf8_lossy(&none.stderr);
    assert_eq!(none.status.code(), Some(2), "{said}");
    assert!(said.contains("--course: none: found no folder, expected a folder with"), "{said}");
}

#[test]
fn two_interruptions_leave_no_temporary_folder_and_no_empty_table() {
    let Some(python) = with_numpy("two interruptions") else { return };
    let class = Class::new(python, &[]);
    class.hand_in("ben.py", SLOW);
    for pause in [100, 400, 900] {
        let scratch = class.path("scratch");
        fs::create_dir_all(&scratch).unwrap();
        let mut batch = class
            .command(&["--threads", "1"])
            .env("TMPDIR", &scratch)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let has_entries = || fs::read_dir(&scratch).unwrap().next().is_some();
        wait_for("a temporary folder", || has_entries().then_some(()));
        thread::sleep(Duration::from_millis(pause));
        kill("-INT", batch.id());
        thread::sleep(Duration::from_millis(50));
        // It may have ended by now.
        let _ = Command::new("kill").args(["-INT", &batch.id().to_string()]).status();
        assert_eq!(batch.wait().unwrap().code(), Some(2));
        wait_for("the end of the temporary folder", || (!has_entries()).then_some(()));
        assert!(!class.path("marks.csv").exists());
    }
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_graded() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rubric.toml"), RUBRIC.replace("random/*", "rnd/*")).unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    let hand_ins = ["two/jane_1_2_layers.py", "two/marks/layers.py"];
    fs::create_dir_all(folder.path().join("two/marks")).unwrap();
    for name in hand_ins {
        fs::write(folder.path().join(name), name).unwrap();
    }
    for (arguments, expected) in [
        (&["--batch", "class"][..], "--csv <FILE>"),
        (&["--csv", "marks.csv"], "--batch <DIR>"),
        (&["--rubric", "rubric.toml"], "rubric.toml: entry 2 (drawn): checks: found \"rnd/*\""),
        (&["--rubric", "none.toml"], "none.toml: the rubric cannot be read"),
        (&["--batch", "class", "--csv", "marks"], "a name that ends in .csv"),
        (
            &["--batch", "class", "--csv", "marks.csv"],
            "class: found no folder, expected a folder of hand-ins",
        ),
        (&["--format", "gradescope", "--case", "random/train"], "marks are of everything"),
        (&["--python", "a.py", "b\u{1b}[2J.py"], "unexpected argument 'b[2J.py'"),
        (&["--case", "b\u{1b}[2J"], "b[2J"),
        (&["--target", "kernels", "--watch"], "expected --target exercise"),
        (&["--case", ""], "a value is required for '--case <NAME>'"),
        (
            &["--time-limit", "0"],
            "'0' for '--time-limit <SECONDS>': expected a whole number, 1 or more",
        ),
        (&["--memory-limit", "1"], "expected a whole number, 16 or more"),
        (
            &["--batch", "class", "--csv", "marks.csv", "--threads", "0"],
            "'0' for '--threads <N>': expected a whole number from 1 to 1024",
        ),
        (&["--batch", "two", "--csv", hand_ins[0]], "a name that ends in .csv"),
        (&["--batch", "two", "--csv", "two/marks.csv"], "has the hand-in two/marks/layers.py"),
        (&["--python", hand_ins[0], "--out", hand_ins[0]], "expected a name of no code"),
        (&["--python", hand_ins[0], "--out", "empty"], "expected the name of a file"),
        (&["--python", hand_ins[0], "--course", "none"], "--course: none"),
        (&["--python", hand_ins[0], "--allow-read", "none"], "none: expected a file or folder"),
        (&["--python", "none.py"], "none.py"),
        (&["--batch", "two", "--csv", "m.csv", "--roster", "none.csv"], "none.csv: the roster"),
        (&["--batch", "two", "--csv", "m.csv", "--assignment", "BN"], "--assignment"),
        (&["--batch", "two", "--csv", "m.csv", "--course", "none"], "--course: none"),
        (&["--batch", "two", "--csv", "m.csv", "--allow-read", "none"], "none: expected a file or"),
        (
            &["--outputs", "empty"],
            "empty: found an empty folder, expected outputs; make them from ",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("grade")
            .args(arguments)
            .current_dir(folder.path())
            .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
            // A Python that does not start is never got to.
            .env("GRADER_PYTHON", "no-python")
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && message.contains(expected), "{message}");
        assert!(!message.contains('\u{1b}'), "{message:?}");
    }
    assert!(!folder.path().join("marks.csv").exists());
    for name in hand_ins {
        assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), name);
    }
}
