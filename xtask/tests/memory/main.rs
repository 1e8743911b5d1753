//! The grader's memory stays within bounds, whatever a hand-in writes: measured from outside, with real
//! programs.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/python.rs"]
mod python;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// The most memory that the grader may ever have had, in KiB.
const LIMIT: u64 = 300 << 10;

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

const HOSTILE: [&str; 3] = ["sparse", "wide", "notes"];

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/memory").join(name).with_extension("py")
}

fn right() -> PathBuf {
    python::workspace().join("xtask/tests/hand_ins/right/one_step.py")
}

fn grade(folder: &TempDir, arguments: &[&str]) -> (u64, Option<i32>) {
    let mut child = Command::new(XTASK)
        .arg("grade")
        .args(arguments)
        .current_dir(folder.path())
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0;
    loop {
        peak = peak.max(high_water_mark(&child).unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            return (peak, status.code());
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// The most memory that a grader and its workers have had so far, in KiB: their own, and not that of the
/// programs that they run.
fn high_water_mark(child: &Child) -> Option<u64> {
    let of = |id: &str| -> Option<(u64, u64)> {
        let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let field = |name: &str| -> Option<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        Some((field("PPid:")?, field("VmHWM:")?))
    };
    let id = child.id();
    let is_grader = |id: &str| {
        fs::read_link(format!("/proc/{id}/exe")).is_ok_and(|exe| exe == Path::new(XTASK))
    };
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let names = processes.filter_map(|entry| entry.file_name().into_string().ok());
    let workers = names.filter(|name| is_grader(name)).filter_map(|name| of(&name));
    let of_workers: u64 =
        workers.filter(|(parent, _)| *parent == u64::from(id)).map(|(_, peak)| peak).sum();
    Some(of(&id.to_string())?.1 + of_workers)
}

/// Grades in this way; the code is what the grading must end with.
fn stays_small(what: &str, folder: &TempDir, arguments: &[&str], code: i32) {
    let (peak, ended) = grade(folder, arguments);
    assert_eq!(ended, Some(code), "{what}");
    // A measurement that saw nothing shows nothing.
    assert!((1 << 10..LIMIT).contains(&peak), "{what}: {peak} KiB");
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn a_python_file_cannot_make_the_grader_large() {
    let Some(python) = python::with_numpy("memory") else { return };
    let python = python.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let right = right();
    stays_small(
        "right",
        &folder,
        &["--python", right.to_str().unwrap(), "--interpreter", python],
        0,
    );
    for name in HOSTILE {
        let file = source(name);
        let arguments = ["--python", file.to_str().unwrap(), "--interpreter", python];
        stays_small(name, &folder, &arguments, 1);
    }
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn a_program_and_a_folder_of_outputs_cannot_make_the_grader_large() {
    let Some(python) = python::with_numpy("memory") else { return };
    let python = python.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for name in ["sparse", "notes"] {
        let file = source(name);
        let program = format!("{python} {}", file.display());
        stays_small(name, &folder, &["--program", &program], 1);

        // The same files, made elsewhere.
        let (inputs, outputs) = (format!("{name}-inputs"), format!("{name}-outputs"));
        assert_eq!(grade(&folder, &["--export-inputs", &inputs]).1, Some(0));
        Command::new(python)
            .arg(&file)
            .args([&inputs, &outputs])
            .current_dir(folder.path())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        stays_small(&outputs, &folder, &["--outputs", &outputs], 1);
    }
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn no_hand_in_of_a_class_can_make_the_grader_large_and_right_ones_beside_it_get_all_marks() {
    let Some(python) = python::with_numpy("memory") else { return };
    let folder = tempfile::tempdir().unwrap();
    let class = folder.path().join("class");
    fs::create_dir(&class).unwrap();
    for name in HOSTILE {
        for number in 0..2 {
            fs::copy(source(name), class.join(format!("{name}_{number}.py"))).unwrap();
        }
        fs::copy(right(), class.join(format!("right_beside_{name}.py"))).unwrap();
    }
    let arguments =
        ["--batch", "class", "--csv", "marks.csv", "--interpreter", python.to_str().unwrap()];
    stays_small("batch", &folder, &arguments, 0);
    let table = fs::read_to_string(folder.path().join("marks.csv")).unwrap();
    let lines: Vec<&str> = table.lines().skip(1).collect();
    assert_eq!(lines.len(), 9, "{table}");
    for line in lines {
        let is_right = line.starts_with("right_beside_");
        assert_eq!(line.contains(",100.0,100.0,"), is_right, "{line}");
    }
}
