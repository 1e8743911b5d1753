//! `cargo xtask grade --watch` in a pseudo-terminal: every accident that a learner's code can have, and the
//! watch that survives it.

#![cfg(target_os = "linux")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/python.rs"]
mod python;
mod terminal;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use python::{with_numpy, workspace};
use terminal::Watching;

/// Both functions, right, from rows of pixels to plain batch norm and back.
const RIGHT: &str = include_str!("right.rs");

/// The exercise in Python, as learners find it.
const SKELETON: &str = include_str!("../../../crates/exercise/python/layers.py");

/// The exercise in Python, filled in.
fn right_in_python() -> String {
    let lines: Vec<&str> =
        SKELETON.lines().filter(|line| line.contains("raise NotImplementedError(")).collect();
    let [forward, backward] = lines[..] else { panic!("{lines:?}") };
    let rows = |array: &str| format!("{array}.transpose(0, 2, 3, 1).reshape(-1, {array}.shape[1])");
    let images = |rows: &str, like: &str| {
        format!(
            "n, c, h, w = {like}.shape\n    {rows} = {rows}.reshape(n, h, w, c).transpose(0, 3, 1, 2)"
        )
    };
    SKELETON
        .replace(
            forward,
            &format!(
                "    out, cache = plain_batchnorm_forward({}, gamma, beta, bn_param)\n    {}\n    \
                 return out, cache",
                rows("x"),
                images("out", "x")
            ),
        )
        .replace(
            backward,
            &format!(
                "    dx, dgamma, dbeta = plain_batchnorm_backward({}, cache)\n    {}\n    return dx, \
                 dgamma, dbeta",
                rows("dout"),
                images("dx", "dout")
            ),
        )
}

/// A copy of the exercise, so that the workspace stays as it is, with an own name. Everything that it is
/// built of is the workspace's.
fn copy_of_the_exercise() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exercise");
    let sources = workspace().join("crates/exercise/src");
    fs::create_dir_all(folder.join("src")).unwrap();
    for entry in fs::read_dir(sources).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.join("src").join(entry.file_name())).unwrap();
    }
    fs::copy(workspace().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let text = fs::read_to_string(workspace().join("Cargo.toml")).unwrap();
    let root: toml::Table = text.parse().unwrap();
    let mut dependencies = toml::Table::new();
    for name in ["answer", "kernels", "ndarray"] {
        let mut dependency = root["workspace"]["dependencies"][name].clone();
        if let Some(path) = dependency.get_mut("path") {
            *path = workspace().join(path.as_str().unwrap()).to_str().unwrap().into();
        }
        dependencies.insert(name.to_owned(), dependency);
    }
    // Dependencies that are built already fit, if the profile is the same. What is built again need not be
    // fast.
    let mut profile = root["profile"]["dev"].as_table().unwrap().clone();
    let slow = toml::Table::from_iter([("opt-level".to_owned(), 0.into())]);
    let others = profile["package"]["*"].clone();
    let packages =
        ["answer", "exercise-copy", "kernels"].map(|name| (name.to_owned(), slow.clone().into()));
    let packages = packages.into_iter().chain([("*".to_owned(), others)]);
    profile["package"] = toml::Table::from_iter(packages).into();
    let manifest = toml::toml! {
        workspace = {}
        package = { name = "exercise-copy", edition = "2024" }
    };
    let profile = toml::Table::from_iter([("dev".to_owned(), profile.into())]);
    let tables =
        [("dependencies".to_owned(), dependencies.into()), ("profile".to_owned(), profile.into())];
    let manifest: toml::Table = manifest.into_iter().chain(tables).collect();
    fs::write(folder.join("Cargo.toml"), manifest.to_string()).unwrap();
    folder
}

/// The command that grades in this way.
fn grade(arguments: &[&str]) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_xtask"));
    let mut command = Command::new(program);
    command.arg("grade").args(arguments).current_dir(workspace());
    command.env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"));
    command.env("CARGO_TARGET_DIR", program.ancestors().nth(2).unwrap());
    command.env("CARGO_NET_OFFLINE", "true");
    command
}

/// Beside and renamed, as editors save.
fn save(path: &Path, text: &str) {
    let beside = path.with_extension("tmp");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, path).unwrap();
}

