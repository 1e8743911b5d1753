//! `cargo xtask grade --batch`, as a teacher meets it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/python.rs"]
mod python;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
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

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_graded() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rubric.toml"), RUBRIC.replace("random/*", "rnd/*")).unwrap();
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
        (&["--target", "kernels", "--watch"], "expected --target exercise"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("grade")
            .args(arguments)
            .current_dir(folder.path())
            .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && message.contains(expected), "{message}");
    }
    assert!(!folder.path().join("marks.csv").exists());
}
