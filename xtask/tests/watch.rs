//! `cargo xtask grade --target exercise --watch`, with something quicker than Cargo in its place.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

/// In the place of building and grading: the source says how that ends.
const GRADE: &str = "#!/bin/sh\ncat \"$(dirname \"$0\")/src/exercise.rs\"\n\
                     exit $(tail -n 1 \"$(dirname \"$0\")/src/exercise.rs\" | tr -dc 0-9)\n";

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What is said up to the line that ends a round.
fn round(lines: &mut std::io::Lines<BufReader<ChildStdout>>) -> String {
    let mut said = String::new();
    for line in lines {
        let line = line.unwrap();
        said += &line;
        said.push('\n');
        if line.starts_with("Watching ") {
            break;
        }
    }
    said
}

#[test]
fn every_save_is_graded_and_says_what_to_do_next() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("src/exercise.rs");
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("grade.sh"), GRADE).unwrap();
    fs::write(&source, "First to fail: random/train: dx\n// 1\n").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["grade", "--target", "exercise", "--watch", "--watch-folder", "src"])
        .args(["--watch-command", "sh ./grade.sh"])
        .current_dir(folder.path())
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _ended = Ended(child);
    let mut said = round(&mut lines);
    let saves = [
        "error[E0425]: cannot find value `y` in this scope\n// 101\n",
        "error: the fixtures are missing\n// 2\n",
        "Checks passed: 9/9\n// 0\n",
    ];
    for save in saves {
        // Beside and renamed, as editors do: half a file is never seen.
        let beside = folder.path().join("src/exercise.rs~");
        fs::write(&beside, save).unwrap();
        fs::rename(beside, &source).unwrap();
        said += &round(&mut lines);
    }
    insta::assert_snapshot!("watch", said);
}