/// The number of the line in which this is.
fn line_of(text: &str, part: &str) -> usize {
    1 + text.lines().position(|line| line.contains(part)).unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_watch_tells_every_accident_of_the_exercise_and_survives_it() {
    let folder = copy_of_the_exercise();
    let file = folder.join("src/spatial_batchnorm.rs");
    let of_copy = ["--target", "exercise", "--exercise-folder", folder.to_str().unwrap()];
    let arguments = [&of_copy[..], &["--watch", "--time-limit", "2"]].concat();
    let mut watching = Watching::start(grade(&arguments));

    let untouched = watching.round();
    assert!(untouched.contains("  Task 1, the forward pass: 0 of "), "{untouched}");
    assert!(untouched.contains("spatial_batchnorm_forward is not implemented yet"), "{untouched}");
    assert!(untouched.contains("Hint 1 of 3: Write task 1"), "{untouched}");
    assert!(!untouched.contains("warning"), "{untouched}");
    watching.type_line("h");
    let more = watching.round();
    assert!(more.contains("Hint 2 of 3: ") && !more.contains("Hint 3"), "{more}");

    let forward = "let (out, plain) = ";
    let backward = "let (dx, dgamma, dbeta) = ";
    let in_forward = |code: &str| RIGHT.replace(forward, &format!("{code}\n    {forward}"));
    let in_backward = |code: &str| RIGHT.replace(backward, &format!("{code}\n    {backward}"));
    let forward_line = line_of(RIGHT, "pub fn spatial_batchnorm_forward");
    let backward_line = line_of(RIGHT, "pub fn spatial_batchnorm_backward");
    let at = |line: usize| format!("(spatial_batchnorm.rs, line {line})");
    let code_line = line_of(RIGHT, forward);
    let accidents = [
        // A loop costs one time limit, and hides nothing of the other pass.
        (
            in_backward(
                "while x_is_small() {}\n    fn x_is_small() -> bool { std::hint::black_box(true) }",
            ),
            vec![
                "✓ Task 1, the forward pass: ".to_owned(),
                format!("your backward pass did not return within 2 s {}", at(backward_line)),
            ],
        ),
        (
            in_forward(
                "fn deeper(n: u64) -> u64 { if n == 0 { 0 } else { 1 + deeper(std::hint::black_box(n + 1)) } }\n    deeper(1);",
            ),
            vec![format!("your forward pass overflowed the stack {}", at(forward_line))],
        ),
        // One input that ends the program hides no other.
        (
            in_forward("if x.dim().1 == 1 { std::process::exit(3) }"),
            vec![
                "✓ Both tasks together: ".to_owned(),
                "First to fail: your forward pass ended the program with exit code 3".to_owned(),
                "The case is spatial_batch_norm/one_channel.".to_owned(),
            ],
        ),
        (
            in_forward("std::process::abort();"),
            vec![format!("your forward pass aborted the program {}", at(forward_line))],
        ),
        (
            in_backward("std::process::exit(0);"),
            vec![
                "✓ Task 1, the forward pass: ".to_owned(),
                format!(
                    "your backward pass ended the program with exit code 0 {}",
                    at(backward_line)
                ),
            ],
        ),
        (
            in_forward("for turn in 0..1000 { println!(\"turn {turn}\"); }"),
            vec![
                "All checks pass".to_owned(),
                "Your code printed:".to_owned(),
                "  `turn 0`".to_owned(),
                " more lines".to_owned(),
            ],
        ),
        (
            in_forward("let y = x +;"),
            vec!["expected expression".to_owned(), "The code does not build.".to_owned()],
        ),
        // It panics within ndarray.
        (
            in_forward("let _last: f64 = x[[0, 99, 0, 0]];"),
            vec![
                "First to fail: spatial_batchnorm_forward, given x of shape (".to_owned(),
                format!(": `let _last: f64 = x[[0, 99, 0, 0]];` {}", at(code_line)),
            ],
        ),
        (
            RIGHT.replace(
                ".as_standard_layout().into_owned().into_shape_with_order((n * h * w, c))",
                ".into_owned().into_shape_with_order((n * h * w, c))",
            ),
            vec![
                "call as_standard_layout() first: `".to_owned(),
                at(line_of(RIGHT, "into_shape_with_order((n * h * w, c))")),
            ],
        ),
        (RIGHT.to_owned(), vec!["All checks pass".to_owned(), "Read next:".to_owned()]),
    ];
    for (code, expected) in accidents {
        save(&file, &code);
        let said = watching.round();
        for expected in expected {
            assert!(said.contains(&expected), "expected {expected:?} in\n{said}");
        }
        assert!(said.starts_with("\u{1b}[2J"), "the screen was not cleared: {said:?}");
        let is_clean = said.contains("All checks pass") && !said.contains("warning");
        assert!(is_clean || !said.contains("All checks pass"), "{said}");
    }
    // For a moment it is gone.
    fs::rename(&file, folder.join("src/gone")).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(400));
    fs::rename(folder.join("src/gone"), &file).unwrap();
    save(&file, &in_forward("std::process::exit(0);"));
    let said = watching.round();
    assert!(said.contains("your forward pass ended the program with exit code 0"), "{said}");
    watching.type_line("q");
    assert!(watching.end().success());

    // Asked once, an accident is a failure, and what does not build could not be graded.
    let once = grade(&of_copy).output().unwrap();
    assert_eq!(once.status.code(), Some(1), "{}", stdout(&once));
    assert!(
        stdout(&once).contains("exit code 0 (spatial_batchnorm.rs, line "),
        "{}",
        stdout(&once)
    );
    save(&file, "fn");
    let once = grade(&of_copy).output().unwrap();
    assert_eq!(once.status.code(), Some(2), "{}", stdout(&once));
}

#[test]
fn a_save_interrupts_what_runs_and_ctrl_c_leaves_nothing_behind() {
    let Some(interpreter) = with_numpy("watching a Python file") else { return };
    let folder = tempfile::tempdir().unwrap();
    let scratch = folder.path().join("scratch");
    fs::create_dir(&scratch).unwrap();
    let file = folder.path().join("layers.py");
    let (skeleton, right) = (SKELETON, right_in_python());
    save(&file, skeleton);
    let mut command = grade(&["--python", file.to_str().unwrap(), "--watch", "--time-limit", "60"]);
    command.env("GRADER_PYTHON", interpreter).env("TMPDIR", &scratch);
    let mut watching = Watching::start(command);
    let untouched = watching.round();
    assert!(untouched.contains("  Task 1, the forward pass: 0 of "), "{untouched}");
    assert!(untouched.contains("  Task 2, the backward pass: 0 of "), "{untouched}");
    assert!(
        untouched.contains("task 1, spatial_batchnorm_forward, is not written yet"),
        "{untouched}"
    );

    save(&file, &right.replace("n, c, h, w = x.shape", "while True: print('again')"));
    watching.until("Grading ");
    let begun = std::time::Instant::now();
    save(&file, &right);
    let said = watching.round();
    assert!(said.contains("All checks pass"), "{said}");
    assert!(begun.elapsed().as_secs() < 50, "the loop was waited for");

    save(&file, &right.replace("n, c, h, w = x.shape", "while True: pass"));
    watching.until("Grading ");
    // Until its folder is made.
    while fs::read_dir(&scratch).unwrap().count() == 0 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    watching.interrupt();
    assert!(watching.end().success());
    assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0);
}

#[test]
fn a_notebook_is_watched_as_a_file_is() {
    let Some(interpreter) = with_numpy("watching a notebook") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("exercise.ipynb");
    let notebook = |code: &str| {
        let cell = serde_json::json!({
            "cell_type": "code", "source": code, "metadata": {}, "outputs": [], "execution_count": null,
        });
        serde_json::json!({ "cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5 })
            .to_string()
    };
    save(&file, &notebook(SKELETON));
    let mut command = grade(&["--python", file.to_str().unwrap(), "--watch"]);
    command.env("GRADER_PYTHON", interpreter);
    let mut watching = Watching::start(command);
    let untouched = watching.round();
    assert!(
        untouched.contains("task 1, spatial_batchnorm_forward, is not written yet"),
        "{untouched}"
    );
    save(&file, &notebook(&right_in_python()));
    let said = watching.round();
    assert!(said.contains("All checks pass"), "{said}");
    watching.type_line("q");
    assert!(watching.end().success());
}

#[test]
fn without_a_terminal_lines_are_plain() {
    let Some(interpreter) = with_numpy("watching without a terminal") else { return };
    let mut command = grade(&["--python", "crates/exercise/python/layers.py", "--watch"]);
    command.env("GRADER_PYTHON", interpreter);
    let said = terminal::piped(command, "q and Enter to end.");
    assert!(said.contains("First to fail: NotImplementedError"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said:?}");
}
